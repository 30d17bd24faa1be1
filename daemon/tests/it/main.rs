//! Job: what must hold of the whole, in one test binary.
//! Takes: the daemon's library, and the repository it stands in.
//! Gives: a failing test where something does not hold.
//! Never: sleeps, uses a fixed port, or leaves the machine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod config;
mod hostile;
mod house;
mod hub;
mod path;
mod plain;
mod simulate;
mod sinks;
mod tidy;
