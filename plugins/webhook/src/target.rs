//! Job: where a webhook goes and what it signs with, as far as they are secrets.
//! Takes: the keys of the configuration, and the vault.
//! Gives: `Target`, whose secrets are read anew each second at most.
//! Never: tells a URL's path, or sends to one that the configuration could not have meant.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::doors::Network;
use contract::{Complaint, OpenContext, Secret, SecretForm};
use url::Host;

use crate::config::{Config, Url};
use crate::redact::Redaction;
use crate::sign::Key;

/// How long secrets are kept: a rotated one is used a second later.
const KEPT: Duration = Duration::from_secs(1);

/// Where to, and what to sign with.
pub(crate) struct Target {
    /// Scheme and host, for people.
    pub(crate) place: String,
    url: Kept,
    secrets: Vec<Secret>,
    allowed: Arc<[Network]>,
    unsealed: Mutex<Option<(Duration, Arc<Unsealed>)>>,
}

enum Kept {
    Clear(url::Url),
    Secret(Secret),
}

/// A target with its secrets in hand.
pub(crate) struct Unsealed {
    pub(crate) url: url::Url,
    pub(crate) keys: Vec<Key>,
    pub(crate) redaction: Redaction,
}

/// Opens a target, after a look that all of it can be read.
///
/// # Errors
/// All complaints at once.
pub(crate) fn open(
    config: &Config,
    allowed: &Arc<[Network]>,
    cx: &OpenContext,
) -> Result<Option<Target>, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let mut secret = |form: &SecretForm, key: &str| {
        let found = cx.secret(form).map_err(|wrong| complaints.push(wrong.key(key)));
        found.ok()
    };
    let secrets: Vec<Option<Secret>> =
        config.secret.0.iter().map(|f| secret(f, "secret")).collect();
    let url = match &config.url {
        Url::Clear(url) => parsed(url, allowed).map(Kept::Clear).map_err(|wrong| {
            complaints.push(wrong.key("url"));
        }),
        Url::Kept(form) => secret(form, "url").map(Kept::Secret).ok_or(()),
    };
    let (Ok(url), true) = (url, complaints.is_empty()) else { return Err(complaints) };
    let mut target = Target {
        place: String::new(),
        url,
        secrets: secrets.into_iter().flatten().collect(),
        allowed: Arc::clone(allowed),
        unsealed: Mutex::new(None),
    };
    match target.unseal() {
        Ok(unsealed) => target.place = unsealed.url.origin().ascii_serialization(),
        Err(wrong) => return Err(vec![wrong]),
    }
    Ok(Some(target))
}

impl Target {
    /// The target with its secrets, read at most a second ago.
    ///
    /// # Errors
    /// Says which secret cannot be used, and why.
    pub(crate) fn unsealed(&self, now: Duration) -> Result<Arc<Unsealed>, String> {
        let mut kept = self.unsealed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, unsealed)) = &*kept
            && now.saturating_sub(*read) < KEPT
        {
            return Ok(Arc::clone(unsealed));
        }
        let unsealed = self.unseal().map(Arc::new).map_err(|wrong| wrong.what)?;
        *kept = Some((now, Arc::clone(&unsealed)));
        Ok(unsealed)
    }

    fn unseal(&self) -> Result<Unsealed, Complaint> {
        let unread = |not: contract::secret::NotRevealed, key: &str| {
            Complaint::error(not.to_string()).key(key)
        };
        let url = match &self.url {
            Kept::Clear(url) => url.clone(),
            Kept::Secret(secret) => {
                let revealed = secret.reveal().map_err(|not| unread(not, "url"))?;
                let text = revealed.text().unwrap_or("").trim();
                parsed(text, &self.allowed).map_err(|wrong| {
                    let what = format!("{}: {}", secret.form(), wrong.what);
                    Complaint { what, ..wrong.key("url") }
                })?
            }
        };
        let mut keys = Vec::with_capacity(self.secrets.len());
        let mut revealed = Vec::with_capacity(self.secrets.len());
        for secret in &self.secrets {
            let text = secret.reveal().map_err(|not| unread(not, "secret"))?;
            let wrong = |why| Complaint::error(format!("{}: {why}", secret.form())).key("secret");
            keys.push(Key::of(&text).map_err(wrong)?);
            revealed.push(text);
        }
        let redaction = Redaction::of(&url, &revealed);
        Ok(Unsealed { url, keys, redaction })
    }
}

/// A URL that may be sent to; what is told of a wrong one holds none of it but the host.
fn parsed(text: &str, allowed: &[Network]) -> Result<url::Url, Complaint> {
    let wrong = |what: &str| Complaint::error(what.to_owned());
    let shape = "https://host/path";
    let url = url::Url::parse(text)
        .map_err(|why| wrong(&format!("this is no URL: {why}")).hint(format!("write {shape}")))?;
    let host = match (url.scheme(), url.host()) {
        ("https" | "http", Some(host)) => host.to_owned(),
        _ => return Err(wrong("a webhook's URL is https").hint(format!("write {shape}"))),
    };
    let address = match &host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(_) => None,
    };
    let reachable = match address {
        Some(address) => allowed.iter().any(|network| network.contains(address)),
        None => !allowed.is_empty(),
    };
    if url.scheme() == "http" && !reachable {
        let what = format!("http would send to {host} in the clear");
        let hint = "use https; in your own network name it with allow_private = [\"ADDRESS\"]";
        return Err(wrong(&what).hint(hint));
    }
    if url.fragment().is_some() {
        return Err(wrong("a fragment (#…) is never sent").hint("leave it out"));
    }
    Ok(url)
}
