//! Job: a feed that needs no dashboard: plausible bookings and metrics, the same for the same seed.
//! Takes: a seed, a start, a pace.
//! Gives: `Simulator`, a source plugin, and `Story`, what it tells.
//! Never: opens a socket; the daemon's hub shows the story to others.

mod dice;
mod people;
pub mod source;
pub mod story;
mod wares;
mod world;

pub use source::{Config, Simulator};
pub use story::{Pace, Plot, Story};
