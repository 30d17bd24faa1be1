//! Job: asks the running daemon.
//! Takes: a question, and where the daemon lives.
//! Gives: its answer.
//! Never: starts a daemon, or waits for one.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::Failure;
use super::loading::Home;
use crate::web::control::{self, Ask, ControlError};

/// What an action did.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Done {
    /// How many deliveries or pauses it changed.
    pub(super) changed: u64,
    /// How many could not be, because what they say was erased.
    pub(super) erased: u64,
}

/// Asks, and gives the answer as it came.
///
/// # Errors
/// When no daemon runs, and what it refuses.
pub(super) async fn ask(home: &Home, ask: &Ask) -> Result<Value, ControlError> {
    control::ask(&home.state_dir, ask).await
}

/// An answer as what it must be.
///
/// # Errors
/// When the daemon is of another version.
pub(super) fn understood<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|wrong| ControlError::NotUnderstood(wrong).into())
}
