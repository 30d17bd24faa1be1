//! Job: keeps a target's secrets out of what is told of it.
//! Takes: the URL and the signing secrets.
//! Gives: `Redaction`, which blots them out of any text.
//! Never: blots out so much that nothing can be read: short words stand.

use contract::Revealed;

/// Shorter pieces of a URL's path are words, not secrets.
const SEGMENT_BYTES_MIN: usize = 8;
/// Shorter pieces are never blotted out.
const PIECE_BYTES_MIN: usize = 4;

/// The texts that must not be told.
#[derive(Default)]
pub(crate) struct Redaction(Vec<String>);

impl Redaction {
    /// What must not be told of this target.
    pub(crate) fn of(url: &url::Url, secrets: &[Revealed]) -> Self {
        let mut pieces: Vec<&str> = vec![url.username(), url.password().unwrap_or("")];
        pieces.extend(url.path().split('/').filter(|part| part.len() >= SEGMENT_BYTES_MIN));
        pieces.extend(url.query());
        let values: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        pieces.extend(values.iter().map(String::as_str));
        pieces.extend(secrets.iter().filter_map(|secret| secret.text().ok()).flat_map(forms));
        let mut pieces: Vec<String> = pieces
            .into_iter()
            .filter(|piece| piece.len() >= PIECE_BYTES_MIN)
            .map(str::to_owned)
            .collect();
        // The longest first: a piece of another must not break it up.
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        pieces.dedup();
        Self(pieces)
    }

    /// The text in one clean line, without any of them.
    pub(crate) fn applied(&self, text: &str) -> String {
        let clean = contract::text::clean(text);
        self.0.iter().fold(clean, |text, piece| match text.contains(piece.as_str()) {
            true => text.replace(piece.as_str(), "[redacted]"),
            false => text,
        })
    }
}

fn forms(secret: &str) -> [&str; 2] {
    let secret = secret.trim();
    [secret, secret.strip_prefix("whsec_").unwrap_or(secret)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out_and_words_stand() {
        let url = url::Url::parse(
            "https://user:pa55word@hooks.example.com/hooks/T0123/XyZ123abcDEF?token=q%2Fuery1&v=2",
        )
        .unwrap();
        let secret = Revealed::new(b"whsec_c2VjcmV0\n".to_vec());
        let redaction = Redaction::of(&url, &[secret]);
        let cases = [
            ("no hook at /hooks/T0123/XyZ123abcDEF", "no hook at /hooks/T0123/[redacted]"),
            ("user:pa55word", "[redacted]:[redacted]"),
            ("token=q%2Fuery1&v=2 or q/uery1", "[redacted] or [redacted]"),
            ("signed with c2VjcmV0 of whsec_c2VjcmV0", "signed with [redacted] of [redacted]"),
            ("XyZ123\u{200b}abcDEF", "[redacted]"),
        ];
        for (told, safe) in cases {
            assert_eq!(redaction.applied(told), safe);
        }
    }
}
