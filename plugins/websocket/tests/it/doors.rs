//! Job: the doors as the tests need them.
//! Takes: a clock that only the test moves, real sockets on this machine, secrets from a table.
//! Gives: an `OpenContext`.
//! Never: waits by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use contract::doors::{Answer, DialFault, Endpoint, PostFault, Request, Stream, Tls};
use contract::secret::NotRevealed;
use contract::{
    Clock, Complaint, Dial, Entropy, OpenContext, Post, Revealed, SecretForm, Source, SourcePlugin,
    Vault,
};
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::watch;
use websocket::WebSocket;

/// A clock that stands until the test moves it.
pub(crate) struct StandingClock(watch::Sender<Duration>);

impl StandingClock {
    /// Moves the time on.
    pub(crate) fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        start + *self.0.borrow()
    }

    fn boot(&self) -> Duration {
        *self.0.borrow()
    }

    async fn sleep_until(&self, until: Duration) {
        let mut now = self.0.subscribe();
        now.wait_for(|now| *now >= until).await.unwrap();
    }
}

struct Nothing;

impl Entropy for Nothing {
    fn draw(&self) -> u64 {
        7
    }
}

#[async_trait]
impl Post for Nothing {
    async fn send(&self, _: Request) -> Result<Answer, PostFault> {
        Err(PostFault::Config("the feed posts nothing".into()))
    }
}

/// Real sockets, TLS by rustls.
struct Sockets;

#[async_trait]
impl Dial for Sockets {
    async fn dial(&self, to: &Endpoint, _: Duration) -> Result<Box<dyn Stream>, DialFault> {
        let tcp = TcpStream::connect((to.host.as_str(), to.port))
            .await
            .map_err(|error| DialFault::Connect(error.to_string()))?;
        let Some(tls) = &to.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(to.host.clone()).unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client_config(tls)));
        let stream = connector.connect(name, tcp).await;
        stream
            .map(|stream| Box::new(stream) as Box<dyn Stream>)
            .map_err(|error| DialFault::Tls(error.to_string()))
    }
}

fn client_config(tls: &Tls) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let ca = tls.ca.as_ref().expect("a test names its own roots");
    for root in CertificateDer::pem_file_iter(ca).unwrap() {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let Some(client) = &tls.client else { return builder.with_no_client_auth() };
    let chain = CertificateDer::pem_file_iter(&client.cert).unwrap();
    let key = client.key.reveal().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.bytes()).unwrap();
    builder.with_client_auth_cert(chain.map(Result::unwrap).collect(), key).unwrap()
}

/// Secrets by the name of their credential.
#[derive(Default)]
pub(crate) struct Table(Mutex<HashMap<String, String>>);

impl Table {
    /// Puts or replaces a secret.
    pub(crate) fn put(&self, name: &str, secret: &str) {
        self.0.lock().unwrap().insert(name.into(), secret.into());
    }
}

impl Vault for Table {
    fn reveal(&self, form: &SecretForm) -> Result<Revealed, NotRevealed> {
        let SecretForm::Credential(name) = form else { panic!("only credentials") };
        let found = self.0.lock().unwrap().get(name).cloned();
        let found = found.ok_or_else(|| NotRevealed(format!("there is no {form}")))?;
        Ok(Revealed::new(found.into_bytes()))
    }
}

/// All doors of one test.
pub(crate) struct Doors {
    /// The clock.
    pub(crate) clock: Arc<StandingClock>,
    /// The secrets.
    pub(crate) vault: Arc<Table>,
}

impl Doors {
    /// Doors at the start of time.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(StandingClock(watch::Sender::new(Duration::from_secs(100))));
        Self { clock, vault: Arc::default() }
    }

    /// Opens a source from its table.
    pub(crate) fn open(&self, table: &str) -> Result<Box<dyn Source>, Vec<Complaint>> {
        let cx = OpenContext {
            name: "websocket.dashboard".into(),
            timeout: Duration::from_secs(15),
            clock: self.clock.clone(),
            entropy: Arc::new(Nothing),
            dial: Arc::new(Sockets),
            post: Arc::new(Nothing),
            vault: self.vault.clone(),
        };
        WebSocket::open(toml::from_str(table).unwrap(), &cx)
    }

    /// Opens a source of that URL, which must be right.
    pub(crate) fn source(&self, url: &str, rest: &str) -> Box<dyn Source> {
        let opened = self.open(&format!("url = \"{url}\"\n{rest}"));
        opened.unwrap_or_else(|complaints| panic!("{complaints:?}"))
    }
}
