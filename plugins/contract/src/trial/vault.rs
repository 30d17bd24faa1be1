//! Job: secrets that give themselves away when they are printed.
//! Takes: a table of places and secrets.
//! Gives: `TableVault`, the simulated `Vault` door.
//! Never: reads a file or the environment.

use std::collections::HashMap;

use crate::secret::NotRevealed;
use crate::{Revealed, SecretForm, Vault};

/// The word that every secret of the trial holds, and that nothing may print.
pub const CANARY: &str = "canary";

/// Secrets by their place.
#[derive(Default)]
pub struct TableVault {
    table: HashMap<SecretForm, String>,
    shut: bool,
}

impl TableVault {
    /// A vault in which every place holds a secret with the canary in it.
    pub fn canaries() -> Self {
        Self::default()
    }

    /// A vault that reveals nothing.
    pub fn shut() -> Self {
        Self { shut: true, ..Self::default() }
    }

    /// With this secret at this place.
    pub fn with(mut self, form: SecretForm, secret: impl Into<String>) -> Self {
        self.table.insert(form, secret.into());
        self
    }
}

impl Vault for TableVault {
    fn reveal(&self, form: &SecretForm) -> Result<Revealed, NotRevealed> {
        if self.shut {
            return Err(NotRevealed(format!("{form}: there is no such place")));
        }
        let secret = self.table.get(form).cloned();
        let secret = secret.unwrap_or_else(|| format!("{CANARY}-4f1c9a7e2b8d4036a5"));
        Ok(Revealed::new(secret.into_bytes()))
    }
}
