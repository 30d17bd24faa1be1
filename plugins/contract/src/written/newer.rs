//! Job: finds TOML that is newer than 1.0, which other tools would refuse.
//! Takes: the text of a file that was read without an error.
//! Gives: a warning for each kind of it, at its first place.
//! Never: refuses anything.

use std::ops::Range;
use std::sync::Arc;

use crate::complaint::WrittenFile;
use crate::{Complaint, Place};

/// The warnings, one of each kind.
pub(super) fn warnings(file: &Arc<WrittenFile>) -> Vec<Complaint> {
    let mut scan = Scan { text: &file.text, at: 0, open: Vec::new(), found: Vec::new() };
    scan.run();
    let mut told: Vec<&str> = Vec::new();
    let mut warnings = Vec::new();
    for (what, span) in scan.found {
        if !told.contains(&what) {
            told.push(what);
            warnings.push(
                Complaint::warning(format!(
                    "{what} is TOML 1.1: other tools would refuse the file"
                ))
                .at(Place { file: Arc::clone(file), span }),
            );
        }
    }
    warnings
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that are open, innermost last.
    open: Vec<u8>,
    found: Vec<(&'static str, Range<usize>)>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'#' => {
                    self.at = self.text[self.at..].find('\n').map_or(bytes.len(), |n| self.at + n)
                }
                b'"' | b'\'' => self.string(byte),
                b'{' | b'[' => self.bracket(byte),
                b'}' | b']' => {
                    self.open.pop();
                    self.at += 1;
                }
                b'\n' if self.open.last() == Some(&b'{') => {
                    self.note("a line break in an inline table", 0);
                }
                b',' if self.open.last() == Some(&b'{') && self.closes_next() => {
                    self.note("a comma at the end of an inline table", 1);
                }
                b':' => self.time(),
                _ => self.at += 1,
            }
        }
    }

    fn note(&mut self, what: &'static str, bytes: usize) {
        self.found.push((what, self.at..self.at + bytes));
        self.at += 1;
    }

    fn bracket(&mut self, byte: u8) {
        self.open.push(byte);
        self.at += 1;
    }

    fn closes_next(&self) -> bool {
        self.text[self.at + 1..].trim_start().starts_with('}')
    }

    /// Passes a string of any of the four kinds.
    fn string(&mut self, quote: u8) {
        let rest = &self.text.as_bytes()[self.at..];
        let long = rest.starts_with(&[quote; 3]);
        let end: &[u8] = if long { &[quote; 3] } else { &[quote] };
        self.at += end.len();
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && !bytes[self.at..].starts_with(end) {
            if quote == b'"' && bytes[self.at] == b'\\' {
                self.escape();
            }
            self.at += 1;
        }
        self.at += end.len();
        // A long string may end in quotes of its own.
        while long && bytes.get(self.at) == Some(&quote) {
            self.at += 1;
        }
    }

    fn escape(&mut self) {
        if let Some(b'e' | b'x') = self.text.as_bytes().get(self.at + 1) {
            self.note("the escape \\e or \\x", 2);
        } else {
            self.at += 1;
        }
    }

    /// `10:00` without seconds, but not the offset `+07:00` nor the rest of `10:00:00`.
    fn time(&mut self) {
        let bytes = self.text.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let start = self.at.saturating_sub(2);
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let whole = digit(start) && digit(self.at + 1) && digit(self.at + 2);
        let first = !matches!(before, Some(b'+' | b'-' | b':'));
        if whole && first && bytes.get(self.at + 3) != Some(&b':') {
            self.found.push(("a time without seconds", start..self.at + 3));
        }
        self.at += 1;
    }
}
