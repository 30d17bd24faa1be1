//! Job: the doors to the world, all in one hand.
//! Takes: the real ones, or a test's.
//! Gives: `Doors`, and from them what a plugin is handed when it is opened.
//! Never: opens anything by itself.

use std::sync::Arc;

use contract::plugin::DeliveryDefaults;
use contract::{Clock, Dial, Entropy, OpenContext, Post, Vault};

use super::clock::SystemClock;
use super::dial::TcpDial;
use super::entropy::SystemEntropy;
use super::environment::Environment;
use super::post::HttpPost;
use super::trust::Trust;
use super::vault::SystemVault;

/// The doors to the world.
#[derive(Clone)]
pub struct Doors {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws numbers.
    pub entropy: Arc<dyn Entropy>,
    /// Opens streams.
    pub dial: Arc<dyn Dial>,
    /// Sends HTTP requests.
    pub post: Arc<dyn Post>,
    /// Reads secrets.
    pub vault: Arc<dyn Vault>,
}

impl Doors {
    /// The real ones.
    pub fn real(environment: &Environment) -> Self {
        let trust = Arc::new(Trust::new());
        let variables = environment.clone();
        let look = Arc::new(move |name: &str| variables.var(name).map(Into::into));
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            dial: Arc::new(TcpDial::new(Arc::clone(&trust))),
            post: Arc::new(HttpPost::new(trust)),
            vault: Arc::new(SystemVault::new(look)),
        }
    }

    /// What the plugin instance `name` (`plugin.instance`) is handed.
    pub fn open_context(&self, name: &str) -> OpenContext {
        OpenContext {
            name: name.to_owned(),
            timeout: DeliveryDefaults::NETWORK.timeout,
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            dial: Arc::clone(&self.dial),
            post: Arc::clone(&self.post),
            vault: Arc::clone(&self.vault),
        }
    }
}
