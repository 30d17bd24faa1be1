//! Job: what a sink is handed: one thing to say, once.
//! Takes: what a rule planned, and what the outbox remembers of the thread.
//! Gives: `Note`.
//! Never: is escaped; each sink escapes for its own medium, when it sends.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Event, RuleName, Text};

/// One thing to say. A sink with several addresses gets one note an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The delivery's id: the same over every try, crash and replay.
    pub key: NoteKey,
    /// One line.
    pub title: Text,
    /// A few lines.
    pub body: Text,
    /// How loud.
    pub level: Level,
    /// The events it is about; the last one is the newest. Never empty.
    pub events: Vec<Arc<Event>>,
    /// The rule that gave the message.
    pub rule: RuleName,
    /// Other rules that would have rung this sink for the same event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<RuleName>,
    /// Where to, for a sink with several addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// 1 for the first try.
    pub attempt: u32,
    /// What the thread's last note returned: edit that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Receipt>,
    /// Earlier states of the same booking, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Line>,
    /// Asks for the simplest form, once, after `Payload`.
    #[serde(default)]
    pub plain: bool,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The sink this note was meant for, where `[daemon] redirect` sent it elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_from: Option<crate::SinkName>,
}

impl Note {
    /// The newest event the note is about.
    pub fn event(&self) -> &Event {
        self.events.last().expect("a note is about at least one event")
    }
}

/// A delivery's id: 128 bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoteKey(pub [u8; 16]);

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NoteKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NoteKey {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        let number = u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// How loud: info < success < warning < error.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// News: a new booking.
    #[default]
    Info,
    /// Good news: a confirmed one.
    Success,
    /// Look at it: an alarm.
    Warning,
    /// Bad news: a cancelled one.
    Error,
}

impl Level {
    /// The word that a rule's `level` uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One of a sink's addresses: a recipient, a channel.
pub type Address = Arc<str>;

/// What a medium returned for a note, so that the next one can edit it. At most 4 KiB; no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipt(pub Box<str>);

/// An earlier state of the same booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What, such as `confirmed`.
    pub what: Text,
}
