//! Job: how a feed stands, for everyone who asks.
//! Takes: what its connection goes through.
//! Gives: `Standing`, the same words everywhere: LIVE, CONNECTING, DENIED, DOWN.
//! Never: decides anything.

use contract::{SourceName, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a source's connection stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Which source.
    pub source: SourceName,
    /// Where it connects to, without secrets.
    pub place: String,
    /// How it stands.
    pub link: Link,
    /// Since when.
    pub since: Timestamp,
    /// What was said of the last loss.
    pub said: Option<Text>,
    /// When the next try is, while there is no connection.
    pub next_try: Option<Timestamp>,
    /// Failed tries since the last healthy connection.
    pub failures: u32,
    /// When the far side last showed that it is there.
    pub last_alive: Option<Timestamp>,
    /// When the last event came.
    pub last_event: Option<Timestamp>,
    /// When the last booking came.
    pub last_booking: Option<Timestamp>,
    /// Whether the feed offers resume, once that is known.
    pub resumes: Option<bool>,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Connected.
    Live,
    /// Being tried.
    Connecting,
    /// The server refuses our credentials.
    Denied,
    /// Given up, by the source's own `attempts`: `reload` or `resume` tries again.
    Down,
}

impl Link {
    /// The word shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Connecting => "CONNECTING…",
            Self::Denied => "DENIED",
            Self::Down => "DOWN",
        }
    }
}

impl Standing {
    /// A source that was not tried yet.
    pub fn fresh(source: SourceName, place: String, now: Timestamp) -> Self {
        Self {
            source,
            place,
            link: Link::Connecting,
            since: now,
            said: None,
            next_try: None,
            failures: 0,
            last_alive: None,
            last_event: None,
            last_booking: None,
            resumes: None,
        }
    }
}
