//! Job: wires the stations together and tells them when to stop.
//! Takes: the environment, a configuration, signals.
//! Gives: one running daemon.
//! Never: decides about an event or a delivery.

mod addresses;
pub mod catalog;
pub mod clock;
mod controls;
pub mod dial;
pub mod doors;
pub mod entropy;
pub mod environment;
pub mod exit;
mod news;
pub mod post;
pub mod reload;
pub mod running;
pub mod signals;
pub mod status;
pub mod telemetry;
pub mod trust;
pub mod vault;
mod wiring;

#[cfg(test)]
mod far_side;
