//! Job: sends HTTP requests: the one client of the whole daemon.
//! Takes: a request with its limits, its deadline and the private networks it may reach.
//! Gives: `HttpPost`, the `Post` door that ships.
//! Never: follows a redirect, decompresses, keeps a cookie, reads a proxy from the environment, or
//! dials an address that it has not checked.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Bytes, HttpBody};
use contract::Post;
use contract::SecretForm;
use contract::doors::{Answer, Network, PostFault, Request, Tls};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};

use super::addresses::{self, Travel};
use super::trust::{self, Trust};

/// How long a name may take to be resolved.
const LOOKUP: Duration = Duration::from_secs(5);
/// For all addresses of a host together, and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// Shorter than the five seconds after which common servers close an idle connection: a request
/// sent into a closing one would come back as ambiguous.
const IDLE: Duration = Duration::from_secs(4);
/// Connections kept for the next request, a host.
const IDLE_CONNECTIONS_MAX: usize = 64;
/// Clients kept: one for each wish. At one more, the oldest goes with its idle connections.
const CLIENTS_MAX: usize = 64;

/// Resolves a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Requests over HTTP/1.1 and HTTP/2, connections kept.
pub struct HttpPost {
    trust: Arc<Trust>,
    lookup: Lookup,
    clients: Mutex<Vec<(Wish, Client)>>,
}

/// What requests must have in common to share connections.
#[derive(Clone, PartialEq)]
struct Wish {
    secure: bool,
    ca: Option<String>,
    client: Option<(String, SecretForm)>,
    allow_private: Arc<[Network]>,
}

impl HttpPost {
    /// A client that trusts these roots and asks the system's resolver.
    pub fn new(trust: Arc<Trust>) -> Self {
        Self::asking(trust, Arc::new(|name| Box::pin(system_lookup(name))))
    }

    /// A client that asks this resolver.
    pub fn asking(trust: Arc<Trust>, lookup: Lookup) -> Self {
        Self { trust, lookup, clients: Mutex::default() }
    }

    async fn client(&self, request: &Request) -> Result<Client, PostFault> {
        let wish = Wish::of(request);
        if let Some(client) = self.kept(&wish) {
            return Ok(client);
        }
        let tls = match (&request.tls, wish.secure) {
            (Some(tls), true) => self.trust.client(tls, &[b"h2", b"http/1.1"]).await,
            (None, true) => self.trust.client(&Tls::default(), &[b"h2", b"http/1.1"]).await,
            (_, false) => trust::nobody(),
        };
        let tls = tls.map_err(PostFault::Config)?;
        let checked = Checked {
            lookup: Arc::clone(&self.lookup),
            travel: wish.travel(),
            allowed: Arc::clone(&wish.allow_private),
        };
        let client = Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
            .user_agent(concat!("deskbell/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(checked))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build()
            .map_err(|why| PostFault::Config(innermost(&why)))?;
        self.keep(wish, client.clone());
        Ok(client)
    }

    fn kept(&self, wish: &Wish) -> Option<Client> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().find(|(kept, _)| kept == wish).map(|(_, client)| client.clone())
    }

    fn keep(&self, wish: Wish, client: Client) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS_MAX {
            clients.remove(0);
        }
        clients.push((wish, client));
    }

    /// Forgets a client, so that the next request reads its certificates anew.
    fn forget(&self, wish: &Wish) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|(kept, _)| kept != wish);
    }

    async fn exchange(&self, request: Request, sent: &Sent) -> Result<Answer, PostFault> {
        if let Some(address) = addresses::literal(&request.url) {
            let travel = Wish::of(&request).travel();
            if !addresses::may_be_reached(address, travel, &request.allow_private) {
                return Err(refused(address.to_string(), address));
            }
        }
        let client = self.client(&request).await?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| PostFault::Config(format!("{} is no method", request.method)))?;
        let mut building = client.request(method, request.url).headers(headers(request.headers)?);
        building = match request.body.is_empty() {
            true => building,
            false => building.body(reqwest::Body::wrap(Watched::new(request.body, sent))),
        };
        let response = building.send().await.map_err(|why| fault(&why, sent))?;
        read(response, request.answer_bytes_max).await
    }
}

#[async_trait]
impl Post for HttpPost {
    async fn send(&self, request: Request) -> Result<Answer, PostFault> {
        let sent = Sent::default();
        let deadline = request.deadline;
        let wish = Wish::of(&request);
        let answered = tokio::time::timeout(deadline, self.exchange(request, &sent)).await;
        let answered = answered.unwrap_or_else(|_| Err(sent.timeout()));
        if matches!(answered, Err(PostFault::Tls(_))) {
            self.forget(&wish);
        }
        answered
    }
}

impl Wish {
    fn travel(&self) -> Travel {
        if self.secure { Travel::Sealed } else { Travel::Open }
    }

    fn of(request: &Request) -> Self {
        let secure = request.url.scheme() == "https";
        let tls = request.tls.as_ref().filter(|_| secure);
        let client = tls.and_then(|tls| tls.client.as_ref());
        Self {
            secure,
            ca: tls.and_then(|tls| tls.ca.clone()),
            client: client.map(|own| (own.cert.clone(), own.key.form().clone())),
            allow_private: Arc::clone(&request.allow_private),
        }
    }
}

/// Whether the request has begun to leave: from then on it may have arrived.
#[derive(Clone, Default)]
struct Sent(Arc<AtomicBool>);

impl Sent {
    fn is_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn timeout(&self) -> PostFault {
        if self.is_begun() { PostFault::AnswerTimeout } else { PostFault::ConnectTimeout }
    }
}

/// A body that notes when the connection takes it.
struct Watched {
    bytes: Option<Bytes>,
    sent: Sent,
}

impl Watched {
    fn new(bytes: Vec<u8>, sent: &Sent) -> Self {
        Self { bytes: Some(bytes.into()), sent: sent.clone() }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.sent.0.store(true, Ordering::Relaxed);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let left = self.bytes.as_ref().map_or(0, Bytes::len);
        http_body::SizeHint::with_exact(left as u64)
    }
}

/// The resolver that the connections use: only addresses that may be reached come out of it, and
/// those very addresses are dialled.
struct Checked {
    lookup: Lookup,
    travel: Travel,
    allowed: Arc<[Network]>,
}

/// Why a name gave no address to dial; travels through the client's own errors.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Unreachable(PostFault);

fn refused(shown: String, address: IpAddr) -> PostFault {
    match addresses::is_public(address) {
        false => PostFault::Private(shown),
        true => PostFault::Config(format!(
            "{shown} is a public address, and http would send to it in the clear; use https"
        )),
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = (self.lookup)(name.as_str().to_owned());
        let (travel, allowed) = (self.travel, Arc::clone(&self.allowed));
        Box::pin(async move {
            let found = found(name.as_str(), looking).await.map_err(Unreachable)?;
            let may = |address: &IpAddr| addresses::may_be_reached(*address, travel, &allowed);
            let (checked, others): (Vec<_>, Vec<_>) = found.into_iter().partition(may);
            if let ([], [first, ..]) = (checked.as_slice(), others.as_slice()) {
                let shown = format!("{} ({first})", name.as_str());
                return Err(Unreachable(refused(shown, *first)).into());
            }
            let addresses: Addrs =
                Box::new(checked.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses of a name: one at least.
async fn found(
    name: &str,
    looking: BoxFuture<'static, io::Result<Vec<IpAddr>>>,
) -> Result<Vec<IpAddr>, PostFault> {
    let unknown = |said: &str| PostFault::Resolve(format!("{name}: {said}"));
    let found = tokio::time::timeout(LOOKUP, looking)
        .await
        .map_err(|_| unknown("no answer in time"))?
        .map_err(|why| unknown(&why.to_string()))?;
    match found.is_empty() {
        true => Err(unknown("it has no address")),
        false => Ok(found),
    }
}

async fn system_lookup(name: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
}

fn headers(written: Vec<(String, String)>) -> Result<HeaderMap, PostFault> {
    let mut headers = HeaderMap::with_capacity(written.len());
    for (name, value) in written {
        let wrong =
            || PostFault::Config(format!("header \"{}\" cannot be sent", name.escape_debug()));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

async fn read(mut response: reqwest::Response, bytes_max: usize) -> Result<Answer, PostFault> {
    let words = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut answer = Answer {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(|(n, v)| (n.to_string(), words(v))).collect(),
        body: Vec::new(),
        cut: false,
    };
    // The request has left, and what follows is not needed to know that.
    let broken = |why: reqwest::Error| PostFault::CutOff(innermost(&why));
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        let room = bytes_max - answer.body.len();
        answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            answer.cut = true;
            break;
        }
    }
    Ok(answer)
}

/// Tells faults apart by what stands at their root.
fn fault(error: &reqwest::Error, sent: &Sent) -> PostFault {
    if let Some(known) = chain(error).find_map(known) {
        return known;
    }
    match (error.is_connect(), error.is_timeout()) {
        _ if error.is_builder() => PostFault::Config(innermost(error)),
        (true, true) => PostFault::ConnectTimeout,
        (false, true) => sent.timeout(),
        (false, false) if sent.is_begun() => PostFault::CutOff(innermost(error)),
        (_, false) => PostFault::Connect(innermost(error)),
    }
}

fn known(error: &(dyn Error + 'static)) -> Option<PostFault> {
    if let Some(Unreachable(fault)) = error.downcast_ref() {
        return Some(fault.clone());
    }
    error.downcast_ref::<rustls::Error>().map(|tls| PostFault::Tls(tls.to_string()))
}

/// An error and all that caused it. An `io::Error` hides what it wraps: its own source is the
/// source of that, so it is looked into.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The cause at the root, which names neither the URL nor a header.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
