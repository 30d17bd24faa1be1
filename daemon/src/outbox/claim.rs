//! Job: what the outbox and dispatch hand each other.
//! Takes: a sink's slots; later what became of a try.
//! Gives: `SinkSlot`, `Claim`, `Settlement`.
//! Never: is handed out before it is committed.

use std::fmt;
use std::str::FromStr;

use contract::text::clean;
use contract::{Note, Receipt, SinkName, Why};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::delivery::{DeadReason, Way};

/// An event's place in the order of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredId(pub i64);

/// A delivery's place: its event's, and its ordinal among the event's rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

impl DeliveryId {
    /// The event it is about.
    pub fn event(self) -> StoredId {
        StoredId(self.0 >> StoredId::ORDINAL_BITS)
    }
}

impl StoredId {
    pub(super) const ORDINAL_BITS: u32 = 12;

    /// The delivery with that ordinal.
    pub(super) fn delivery(self, ordinal: usize) -> DeliveryId {
        DeliveryId((self.0 << Self::ORDINAL_BITS) | ordinal as i64)
    }
}

impl fmt::Display for StoredId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DeliveryId {
    /// The event's number and the ring's among its rings, as people say it: `1234-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ordinal = self.0 & ((1 << StoredId::ORDINAL_BITS) - 1);
        write!(f, "{}-{}", self.event(), ordinal + 1)
    }
}

impl FromStr for DeliveryId {
    type Err = String;

    /// Reads `1234-1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{}\" is no id of a delivery, such as 1234-1", clean(text));
        let (event, ring) = text.split_once('-').ok_or_else(wrong)?;
        let event: i64 = event.parse().map_err(|_| wrong())?;
        let ring: usize = ring.parse().map_err(|_| wrong())?;
        let known = (0..1 << 50).contains(&event) && (1..=super::RINGS_MAX).contains(&ring);
        if known { Ok(StoredId(event).delivery(ring - 1)) } else { Err(wrong()) }
    }
}

/// A sink that is configured.
#[derive(Debug)]
pub struct SinkSlot {
    /// Its name.
    pub name: SinkName,
    /// How many tries run at once.
    pub in_flight: usize,
    /// How many more are claimed ahead, so that a commit's sync is hidden.
    pub ahead: usize,
    /// Where its claims go; absent to keep the channel it has.
    pub claims: Option<mpsc::Sender<Vec<Claim>>>,
}

impl SinkSlot {
    /// A sink with a channel that holds all that can be claimed at once, so it is never full.
    pub fn new(
        name: SinkName,
        in_flight: usize,
        ahead: usize,
    ) -> (Self, mpsc::Receiver<Vec<Claim>>) {
        let (claims, taken) = mpsc::channel((in_flight + ahead).max(1));
        (Self { name, in_flight, ahead, claims: Some(claims) }, taken)
    }

    /// The same sink with other numbers, its channel kept. They may not exceed those it was made
    /// with.
    pub fn kept(name: SinkName, in_flight: usize, ahead: usize) -> Self {
        Self { name, in_flight, ahead, claims: None }
    }
}

/// A delivery that this process may try now, and no one else.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Which delivery.
    pub id: DeliveryId,
    /// Which claim of it; a settlement names it.
    pub fence: u32,
    /// What to say: attempt, timeline and previous receipt filled in.
    pub note: Note,
    /// Why this sink is told.
    pub way: Way,
    /// When its event was received.
    pub received: Timestamp,
    /// When its present series of attempts began: at receipt, or when a person asked for another.
    pub series: Timestamp,
    /// From when `expires` and `give_up_after` count: `series`, moved on by the pauses since.
    pub counts_from: Timestamp,
    /// When the first try of the series failed, where one has.
    pub failing_since: Option<Timestamp>,
    /// How many tries there were, those that spent no attempt included.
    pub tries: u32,
    /// How many gates, of all sinks, the writer had heard of when it made this claim.
    pub gates_told: u64,
}

/// What became of a claim. Each claim is settled exactly once; a second answer changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// Which delivery.
    pub id: DeliveryId,
    /// Which claim of it.
    pub fence: u32,
    /// At which sink.
    pub sink: SinkName,
    /// What follows.
    pub outcome: Settled,
    /// How long the sink took, ms.
    pub latency_ms: u32,
    /// When it answered.
    pub answered: Timestamp,
}

/// What follows from a try.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// The sink took it.
    Sent {
        /// What the thread's next note may edit.
        receipt: Option<Receipt>,
    },
    /// Once more.
    Again {
        /// Not before.
        due: Timestamp,
        /// What went wrong.
        why: Why,
        /// Whether an attempt is spent; not where the sink as a whole is down or throttled.
        spent: bool,
    },
    /// Given up.
    Dead {
        /// Why.
        reason: DeadReason,
        /// What went wrong last; absent where it was not tried.
        why: Option<Why>,
    },
    /// Too old to ring; not tried.
    Expired,
    /// Never tried, or cut off by a stop: due at once, no attempt spent.
    Released,
}
