//! Job: the keys of `[sink.webhook.NAME]`.
//! Takes: what an admin wrote.
//! Gives: `Config`, and the words `deskbell plugin show` has for each key.
//! Never: holds a secret; only where one is kept.

use std::borrow::Cow;
use std::fmt;

use contract::SecretForm;
use contract::doors::Network;
use contract::note_document::Field;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The keys of `[sink.webhook.NAME]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to: an `https` URL, or where one is kept that is itself a secret. `http` reaches only
    /// what `allow_private` names.
    pub url: Url,
    /// What requests are signed with: a text of your choice, or base64 after `whsec_`. Several
    /// while rotating: each signs. Without one, nothing is signed.
    #[serde(default)]
    pub secret: Secrets,
    /// Which fields of a booking leave the house; all of them unless said otherwise. `message` is
    /// the note's own title and body, which may repeat any field in words.
    #[serde(default)]
    pub fields: Option<Vec<Field>>,
    /// Private networks and addresses that this sink may reach, such as `192.168.1.0/24`.
    #[serde(default)]
    pub allow_private: Vec<Allowed>,
    /// A file of certificates (PEM) to trust in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
    /// A certificate of our own, for receivers that ask for one.
    #[serde(default)]
    pub client: Option<ClientCertificate>,
}

/// A certificate of our own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// The file of the certificate and its chain (PEM).
    pub cert: String,
    /// Where its key is kept (PEM).
    pub key: SecretForm,
}

/// A URL in the clear, or where a secret one is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    /// In the clear.
    Clear(String),
    /// A secret.
    Kept(SecretForm),
}

/// None, one or several secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(pub Vec<SecretForm>);

/// A private network that may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed(pub Network);

impl fmt::Debug for Url {
    /// A path may be a secret even in the clear.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear(_) => f.write_str("Url"),
            Self::Kept(form) => form.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(UrlVisitor)
    }
}

struct UrlVisitor;

impl<'de> Visitor<'de> for UrlVisitor {
    type Value = Url;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a URL, or where one is kept: { credential = \"…\" }")
    }

    fn visit_str<E: Error>(self, url: &str) -> Result<Url, E> {
        Ok(Url::Clear(url.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Url, A::Error> {
        SecretForm::deserialize(MapAccessDeserializer::new(map)).map(Url::Kept)
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SecretsVisitor)
    }
}

struct SecretsVisitor;

impl<'de> Visitor<'de> for SecretsVisitor {
    type Value = Secrets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("where a secret is kept, { credential = \"…\" }, or a list of such")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secrets, A::Error> {
        let one = SecretForm::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Secrets(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Secrets, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Secrets)
    }
}

impl<'de> Deserialize<'de> for Allowed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for Url {
    fn schema_name() -> Cow<'static, str> {
        "SecretUrl".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kept = generator.subschema_for::<SecretForm>();
        json_schema!({
            "description": "A URL, or where one is kept.",
            "anyOf": [{ "type": "string", "format": "uri" }, kept],
        })
    }
}

impl JsonSchema for Secrets {
    fn schema_name() -> Cow<'static, str> {
        "Secrets".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<SecretForm>();
        json_schema!({
            "description": "Where one secret is kept, or several.",
            "anyOf": [one, { "type": "array", "items": one }],
        })
    }
}

impl JsonSchema for Allowed {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A network or an address, such as 192.168.1.0/24 or fd00::1.",
        })
    }
}
