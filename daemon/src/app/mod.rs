//! Job: wires the stations together and tells them when to stop.
//! Takes: the environment, a configuration, signals.
//! Gives: one running daemon.
//! Never: decides about an event or a delivery.

pub mod running;
mod wiring;
pub mod reload;
mod controls;
pub mod status;
mod news;
pub mod signals;
pub mod catalog;
pub mod telemetry;
pub mod environment;
pub mod exit;
pub mod doors;
pub mod clock;
pub mod entropy;
pub mod vault;
pub mod dial;
pub mod post;
pub mod trust;
mod addresses;

#[cfg(test)]
mod far_side;
