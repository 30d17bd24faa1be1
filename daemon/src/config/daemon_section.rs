//! Job: `[daemon]` as written.
//! Takes: the table.
//! Gives: `DaemonSection`.
//! Never: reads the environment; what stands there when nothing is written is decided in `load`.

use std::fmt;
use std::path::PathBuf;

use contract::SinkName;
use contract::values::Span;
use contract::written::nearest;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The daemon as a whole.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Daemon")]
pub(super) struct DaemonSection {
    /// Where days begin and end: an IANA name, such as "Asia/Bangkok". Default: the machine's.
    #[serde(default)]
    pub time_zone: Option<Zone>,
    /// Where events and deliveries are kept. Default: $STATE_DIRECTORY, else the user's XDG state
    /// folder.
    #[serde(default)]
    pub state_dir: Option<PathBuf>,
    /// How long a stop waits for sinks that are being told.
    pub stop_grace: Span,
    /// How safe a commit is.
    pub durability: Durability,
    /// Decides and records, but rings nothing.
    pub shadow: bool,
    /// Rings this sink in place of every other, for trying a configuration out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub redirect: Option<SinkName>,
    /// How much is logged.
    pub log: LogLevel,
}

/// How safe a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// What is committed survives a power cut.
    Full,
    /// Faster; may lose the last moments in a power cut, never in a crash.
    Normal,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What a person must mend.
    Error,
    /// What a person should look at.
    Warn,
    /// What changed.
    Info,
    /// What was decided.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word it is written by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// A time zone by its IANA name.
#[derive(Clone, PartialEq)]
pub(super) struct Zone(pub TimeZone);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        TimeZone::get(&name).map(Self).map_err(|_| serde::de::Error::custom(no_zone(&name)))
    }
}

fn no_zone(name: &str) -> String {
    let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let hint = match nearest(name, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "an IANA name, such as \"Asia/Bangkok\"".to_owned(),
    };
    format!("there is no time zone \"{name}\"\n{hint}")
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("unnamed"))
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeZone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "An IANA name, such as \"Asia/Bangkok\"." })
    }
}
