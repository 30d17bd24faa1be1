//! Job: a configuration as it was written, each value with its place.
//! Takes: TOML.
//! Gives: `Written`, and `read`, which turns it into a typed value or into all complaints at once.
//! Never: merges, includes or knows a key; the daemon's config does.

mod access;
mod fault;
mod nearest;
mod newer;
mod parse;
mod path;
mod reader;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

pub use self::nearest::nearest;
pub use self::parse::parse;
pub use self::path::{joined, quoted};
use self::reader::{Reader, State, Trail};
use crate::{Complaint, Place};

/// A value with the place it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The value.
    pub value: Value,
    /// Where it stands; absent for what stands nowhere.
    pub place: Option<Place>,
}

/// What TOML can say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A date, a time, or both.
    Datetime(toml::value::Datetime),
    /// A list.
    List(Vec<Written>),
    /// A table.
    Table(Table),
}

/// A table, in the order of its keys as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Each key, the place of the key, and its value. No key stands twice.
    pub entries: Vec<(String, Option<Place>, Written)>,
}

/// A file as far as it could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its table; what could not be read is left out.
    pub written: Written,
    /// Syntax errors, and warnings about syntax that other tools would refuse.
    pub complaints: Vec<Complaint>,
}

/// A key that the type being read does not know.
#[derive(Clone, Copy, Debug)]
pub struct Unknown<'a> {
    /// The path of its table, relative to what is read; empty at the top.
    pub table: &'a str,
    /// The key.
    pub name: &'a str,
    /// The keys that are known there.
    pub known: &'a [&'static str],
}

/// Says what would be right instead of an unknown key; `None` leaves it to the nearest known one.
pub type Advice<'a> = &'a dyn Fn(&Unknown<'_>) -> Option<String>;

/// More mistakes than this in one table are not told.
const COMPLAINTS_MAX: usize = 100;

/// Reads a typed value, or says everything that is wrong with it.
///
/// A custom error of a value type may carry a hint after a line feed.
///
/// # Errors
/// All complaints at once, up to a hundred: unknown keys with the nearest known one, wrong types,
/// missing keys. Their `key` is relative to `written`.
pub fn read<T: DeserializeOwned>(written: &Written) -> Result<T, Vec<Complaint>> {
    read_advised(written, &|_| None)
}

/// Reads a typed value as `read` does, with advice on unknown keys.
///
/// # Errors
/// As `read`.
pub fn read_advised<T: DeserializeOwned>(
    written: &Written,
    advice: Advice<'_>,
) -> Result<T, Vec<Complaint>> {
    let mut state = State::new(advice);
    let mut tried = BTreeSet::new();
    let value = loop {
        let trail = Trail::Top;
        let fault = match T::deserialize(Reader::new(written, &trail, &state)) {
            Ok(value) => break Some(value),
            Err(fault) => fault.located(&trail, written),
        };
        let again = tried.insert(fault.step()) && state.complaints() < COMPLAINTS_MAX;
        if !state.skip(fault) || !again {
            break None;
        }
    };
    match (value, state.into_complaints()) {
        (Some(value), complaints) if complaints.is_empty() => Ok(value),
        (_, complaints) => Err(complaints),
    }
}

/// Complains of the keys of a table that are not known, for tables whose values are read apart.
pub fn unknown_keys(
    written: &Written,
    known: &'static [&'static str],
    advice: Advice<'_>,
) -> Vec<Complaint> {
    let state = State::new(advice);
    for (name, place, _) in written.table().iter().flat_map(|table| &table.entries) {
        if !known.contains(&name.as_str()) {
            state.note_unknown(name, place.as_ref(), &Trail::Top, known);
        }
    }
    state.into_complaints()
}

/// Gives complaints that only name a key (relative to `table`) the place of that key.
///
/// List elements are named from zero, as in `secret[1].file`. Where a part of the key is not
/// written, the complaint gets the place of the last part that is.
pub fn locate(mut complaints: Vec<Complaint>, table: &Written) -> Vec<Complaint> {
    for complaint in &mut complaints {
        if complaint.place.is_none() {
            complaint.place = path::find(table, &complaint.key);
        }
    }
    complaints
}

impl Written {
    /// The table, where it is one.
    pub fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The table, to be changed, where it is one.
    pub fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The list, where it is one.
    pub fn list(&self) -> Option<&[Written]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Value {
    /// What it is, in words: `text`, `a whole number`, `a list`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Bool(_) => "true or false",
            Self::Datetime(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Table {
    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&Written> {
        self.entries.iter().find(|(name, _, _)| name == key).map(|(_, _, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn value_mut(&mut self, key: &str) -> Option<&mut Written> {
        self.entries.iter_mut().find(|(name, _, _)| name == key).map(|(_, _, value)| value)
    }

    /// The place of a key.
    pub fn place(&self, key: &str) -> Option<&Place> {
        self.entries
            .iter()
            .find(|(name, _, _)| name == key)
            .and_then(|(_, place, _)| place.as_ref())
    }

    /// Takes a key out.
    pub fn take(&mut self, key: &str) -> Option<(Option<Place>, Written)> {
        let index = self.entries.iter().position(|(name, _, _)| name == key)?;
        let (_, place, value) = self.entries.remove(index);
        Some((place, value))
    }
}
