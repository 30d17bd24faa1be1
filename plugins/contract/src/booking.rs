//! Job: a booking as feeds know it, from the small dashboard to the large engine.
//! Takes: what a feed said; only the id is required.
//! Gives: `Booking` and the words it is made of.
//! Never: invents a value; what the feed did not say is absent.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{BookingId, Money, Text};

mod country;

pub use country::{Country, NotACountry};

/// One state of a booking. Everything but the id may be absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// The id, at most 256 bytes, without control characters.
    pub id: BookingId,
    /// What is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What is booked, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// Who booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Text>,
    /// For how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Where, as the feed means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Which state of the booking this is; a lower one is older news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// What people say on the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text>,
    /// One order of several bookings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Text>,
    /// The booking that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<BookingId>,
    /// What the feed says has changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Changed>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Moment>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
    /// How many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// Through whom it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The guest: personal, redacted in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Box<Guest>>,
    /// False for a test booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
}

impl Booking {
    /// A booking of which nothing but the id is known.
    pub fn of(id: impl Into<BookingId>) -> Self {
        Self {
            id: id.into(),
            category: None,
            status: None,
            title: None,
            customer: None,
            amount: None,
            country: None,
            revision: None,
            reference: None,
            group: None,
            previous_id: None,
            changes: Vec::new(),
            starts: None,
            ends: None,
            party: None,
            channel: None,
            guest: None,
            live: None,
        }
    }
}

/// What is booked. Names beyond the four are declared in `[intake] categories`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// A place to stay.
    Property,
    /// A car for hire.
    Car,
    /// A ride.
    Transfer,
    /// A tour.
    Tour,
    /// A name of the house's own, in lower case.
    Own(Arc<str>),
}

/// How a booking stands. Names beyond the three are declared in `[intake] statuses`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Just booked.
    New,
    /// Confirmed.
    Confirmed,
    /// Cancelled.
    Cancelled,
    /// A name of the house's own, in lower case.
    Own(Arc<str>),
}

impl Category {
    /// The four names every feed may use.
    pub const KNOWN: [&str; 4] = ["property", "car", "transfer", "tour"];

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Property => "property",
            Self::Car => "car",
            Self::Transfer => "transfer",
            Self::Tour => "tour",
            Self::Own(name) => name,
        }
    }
}

impl From<&str> for Category {
    fn from(name: &str) -> Self {
        match name {
            "property" => Self::Property,
            "car" => Self::Car,
            "transfer" => Self::Transfer,
            "tour" => Self::Tour,
            other => {
                let folded = other.trim().to_lowercase();
                if folded == other { Self::Own(folded.into()) } else { Self::from(folded.as_str()) }
            }
        }
    }
}

impl Status {
    /// The three names every feed may use.
    pub const KNOWN: [&str; 3] = ["new", "confirmed", "cancelled"];

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        match self {
            Self::New => "new",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Own(name) => name,
        }
    }
}

impl From<&str> for Status {
    fn from(name: &str) -> Self {
        match name {
            "new" => Self::New,
            "confirmed" => Self::Confirmed,
            "cancelled" | "canceled" => Self::Cancelled,
            other => {
                let folded = other.trim().to_lowercase();
                if folded == other { Self::Own(folded.into()) } else { Self::from(folded.as_str()) }
            }
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Category {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*std::borrow::Cow::<str>::deserialize(from)?))
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*std::borrow::Cow::<str>::deserialize(from)?))
    }
}

/// Which state of a booking: a number that grows, or the time of the last update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revision {
    /// A number that grows.
    Number(u64),
    /// The feed's `updatedAt`.
    Updated(Timestamp),
}

/// A field that the feed says has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The field's name.
    pub field: Text,
    /// What it was.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub from: serde_json::Value,
    /// What it is.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub to: serde_json::Value,
}

/// When something begins or ends: hotel nights are dates, tours are instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A whole day, where the property stands.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
}

impl std::str::FromStr for Moment {
    type Err = jiff::Error;

    /// Reads `2026-11-23` or an ISO 8601 instant with its zone.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if text.len() <= "2026-11-23".len() {
            return text.parse().map(Self::Date);
        }
        text.parse().map(Self::Instant)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How many people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Adults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adults: Option<u32>,
    /// Children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<u32>,
    /// Infants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infants: Option<u32>,
    /// All of them, where the feed says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
}

impl Party {
    /// The feed's total, else the sum of what it says; absent where it says nothing.
    pub fn size(&self) -> Option<u32> {
        let parts = [self.adults, self.children, self.infants];
        self.total.or_else(|| {
            parts
                .iter()
                .any(Option::is_some)
                .then(|| parts.iter().flatten().fold(0, |sum: u32, part| sum.saturating_add(*part)))
        })
    }
}

/// Through whom a booking came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// An online travel agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ota: Option<Text>,
    /// An agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Text>,
    /// The house's own page or phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
}

/// The guest. Personal: redacted in logs; `fields` of a sink limits what leaves.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The address of mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Text>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Text>,
    /// The guest's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Text>,
    /// Has been here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returning: Option<bool>,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guest(redacted)")
    }
}
