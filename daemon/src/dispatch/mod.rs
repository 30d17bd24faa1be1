//! Job: takes claimed deliveries to their sinks.
//! Takes: claims from the outbox.
//! Gives: verdicts, settled in the outbox.
//! Never: decides whom to ring.

pub mod retry;
