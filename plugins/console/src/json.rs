//! Job: a note as one line of JSON that any reader may print.
//! Takes: a note.
//! Gives: the note's document and a line feed.
//! Never: loses a letter: what could move a cursor or forge a line is written as `\u....`.

use std::io;

use contract::text::is_hostile;
use contract::{Note, NoteDocument};
use serde::Serialize as _;
use serde_json::ser::Formatter;

/// What most notes need, bytes.
const LINE_BYTES: usize = 1024;

/// The line.
pub(crate) fn line(note: &Note) -> Vec<u8> {
    let mut line = Vec::with_capacity(LINE_BYTES);
    let mut writer = serde_json::Serializer::with_formatter(&mut line, Printable);
    NoteDocument::of(note, None)
        .serialize(&mut writer)
        .expect("a note has only text for keys, and memory takes every byte");
    line.push(b'\n');
    line
}

/// Compact JSON in which every character that is not plain to see is escaped.
struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
            return to.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hostile) {
            to.write_all(&rest.as_bytes()[..at])?;
            let hostile = rest[at..].chars().next().map_or(0, char::len_utf8);
            for unit in rest[at..at + hostile].encode_utf16() {
                write!(to, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hostile..];
        }
        to.write_all(rest.as_bytes())
    }
}
