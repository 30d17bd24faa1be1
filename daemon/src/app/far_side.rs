//! Job: the far side of a connection, for the tests of the doors.
//! Takes: what to do with a connection; which certificate to show.
//! Gives: servers on free ports of this machine, and a small certificate authority.
//! Never: outlives its test.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::doors::Stream;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server that treats each connection alike.
pub(crate) struct FarSide {
    pub(crate) port: u16,
    /// How many connections it has taken.
    pub(crate) taken: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl FarSide {
    /// Serves each connection in turn.
    pub(crate) async fn serving<Work, Done>(work: Work) -> Self
    where
        Work: Fn(Box<dyn Stream>) -> Done + Send + 'static,
        Done: Future<Output = ()> + Send,
    {
        Self::accepting(None, work).await
    }

    /// Serves each connection in turn, with TLS.
    pub(crate) async fn secured<Work, Done>(tls: rustls::ServerConfig, work: Work) -> Self
    where
        Work: Fn(Box<dyn Stream>) -> Done + Send + 'static,
        Done: Future<Output = ()> + Send,
    {
        Self::accepting(Some(tokio_rustls::TlsAcceptor::from(Arc::new(tls))), work).await
    }

    async fn accepting<Work, Done>(tls: Option<tokio_rustls::TlsAcceptor>, work: Work) -> Self
    where
        Work: Fn(Box<dyn Stream>) -> Done + Send + 'static,
        Done: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                match &tls {
                    None => work(Box::new(stream)).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => work(Box::new(stream)).await,
                        Err(_) => continue,
                    },
                }
            }
        });
        Self { port, taken, _tasks: tasks }
    }

    /// How many connections it has taken.
    pub(crate) fn connections(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// A port that is taken while the socket is held, and that nobody listens at.
pub(crate) fn deaf_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// Reads one request: its head, and as much of a body as the head promises.
pub(crate) async fn request(stream: &mut (dyn Stream + 'static)) -> String {
    let mut read = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).await.unwrap_or(0);
        read.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(length > 0, "the request ended within its head: {text:?}");
            continue;
        };
        let promised = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |digits| digits.parse().unwrap());
        if body.len() >= promised || length == 0 {
            return text;
        }
    }
}

/// Reads one request and answers it.
pub(crate) async fn answer(mut stream: Box<dyn Stream>, answer: &str) {
    request(&mut *stream).await;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A certificate authority of the test's own.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, PEM.
pub(crate) struct Issued {
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// Its own certificate in a file.
    pub(crate) fn file(&self, folder: &Path) -> String {
        write(folder, "ca.pem", &self.issuer.pem())
    }

    /// A certificate for this name.
    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.issue_until(name, 2100)
    }

    /// A certificate for this name, good until that year.
    pub(crate) fn issue_until(&self, name: &str, year: i32) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Issued { cert: cert.pem(), key: key.serialize_pem() }
    }

    /// What a server says that shows this certificate.
    pub(crate) fn server(&self, shown: &Issued) -> rustls::ServerConfig {
        let (chain, key) = shown.parts();
        provided().with_no_client_auth().with_single_cert(chain, key).unwrap()
    }

    /// The same, wanting a certificate of ours too.
    pub(crate) fn mutual_server(&self, shown: &Issued) -> rustls::ServerConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let (chain, key) = shown.parts();
        provided()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(chain, key)
            .unwrap()
    }
}

impl Issued {
    fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_slice_iter(self.cert.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        (chain.map(Result::unwrap).collect(), key)
    }
}

/// Writes a file and gives its path.
pub(crate) fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn provided() -> rustls::ConfigBuilder<rustls::ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
}
