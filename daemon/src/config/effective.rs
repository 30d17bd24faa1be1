//! Job: a written tree as one text, whatever order and files it came from.
//! Takes: written values.
//! Gives: TOML to be stored, and a digest to be compared.
//! Never: holds a place or a secret: secrets are written by where they are kept.

use std::fmt;

use contract::written::{Table, Value, Written};
use sha2::{Digest as _, Sha256};

/// Changes where what is written changes; places and order do not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The digest of a value.
    pub fn of(written: &Written) -> Self {
        Self(Sha256::digest(plain(written).to_string().as_bytes()).into())
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A table as TOML.
pub(super) fn text_of(table: &Table) -> String {
    let value = toml::Value::Table(plain_table(table));
    toml::to_string(&value).expect("a tree that was read from TOML can be written as TOML")
}

fn plain(written: &Written) -> toml::Value {
    match &written.value {
        Value::Text(text) => toml::Value::String(text.clone()),
        Value::Integer(number) => toml::Value::Integer(*number),
        Value::Float(number) => toml::Value::Float(*number),
        Value::Bool(yes) => toml::Value::Boolean(*yes),
        Value::Datetime(datetime) => toml::Value::Datetime(*datetime),
        Value::List(list) => toml::Value::Array(list.iter().map(plain).collect()),
        Value::Table(table) => toml::Value::Table(plain_table(table)),
    }
}

fn plain_table(table: &Table) -> toml::Table {
    table.entries.iter().map(|(key, _, value)| (key.clone(), plain(value))).collect()
}
