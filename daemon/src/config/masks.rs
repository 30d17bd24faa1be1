//! Job: finds what may be a secret in a line of a configuration.
//! Takes: a line as written, even one with mistakes in it.
//! Gives: the pieces that must not be shown.
//! Never: decides by the schema: a misspelt key may hold a secret too.

use std::ops::Range;
use std::sync::LazyLock;

use contract::written::nearest;
use regex::Regex;

/// Keys with texts behind them, a password in a URL, a token in a query. A text without quotes, or
/// behind a colon as in YAML, is a mistake that is told with its line: it goes to the line's end.
static PIECES: LazyLock<Regex> = LazyLock::new(|| {
    let text = r#"(?:"(?:\\.|[^"\\])*"?|'[^']*'?)"#;
    let bare = r#"[^\s"'\[\]{}#=][^\r\n]*"#;
    let texts =
        format!(r#"(?<key>[\w-]+)["']?\s*=\s*(?:\[\s*)?(?<texts>{text}(?:\s*,\s*{text})*|{bare})"#);
    let query = r#"[?&](?<name>[\w-]+)=(?<value>[^&"'\s]+)"#;
    let colon = r#"(?<word>[\w-]+)["']?\s*:\s+(?<said>[^\s#][^\r\n]*)"#;
    let password = r#"://[^/@\s"']*?:(?<password>[^/@\s"']+)@"#;
    let pattern = format!("{password}|{query}|{texts}|{colon}");
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
        let key = ["key", "name", "word"].into_iter().find_map(|group| piece.name(group));
        let key = key.map(|key| key.as_str());
        let value = ["texts", "value", "said", "password"];
        let value = value.into_iter().find_map(|group| piece.name(group));
        let value = value.expect("one of them is in every piece");
        let in_the_clear =
            key.is_some_and(|key| !FORMS.contains(&key)) && opened(&line[..whole.start]);
        let secret = (key.is_none_or(sounds_secret) || in_the_clear) && !is_flag(value.as_str());
        if secret {
            found.push(value.range());
        }
        // The texts behind a harmless key may be URLs that hold a secret.
        let letter = value.as_str().chars().next().map_or(1, char::len_utf8);
        at = if secret { whole.end } else { value.start() + letter };
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

/// `true` or `false`: a switch about a secret is none.
fn is_flag(value: &str) -> bool {
    let word = value.split([' ', ',', '}', '#']).next().unwrap_or("");
    matches!(word, "true" | "false")
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word)) || nearest(&key, WORDS).is_some()
}

/// A line of well formed TOML with what may be a secret left out; it stays well formed.
pub(super) fn masked(line: &str) -> String {
    let mut shown = String::new();
    let mut from = 0;
    for piece in secrets(line) {
        shown += &line[from..piece.start];
        let is_whole_value = line[..piece.start].ends_with([' ', '['])
            || line[piece.clone()].starts_with(['"', '\'']);
        shown += if is_whole_value { "\"…\"" } else { "…" };
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
            (r#"token = "hunter2""#, r#"token = "…""#),
            (r#"x = { api-key = 'hunter2', y = "z" }"#, r#"x = { api-key = "…", y = "z" }"#),
            (r#"passwrod = "hun\"ter2" # why"#, r#"passwrod = "…" # why"#),
            (r#"secret = ["hunter2", 'hunter3']"#, r#"secret = ["…"]"#),
            ("secret = 12345", r#"secret = "…""#),
            (r#""Authorization" = "Bearer hunter2"#, r#""Authorization" = "…""#),
            (r#"url = "wss://me:hunter2@example.com""#, r#"url = "wss://me:…@example.com""#),
            (r#"url = "https://x/?a=b&token=hunter2""#, r#"url = "https://x/?a=b&token=…""#),
            (r#"secret = [{ value = "hunter2" }]"#, r#"secret = [{ value = "…" }]"#),
            (
                r#"a = { token = { text = 'hunter2' }, x = "y" }"#,
                r#"a = { token = { text = "…" }, x = "y" }"#,
            ),
            (r#"tokn = "hunter2""#, r#"tokn = "…""#),
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

    #[test]
    fn a_secret_that_is_not_even_quoted_is_left_out_to_the_end_of_its_line() {
        let mistakes = [
            "token = hunter2",
            "sink.webhook.crm.secret=hunter2, and hunter2",
            "x = { password = hunter2 }",
            "secret = [hunter2, hunter2]",
            "tokn: hunter2",
            "\"X-Api-Key\": \"hunter2\"",
            "- password: hunter2 # hunter2",
        ];
        for line in mistakes {
            let shown = masked(line);
            assert!(!shown.contains("hunter2") && shown.contains('…'), "{line}: {shown}");
        }
        const FLAG: &str = "dangerously_send_token_unencrypted = true";
        for line in
            ["shadow = yes", "token = { env = TOKEN }", "secret = []", "url: ws://a:1/b", FLAG]
        {
            assert_eq!(masked(line), line);
        }
    }
}
