//! Job: wires the stations together and tells them when to stop.
//! Takes: the command line, the environment, signals.
//! Gives: one running daemon, or one command's answer.
//! Never: decides about an event or a delivery.

mod addresses;
pub mod clock;
pub mod dial;
pub mod doors;
pub mod entropy;
pub mod environment;
pub mod exit;
pub mod post;
pub mod telemetry;
pub mod trust;
pub mod vault;

#[cfg(test)]
mod far_side;
