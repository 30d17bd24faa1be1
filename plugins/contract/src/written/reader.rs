//! Job: hands a written value to serde.
//! Takes: a value with its place, the way that led to it, and what earlier tries have found.
//! Gives: a `Deserializer` that notes unknown keys and goes on.
//! Never: stops at the first mistake; `read` tries again without the value that was wrong.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Elements, Entries, Variant};
use super::fault::{Fault, Kind};
use super::{Advice, COMPLAINTS_MAX, Unknown, Value, Written, fault, path};
use crate::{Complaint, Place};

/// The way from the top to a value.
pub(super) enum Trail<'a> {
    Top,
    Key(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Trail<'_> {
    pub(super) fn path(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Key(before, key) => path::joined(&before.path(), &path::quoted(key)),
            Self::Index(before, index) => format!("{}[{index}]", before.path()),
        }
    }
}

/// What the tries have found so far.
pub(super) struct State<'a> {
    advice: Advice<'a>,
    /// Paths whose value is wrong, and is left out.
    skipped: BTreeSet<String>,
    /// Paths of keys that are missing, and are invented.
    invented: BTreeSet<(String, &'static str)>,
    complaints: RefCell<Vec<Complaint>>,
}

impl<'a> State<'a> {
    pub(super) fn new(advice: Advice<'a>) -> Self {
        Self {
            advice,
            skipped: BTreeSet::new(),
            invented: BTreeSet::new(),
            complaints: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn complaints(&self) -> usize {
        self.complaints.borrow().len()
    }

    /// In the order of the places, up to a hundred.
    pub(super) fn into_complaints(self) -> Vec<Complaint> {
        let mut complaints = self.complaints.into_inner();
        complaints.truncate(COMPLAINTS_MAX);
        complaints.sort_by_key(|complaint| complaint.place.as_ref().map(|place| place.span.start));
        complaints
    }

    pub(super) fn skips(&self, trail: &Trail<'_>) -> bool {
        !self.skipped.is_empty() && self.skipped.contains(&trail.path())
    }

    /// The missing keys to invent in a table.
    pub(super) fn invents(&self, trail: &Trail<'_>) -> Vec<&'static str> {
        if self.invented.is_empty() {
            return Vec::new();
        }
        let path = trail.path();
        self.invented.iter().filter(|(table, _)| *table == path).map(|(_, name)| *name).collect()
    }

    /// Notes a fault and leaves out what caused it. False where nothing is left to try.
    pub(super) fn skip(&mut self, fault: Fault) -> bool {
        let (kind, complaint) = fault.parts();
        let path = complaint.key.clone();
        match kind {
            Kind::Missing(name) => {
                let key = path::joined(&path, &path::quoted(name));
                if !self.skipped.contains(&key) && !self.is_meant(&path, name) {
                    self.note(complaint);
                }
                self.invented.insert((path, name))
            }
            Kind::Value => {
                // What complains because a part of it was left out complains of nothing new.
                if !self.lacks_a_part(&path) {
                    self.note(complaint);
                }
                !path.is_empty() && self.skipped.insert(path)
            }
            Kind::Invented => !path.is_empty() && self.skipped.insert(path),
        }
    }

    /// Whether an unknown key of the same table was answered with this one.
    fn is_meant(&self, table: &str, name: &str) -> bool {
        let said = format!("`{name}`");
        let beside = |key: &str| key.rfind('.').map_or("", |dot| &key[..dot]) == table;
        let answered = |c: &Complaint| c.hint.as_ref().is_some_and(|hint| hint.contains(&said));
        self.complaints.borrow().iter().any(|c| beside(&c.key) && answered(c))
    }

    fn lacks_a_part(&self, path: &str) -> bool {
        let inside = |other: &str| {
            other.strip_prefix(path).is_some_and(|rest| {
                path.is_empty() || rest.starts_with('.') || rest.starts_with('[')
            })
        };
        self.skipped.iter().any(|skipped| inside(skipped))
            || self.invented.iter().any(|(table, _)| table == path || inside(table))
    }

    pub(super) fn note_unknown(
        &self,
        name: &str,
        place: Option<&Place>,
        at: &Trail<'_>,
        known: Known,
    ) {
        let table = at.path();
        let hint = (self.advice)(&Unknown { table: &table, name, known });
        let mut complaint = fault::unknown("key", name, known).at(place.cloned());
        complaint.key = path::joined(&table, &path::quoted(name));
        complaint.hint = hint.or(complaint.hint);
        self.note(complaint);
    }

    fn note(&self, complaint: Complaint) {
        let mut complaints = self.complaints.borrow_mut();
        let same = |c: &Complaint| c.key == complaint.key && c.what == complaint.what;
        if !complaints.iter().any(same) {
            complaints.push(complaint);
        }
    }
}

type Known = &'static [&'static str];

/// Hands one value to serde.
#[derive(Clone, Copy)]
pub(super) struct Reader<'de, 't> {
    pub(super) written: &'de Written,
    pub(super) trail: &'t Trail<'t>,
    pub(super) state: &'t State<'t>,
}

impl<'de, 't> Reader<'de, 't> {
    pub(super) fn new(written: &'de Written, trail: &'t Trail<'t>, state: &'t State<'t>) -> Self {
        Self { written, trail, state }
    }

    fn wrong(&self, expected: &str) -> Fault {
        let fault = Fault::wrong(expected, self.written.value.word());
        let hint = match (expected, &self.written.value) {
            ("a list", Value::Text(_)) => Some("a list of one stands in brackets: [\"…\"]"),
            ("text", Value::Table(_) | Value::List(_)) => None,
            ("text", _) => Some("text stands in quotes"),
            _ => None,
        };
        self.located(fault.hint(hint))
    }

    fn located(&self, fault: Fault) -> Fault {
        fault.located(self.trail, self.written)
    }

    fn whole<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.written.value {
            Value::Integer(number) => {
                visitor.visit_i64(*number).map_err(|fault| self.located(fault))
            }
            _ => Err(self.wrong("a whole number")),
        }
    }

    /// A secret that stands in the file itself must not be repeated by a complaint.
    fn in_the_clear(&self) -> Fault {
        let complaint = Complaint::error("a secret is not written here, only where it is kept")
            .hint("{ credential = \"NAME\" }, { env = \"NAME\" } or { file = \"/PATH\" }")
            .hidden(self.written.place.clone());
        self.located(Fault::new(complaint))
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.written.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Bool(yes) => visitor.visit_bool(*yes),
            // A table of one key that no person can know, as toml itself hands its dates over.
            Value::Datetime(datetime) => {
                let entry = (DATETIME, datetime.to_string());
                let table = MapDeserializer::<_, Fault>::new(std::iter::once(entry));
                visitor.visit_map(table).map_err(|fault| fault.found(self.written.value.word()))
            }
            Value::List(list) => visitor.visit_seq(Elements::new(self, list)),
            Value::Table(table) => visitor.visit_map(Entries::new(self, table, None)),
        }
        .map_err(|fault| self.located(fault))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.written.value {
            Value::Bool(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("true or false")),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.whole(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.written.value {
            Value::Float(_) | Value::Integer(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("a number")),
        }
    }

    /// Dates ask for this; what is read as text asks for a string.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.written.value {
            Value::Text(_) => self.deserialize_any(visitor),
            Value::Datetime(datetime) => {
                visitor.visit_string(datetime.to_string()).map_err(|fault| self.located(fault))
            }
            _ => Err(self.wrong("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.written.value {
            Value::Text(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("text")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self).map_err(|fault| self.located(fault))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self).map_err(|fault| self.located(fault))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.written.value {
            Value::List(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.written.value {
            Value::Table(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("a table")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.written.value {
            Value::Table(table) => {
                for (name, place, _) in &table.entries {
                    if !known.contains(&name.as_str()) {
                        self.state.note_unknown(name, place.as_ref(), self.trail, known);
                    }
                }
                let entries = Entries::new(self, table, Some(known));
                visitor.visit_map(entries).map_err(|fault| self.located(fault))
            }
            Value::Datetime(_) if known == [DATETIME] => self.deserialize_any(visitor),
            _ => Err(self.wrong("a table")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = match &self.written.value {
            _ if name == SECRET && !names_a_place(&self.written.value, known) => {
                return Err(self.in_the_clear());
            }
            Value::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::<Fault>::new(text)),
            Value::Table(table) => match table.entries.as_slice() {
                [(key, place, value)] => {
                    visitor.visit_enum(Variant::new(self, key, place.as_ref(), value))
                }
                several => {
                    let expected = format!("one of {}", known.join(", "));
                    Err(Fault::wrong(&expected, &format!("{} keys", several.len())))
                }
            },
            _ => Err(Fault::wrong("a name", self.written.value.word())),
        };
        read.map_err(|fault| self.located(fault))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Fault> {
        Err(Fault::wrong("a name alone", self.written.value.word()))
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit_struct identifier
    }
}

/// The key under which toml hands over a date.
const DATETIME: &str = "$__toml_private_datetime";

/// The one type whose value, when it is wrong, may be the secret itself.
const SECRET: &str = "SecretForm";

fn names_a_place(value: &Value, known: &[&str]) -> bool {
    let Value::Table(table) = value else { return false };
    match table.entries.as_slice() {
        [(key, _, place)] => known.contains(&key.as_str()) && place.text().is_some(),
        _ => false,
    }
}
