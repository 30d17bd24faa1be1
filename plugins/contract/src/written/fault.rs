//! Job: what stopped a value from being read.
//! Takes: serde's errors, and our own.
//! Gives: `Fault`, told in the words of a person who knows TOML but not Rust.
//! Never: says where; the reader that met it does.

use std::fmt::{self, Display};

use serde::de::{Expected, Unexpected};

use super::nearest;
use super::reader::Trail;
use super::{Written, path};
use crate::{Complaint, Place};

/// What stopped a value from being read, boxed, since it travels through every `Result`.
#[derive(Debug)]
pub(super) struct Fault(Box<Inside>);

#[derive(Debug)]
struct Inside {
    kind: Kind,
    complaint: Complaint,
    located: bool,
}

/// What is done about a fault before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The value is wrong: it is left out.
    Value,
    /// A key is missing: it is invented, so that further ones are found.
    Missing(&'static str),
    /// What was invented will not do: the table is left out, without a word.
    Invented,
}

impl Fault {
    pub(super) fn new(complaint: Complaint) -> Self {
        Self::of(Kind::Value, complaint)
    }

    fn of(kind: Kind, complaint: Complaint) -> Self {
        Self(Box::new(Inside { kind, complaint, located: false }))
    }

    pub(super) fn wrong(expected: &str, found: &str) -> Self {
        Self::new(Complaint::error(format!("expected {expected}, found {found}")))
    }

    /// Says what was found in the words of TOML, where serde was handed something else for it.
    pub(super) fn found(mut self, word: &str) -> Self {
        let what = &mut self.0.complaint.what;
        if let Some(expected) = what.strip_suffix(", found a table") {
            *what = format!("{expected}, found {word}");
        }
        self
    }

    pub(super) fn hint(mut self, hint: Option<&str>) -> Self {
        self.0.complaint.hint = hint.map(str::to_owned);
        self
    }

    pub(super) fn invented() -> Self {
        Self::of(Kind::Invented, Complaint::error(""))
    }

    /// Says where, unless a reader further in has said it.
    pub(super) fn located(self, trail: &Trail<'_>, written: &Written) -> Self {
        self.located_at(trail, written.place.as_ref())
    }

    /// Says where, unless a reader further in has said it.
    pub(super) fn located_at(mut self, trail: &Trail<'_>, place: Option<&Place>) -> Self {
        if !self.0.located {
            self.0.located = true;
            self.0.complaint.key = trail.path();
            self.0.complaint.place = place.cloned();
        }
        self
    }

    /// What was to be done where; the same twice means that there is no progress.
    pub(super) fn step(&self) -> (Kind, String) {
        (self.0.kind, self.0.complaint.key.clone())
    }

    pub(super) fn parts(self) -> (Kind, Complaint) {
        (self.0.kind, self.0.complaint)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.complaint.what)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    /// What follows a line feed is the hint.
    fn custom<T: Display>(said: T) -> Self {
        let said = said.to_string();
        let complaint = match said.split_once('\n') {
            Some((what, hint)) => Complaint::error(what).hint(hint),
            None => Complaint::error(said),
        };
        Self::new(complaint)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(&expected_words(&expected.to_string()), found_words(&found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            other => found_words(&other).to_owned(),
        };
        Self::wrong(&expected_words(&expected.to_string()), &found)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let entries = if length == 1 { "1 entry".to_owned() } else { format!("{length} entries") };
        Self::wrong(&expected_words(&expected.to_string()), &entries)
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(unknown("name", name, known))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(unknown("key", name, known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::of(Kind::Missing(name), Complaint::error(format!("the key `{name}` is missing")))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(Complaint::error(format!("the key `{name}` is said twice")))
    }
}

/// More known names than this are not listed.
const LISTED_MAX: usize = 12;

/// A complaint about an unknown key or name, with the nearest known one.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Complaint {
    let complaint = Complaint::error(format!("unknown {what} `{}`", path::quoted(name)));
    let meant = nearest(name, known.iter().copied());
    let list = (!known.is_empty() && known.len() <= LISTED_MAX)
        .then(|| format!("known here: {}", known.join(", ")));
    match (meant, list) {
        (Some(meant), Some(list)) if known.len() > 1 => {
            complaint.hint(format!("did you mean `{meant}`? {list}"))
        }
        (Some(meant), _) => complaint.hint(format!("did you mean `{meant}`?")),
        (None, Some(list)) => complaint.hint(list),
        (None, None) => complaint,
    }
}

fn found_words(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number with a fraction",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a table",
        Unexpected::Unit | Unexpected::UnitVariant => "a name alone",
        _ => "something else",
    }
}

/// What serde and derived readers say, in words.
fn expected_words(expected: &str) -> String {
    let words = match expected {
        "a string" | "a borrowed string" | "string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        "f32" | "f64" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, not below 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number above 0",
        struct_name if struct_name.starts_with("struct ") => "a table",
        other => other,
    };
    words.to_owned()
}
