//! Job: the names by which things are known, each a type of its own.
//! Takes: text.
//! Gives: names that are cheap to clone, to compare and to hash.
//! Never: decides which names exist; the configuration does.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name of one kind; `Of` keeps the kinds apart and takes no room.
pub struct Name<Of>(Arc<str>, PhantomData<fn() -> Of>);

/// Marks the names of sources.
pub enum OfSource {}
/// Marks the names of feeds.
pub enum OfFeed {}
/// Marks the names of sinks.
pub enum OfSink {}
/// Marks the names of rules.
pub enum OfRule {}
/// Marks the names of teams.
pub enum OfTeam {}
/// Marks the ids of bookings.
pub enum OfBooking {}

/// `plugin.instance`, as in `[source.websocket.dashboard]`.
pub type SourceName = Name<OfSource>;
/// The feed an event came from. Sources of one feed share it, so that a repeat rings once.
pub type FeedName = Name<OfFeed>;
/// `plugin.instance`, as in `[sink.slack.sales]`.
pub type SinkName = Name<OfSink>;
/// A rule's `name`.
pub type RuleName = Name<OfRule>;
/// A team's name, as in `[team.front-desk]`.
pub type TeamName = Name<OfTeam>;
/// A booking's id as the feed writes it.
pub type BookingId = Name<OfBooking>;

impl<Of> Name<Of> {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<Of> From<&str> for Name<Of> {
    fn from(name: &str) -> Self {
        Self(name.into(), PhantomData)
    }
}

impl<Of> From<String> for Name<Of> {
    fn from(name: String) -> Self {
        Self(name.into(), PhantomData)
    }
}

impl<Of> Clone for Name<Of> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<Of> PartialEq for Name<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<Of> Eq for Name<Of> {}

impl<Of> PartialOrd for Name<Of> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<Of> Ord for Name<Of> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<Of> Hash for Name<Of> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<Of> Borrow<str> for Name<Of> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<Of> fmt::Display for Name<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<Of> fmt::Debug for Name<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<Of> Serialize for Name<Of> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de, Of> Deserialize<'de> for Name<Of> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::<str>::deserialize(from)?, PhantomData))
    }
}
