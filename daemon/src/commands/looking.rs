//! Job: looks into the store, whether a daemon runs or not.
//! Takes: where the daemon lives.
//! Gives: the outbox's reader.
//! Never: takes the store's lock, makes a file, or waits for a writer.

use std::sync::Arc;

use contract::Clock;
use contract::text::clean;

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

/// Where nothing is found for a sink, the reason may be that there is no such sink.
///
/// # Errors
/// When there is none of this name, or the store cannot be read.
pub(super) fn sink_is_known(store: &Reader, name: &str) -> Result<(), Failure> {
    let status = store.status()?;
    let names: Vec<&str> = status.sinks.iter().map(|sink| sink.name.as_str()).collect();
    if names.contains(&name) { Ok(()) } else { Err(no_sink(name, &names)) }
}

/// There is no sink of this name, but of these.
pub(super) fn no_sink(name: &str, names: &[&str]) -> Failure {
    let failure = Failure::failed(format!("there is no sink {}", clean(name)));
    match contract::written::nearest(name, names.iter().copied()) {
        Some(meant) => failure.hint(format!("did you mean {meant}?")),
        None if names.is_empty() => failure.hint("write one: [sink.console.log]"),
        None => failure.hint(format!("there are: {}", names.join(", "))),
    }
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
