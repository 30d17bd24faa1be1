//! Job: the values that the stations share, and the states of a delivery.
//! Takes: nothing; what stands here is plain data and questions about it.
//! Gives: ids, Memory, Planned, Decision, State.
//! Never: reads a clock, does I/O, or is async.

pub mod decision;
pub mod identity;
pub mod memory;
pub mod planned;
pub mod state;

pub use decision::{Cause, Change, Count, Decision, Outcome, WakeUp, WakeUpChange};
pub use identity::{Digest, EventKey, Step};
pub use memory::{AlarmMemory, Memory, MemoryKey, Seen, SubjectMemory, Told};
pub use planned::{Planned, Start, Way};
pub use state::{DeadReason, HeldReason, State, WithdrawnBy};
