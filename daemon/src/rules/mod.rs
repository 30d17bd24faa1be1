//! Job: what rings whom.
//! Takes: the rules as written; an event or a wake-up, what is remembered, and now.
//! Gives: `Plan`, its `Decision`, and the `Explanation` of it.
//! Never: reads a clock, does I/O, is async, or keeps anything between two judgements.

pub mod spec;
pub mod when;

pub mod countries;
pub mod fold;
pub mod number;
pub mod text;
pub mod time;
pub mod wanted;
pub mod words;

pub use spec::{AlarmSpec, FeedTrouble, Message, RingBy, Rule, UnknownIs};
pub use wanted::AnyOf;
pub use when::{GuestWhen, When};

#[cfg(test)]
mod tests;
