//! Job: where notes go.
//! Takes: a note.
//! Gives: a verdict.
//! Never: retries, sleeps, batches, or keeps a queue of its own.

use async_trait::async_trait;

use crate::{Note, Verdict, Why};

/// Says a note once.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Says the note. Dispatch calls it for a claimed and committed delivery only, at most
    /// `in_flight` at once, under the sink's `timeout`; a call given up may have arrived. A panic
    /// counts as `Retry`.
    async fn send(&self, note: &Note) -> Verdict;

    /// Looks whether it could send, without notifying anyone. Called by `check --online`.
    ///
    /// # Errors
    /// What a person should mend.
    async fn probe(&self) -> Result<(), Why>;

    /// Where it sends to, without secrets, for people.
    fn place(&self) -> String;
}
