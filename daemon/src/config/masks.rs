//! Job: finds what may be a secret in a line of a configuration.
//! Takes: a line as written, even one with mistakes in it.
//! Gives: the pieces that must not be shown.
//! Never: decides by the schema: a misspelt key may hold a secret too.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Texts behind a key that sounds like a secret, a password in a URL, a token in a query.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    let key = r#"(?i:token|secret|passw|authorization|api[_-]?key)[\w-]*"#;
    let text = r#"(?:"(?:\\.|[^"\\])*"?|'[^']*'?)"#;
    let texts = format!(r#"{key}["']?\s*=\s*(?:\[\s*)?({text}(?:\s*,\s*{text})*)"#);
    let query = format!(r#"[?&]{key}=([^&"'\s]+)"#);
    let pattern = format!(r#"{texts}|://[^/@\s"']*?:([^/@\s"']+)@|{query}"#);
    Regex::new(&pattern).expect("the pattern is fixed and well formed")
});

/// The pieces of a line that may be secrets.
pub(super) fn secrets(line: &str) -> Vec<Range<usize>> {
    let pieces = SECRETS.captures_iter(line);
    pieces.filter_map(|found| found.iter().skip(1).flatten().next().map(|m| m.range())).collect()
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
