//! Job: one thing that happened.
//! Takes: what a source read, or what the daemon noticed of a feed or a sink.
//! Gives: `Event`, the only thing that rules look at.
//! Never: knows how it was carried; a source does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Booking, FeedChange, FeedName, Metrics, SinkChange, SourceName};

/// Everything else a feed said, by its own names. Reaches rules and templates as `extra.NAME`.
pub type Fields = BTreeMap<Box<str>, serde_json::Value>;

/// One thing that happened at the dashboard, or to a feed or a sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The feed's own id of this event, where it has one; it then is the event's identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// The source that read it.
    pub source: SourceName,
    /// The feed it belongs to.
    pub feed: FeedName,
    /// When it happened, as the feed says; else when it was received.
    pub at: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// What happened.
    pub body: Body,
    /// What else the feed said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: Fields,
}

/// A feed's own id of an event, at most 256 bytes.
pub type EventId = Arc<str>;

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::large_enum_variant, reason = "nearly every event is a booking")]
pub enum Body {
    /// A booking has a new state.
    Booking(Booking),
    /// The dashboard's figures.
    Metrics(Metrics),
    /// A feed came, went or missed something.
    Feed(FeedChange),
    /// A sink fell ill or got well.
    Sink(SinkChange),
    /// A type of frame that this version does not know.
    Other(Other),
}

/// A frame of a type that this version does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// The frame's `type`.
    pub name: Box<str>,
    /// The frame's `payload`.
    pub payload: serde_json::Value,
}

/// What an event is about, as `when.kind` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A booking.
    Booking,
    /// The dashboard's figures.
    Metrics,
    /// A feed's own state.
    Feed,
    /// A sink's own state.
    Sink,
    /// Anything else.
    Other,
}

impl Event {
    /// What the event is about.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Booking(_) => Kind::Booking,
            Body::Metrics(_) => Kind::Metrics,
            Body::Feed(_) => Kind::Feed,
            Body::Sink(_) => Kind::Sink,
            Body::Other(_) => Kind::Other,
        }
    }

    /// The booking, where the event is about one.
    pub fn booking(&self) -> Option<&Booking> {
        match &self.body {
            Body::Booking(booking) => Some(booking),
            _ => None,
        }
    }

    /// What lanes and threads are kept for: the booking's id, else the feed's or the sink's name,
    /// else the type of the frame.
    pub fn subject(&self) -> &str {
        match &self.body {
            Body::Booking(booking) => booking.id.as_str(),
            Body::Metrics(_) => "metrics",
            Body::Feed(_) => self.feed.as_str(),
            Body::Sink(change) => change.sink.as_str(),
            Body::Other(other) => &other.name,
        }
    }
}

impl Kind {
    /// The word that `when.kind` uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::Metrics => "metrics",
            Self::Feed => "feed",
            Self::Sink => "sink",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
