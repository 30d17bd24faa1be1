//! Job: the battery of tests that every plugin passes.
//! Takes: a plugin, and how to make it meet each case.
//! Gives: simulated doors, samples, hostile texts, and one call that runs all checks.
//! Never: is part of what runs in the daemon; only tests call it.

mod battery;
mod clock;
mod dial;
mod entropy;
pub mod hostile;
mod post;
mod sample;
mod sink;
mod source;
mod vault;

pub use self::battery::{House, written};
pub use self::clock::FakeClock;
pub use self::dial::{DialPlay, FarEnd, MemoryDial};
pub use self::entropy::SeededEntropy;
pub use self::post::{Play, ScriptedPost};
pub use self::sample::{booking, event, events, note, note_of};
pub use self::sink::{Case, Expected, SinkTrial, sink};
pub use self::source::{SourceTrial, source};
pub use self::vault::{CANARY, TableVault};

#[cfg(test)]
mod tests;
