//! Job: the keys of a source, checked and made usable.
//! Takes: `Config` and the vault.
//! Gives: `Settings`, or all complaints at once.
//! Never: prints a header's value, or a part of a URL that may hold a secret.

use std::time::Duration;

use contract::doors::{Endpoint, Identity, Tls};
use contract::{Complaint, FeedName, OpenContext, Reconnect, Secret, SecretForm};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Host, Url};

use crate::config::{Attempts, Config, ReconnectKeys};

/// What a source needs, checked.
pub(crate) struct Settings {
    /// The handshake's URL: may hold a secret in its query, never printed.
    pub(crate) url: Url,
    /// Where to dial.
    pub(crate) endpoint: Endpoint,
    /// The handshake's further headers.
    pub(crate) headers: HeaderMap,
    /// The bearer token.
    pub(crate) token: Option<Secret>,
    /// The feed's name.
    pub(crate) feed: FeedName,
    /// When intake is to connect again.
    pub(crate) reconnect: Reconnect,
    /// How often to ping.
    pub(crate) ping_every: Duration,
    /// How long to wait for the answer.
    pub(crate) ping_answer: Duration,
    /// For a connect as a whole.
    pub(crate) handshake_timeout: Duration,
    /// The longest frame, bytes.
    pub(crate) frame_bytes_max: usize,
}

impl Config {
    /// Checks every key.
    ///
    /// # Errors
    /// All complaints at once, their keys relative to the instance's table.
    pub(crate) fn check(self, cx: &OpenContext) -> Result<Settings, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let url = self.checked_url(&mut complaints);
        let headers = self.checked_headers(&mut complaints);
        self.check_limits(&mut complaints);
        let reconnect = self.reconnect.check(&mut complaints);
        let token = secret(cx, self.token.as_ref(), "token", &mut complaints);
        let identity = self.identity(cx, &mut complaints);
        if let Some(proxy) = &self.proxy {
            check_proxy(proxy, &mut complaints);
        }
        if let Some(url) = &url {
            self.check_encryption(url, &headers, &mut complaints);
        }
        let (Some(url), true) = (url, complaints.is_empty()) else { return Err(complaints) };
        let tls = (url.scheme() == "wss").then_some(Tls { ca: self.ca, client: identity });
        let endpoint = Endpoint {
            host: dialled_host(&url),
            port: url.port_or_known_default().unwrap_or(443),
            tls,
            proxy: self.proxy,
        };
        Ok(Settings {
            url,
            endpoint,
            headers,
            token,
            feed: self.feed.map_or_else(|| cx.feed(), |feed| feed.as_str().into()),
            reconnect,
            ping_every: self.ping.every.0,
            ping_answer: self.ping.answer.0,
            handshake_timeout: self.handshake_timeout.0,
            frame_bytes_max: usize::try_from(self.max_frame.0).unwrap_or(usize::MAX),
        })
    }

    fn checked_url(&self, complaints: &mut Vec<Complaint>) -> Option<Url> {
        let hint = "such as \"wss://admin.example.com/admin/dashboard\"";
        let url = match Url::parse(&self.url) {
            Ok(url) => url,
            Err(error) => {
                let what = format!("this is no URL: {error}");
                complaints.push(Complaint::error(what).key("url").hint(hint));
                return None;
            }
        };
        if !matches!(url.scheme(), "ws" | "wss") {
            let what = format!("a feed is reached over ws or wss, not {}", url.scheme());
            complaints.push(Complaint::error(what).key("url").hint(hint));
            return None;
        }
        if !url.username().is_empty() || url.password().is_some() {
            let what = "a URL may not hold a user or a password";
            let hint = "keep the secret elsewhere: token = { credential = \"feed-token\" }";
            complaints.push(Complaint::error(what).key("url").hint(hint));
        }
        if url.fragment().is_some() {
            complaints.push(Complaint::error("a WebSocket URL has no part after #").key("url"));
        }
        Some(url)
    }

    fn checked_headers(&self, complaints: &mut Vec<Complaint>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let key = format!("headers.{name}");
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                complaints.push(Complaint::error("this is no name of a header").key(key));
                continue;
            };
            if is_ours(&header) {
                let what = format!("the header {header} is the handshake's own");
                complaints.push(Complaint::error(what).key(key));
                continue;
            }
            if header == header::AUTHORIZATION && self.token.is_some() {
                let what = "`token` already sends an Authorization header";
                complaints.push(Complaint::error(what).key(key));
                continue;
            }
            match HeaderValue::from_str(value) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    headers.append(header, value);
                }
                Err(_) => {
                    let what = "a header's value is one line of printable ASCII";
                    complaints.push(Complaint::error(what).key(key));
                }
            }
        }
        if let Some(subprotocol) = &self.subprotocol {
            match HeaderValue::from_str(subprotocol) {
                Ok(value) if HeaderName::from_bytes(subprotocol.as_bytes()).is_ok() => {
                    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
                }
                _ => {
                    let what = "a subprotocol is one word, such as \"bookings.v1\"";
                    complaints.push(Complaint::error(what).key("subprotocol"));
                }
            }
        }
        headers
    }

    fn check_limits(&self, complaints: &mut Vec<Complaint>) {
        let spans = [
            ("ping.every", self.ping.every),
            ("ping.answer", self.ping.answer),
            ("handshake_timeout", self.handshake_timeout),
        ];
        for (key, span) in spans {
            if span.0.is_zero() {
                complaints.push(Complaint::error("must be longer than nothing").key(key));
            }
        }
        if !(1 << 10..=64 << 20).contains(&self.max_frame.0) {
            let what = "must be from 1KiB to 64MiB";
            complaints.push(Complaint::error(what).key("max_frame"));
        }
        if self.feed.as_ref().is_some_and(|feed| feed.trim().is_empty()) {
            complaints.push(Complaint::error("a feed has a name").key("feed"));
        }
    }

    fn identity(&self, cx: &OpenContext, complaints: &mut Vec<Complaint>) -> Option<Identity> {
        let client = self.client.as_ref()?;
        let key = secret(cx, Some(&client.key), "client.key", complaints)?;
        Some(Identity { cert: client.cert.clone(), key })
    }

    fn check_encryption(&self, url: &Url, headers: &HeaderMap, complaints: &mut Vec<Complaint>) {
        if url.scheme() == "wss" {
            return;
        }
        for (key, is_set) in [("ca", self.ca.is_some()), ("client", self.client.is_some())] {
            if is_set {
                let what = "ws:// is not encrypted, so there is no certificate to check";
                complaints.push(Complaint::error(what).key(key).hint("use wss://"));
            }
        }
        let carries = [
            ("token", self.token.is_some()),
            ("headers.Authorization", headers.contains_key(header::AUTHORIZATION)),
            ("headers.Cookie", headers.contains_key(header::COOKIE)),
        ];
        for (key, is_set) in carries {
            if is_set && !is_loopback(url) && !self.dangerously_send_token_unencrypted {
                let what = "would travel unencrypted: ws:// leaves this machine";
                let hint = "use wss://, or set dangerously_send_token_unencrypted = true";
                complaints.push(Complaint::error(what).key(key).hint(hint));
            }
        }
    }
}

impl ReconnectKeys {
    fn check(&self, complaints: &mut Vec<Complaint>) -> Reconnect {
        let attempts = match self.attempts {
            Attempts::Unlimited => None,
            Attempts::Limited(number) => Some(number),
        };
        let mut complain = |key: &str, what: &str| {
            complaints.push(Complaint::error(what).key(format!("reconnect.{key}")));
        };
        if let Some(delays) = &self.delays {
            if delays.is_empty() {
                complain("delays", "must list at least one delay");
            }
            if self.first.is_some() || self.factor.is_some() || self.max.is_some() {
                complain(
                    "delays",
                    "takes the place of first, factor and max: give one or the other",
                );
            }
            let delays = delays.iter().map(|delay| delay.0).collect();
            return Reconnect::Listed { delays, attempts };
        }
        let first = self.first.map_or(Duration::from_secs(1), |span| span.0);
        let max = self.max.map_or(Duration::from_secs(15), |span| span.0);
        let factor = self.factor.unwrap_or(1.6);
        if first.is_zero() {
            complain("first", "must be longer than nothing");
        }
        if max < first {
            complain("max", "must not be shorter than first");
        }
        if !(1.0..=100.0).contains(&factor) {
            complain("factor", "must be from 1 to 100");
        }
        Reconnect::Growing { first, factor, max, attempts }
    }
}

fn secret(
    cx: &OpenContext,
    form: Option<&SecretForm>,
    key: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<Secret> {
    match cx.secret(form?) {
        Ok(secret) => Some(secret),
        Err(complaint) => {
            complaints.push(complaint.key(key));
            None
        }
    }
}

fn check_proxy(proxy: &str, complaints: &mut Vec<Complaint>) {
    let usable = Url::parse(proxy).is_ok_and(|url| url.scheme() == "http" && url.has_host());
    if !usable {
        let what = "a proxy is an HTTP proxy that knows CONNECT";
        let hint = "such as \"http://proxy.example.com:3128\"";
        complaints.push(Complaint::error(what).key("proxy").hint(hint));
    }
}

fn is_ours(header: &HeaderName) -> bool {
    let ours = [header::HOST, header::CONNECTION, header::UPGRADE, header::CONTENT_LENGTH];
    ours.contains(header)
        || *header == header::TRANSFER_ENCODING
        || header.as_str().starts_with("sec-websocket-")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// The host without the brackets of an IPv6 address.
fn dialled_host(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    }
}
