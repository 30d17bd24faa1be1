//! Job: a rule as an admin writes it.
//! Takes: a table `[[rule]]`.
//! Gives: `Rule`, each value checked for itself.
//! Never: knows which sinks and teams exist; a plan is told.

use std::borrow::Cow;
use std::fmt;

use contract::{FeedState, Level};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::when::When;
use super::words::nearest;

/// When to ring, and whom.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, which no other rule has.
    pub name: String,
    /// What must be true of the event. Without it: every booking.
    #[serde(default)]
    pub when: When,
    /// Whom to ring: a name with a dot is a sink, a name without is a team.
    #[serde(default)]
    pub ring: Vec<String>,
    /// Whom to ring by the value of one field: `ring_by.country = { TH = ["front-desk"] }`.
    #[serde(default)]
    pub ring_by: Option<RingBy>,
    /// Matches only where no earlier rule did.
    #[serde(default)]
    pub otherwise: bool,
    /// Where it matches, later rules are not asked.
    #[serde(default)]
    pub stop: bool,
    /// How loud, in place of what the status says.
    #[serde(default)]
    pub level: Option<Level>,
    /// "ring": matches as well where a condition cannot be decided.
    #[serde(default)]
    pub unknown: UnknownIs,
    /// Decides and records, but does not ring.
    #[serde(default)]
    pub shadow: bool,
    /// What to say, in place of the built-in words.
    #[serde(default)]
    pub message: Message,
    /// A data feed: every state, in order.
    #[serde(default)]
    pub data: bool,
    /// Whether later states of a booking follow to whom this rule rang.
    #[serde(default = "yes")]
    pub follow: bool,
    /// Rings on a feed's state instead of on bookings.
    #[serde(default)]
    pub alarm: Option<AlarmSpec>,
}

/// What to say: minijinja templates for plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Message {
    /// One line: "{{ icon }} {{ title }}".
    pub title: Option<String>,
    /// A few lines: "{{ customer }} · {{ amount | money }}".
    pub body: Option<String>,
}

/// What becomes of a rule whose conditions cannot be decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownIs {
    /// It does not match.
    #[default]
    Skip,
    /// It matches.
    Ring,
}

/// Rings on a feed's state: once when it begins, once when it clears.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmSpec {
    /// Which states: ["down", "denied", "gap"].
    pub feed: Vec<FeedTrouble>,
    /// How long it must last before it rings; a gap rings at once.
    #[serde(default, rename = "for")]
    pub lasting: Option<contract::values::Span>,
}

/// A state of a feed that an alarm can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedTrouble {
    /// Not connected.
    Down,
    /// The server refuses our credentials.
    Denied,
    /// Something was missed for good.
    Gap,
}

/// Whom to ring by the value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingBy {
    /// The field: `country`, `guest.email`, `extra.region`.
    pub field: String,
    /// Whom for which value, in the order of the file.
    pub cases: Vec<(String, Vec<String>)>,
    /// Whom for an absent or unlisted value.
    pub other: Option<Vec<String>>,
}

/// The fields that `ring_by` can name, beside `guest.…` and `extra.…`.
const RING_BY: [&str; 9] = [
    "category",
    "status",
    "country",
    "currency",
    "title",
    "customer",
    "id",
    "reference",
    "channel",
];

fn yes() -> bool {
    true
}

impl FeedTrouble {
    /// The state that it names.
    pub fn state(self) -> FeedState {
        match self {
            Self::Down => FeedState::Down,
            Self::Denied => FeedState::Denied,
            Self::Gap => FeedState::Gap,
        }
    }
}

impl<'de> Deserialize<'de> for FeedTrouble {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "\"down\", \"denied\" or \"gap\"";
        let word = Cow::<str>::deserialize(from)?;
        match &*word {
            "down" => Ok(Self::Down),
            "denied" => Ok(Self::Denied),
            "gap" => Ok(Self::Gap),
            "quiet" => Err(D::Error::custom(format!(
                "this version cannot tell when a feed is quiet: it takes {EXPECTED}"
            ))),
            _ => Err(D::Error::custom(format!("\"{word}\" is no alarm: it takes {EXPECTED}"))),
        }
    }
}

impl JsonSchema for FeedTrouble {
    fn schema_name() -> Cow<'static, str> {
        "FeedTrouble".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["down", "denied", "gap"], "description": "A state of a feed." })
    }
}

struct RingByReader;

/// The values of one field, read behind its name.
struct Cases(Vec<(String, Vec<String>)>, Option<Vec<String>>);

/// One field of `guest` or `extra`, read behind that word.
struct Inner(String, Cases);

impl<'de> Deserialize<'de> for RingBy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RingByReader)
    }
}

impl<'de> Visitor<'de> for RingByReader {
    type Value = RingBy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one field with its values, such as country = { TH = [\"front-desk\"] }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<RingBy, A::Error> {
        let Some(key) = table.next_key::<String>()? else {
            return Err(A::Error::invalid_length(0, &self));
        };
        let (field, cases) = match key.as_str() {
            "guest" | "extra" => {
                let Inner(inner, cases) = table.next_value()?;
                (format!("{key}.{inner}"), cases)
            }
            _ => (key, table.next_value::<Cases>()?),
        };
        check_field(&field).map_err(A::Error::custom)?;
        if let Some(second) = table.next_key::<String>()? {
            return Err(A::Error::custom(format!(
                "ring_by takes one field, and \"{second}\" is a second one: write a second rule"
            )));
        }
        Ok(RingBy { field, cases: cases.0, other: cases.1 })
    }
}

fn check_field(field: &str) -> Result<(), String> {
    let known = RING_BY.contains(&field)
        || matches!(field, "guest.email" | "guest.phone")
        || field.strip_prefix("extra.").is_some_and(|name| !name.is_empty());
    if known {
        return Ok(());
    }
    let all = format!("{}, guest.email, guest.phone or extra.NAME", RING_BY.join(", "));
    Err(match nearest(field, RING_BY) {
        Some(known) => format!("ring_by has no field \"{field}\": \"{known}\" is meant?"),
        None => format!("ring_by has no field \"{field}\": it takes {all}"),
    })
}

impl<'de> Deserialize<'de> for Cases {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Cases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of values, such as { TH = [\"front-desk\"], other = [] }")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Cases, A::Error> {
                let mut cases = Cases(Vec::new(), None);
                while let Some(value) = table.next_key::<String>()? {
                    let whom = table.next_value::<Vec<String>>()?;
                    match value.as_str() {
                        "other" => cases.1 = Some(whom),
                        _ => cases.0.push((value, whom)),
                    }
                }
                Ok(cases)
            }
        }
        from.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Inner;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one field, such as region = { south = [\"front-desk\"] }")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Inner, A::Error> {
                let Some(name) = table.next_key::<String>()? else {
                    return Err(A::Error::invalid_length(0, &self));
                };
                let inner = Inner(name, table.next_value()?);
                match table.next_key::<String>()? {
                    None => Ok(inner),
                    Some(second) => Err(A::Error::custom(format!(
                        "ring_by takes one field, and \"{second}\" is a second one"
                    ))),
                }
            }
        }
        from.deserialize_map(Reader)
    }
}

impl JsonSchema for RingBy {
    fn schema_name() -> Cow<'static, str> {
        "RingBy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let whom = serde_json::json!({ "type": "array", "items": { "type": "string" } });
        let cases = serde_json::json!({ "type": "object", "additionalProperties": whom });
        let fields: serde_json::Map<String, serde_json::Value> =
            RING_BY.iter().map(|field| ((*field).to_owned(), cases.clone())).collect();
        let mut properties = fields;
        let guest = serde_json::json!({ "type": "object", "additionalProperties": false,
            "properties": { "email": cases, "phone": cases } });
        properties.insert("guest".into(), guest);
        let extra = serde_json::json!({ "type": "object", "additionalProperties": cases });
        properties.insert("extra".into(), extra);
        json_schema!({
            "type": "object", "properties": properties, "additionalProperties": false,
            "minProperties": 1, "maxProperties": 1,
            "description": "Whom to ring by the value of one field; `other` for all else."
        })
    }
}
