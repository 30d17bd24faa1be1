//! Job: says what should ring.
//! Takes: a cause, what is remembered, and now.
//! Gives: a decision, and why.
//! Never: reads a clock, does I/O, or is async.
