//! Job: what rings whom.
//! Takes: the rules as written; an event or a wake-up, what is remembered, and now.
//! Gives: `Plan`, its `Decision`, and the `Explanation` of it.
//! Never: reads a clock, does I/O, is async, or keeps anything between two judgements.

mod alarm;
mod judge;
mod news;
pub mod plan;
mod routing;
mod ways;

pub mod explanation;
mod render;

mod countries;
mod fold;
mod locale;
pub mod number;
pub mod spec;
pub mod text;
pub mod time;
pub mod wanted;
pub mod when;
pub mod words;

mod compile;
mod index;
mod literals;
mod maker;
mod ring_by;

mod changed;
pub mod check;
mod condition;
mod facts;
pub mod money;
mod told;

pub mod message;
mod template;

pub use check::Truth;
pub use explanation::{ConditionTold, Explanation, RingTold, RuleTold, WayTold};
pub use locale::Locale;
pub use money::Rates;
pub use plan::{Misfit, Part, Plan, Settings};
pub use spec::{AlarmSpec, FeedTrouble, Message, RingBy, Rule, UnknownIs};
pub use wanted::AnyOf;
pub use when::{GuestWhen, When};

#[cfg(test)]
mod tests;
