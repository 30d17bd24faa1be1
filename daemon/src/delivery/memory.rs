//! Job: what judging must remember of the past.
//! Takes: what the outbox kept, moved on by each decision.
//! Gives: `Memory`, the slice handed to one judgement and stored with it.
//! Never: grows without bound: at most `SEEN_MAX` states and `TOLD_MAX` sinks a subject.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{
    Address, Booking, FeedChange, FeedName, Line, Revision, RuleName, SinkName, Status,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decision, Digest, EventKey, Outcome, Start};

/// What one judgement may know of the past. Empty for what was never seen before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Of the event's own subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Arc<SubjectMemory>>,
    /// Of the alarms that the cause may move, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alarms: BTreeMap<RuleName, AlarmMemory>,
}

/// What must be fetched before a cause can be judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemoryKey {
    /// A booking's, a feed's, a type of frame's past, within its feed.
    Subject(FeedName, Arc<str>),
    /// An alarm's state, by rule and subject.
    Alarm(RuleName, Arc<str>),
}

/// A subject's past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubjectMemory {
    /// The newest state that counts.
    pub last: LastState,
    /// The states seen, oldest first, the newest `SEEN_MAX` of them.
    pub seen: Vec<Seen>,
    /// Who was told, in the order of telling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// The states in words, oldest first, the newest `SEEN_MAX` of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Line>,
}

/// The newest state that counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastState {
    /// Its status, for bookings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Its revision, where the feed says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// When it happened.
    pub at: Timestamp,
    /// What it said.
    pub digest: Digest,
    /// The booking, for `changed`; absent once its body was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Arc<Booking>>,
}

/// A state that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The event's identity.
    pub key: EventKey,
    /// What it said.
    pub digest: Digest,
    /// When it happened.
    pub at: Timestamp,
}

/// A sink that was told of a booking: a delivery was planned there and not withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which sink.
    pub sink: SinkName,
    /// Which of its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// By which rule, whose `follow` counts.
    pub rule: RuleName,
}

/// An alarm that has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmMemory {
    /// When it began.
    pub begun: Timestamp,
    /// Whether it has rung.
    pub rung: bool,
    /// What began it.
    pub change: FeedChange,
}

/// The most states that are remembered of a subject.
pub const SEEN_MAX: usize = 16;
/// The most sinks that are remembered of a subject.
pub const TOLD_MAX: usize = 64;

impl SubjectMemory {
    /// The memory after a decision on an event of this subject. What was seen before, or is older
    /// than the last state, leaves the last state as it is.
    pub fn after(
        before: Option<&Self>,
        event: &contract::Event,
        digest: Digest,
        decision: &Decision,
    ) -> Self {
        let booking = event.booking();
        let newest = LastState {
            status: booking.and_then(|b| b.status.clone()),
            revision: booking.and_then(|b| b.revision),
            at: event.at,
            digest,
            booking: booking.map(|b| Arc::new(b.clone())),
        };
        let mut memory = match before {
            None => Self { last: newest, seen: Vec::new(), told: Vec::new(), timeline: Vec::new() },
            Some(before) if matches!(decision.outcome, Outcome::Seen | Outcome::Stale) => {
                before.clone()
            }
            Some(before) => Self { last: newest, ..before.clone() },
        };
        if decision.outcome == Outcome::Seen {
            return memory;
        }
        push_bounded(&mut memory.seen, Seen { key: decision.key, digest, at: event.at });
        if let Some(status) = booking.and_then(|b| b.status.as_ref()) {
            push_bounded(&mut memory.timeline, Line { at: event.at, what: status.as_str().into() });
        }
        for planned in decision.planned.iter().filter(|p| p.start == Start::Ring && p.way.tells()) {
            memory.tell(&planned.sink, planned.address.as_ref(), &planned.rule);
        }
        memory
    }

    /// Remembers a sink as told, once.
    pub fn tell(&mut self, sink: &SinkName, address: Option<&Address>, rule: &RuleName) {
        let known = self.told.iter().any(|t| t.sink == *sink && t.address.as_ref() == address);
        if !known && self.told.len() < TOLD_MAX {
            let told = Told { sink: sink.clone(), address: address.cloned(), rule: rule.clone() };
            self.told.push(told);
        }
    }
}

fn push_bounded<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= SEEN_MAX {
        list.remove(0);
    }
    list.push(item);
}
