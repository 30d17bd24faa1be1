//! Job: `delivery` of a sink as written, and what becomes of it.
//! Takes: the table, and the plugin's own defaults.
//! Gives: `DeliveryPolicy`, with nothing left open.
//! Never: lets a sink try without an end: what is not limited by tries is limited by age.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use contract::Complaint;
use contract::plugin::{DeliveryDefaults, Schedule, Update};
use contract::values::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// The age at which a delivery is given up, unless the configuration says otherwise.
const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// How the deliveries of a sink are treated. What is absent is the plugin's own default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Delivery")]
pub struct DeliverySection {
    /// For one try.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// How many tries at once.
    #[serde(default)]
    pub in_flight: Option<NonZeroU32>,
    /// How many tries, or "unlimited"; beyond 12 the last delay repeats.
    #[serde(default)]
    pub attempts: Option<Attempts>,
    /// The age at which it is given up; time held by a person does not count.
    #[serde(default)]
    pub give_up_after: Option<Span>,
    /// The age at which it is too old to ring, or "never".
    #[serde(default)]
    pub expires: Option<Expires>,
}

/// A number of tries, or "unlimited".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts(pub Option<u32>);

/// A length of time, or "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expires(pub Option<Duration>);

/// How the deliveries of a sink are treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeliveryPolicy {
    /// For one try.
    pub timeout: Duration,
    /// How many tries at once.
    pub in_flight: u32,
    /// How many tries; `None` is unlimited.
    pub attempts: Option<u32>,
    /// The age at which it is given up.
    pub give_up_after: Duration,
    /// The age at which it is too old to ring; `None` is any age.
    pub expires: Option<Duration>,
    /// The delays between tries.
    pub schedule: Schedule,
    /// What a later state of a booking becomes.
    pub update: Update,
}

impl DeliverySection {
    /// What is wrong with it as a whole: with no time at all nothing would ever ring.
    pub(super) fn complaints(&self) -> Vec<Complaint> {
        let spans = [
            ("timeout", self.timeout.map(|span| span.0)),
            ("give_up_after", self.give_up_after.map(|span| span.0)),
            ("expires", self.expires.and_then(|expires| expires.0)),
        ];
        let none = spans.into_iter().filter(|(_, span)| *span == Some(Duration::ZERO));
        none.map(|(key, _)| Complaint::error("must be longer than nothing").key(key)).collect()
    }
}

impl DeliveryPolicy {
    /// What is written, and the plugin's defaults for what is not.
    pub fn of(
        section: &DeliverySection,
        update: Option<Update>,
        plugin: &DeliveryDefaults,
    ) -> Self {
        Self {
            timeout: section.timeout.map_or(plugin.timeout, |span| span.0),
            in_flight: section.in_flight.map_or(plugin.in_flight, NonZeroU32::get),
            attempts: section.attempts.map_or(plugin.attempts, |attempts| attempts.0),
            give_up_after: section.give_up_after.map_or(GIVE_UP_AFTER, |span| span.0),
            expires: section.expires.map_or(plugin.expires, |expires| expires.0),
            schedule: plugin.schedule,
            update: update.unwrap_or(plugin.update),
        }
    }
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AttemptsVisitor)
    }
}

struct AttemptsVisitor;

impl Visitor<'_> for AttemptsVisitor {
    type Value = Attempts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number above 0, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Attempts, E> {
        match u32::try_from(number) {
            Ok(attempts) if attempts > 0 => Ok(Attempts(Some(attempts))),
            _ => Err(E::invalid_value(serde::de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Attempts, E> {
        match text {
            "unlimited" => Ok(Attempts(None)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Expires {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "never" => Ok(Self(None)),
            text => match text.parse::<Span>() {
                Ok(span) => Ok(Self(Some(span.0))),
                Err(what) => Err(D::Error::custom(format!("{what}\nor \"never\""))),
            },
        }
    }
}

impl JsonSchema for Attempts {
    fn schema_name() -> Cow<'static, str> {
        "DeliveryAttempts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "unlimited" }] })
    }
}

impl JsonSchema for Expires {
    fn schema_name() -> Cow<'static, str> {
        "Expires".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let span = generator.subschema_for::<Span>();
        json_schema!({ "anyOf": [span, { "const": "never" }] })
    }
}
