//! Job: the source against servers that behave, misbehave and vanish.
//! Takes: servers on this machine, on ports of the system's choice.
//! Gives: what intake would be told.
//! Never: waits by a real clock, or leaves a process behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod doors;
mod trial;
mod wire;

mod connecting;
mod feed;
mod keys;
mod living;
mod node;
mod resuming;
mod tls;

use contract::frame::Unreadable;
use contract::{Cursor, Event, Incoming, Lost, Session};

/// A batch, with its cursor; anything else is a fault of the test.
async fn batch(session: &mut Box<dyn Session>) -> (Vec<Result<Event, Unreadable>>, Option<Cursor>) {
    match session.next().await.unwrap() {
        Incoming::Events { read, cursor, .. } => (read, cursor),
        other => panic!("no events: {other:?}"),
    }
}

/// What ends the session, after whatever comes before.
async fn end(session: &mut Box<dyn Session>) -> Lost {
    loop {
        if let Err(lost) = session.next().await {
            return lost;
        }
    }
}

/// A booking's frame.
fn booking(id: &str, seq: Option<u64>) -> String {
    let seq = seq.map(|seq| format!(r#","seq":{seq}"#)).unwrap_or_default();
    format!(r#"{{"type":"booking:new","payload":{{"id":"{id}"}}{seq}}}"#)
}
