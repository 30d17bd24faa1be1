//! Job: shows that `wss://` is spoken with the configured roots and our own certificate.
//! Takes: a certificate authority made for the test.
//! Gives: events over TLS, and refusals where a certificate is wrong.
//! Never: uses the system's roots.

use std::path::Path;
use std::sync::Arc;

use contract::frame::{Word, write_word};
use contract::{Lost, LostKind, Session};
use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::doors::Doors;
use crate::{batch, booking};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key, both PEM.
fn issued(by: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

fn server(authority: &Authority, name: &str) -> ServerConfig {
    let (cert, key) = issued(authority, name);
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap()
}

/// Serves one connection, if the handshakes allow it.
async fn serve(listener: &TcpListener, config: ServerConfig) {
    let (tcp, _) = listener.accept().await.unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let Ok(stream) = acceptor.accept(tcp).await else { return };
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let hello = write_word(&Word::Hello { epoch: "e1".into(), seq: 0 });
    for frame in [hello, booking("B1", Some(1))] {
        socket.send(Message::text(frame)).await.unwrap();
    }
    while let Some(Ok(_)) = socket.next().await {}
}

async fn meet(
    folder: &Path,
    roots: &Authority,
    server_config: ServerConfig,
    with_client: &str,
) -> Result<usize, Lost> {
    std::fs::write(folder.join("ca.pem"), roots.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let doors = Doors::new();
    let key = std::fs::read_to_string(folder.join("client.key")).unwrap();
    doors.vault.put("client", &key);
    let rest = format!("ca = \"{}\"\n{with_client}", folder.join("ca.pem").display());
    let source = doors.source(&format!("wss://localhost:{port}/x"), &rest);
    let client = async {
        let mut session: Box<dyn Session> = source.open(None).await?;
        let mut read = 0;
        while read == 0 {
            read = batch(&mut session).await.0.len();
        }
        session.close().await;
        Ok(read)
    };
    let (read, ()) = tokio::join!(client, serve(&listener, server_config));
    read
}

#[tokio::test]
async fn tls_is_spoken_both_ways_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (authority(), authority());
    let (cert, key) = issued(&ours, "deskbell");
    std::fs::write(folder.path().join("client.pem"), cert).unwrap();
    std::fs::write(folder.path().join("client.key"), key).unwrap();
    let client = format!(
        "client = {{ cert = \"{}\", key = {{ credential = \"client\" }} }}",
        folder.path().join("client.pem").display()
    );

    let met = meet(folder.path(), &ours, server(&ours, "localhost"), &client).await;
    assert_eq!(met.unwrap(), 1);
    let strange = meet(folder.path(), &theirs, server(&ours, "localhost"), &client).await;
    assert_eq!(strange.unwrap_err().kind, LostKind::Config);
    let misnamed = meet(folder.path(), &ours, server(&ours, "example.com"), &client).await;
    assert_eq!(misnamed.unwrap_err().kind, LostKind::Config);
    assert!(meet(folder.path(), &ours, server(&ours, "localhost"), "").await.is_err());
}
