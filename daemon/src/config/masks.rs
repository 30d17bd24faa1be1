//! Job: finds what may be a secret in a line of a configuration.
//! Takes: a line as written, even one with mistakes in it.
//! Gives: the pieces that must not be shown.
//! Never: decides by the schema: a misspelt key may hold a secret too.

use std::ops::Range;
use std::sync::LazyLock;

use contract::written::nearest;
use regex::Regex;

/// Keys with texts behind them, a password in a URL, a token in a query.
static PIECES: LazyLock<Regex> = LazyLock::new(|| {
    let text = r#"(?:"(?:\\.|[^"\\])*"?|'[^']*'?)"#;
    let texts =
        format!(r#"(?<key>[\w-]+)["']?\s*=\s*(?:\[\s*)?(?<texts>{text}(?:\s*,\s*{text})*)"#);
    let query = r#"[?&](?<name>[\w-]+)=(?<value>[^&"'\s]+)"#;
    let pattern = format!(r#"://[^/@\s"']*?:(?<password>[^/@\s"']+)@|{query}|{texts}"#);
    Regex::new(&pattern).expect("the pattern is fixed and well formed")
});

/// How a secret's place is named; what stands behind these is no secret.
const FORMS: [&str; 3] = ["credential", "env", "file"];
/// Words that a secret's key has in it, or is two edits away from.
const WORDS: [&str; 7] =
    ["token", "secret", "password", "passwd", "authorization", "api_key", "apikey"];

/// The pieces of a line that may be secrets. A URL that is the whole text of a key is looked into.
pub(super) fn secrets(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(piece) = PIECES.captures_at(line, at) {
        let whole = piece.get(0).expect("a match is there").range();
        let (key, value) = match (piece.name("key"), piece.name("texts")) {
            (Some(key), Some(texts)) => (Some(key.as_str()), texts),
            _ => (
                piece.name("name").map(|name| name.as_str()),
                piece.name("password").or(piece.name("value")).expect("one of them is there"),
            ),
        };
        let in_the_clear =
            key.is_some_and(|key| !FORMS.contains(&key)) && opened(&line[..whole.start]);
        let secret = key.is_none_or(sounds_secret) || in_the_clear;
        if secret {
            found.push(value.range());
        }
        // The texts behind a harmless key may be URLs that hold a secret.
        at = if secret { whole.end } else { value.start() + 1 };
    }
    found
}

/// Whether a table that is still open stands behind a key that sounds like a secret.
fn opened(before: &str) -> bool {
    let table = before.rfind('{').filter(|open| !before[*open..].contains('}'));
    let key =
        table.and_then(|open| before[..open].rsplit_once('=').map(|(keys, _)| keys.trim_end()));
    let name = key.map(|key| key.rsplit([' ', '{', ',', '.']).next().unwrap_or(key));
    name.is_some_and(sounds_secret)
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word)) || nearest(&key, WORDS).is_some()
}

/// The line with what may be a secret left out.
pub(super) fn masked(line: &str) -> String {
    let mut shown = String::new();
    let mut from = 0;
    for piece in secrets(line) {
        shown += &line[from..piece.start];
        shown.push('…');
        from = piece.end;
    }
    shown + &line[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_left_out_and_nothing_else() {
        let cases = [
            (r#"token = "hunter2""#, "token = …"),
            (r#"x = { api-key = 'hunter2', y = "z" }"#, r#"x = { api-key = …, y = "z" }"#),
            (r#"passwrod = "hun\"ter2" # why"#, "passwrod = … # why"),
            (r#"secret = ["hunter2", 'hunter3']"#, "secret = […]"),
            (r#""Authorization" = "Bearer hunter2"#, r#""Authorization" = …"#),
            (r#"url = "wss://me:hunter2@example.com""#, r#"url = "wss://me:…@example.com""#),
            (r#"url = "https://x/?a=b&token=hunter2""#, r#"url = "https://x/?a=b&token=…""#),
            (r#"secret = [{ value = "hunter2" }]"#, "secret = [{ value = … }]"),
            (
                r#"a = { token = { text = 'hunter2' }, x = "y" }"#,
                r#"a = { token = { text = … }, x = "y" }"#,
            ),
            (r#"tokn = "hunter2""#, "tokn = …"),
            (r#"a = "x", b = "hunter2?secret=1""#, r#"a = "x", b = "hunter2?secret=…""#),
            (r#"token = { env = "TOKEN" }"#, r#"token = { env = "TOKEN" }"#),
            (r#"secret = [{ file = "/a" }]"#, r#"secret = [{ file = "/a" }]"#),
            (r#"token = { credential = "feed" }"#, r#"token = { credential = "feed" }"#),
            (r#"url = "http://[::1]:3000/a@b""#, r#"url = "http://[::1]:3000/a@b""#),
        ];
        for (line, shown) in cases {
            assert_eq!(masked(line), shown);
        }
    }
}
