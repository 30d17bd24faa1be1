//! Job: the meanings of the configuration, one by one, as tests.
//! Takes: rules as TOML, events, memories.
//! Gives: each meaning's words as the name of a test.
//! Never: looks inside a plan.

mod written;
