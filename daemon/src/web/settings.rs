//! Job: how the web side serves, and its limits.
//! Takes: what the configuration or a command line says.
//! Gives: `WebSettings`, and a complaint where it would be open to strangers.
//! Never: holds a token itself, only where it is kept.

use std::net::SocketAddr;
use std::time::Duration;

use contract::{Complaint, Secret};

/// How the web side serves, and its limits.
#[derive(Clone)]
pub struct WebSettings {
    /// Where the feed is served.
    pub path: String,
    /// Where each message is sent back unchanged, for judging the protocol; nowhere by default.
    pub echo_path: Option<String>,
    /// What clients must show as `Authorization: Bearer`. Read at each connect.
    pub token: Option<Secret>,
    /// Pages that may connect from a browser, such as `https://desk.example.com`; those of our own
    /// address always may.
    pub origins: Vec<String>,
    /// Names that we are called by, besides loopback and our own address.
    pub hosts: Vec<String>,
    /// The most clients at once; the next one is told to come later.
    pub clients_max: usize,
    /// The most connections of one address (IPv6: of one /64), not counted on loopback; the next
    /// one is closed unheard.
    pub address_max: usize,
    /// For a whole request to arrive, from the connection's start or the last answer.
    pub handshake: Duration,
    /// How often a client is pinged.
    pub ping_every: Duration,
    /// How long its answer may take; then it counts as dead.
    pub ping_answer: Duration,
    /// How long news wait after the hello for the client to ask for what it missed, so that it
    /// hears everything in order.
    pub resume_wait: Duration,
    /// How long a client may take no byte of what it is sent; then it counts as slow.
    pub patience: Duration,
    /// For a close to be sent and answered.
    pub farewell: Duration,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            path: "/admin/dashboard".to_owned(),
            echo_path: None,
            token: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            clients_max: 16_384,
            address_max: 256,
            handshake: Duration::from_secs(10),
            ping_every: Duration::from_secs(15),
            ping_answer: Duration::from_secs(10),
            resume_wait: Duration::from_millis(500),
            patience: Duration::from_secs(5),
            farewell: Duration::from_secs(3),
        }
    }
}

impl WebSettings {
    /// Everything that is wrong with serving these at this address; empty where nothing is.
    pub fn complaints(&self, listen: SocketAddr) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !listen.ip().to_canonical().is_loopback() && self.token.is_none() {
            complaints.push(
                Complaint::error(format!("{listen} can be reached by others, and no token is set"))
                    .key("listen")
                    .hint("set a token, or listen on 127.0.0.1 and put a proxy in front"),
            );
        }
        for path in std::iter::once(&self.path).chain(&self.echo_path) {
            if !is_path(path) {
                complaints.push(
                    Complaint::error(format!("{path:?} is no path"))
                        .key("path")
                        .hint("begin with / and use letters, digits, - . _ ~ and /"),
                );
            }
        }
        if self.echo_path.as_ref() == Some(&self.path) {
            complaints.push(Complaint::error("the echo stands where the feed is").key("path"));
        }
        complaints
    }
}

/// Braces and stars would be patterns to the router.
fn is_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.starts_with('/') && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::SecretForm;
    use contract::secret::{NotRevealed, Revealed, Vault};

    use super::*;

    struct Empty;

    impl Vault for Empty {
        fn reveal(&self, _: &SecretForm) -> Result<Revealed, NotRevealed> {
            Err(NotRevealed("empty".to_owned()))
        }
    }

    #[test]
    fn an_address_that_others_reach_needs_a_token() {
        let token = Secret::new(SecretForm::Env("T".to_owned()), Arc::new(Empty));
        let cases = [
            ("127.0.0.1:3001", false, true),
            ("127.9.9.9:3001", false, true),
            ("[::1]:3001", false, true),
            ("[::ffff:127.0.0.1]:3001", false, true),
            ("0.0.0.0:3001", false, false),
            ("[::]:3001", false, false),
            ("192.168.1.5:3001", false, false),
            ("0.0.0.0:3001", true, true),
        ];
        for (listen, with_token, fine) in cases {
            let token = with_token.then(|| token.clone());
            let settings = WebSettings { token, ..WebSettings::default() };
            let complaints = settings.complaints(listen.parse().unwrap());
            assert_eq!(complaints.is_empty(), fine, "{listen} {with_token}");
        }
    }

    #[test]
    fn a_path_that_the_router_would_read_as_a_pattern_is_refused() {
        for (path, fine) in [("/a/b-c", true), ("a", false), ("/{x}", false), ("/*x", false)] {
            let settings = WebSettings { path: path.to_owned(), ..WebSettings::default() };
            assert_eq!(settings.complaints(([127, 0, 0, 1], 0).into()).is_empty(), fine, "{path}");
        }
    }
}
