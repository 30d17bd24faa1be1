//! Job: a configuration as it was written, each value with its place.
//! Takes: TOML.
//! Gives: `Written`, and `read`, which turns it into a typed value or into all complaints at once.
//! Never: merges, includes or knows a key; the daemon's config does.

use serde::de::DeserializeOwned;

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

/// Reads a typed value, or says everything that is wrong with it.
///
/// # Errors
/// All complaints at once: unknown keys with the nearest known one, wrong types, missing keys.
pub fn read<T: DeserializeOwned>(_written: &Written) -> Result<T, Vec<Complaint>> {
    Err(vec![Complaint::error("not built yet")])
}

/// Gives complaints that only name a key (relative to `table`) the place of that key.
pub fn locate(complaints: Vec<Complaint>, _table: &Written) -> Vec<Complaint> {
    complaints
}
