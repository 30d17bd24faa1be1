//! Job: where events come from.
//! Takes: a source's own configuration, and the cursor the outbox kept.
//! Gives: `Source`, `Session` and what a session may bring.
//! Never: decides when to connect again; intake does, by the source's `reconnect`.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Event, Gap, GapReason, Text, Unreadable};

/// Opens connections to one feed.
#[async_trait]
pub trait Source: Send + Sync {
    /// Opens one connection. Intake calls it at start and after each loss, never twice at once.
    /// Reads its credentials each time, since tokens are rotated during outages.
    ///
    /// # Errors
    /// `Lost`, when there is no connection before the source's own deadline.
    async fn open(&self, resume: Option<&Cursor>) -> Result<Box<dyn Session>, Lost>;

    /// How intake connects again after a loss.
    fn reconnect(&self) -> Reconnect;

    /// Where it connects to, without secrets, for people.
    fn place(&self) -> String;
}

/// One connection. All that belongs to it dies with it.
#[async_trait]
pub trait Session: Send {
    /// Waits for what the feed brings next. Intake calls it again and again, never twice at once,
    /// and not while the outbox cannot commit. Cancel-safe: a call given up loses nothing.
    ///
    /// # Errors
    /// `Lost`, once, when the connection is over.
    async fn next(&mut self) -> Result<Incoming, Lost>;

    /// Says good-bye within a moment, if the medium has a way to. Called at most once, last.
    async fn close(&mut self) {}
}

/// What a session brings.
#[derive(Debug)]
pub enum Incoming {
    /// What was read, in the feed's order; at most some thousand at once.
    Events {
        /// Each frame, read or unreadable.
        read: Vec<Result<Event, Unreadable>>,
        /// Settled when all of it is committed.
        ack: Ack,
        /// Where to resume after it.
        cursor: Option<Cursor>,
    },
    /// Everything since the cursor has come, or is coming as events: nothing was missed.
    Resumed {
        /// How many frames the feed sends again.
        replayed: u64,
    },
    /// Something was missed for good.
    Missed {
        /// Why.
        reason: GapReason,
        /// How many frames, where the feed numbers them.
        missed: Option<u64>,
        /// The hole, where the session knows its borders better than intake.
        gap: Option<Gap>,
    },
    /// The far side has shown that it is there.
    Alive,
}

/// Tells the feed that a batch is committed. Dropped unsettled, the batch counts as refused.
#[must_use]
pub struct Ack(Option<Box<dyn FnOnce(Acked) + Send>>);

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acked {
    /// Committed.
    Stored,
    /// Not committed: send it again.
    Refused,
}

impl Ack {
    /// For feeds that want no answer.
    pub fn none() -> Self {
        Self(None)
    }

    /// Calls `tell` once with what became of the batch. It must not block.
    pub fn new(tell: impl FnOnce(Acked) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    /// The batch is committed.
    pub fn stored(mut self) {
        if let Some(tell) = self.0.take() {
            tell(Acked::Stored);
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell(Acked::Refused);
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Ack(wanted)" } else { "Ack(none)" })
    }
}

/// Where to resume: the source's own words, at most 4 KiB; the outbox keeps it with the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub Box<str>);

/// A connection is over, or could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Lost {
    /// What kind of loss, from which intake decides when to try again.
    pub kind: LostKind,
    /// What happened, for people; no secrets.
    pub said: Text,
    /// Not before this has passed, as the feed asked.
    pub after: Option<Duration>,
}

impl Lost {
    /// A loss of one kind.
    pub fn new(kind: LostKind, said: impl Into<Text>) -> Self {
        Self { kind, said: said.into(), after: None }
    }
}

/// What kind of loss it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LostKind {
    /// It ended, broke or fell silent: connect again by the schedule.
    Dropped,
    /// Nobody answered: connect again by the schedule.
    Unreachable,
    /// The feed asks for time (close 1013, handshake 429 or 503): as told, else at least 30 s.
    Busy,
    /// It refuses our credentials (close 1008, handshake 401 or 403): once again at once with fresh
    /// ones, then every 5 min.
    Denied,
    /// It sent what may not be sent (we close with 1002, 1007 or 1009): by the schedule; three in a
    /// row for one cause: every 5 min.
    Offence,
    /// A redirect, a 404, a wrong certificate: a person must act; every 5 min.
    Config,
}

/// How to connect again. The first connect is at once; a delay is drawn from zero to its value
/// (full jitter) and starts over after 60 s of health.
#[derive(Clone, Debug, PartialEq)]
pub enum Reconnect {
    /// Delays that grow.
    Growing {
        /// The first delay.
        first: Duration,
        /// What each next one is multiplied with.
        factor: f64,
        /// The longest.
        max: Duration,
        /// After how many failures to stop; `None` is never.
        attempts: Option<u32>,
    },
    /// Delays as listed, without jitter; the last one repeats.
    Listed {
        /// The delays. Never empty.
        delays: Vec<Duration>,
        /// After how many failures to stop; `None` is never.
        attempts: Option<u32>,
    },
}

impl Default for Reconnect {
    /// 1 s growing by 1.6 to 15 s, never given up.
    fn default() -> Self {
        Self::Growing {
            first: Duration::from_secs(1),
            factor: 1.6,
            max: Duration::from_secs(15),
            attempts: None,
        }
    }
}
