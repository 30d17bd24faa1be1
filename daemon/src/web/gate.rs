//! Job: decides who may ask for what: host, token, origin.
//! Takes: each request's head, and who is calling.
//! Gives: nothing, or the answer that refuses it.
//! Never: compares an origin before the host is known to be ours, or a token byte by byte.

use std::net::IpAddr;

use axum::http::header::{
    AUTHORIZATION, CONNECTION, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    UPGRADE, WWW_AUTHENTICATE,
};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::settings::WebSettings;

/// A request's head, and who is calling.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    /// The caller's address.
    pub(super) peer: IpAddr,
    /// Our own address, as the caller reached it.
    pub(super) local: Option<IpAddr>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is meant for a name that is not ours: a page may have rebound its own.
    NotOurName,
    /// The token is missing or wrong.
    NoToken,
    /// It comes from a page that may not.
    ForeignPage,
    /// Our own token cannot be read.
    TokenUnreadable,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, said) = match self {
            Self::NotOurName => (StatusCode::MISDIRECTED_REQUEST, "not a name of this server\n"),
            Self::NoToken => (StatusCode::UNAUTHORIZED, "a bearer token is needed\n"),
            Self::ForeignPage => (StatusCode::FORBIDDEN, "not from this origin\n"),
            Self::TokenUnreadable => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        };
        let mut answer = (status, said).into_response();
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if self == Self::NoToken {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// Judges a request: every one by its host, and one that would open a socket by token and origin.
pub(super) fn judge(asking: Asking<'_>, settings: &WebSettings) -> Result<(), Refusal> {
    let host = one(asking.headers, &HOST).ok_or(Refusal::NotOurName)?;
    let authority = asking.uri.authority().map_or(host, |authority| authority.as_str());
    if !is_ours(host, asking.local, settings) || !is_ours(authority, asking.local, settings) {
        return Err(Refusal::NotOurName);
    }
    if !asking.headers.contains_key(UPGRADE) {
        return Ok(());
    }
    let has_token = check_token(asking.headers, settings)?;
    if asking.headers.contains_key(ORIGIN) {
        let origin = one(asking.headers, &ORIGIN).ok_or(Refusal::ForeignPage)?;
        let ours = is_allowed(origin, host, settings);
        return if ours { Ok(()) } else { Err(Refusal::ForeignPage) };
    }
    if has_token || is_local(asking) { Ok(()) } else { Err(Refusal::ForeignPage) }
}

/// The header's value where it stands once, as text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Loopback, the address the caller reached us by, and configured names. An address written as
/// such cannot be rebound, which only a name can be.
fn is_ours(host: &str, local: Option<IpAddr>, settings: &WebSettings) -> bool {
    let Some(name) = without_port(host) else { return false };
    if let Ok(address) = name.parse::<IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback() || local.is_some_and(|ours| ours.to_canonical() == address);
    }
    let known = settings.hosts.iter().map(String::as_str).chain(["localhost"]);
    known.into_iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// `name`, `name:port`, `1.2.3.4:port` or `[v6]:port` without its port.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let fine = port.is_empty() || (port.len() > 1 && digits.bytes().all(|b| b.is_ascii_digit()));
    (fine && !name.is_empty()).then_some(name)
}

/// An origin of the list, or our own: the host has been checked.
fn is_allowed(origin: &str, host: &str, settings: &WebSettings) -> bool {
    let own = ["http://", "https://"]
        .into_iter()
        .any(|scheme| origin.strip_prefix(scheme).is_some_and(|o| o.eq_ignore_ascii_case(host)));
    own || settings.origins.iter().any(|allowed| allowed == origin)
}

/// From this machine, and not handed on by a proxy on it.
fn is_local(asking: Asking<'_>) -> bool {
    let handed_on = asking.headers.contains_key(FORWARDED)
        || asking.headers.contains_key("x-forwarded-for")
        || asking.headers.contains_key("via");
    asking.peer.to_canonical().is_loopback() && !handed_on
}

/// Says whether a token was asked for and shown.
fn check_token(headers: &HeaderMap, settings: &WebSettings) -> Result<bool, Refusal> {
    let Some(token) = &settings.token else { return Ok(false) };
    let token = token.reveal().map_err(|not| {
        tracing::error!(error = %not, "the feed's token cannot be read");
        Refusal::TokenUnreadable
    })?;
    if token.bytes().is_empty() {
        tracing::error!("the feed's token is empty");
        return Err(Refusal::TokenUnreadable);
    }
    let shown = one(headers, &AUTHORIZATION).and_then(|shown| shown.split_once(' '));
    let Some((scheme, shown)) = shown else { return Err(Refusal::NoToken) };
    let same = is_same(shown.trim().as_bytes(), token.bytes());
    if same && scheme.eq_ignore_ascii_case("bearer") { Ok(true) } else { Err(Refusal::NoToken) }
}

/// Compares digests, all of their bytes: how long it takes says nothing of either text.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    let differing = a.iter().zip(b.iter()).fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests;
