//! Job: `[web]` as written.
//! Takes: the table.
//! Gives: `WebSection`.
//! Never: opens a port.

use std::net::SocketAddr;

use contract::written::Table;
use contract::{Complaint, SecretForm};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// What the daemon serves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Web")]
pub struct WebSection {
    /// The address and port.
    #[serde(deserialize_with = "address")]
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Serves the committed feed at /admin/dashboard, to dashboards and other daemons.
    pub feed: bool,
    /// What readers of the feed must show as a bearer. Needed where `listen` is not loopback.
    #[serde(default)]
    pub feed_token: Option<SecretForm>,
    /// Pages that may read the feed, such as "https://admin.example.com"; those of `hosts` always
    /// may.
    pub origins: Vec<String>,
    /// Names by which this server is called, beside localhost and the loopback addresses.
    pub hosts: Vec<String>,
    /// For development: sends back every frame a reader of the feed sends.
    pub echo: bool,
}

impl WebSection {
    /// Says whether anything is served at all.
    pub fn serves(&self) -> bool {
        self.feed || self.echo
    }
}

/// Reads `127.0.0.1:3000`; `localhost:3000` is the same.
fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let literal = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.clone(),
    };
    literal.parse().map_err(|_| {
        let hint = "such as \"127.0.0.1:3000\", or \"0.0.0.0:3000\" for every address";
        D::Error::custom(format!("\"{text}\" is no address with a port\n{hint}"))
    })
}

/// What is wrong with the section as a whole.
pub(super) fn complaints(web: &WebSection, table: &Table) -> Vec<Complaint> {
    if web.listen.ip().is_loopback() || !web.serves() || web.feed_token.is_some() {
        return Vec::new();
    }
    let what = format!("{} can be reached from other machines, and has no token", web.listen);
    let place = table.value("listen").and_then(|listen| listen.place.clone());
    let hint = "feed_token = { credential = \"NAME\" }, or listen = \"127.0.0.1:3000\"";
    vec![Complaint::error(what).key("web.listen").at(place).hint(hint)]
}
