//! Job: says what a command has to say.
//! Takes: text that is clean for a terminal, and documents.
//! Gives: `Screen`: text or JSON on standard output, remarks on standard error.
//! Never: paints where nobody looks, or fails because a reader went away.

use std::io::{self, ErrorKind, IsTerminal, Write};

use contract::text::is_hostile;
use serde::Serialize;

use super::failure::Failure;
use crate::app::environment::Environment;
use crate::config::complain::Paint;

/// Where a command says what it has to say.
pub(super) struct Screen {
    /// How text on standard output is painted.
    pub(super) paint: Paint,
    /// How remarks on standard error are painted.
    pub(super) remarks: Paint,
}

impl Screen {
    /// The process's own: colours on a terminal, unless `$NO_COLOR` or `$TERM` says otherwise.
    pub(super) fn of_process(environment: &Environment) -> Self {
        let wanted = environment.var("NO_COLOR").is_none()
            && environment.var("TERM").is_none_or(|term| term != "dumb");
        let paint = |is_terminal: bool| match wanted && is_terminal {
            true => Paint::Colours,
            false => Paint::Plain,
        };
        Self {
            paint: paint(io::stdout().is_terminal()),
            remarks: paint(io::stderr().is_terminal()),
        }
    }

    /// Says text on standard output. The text ends its own lines.
    ///
    /// # Errors
    /// When nobody reads any more, or it cannot be written.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(unsaid)
    }

    /// Says a document on standard output, as JSON over several lines.
    ///
    /// # Errors
    /// As `say`.
    pub(super) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.say(&json(document)?)
    }

    /// Says a document on standard output, as one line of JSON.
    ///
    /// # Errors
    /// As `say`.
    pub(super) fn document_line(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(document).map_err(Failure::failed)?;
        self.say(&(escaped(&text) + "\n"))
    }

    /// Says a remark on standard error.
    pub(super) fn remark(&self, text: &str) {
        // Where standard error is closed there is nobody left to be told that it is.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Says one line of a program that goes on, on standard output. A reader who has gone does not
/// end the program.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn unsaid(wrong: io::Error) -> Failure {
    match wrong.kind() {
        ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::failed(format!("standard output: {wrong}")),
    }
}

fn json(document: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(document).map_err(Failure::failed)?;
    Ok(escaped(&text) + "\n")
}

/// JSON in which no character acts on a terminal. Such characters stand only inside its strings,
/// where they may be escaped; a line feed stands only between its values.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter == '\n' || !is_hostile(letter) {
            escaped.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_what_it_is_given_and_acts_on_no_terminal() {
        let hostile = "a\u{1b}[2J\u{9b}\u{202e}\u{e0041}\nb é";
        let shown = json(&serde_json::json!({ "title": hostile })).unwrap();
        assert!(!shown.chars().any(|c| is_hostile(c) && c != '\n'), "{shown:?}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["title"], hostile);
    }

    #[test]
    fn a_reader_who_went_away_is_no_failure() {
        assert_eq!(unsaid(ErrorKind::BrokenPipe.into()), Failure::ReaderGone);
        assert!(matches!(unsaid(ErrorKind::StorageFull.into()), Failure::Said { .. }));
    }
}
