//! Job: a ring that was decided, before it is a row.
//! Takes: a rule's decision.
//! Gives: `Planned`.
//! Never: knows when it is tried; the outbox and dispatch do.

use contract::{Address, Level, Line, NoteKey, RuleName, SinkName, Text};
use serde::{Deserialize, Serialize};

/// A ring that was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The delivery's id.
    pub key: NoteKey,
    /// Where to.
    pub sink: SinkName,
    /// Which of its addresses.
    pub address: Option<Address>,
    /// The rule that gave the message.
    pub rule: RuleName,
    /// Other rules that would have rung this sink for the same event, in the order of the file.
    pub also: Vec<RuleName>,
    /// How loud: the loudest of all of them.
    pub level: Level,
    /// One line, rendered.
    pub title: Text,
    /// A few lines, rendered.
    pub body: Text,
    /// Earlier states of the same booking, oldest first.
    pub timeline: Vec<Line>,
    /// Whether it rings.
    pub start: Start,
    /// Why this sink is told.
    pub way: Way,
    /// The sink it was meant for, where `[daemon] redirect` sent it elsewhere.
    pub redirected_from: Option<SinkName>,
}

/// Whether it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// As soon as the sink can.
    Ring,
    /// Recorded as withdrawn: the rule, or the whole daemon, is in shadow.
    Shadow,
}

/// Why a sink is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A rule matched.
    Ring,
    /// A data feed: every state, in order; never superseded.
    Data,
    /// It was told of an earlier state.
    Follow,
    /// An alarm begins or clears.
    Alarm,
}

impl Way {
    /// Says whether the booking's later states follow to this sink.
    pub fn tells(self) -> bool {
        matches!(self, Self::Ring | Self::Follow)
    }

    /// The word it is stored and shown by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Data => "data",
            Self::Follow => "follow",
            Self::Alarm => "alarm",
        }
    }
}
