//! Job: one command, from its arguments to its exit code.
//! Takes: the command line and the environment.
//! Gives: text or JSON on standard output, complaints on standard error, an exit code.
//! Never: does a station's work; it asks the app, the outbox, or the running daemon.

pub mod cli;
mod demo;
mod keys;
mod receiver;
mod run;
pub mod simulate;
