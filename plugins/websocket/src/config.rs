//! Job: the keys of `[source.websocket.NAME]`, as written.
//! Takes: a table.
//! Gives: `Config`, with every default.
//! Never: checks what is written; that is `settings`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use contract::SecretForm;
use contract::values::{Size, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A feed over WebSocket.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the feed is: `ws://` or `wss://`.
    pub url: String,
    /// The feed's name; by default the instance's. Sources of one feed share it.
    #[serde(default)]
    pub feed: Option<String>,
    /// Sent as `Authorization: Bearer`; read anew at each connect.
    #[serde(default)]
    pub token: Option<SecretForm>,
    /// Allows the token to travel unencrypted to another machine.
    #[serde(default)]
    pub dangerously_send_token_unencrypted: bool,
    /// Further headers of the handshake.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The subprotocol to ask for; the server must agree.
    #[serde(default)]
    pub subprotocol: Option<String>,
    /// An HTTP proxy to go through: `http://host:port`.
    #[serde(default)]
    pub proxy: Option<String>,
    /// When to connect again.
    #[serde(default)]
    pub reconnect: ReconnectKeys,
    /// Our own pings.
    #[serde(default)]
    pub ping: PingKeys,
    /// For the whole of a connect: name, address, TLS and handshake.
    #[serde(default = "handshake_timeout")]
    pub handshake_timeout: Span,
    /// The longest frame that is read.
    #[serde(default = "max_frame")]
    pub max_frame: Size,
    /// A file of roots in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
    /// Our own certificate, for mutual TLS.
    #[serde(default)]
    pub client: Option<ClientKeys>,
}

/// When to connect again: growing delays with full jitter, or delays as listed.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconnectKeys {
    /// The first delay, by default 1 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Span>,
    /// What each next delay is multiplied with, by default 1.6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// The longest delay, by default 15 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Span>,
    /// The delays themselves, in place of the three above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delays: Option<Vec<Span>>,
    /// After how many failures to stop: a number, or "unlimited", the default.
    #[serde(default)]
    pub attempts: Attempts,
}

/// Our own pings.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PingKeys {
    /// How often.
    pub every: Span,
    /// How long to wait for the answer; without one the connection counts as dead.
    pub answer: Span,
}

/// Our own certificate.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKeys {
    /// The file of the certificate and its chain, PEM.
    pub cert: String,
    /// The key, PEM.
    pub key: SecretForm,
}

/// How many failures in a row are borne.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attempts {
    /// Any number.
    #[default]
    Unlimited,
    /// So many.
    Limited(u32),
}

impl Default for PingKeys {
    fn default() -> Self {
        Self { every: Span(Duration::from_secs(15)), answer: Span(Duration::from_secs(10)) }
    }
}

fn handshake_timeout() -> Span {
    Span(Duration::from_secs(15))
}

fn max_frame() -> Size {
    Size(1 << 20)
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
        f.write_str("\"unlimited\" or a number from 1 on")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Attempts, E> {
        match text {
            "unlimited" => Ok(Attempts::Unlimited),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Attempts, E> {
        match u32::try_from(number) {
            Ok(number) if number > 0 => Ok(Attempts::Limited(number)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Attempts, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unlimited => to.serialize_str("unlimited"),
            Self::Limited(number) => to.serialize_u32(*number),
        }
    }
}

impl JsonSchema for Attempts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Attempts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [{ "const": "unlimited" }, { "type": "integer", "minimum": 1 }],
            "description": "How many failures in a row are borne: a number, or \"unlimited\".",
        })
    }
}
