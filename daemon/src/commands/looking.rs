//! Job: looks into the store, whether a daemon runs or not.
//! Takes: where the daemon lives.
//! Gives: the outbox's reader.
//! Never: takes the store's lock, makes a file, or waits for a writer.

use std::sync::Arc;

use contract::Clock;

use super::failure::Failure;
use super::loading::Home;
use crate::outbox::{LookError, Reader, StoreError};

/// Opens the store to be read.
///
/// # Errors
/// When there is none, or it may not be read.
pub(super) fn open(home: &Home, clock: &Arc<dyn Clock>) -> Result<Reader, Failure> {
    Reader::open(&home.state_dir, Arc::clone(clock), home.zone.clone()).map_err(Failure::from)
}

impl From<LookError> for Failure {
    fn from(wrong: LookError) -> Self {
        let failure = Self::failed(&wrong);
        match wrong {
            LookError::Nothing(_) => failure.hint(
                "is this the daemon's folder? --config FILE, or --set daemon.state_dir=\"…\"",
            ),
            LookError::Denied(_) => failure.hint("look as the daemon's own user, or as root"),
            LookError::Version { .. } => {
                failure.hint("look with the deskbell that the daemon runs")
            }
            LookError::Store(_) => failure,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(wrong: StoreError) -> Self {
        Self::chain(wrong)
    }
}
