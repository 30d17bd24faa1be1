//! Job: what intake hands in to be remembered, as one transaction.
//! Takes: judged events, what could not be read, cursors, fired wake-ups.
//! Gives: `Group`, `StoredEvent`, `Quarantined`, `Ticket`.
//! Never: holds more than `EVENTS_MAX` events or `BYTES_MAX` bytes of bodies.

use std::sync::Arc;

use contract::{Ack, Cursor, Event, FeedName, Fields, SourceName, Unreadable, event};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::{Decision, Digest, WakeUp};

/// The most events of a group; more wait in the source.
pub const EVENTS_MAX: usize = 4096;
/// The most bytes of bodies in a group.
pub const BYTES_MAX: usize = 8 << 20;
/// The most rings of one event.
pub const RINGS_MAX: usize = 4096;

/// What is committed in one transaction: all of it or nothing.
#[derive(Debug, Default)]
pub struct Group {
    /// Judged events in the order of receipt. Repeats (`Outcome::Seen`) are not among them.
    pub events: Vec<StoredEvent>,
    /// What could not be read.
    pub quarantined: Vec<Quarantined>,
    /// Where each source resumes once this is committed.
    pub cursors: Vec<(SourceName, Cursor)>,
    /// When each source last showed that it is there.
    pub alive: Vec<(SourceName, Timestamp)>,
    /// Told `stored` after the commit.
    pub acks: Vec<Ack>,
    /// Wake-ups that were judged here: their rows go.
    pub fired: Vec<WakeUp>,
    /// Repeats by source: counted, not stored.
    pub repeats: Vec<(SourceName, u64)>,
}

/// An event with what was decided on it.
#[derive(Debug)]
pub struct StoredEvent {
    /// The event. For a wake-up, what the alarm is about.
    pub event: Arc<Event>,
    /// What it says, as [`body_bytes`] writes it.
    pub body: Vec<u8>,
    /// The digest of `body`.
    pub digest: Digest,
    /// What was decided.
    pub decision: Decision,
    /// The memory that the judgement read, as JSON; absent where there was none.
    pub memory: Option<Vec<u8>>,
    /// The generation of rules that judged it.
    pub generation: GenerationId,
    /// The wake-up that was judged, where it was no event.
    pub woken_by: Option<WakeUp>,
}

/// A frame that could not be read, or that the rules panicked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// The source that read it.
    pub source: SourceName,
    /// The feed it belongs to.
    pub feed: FeedName,
    /// When it was received.
    pub received: Timestamp,
    /// Why, and its bytes.
    pub frame: Unreadable,
}

/// The place of a group in the order of commits; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A generation of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GenerationId(pub i64);

#[derive(Serialize)]
struct Said<'a> {
    body: &'a event::Body,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    extra: &'a Fields,
}

/// What a stored body says.
#[derive(Deserialize)]
pub(super) struct Read {
    pub(super) body: event::Body,
    #[serde(default)]
    pub(super) extra: Fields,
}

/// What an event says, without who read it and when: what is stored, and what its digest is of.
///
/// # Errors
/// When a value of `extra` cannot be written as JSON, which a value that was read as JSON can.
pub fn body_bytes(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Said { body: &event.body, extra: &event.extra })
}

/// A group that cannot be taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// The outbox is stopping, or has failed: see its health.
    #[error("the outbox takes nothing any more")]
    Stopped,
    /// More than `EVENTS_MAX` events.
    #[error("a group of {0} events; at most {EVENTS_MAX}")]
    TooManyEvents(usize),
    /// More than `RINGS_MAX` rings of one event.
    #[error("an event with {0} rings; at most {RINGS_MAX}")]
    TooManyRings(usize),
}

impl Group {
    /// Says whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.quarantined.is_empty()
            && self.cursors.is_empty()
            && self.alive.is_empty()
            && self.acks.is_empty()
            && self.fired.is_empty()
            && self.repeats.is_empty()
    }

    /// Checks the limits.
    pub(super) fn check(&self) -> Result<(), Refused> {
        if self.events.len() > EVENTS_MAX {
            return Err(Refused::TooManyEvents(self.events.len()));
        }
        let rings = self.events.iter().map(|e| e.decision.planned.len()).max().unwrap_or(0);
        if rings > RINGS_MAX { Err(Refused::TooManyRings(rings)) } else { Ok(()) }
    }
}
