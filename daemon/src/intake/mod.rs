//! Job: takes what sources bring to the outbox.
//! Takes: sessions' events, due wake-ups.
//! Gives: groups of judged events, committed and acknowledged.
//! Never: waits for a sink.
