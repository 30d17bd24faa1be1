//! Job: what must never be printed.
//! Takes: the one form in which a configuration names a secret.
//! Gives: `Secret`, which is read when it is needed, and `Revealed`, which forgets itself.
//! Never: has a Debug text, a Display text or a serialised form.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

/// Where a secret is kept: `{ credential = "name" }`, `{ env = "NAME" }` or `{ file = "/path" }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretForm {
    /// A file of that name in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential).
    Credential(String),
    /// An environment variable.
    Env(String),
    /// A file.
    File(String),
}

impl fmt::Display for SecretForm {
    /// Names the place, never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "credential \"{name}\""),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {path}"),
        }
    }
}

/// Reads secrets. The daemon's reads credentials, environment and files; the trial's has a table.
pub trait Vault: Send + Sync {
    /// Reads one secret now, without the line feed at its end, at most 64 KiB.
    ///
    /// # Errors
    /// Says where it was looked for and what to do; never any of its bytes.
    fn reveal(&self, form: &SecretForm) -> Result<Revealed, NotRevealed>;
}

/// Why a secret could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotRevealed(pub String);

/// A secret by its place; read anew each time, since tokens are rotated.
#[derive(Clone)]
pub struct Secret {
    form: SecretForm,
    vault: Arc<dyn Vault>,
}

impl Secret {
    /// A secret in this vault.
    pub fn new(form: SecretForm, vault: Arc<dyn Vault>) -> Self {
        Self { form, vault }
    }

    /// Where it is kept.
    pub fn form(&self) -> &SecretForm {
        &self.form
    }

    /// Reads it now.
    ///
    /// # Errors
    /// Says where it was looked for and what to do.
    pub fn reveal(&self) -> Result<Revealed, NotRevealed> {
        self.vault.reveal(&self.form)
    }
}

/// A secret in hand. Its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed(Vec<u8>);

impl Revealed {
    /// Takes the bytes of a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The secret as text.
    ///
    /// # Errors
    /// Where it is not UTF-8.
    pub fn text(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(&self.0)
    }

    /// The secret's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Revealed {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}
