//! Job: what happens to a feed or to a sink, as an event.
//! Takes: what intake and dispatch notice.
//! Gives: `FeedChange` and `SinkChange`, which rules can ring on.
//! Never: says what to do about it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{SinkName, Text};

/// A feed's new state, or a hole in what it told us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedChange {
    /// The new state.
    pub state: FeedState,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the source's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Text>,
    /// The hole, where `state` is `gap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// How a feed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// Connected and answering.
    Live,
    /// Not connected; being tried.
    Down,
    /// The server refuses our credentials.
    Denied,
    /// Connected, but with less news than expected.
    Quiet,
    /// Something was missed for good. Not a state that lasts: it is over when it is known.
    Gap,
}

impl FeedState {
    /// The word that `alarm.feed` uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Down => "down",
            Self::Denied => "denied",
            Self::Quiet => "quiet",
            Self::Gap => "gap",
        }
    }
}

impl fmt::Display for FeedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A time of which we know that we may not know everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last moment at which all was known.
    pub from: Timestamp,
    /// The first moment at which all is known again.
    pub to: Timestamp,
    /// Why.
    pub reason: GapReason,
    /// How many frames, where the feed numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
}

/// Why something was missed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The feed offers no resume.
    NotOffered,
    /// The feed no longer has what was missed.
    TooOld,
    /// The feed began to count anew.
    NewEpoch,
    /// A number was left out while connected.
    Skipped,
}

/// A sink's new state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SinkChange {
    /// Which sink.
    pub sink: SinkName,
    /// Its new state.
    pub state: SinkState,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the sink's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Text>,
}

/// How a sink stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SinkState {
    /// Rings.
    Ok,
    /// Cannot ring; what it is owed is kept.
    Down,
    /// Asked us to wait.
    Throttled,
    /// Gone for good; a person must act.
    Disabled,
}
