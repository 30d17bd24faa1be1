//! Job: the four doors through which a plugin meets the world.
//! Takes: what a plugin wishes.
//! Gives: `Clock`, `Entropy`, `Dial`, `Post`: traits implemented twice, for real and simulated.
//! Never: lets a plugin read a clock, draw a number or open a socket by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Secret;

/// Tells the time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Time since the machine's start, suspend included; never goes back.
    fn boot(&self) -> Duration;
    /// Waits until `boot` has reached `until`. Cancel-safe.
    async fn sleep_until(&self, until: Duration);
}

/// Draws numbers.
pub trait Entropy: Send + Sync {
    /// A number of 64 random bits.
    fn draw(&self) -> u64;
}

impl dyn Entropy {
    /// A number from 0 to 1, 1 left out.
    pub fn unit(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
        let bits = (self.draw() >> 11) as f64;
        bits / (1u64 << 53) as f64
    }
}

/// Both directions of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens streams.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Tries every address of the host, through the proxy and with TLS where asked, within the
    /// deadline as a whole.
    ///
    /// # Errors
    /// What went wrong, by kind; no secrets.
    async fn dial(&self, to: &Endpoint, deadline: Duration) -> Result<Box<dyn Stream>, DialFault>;
}

/// Where to, and how.
#[derive(Clone)]
pub struct Endpoint {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// TLS, where wanted.
    pub tls: Option<Tls>,
    /// An HTTP proxy to go through with CONNECT: `http://host:port`.
    pub proxy: Option<String>,
}

/// How TLS is spoken: 1.2 or newer, the host's name checked.
#[derive(Clone, Default)]
pub struct Tls {
    /// A file of roots in place of the system's.
    pub ca: Option<String>,
    /// Our own certificate, for mutual TLS.
    pub client: Option<Identity>,
}

/// A certificate and its key, both PEM.
#[derive(Clone)]
pub struct Identity {
    /// The file of the certificate and its chain.
    pub cert: String,
    /// The key.
    pub key: Secret,
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialFault {
    /// The name could not be resolved.
    #[error("cannot resolve {host}: {said}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        said: String,
    },
    /// No address answered.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The deadline passed.
    #[error("no connection within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The certificate, the name or the protocol is wrong.
    #[error("TLS: {0}")]
    Tls(String),
    /// A file or a secret that TLS needs is not usable.
    #[error("{0}")]
    Config(String),
    /// The proxy refused.
    #[error("the proxy answered {0}")]
    Proxy(String),
}

/// Sends HTTP requests: one client for all of them.
#[async_trait]
pub trait Post: Send + Sync {
    /// Sends one request and reads the answer, all within the request's deadline. Follows no
    /// redirect, decompresses nothing, and connects to an address only after checking it.
    ///
    /// # Errors
    /// What went wrong, by kind; no secrets, no body.
    async fn send(&self, request: Request) -> Result<Answer, PostFault>;
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// `POST`, `GET`, …
    pub method: &'static str,
    /// Where to: `https`, or `http` to what `allow_private` names.
    pub url: url::Url,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// For everything from resolving to the answer's last byte.
    pub deadline: Duration,
    /// How much of the answer is read.
    pub answer_bytes_max: usize,
    /// Private addresses that may be reached all the same.
    pub allow_private: Arc<[Network]>,
    /// How TLS is spoken.
    pub tls: Option<Tls>,
}

impl fmt::Debug for Request {
    /// Only the method and the host: a path, a header or a body may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.host_str().unwrap_or("?"))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most `answer_bytes_max`.
    pub body: Vec<u8>,
    /// Whether there was more of it.
    pub cut: bool,
}

impl Answer {
    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostFault {
    /// The name could not be resolved.
    #[error("cannot resolve {0}")]
    Resolve(String),
    /// The address is one that may not be reached.
    #[error("{0} is a private address; `allow_private` would allow it")]
    Private(String),
    /// No address answered.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The certificate, the name or the protocol is wrong.
    #[error("TLS: {0}")]
    Tls(String),
    /// The deadline passed before the request was sent.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The deadline passed while waiting for the answer: it may have arrived.
    #[error("no answer in time")]
    AnswerTimeout,
    /// The connection broke after the request was sent: it may have arrived.
    #[error("cut off after sending: {0}")]
    CutOff(String),
    /// The request itself cannot be sent: a bad header, a bad file.
    #[error("{0}")]
    Config(String),
}

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    pub address: std::net::IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

impl Network {
    /// Says whether an address lies in the range. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        match (self.address.to_canonical(), address.to_canonical()) {
            (V4(a), V4(b)) => shares(u32::from(a).into(), u32::from(b).into(), 32, self.prefix),
            (V6(a), V6(b)) => shares(a.into(), b.into(), 128, self.prefix),
            _ => false,
        }
    }
}

fn shares(a: u128, b: u128, bits: u32, prefix: u8) -> bool {
    let rest = bits.saturating_sub(u32::from(prefix));
    rest >= 128 || (a >> rest) == (b >> rest)
}

impl std::str::FromStr for Network {
    type Err = String;

    /// Reads `10.0.0.0/8`, `fd00::/8` or one address.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let wrong = || format!("\"{text}\" is no address or network, such as 10.0.0.0/8");
        let address: std::net::IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |p| p.trim().parse().map_err(|_| wrong()))?;
        if prefix > most {
            return Err(format!("\"{text}\": at most /{most}"));
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("fd00::/8", "fd12::1", true),
            ("0.0.0.0/0", "8.8.8.8", true),
        ];
        for (network, address, inside) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }
}
