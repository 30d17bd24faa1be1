//! Job: the daemon as a library: a server is a function that a test can call.
//! Takes: a configuration, a catalog of plugins, the doors, and a stop.
//! Gives: the stations, from the command line on the left to the values they share on the right.
//! Never: exits; only `main` does.

pub mod app;
pub mod commands;
pub mod config;
pub mod delivery;
pub mod dispatch;
pub mod intake;
pub mod outbox;
pub mod rules;
pub mod web;
