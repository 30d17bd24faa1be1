//! Job: whom TLS trusts, and who we say we are.
//! Takes: a wish for TLS: the system's roots or a file of them, a certificate of our own.
//! Gives: `Trust`, which makes the configuration both `Dial` and `Post` speak TLS by.
//! Never: loads a root before something speaks TLS, or offers a way round a check.

use std::fmt;
use std::sync::Arc;

use contract::doors::{Identity, Tls};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

/// The most a file of certificates may be long, bytes.
const CERTIFICATES_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The system's roots, loaded when first asked for and kept from then on.
#[derive(Default)]
pub struct Trust {
    system: OnceCell<Arc<RootCertStore>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("loaded", &self.is_loaded()).finish()
    }
}

impl Trust {
    /// Nothing loaded yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether the system's roots have been loaded.
    pub fn is_loaded(&self) -> bool {
        self.system.initialized()
    }

    /// A configuration for TLS 1.2 or newer that reads its files now. `alpn` names the protocols
    /// to offer.
    ///
    /// # Errors
    /// Names the file or the secret that cannot be used, and why.
    pub async fn client(&self, tls: &Tls, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, String> {
        let roots = match &tls.ca {
            Some(path) => Arc::new(roots_of(path).await?),
            None => Arc::clone(self.system.get_or_try_init(system_roots).await?),
        };
        let mut config = match &tls.client {
            None => builder(roots)?.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = certificate(identity).await?;
                builder(roots)?
                    .with_client_auth_cert(chain, key)
                    .map_err(|why| format!("{}: {why}", identity.cert))?
            }
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }
}

/// A configuration that trusts nobody, for requests that speak no TLS.
///
/// # Errors
/// None that a person can cause.
pub fn nobody() -> Result<Arc<ClientConfig>, String> {
    Ok(Arc::new(builder(Arc::new(RootCertStore::empty()))?.with_no_client_auth()))
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn builder(roots: Arc<RootCertStore>) -> Result<Builder, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?;
    Ok(versions.with_root_certificates(roots))
}

async fn system_roots() -> Result<Arc<RootCertStore>, String> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(|_| "the system's root certificates could not be loaded".to_owned())?;
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(loaded.certs);
    if usable == 0 {
        return Err("this machine has no root certificates: install ca-certificates, \
                    or name a file of them with `ca`"
            .to_owned());
    }
    Ok(Arc::new(store))
}

async fn roots_of(path: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for root in chain(path).await? {
        store.add(root).map_err(|why| format!("{path}: {why}"))?;
    }
    Ok(store)
}

async fn certificate(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = chain(&identity.cert).await?;
    let secret = identity.key.clone();
    let revealed = tokio::task::spawn_blocking(move || secret.reveal())
        .await
        .map_err(|_| format!("{}: could not be read", identity.key.form()))?
        .map_err(|not| not.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(revealed.bytes()).map_err(|why| match why {
        PemError::NoItemsFound => format!("{}: holds no PEM private key", identity.key.form()),
        // The error of a broken PEM file quotes from it.
        _ => format!("{}: is no PEM private key", identity.key.form()),
    })?;
    Ok((chain, key))
}

async fn chain(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let said = |why: std::io::Error| format!("{path}: {why}");
    if tokio::fs::metadata(path).await.map_err(said)?.len() > CERTIFICATES_BYTES_MAX {
        return Err(format!("{path}: longer than 4 MiB; is this the right file?"));
    }
    let pem = tokio::fs::read(path).await.map_err(said)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(format!("{path}: holds no PEM certificate")),
        Ok(chain) => Ok(chain),
        Err(_) => Err(format!("{path}: is no PEM file of certificates")),
    }
}
