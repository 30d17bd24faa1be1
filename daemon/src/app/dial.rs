//! Job: opens streams: all addresses of a host, through a proxy, with TLS.
//! Takes: an endpoint and one deadline for everything.
//! Gives: `TcpDial`, the `Dial` door that ships.
//! Never: prints a proxy's password, or goes on without TLS where TLS was asked for.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use contract::Dial;
use contract::doors::{DialFault, Endpoint, Stream, Tls};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::trust::Trust;

/// How long one address may keep the next one waiting (RFC 8305 recommends 250 ms).
const HEAD_START: Duration = Duration::from_millis(250);
/// The most a proxy's answer may be long, bytes.
const PROXY_ANSWER_BYTES_MAX: usize = 8 * 1024;

/// Streams over TCP.
#[derive(Debug)]
pub struct TcpDial {
    trust: Arc<Trust>,
}

impl TcpDial {
    /// A dial that trusts these roots.
    pub fn new(trust: Arc<Trust>) -> Self {
        Self { trust }
    }

    async fn open(&self, to: &Endpoint) -> Result<Box<dyn Stream>, DialFault> {
        let stream = match &to.proxy {
            None => connect(&to.host, to.port).await?,
            Some(proxy) => tunnel(proxy, to).await?,
        };
        // A frame or a request is one write; waiting for more would only delay it.
        stream.set_nodelay(true).map_err(|why| DialFault::Connect(why.to_string()))?;
        match &to.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => self.secure(stream, &to.host, tls).await,
        }
    }

    async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
        tls: &Tls,
    ) -> Result<Box<dyn Stream>, DialFault> {
        let config = self.trust.client(tls, &[]).await.map_err(DialFault::Config)?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| DialFault::Config(format!("\"{host}\" is no host's name")))?;
        let shaken = tokio_rustls::TlsConnector::from(config).connect(name, stream).await;
        match shaken {
            Ok(stream) => Ok(Box::new(stream)),
            Err(why) if is_tls(&why) => Err(DialFault::Tls(why.to_string())),
            Err(why) => Err(DialFault::Connect(format!("during the TLS handshake: {why}"))),
        }
    }
}

#[async_trait]
impl Dial for TcpDial {
    async fn dial(&self, to: &Endpoint, deadline: Duration) -> Result<Box<dyn Stream>, DialFault> {
        tokio::time::timeout(deadline, self.open(to))
            .await
            .unwrap_or(Err(DialFault::Timeout(deadline)))
    }
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Resolves the host and tries its addresses, each with a head start over the next; the first
/// that answers is taken.
async fn connect(host: &str, port: u16) -> Result<TcpStream, DialFault> {
    let fault = |said: String| DialFault::Resolve { host: host.to_owned(), said };
    let found = tokio::net::lookup_host((host, port)).await.map_err(|e| fault(e.to_string()))?;
    let mut waiting = in_turn(found.collect());
    if waiting.is_empty() {
        return Err(fault("it has no address".to_owned()));
    }
    let mut tries = FuturesUnordered::new();
    let mut said: Vec<String> = Vec::new();
    loop {
        if let Some(address) = waiting.pop_front() {
            tries.push(async move { (address, TcpStream::connect(address).await) });
        }
        // Both are cancel-safe: a try stays in the set, a head start begins anew.
        let ended = tokio::select! {
            ended = tries.next() => ended,
            () = tokio::time::sleep(HEAD_START), if !waiting.is_empty() => continue,
        };
        match ended {
            Some((_, Ok(stream))) => return Ok(stream),
            Some((address, Err(why))) => said.push(format!("{address}: {why}")),
            None => return Err(DialFault::Connect(said.join("; "))),
        }
    }
}

/// The two families in turn, the resolver's favourite first.
fn in_turn(found: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut own, mut other): (VecDeque<_>, VecDeque<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut ordered = VecDeque::new();
    while !(own.is_empty() && other.is_empty()) {
        ordered.extend(own.pop_front());
        ordered.extend(other.pop_front());
    }
    ordered
}

/// Asks an HTTP proxy for a way through.
async fn tunnel(proxy: &str, to: &Endpoint) -> Result<TcpStream, DialFault> {
    let wrong = || DialFault::Config("a proxy is written http://host:port".to_owned());
    let url = Url::parse(proxy).map_err(|_| wrong())?;
    let host = url.host_str().filter(|_| url.scheme() == "http").ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect(host, url.port_or_known_default().unwrap_or(80)).await?;
    let broken = |why: io::Error| DialFault::Proxy(format!("nothing usable: {why}"));
    stream.write_all(asking(&url, to)?.as_bytes()).await.map_err(broken)?;
    let answer = proxy_answer(&mut stream).await?;
    let mut words = answer.split([' ', '\r']);
    match (words.next(), words.next()) {
        (Some(version), Some(status)) if version.starts_with("HTTP/1.") => {
            match status.as_bytes() {
                [b'2', _, _] => Ok(stream),
                _ => Err(DialFault::Proxy(contract::text::cut(&contract::text::clean(status), 16))),
            }
        }
        _ => Err(DialFault::Proxy("something that is no HTTP".to_owned())),
    }
}

fn asking(proxy: &Url, to: &Endpoint) -> Result<String, DialFault> {
    let bad = |c: char| c.is_control() || c.is_whitespace() || c == '/';
    if to.host.contains(bad) {
        return Err(DialFault::Config("a host's name holds no spaces or slashes".to_owned()));
    }
    let host = match to.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => to.host.clone(),
    };
    let target = format!("{host}:{}", to.port);
    let mut asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if !proxy.username().is_empty() || proxy.password().is_some() {
        let user = plain(proxy.username());
        let password = plain(proxy.password().unwrap_or(""));
        let both = [user.as_slice(), b":", password.as_slice()].concat();
        let word = base64::engine::general_purpose::STANDARD.encode(both);
        asked.push_str(&format!("Proxy-Authorization: Basic {word}\r\n"));
    }
    asked.push_str("\r\n");
    Ok(asked)
}

/// Reads up to the empty line and not a byte further: what follows belongs to the far side.
async fn proxy_answer(stream: &mut TcpStream) -> Result<String, DialFault> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= PROXY_ANSWER_BYTES_MAX {
            return Err(DialFault::Proxy("without an end".to_owned()));
        }
        let byte = stream.read_u8().await;
        answer.push(byte.map_err(|why| DialFault::Proxy(format!("nothing usable: {why}")))?);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Undoes the percent signs of a URL's user or password.
fn plain(written: &str) -> Vec<u8> {
    let bytes = written.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = written.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests;
