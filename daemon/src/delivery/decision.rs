//! Job: what the rules decide about one cause.
//! Takes: an event, or a wake-up that is due.
//! Gives: `Decision`: the rings, what to remember, when to wake up, what to count.
//! Never: is carried out here; intake hands it to the outbox.

use std::sync::Arc;

use contract::{Event, FeedName, RuleName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlarmMemory, Digest, EventKey, Planned};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// An event, with the digest of its stored body.
    Event(&'a Event, Digest),
    /// A wake-up that is due.
    WakeUp(&'a WakeUp),
}

/// A moment that a rule asked to be woken at. It has a row, so a restart forgets nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WakeUp {
    /// The rule that asked.
    pub rule: RuleName,
    /// The feed of what it asked about.
    pub feed: FeedName,
    /// What it asked about.
    pub subject: Arc<str>,
    /// When.
    pub due: Timestamp,
}

/// What the rules decide about one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The identity of the event, or of what the wake-up says.
    pub key: EventKey,
    /// What becomes of the event.
    pub outcome: Outcome,
    /// The rings, at most one a sink and address.
    pub planned: Vec<Planned>,
    /// What to remember beyond the event and its rings themselves.
    pub changes: Vec<Change>,
    /// When to wake up.
    pub wake_ups: Vec<WakeUpChange>,
    /// What to count.
    pub counts: Vec<Count>,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A repeat of what was seen: counted, not stored again.
    Seen,
    /// Older than what is known: stored, rings nobody.
    Stale,
    /// Named by `[intake] ignore`: stored, rings nobody.
    Ignored,
    /// No rule matched: stored without a delivery.
    Unmatched,
    /// At least one rule matched, or someone is followed.
    Routed,
}

/// What to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An alarm begins, rings or ends (`None`).
    Alarm(RuleName, Arc<str>, Option<AlarmMemory>),
}

/// When to wake up. There is at most one wake-up a rule and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WakeUpChange {
    /// At its `due`; replaces an earlier one.
    Set(WakeUp),
    /// Not any more.
    Cancel(RuleName, Arc<str>),
}

/// What to count, by rule and by day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Count {
    /// The rule matched.
    Matched(RuleName),
    /// A condition was unknown, and so the rule did not match (or, with `unknown = "ring"`, did).
    Unknown(RuleName),
    /// `ring_by` named nobody for this value.
    Nobody(RuleName),
    /// A template failed, and the built-in words were used.
    Template(RuleName),
}

impl Outcome {
    /// The word it is stored and shown by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Stale => "stale",
            Self::Ignored => "ignored",
            Self::Unmatched => "unmatched",
            Self::Routed => "routed",
        }
    }
}
