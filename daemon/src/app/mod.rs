//! Job: wires the stations together and tells them when to stop.
//! Takes: the command line, the environment, signals.
//! Gives: one running daemon, or one command's answer.
//! Never: decides about an event or a delivery.

pub mod doors;
pub mod environment;
pub mod exit;
pub mod telemetry;
mod addresses;
pub mod clock;
pub mod dial;
pub mod entropy;
pub mod post;
pub mod trust;
pub mod vault;

#[cfg(test)]
mod far_side;
