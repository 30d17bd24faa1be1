//! Job: text that a stranger may have written.
//! Takes: any string of a booking, a feed or a receiver.
//! Gives: the text as it came, and a form that is safe to show on a terminal or in a log.
//! Never: escapes for a medium; that is each sink's own work.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// Text as it came. Hostile until a sink has escaped it for its own medium.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without what could move a cursor, forge a line or hide a letter: see [`clean`].
    pub fn clean(&self) -> String {
        clean(&self.0)
    }

    /// The text cut to at most `bytes_max` bytes, between characters, with `…` where it was cut.
    pub fn cut(&self, bytes_max: usize) -> Self {
        Self(cut(&self.0, bytes_max))
    }
}

/// Says whether a character can do more than stand there: C0 and C1 controls, DEL, bidirectional
/// controls, zero-width characters, line and paragraph separators, tags and the byte order mark.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line of printable text: a tab, a line feed or a separator becomes a space, every other
/// hostile character is left out.
pub fn clean(text: &str) -> String {
    // Nearly all text is this; the look at each character is for the rest.
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if plain || !text.chars().any(is_hostile) {
        return text.to_owned();
    }
    let spaces = ['\t', '\n', '\r', '\u{0085}', '\u{2028}', '\u{2029}'];
    text.chars()
        .filter_map(|c| match c {
            c if spaces.contains(&c) => Some(' '),
            c if is_hostile(c) => None,
            c => Some(c),
        })
        .collect()
}

/// The text cut to at most `bytes_max` bytes, between characters, with `…` where it was cut.
pub fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_one_printable_line() {
        let cases = [
            ("plain João 東京", "plain João 東京"),
            ("a\tb\nc\r\nd", "a b c  d"),
            ("\u{1b}[31mred\u{1b}]8;;http://x\u{7}", "[31mred]8;;http://x"),
            ("\u{9b}2Jx\u{202e}evil\u{200b}", "2Jxevil"),
            ("one\u{2028}two", "one two"),
        ];
        for (hostile, safe) in cases {
            assert_eq!(clean(hostile), safe);
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters_and_the_limit() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc…");
        assert_eq!(cut("éééé", 6), "é…");
    }
}
