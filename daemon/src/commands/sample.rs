//! Job: rows for the tests of what is shown.
//! Takes: a sink's name, a state.
//! Gives: a booking's event and its deliveries, the same each time.
//! Never: is part of what runs; only tests call it.

use contract::event::Body;
use contract::{Event, Level, NoteKey};
use jiff::Timestamp;

use crate::delivery::{EventKey, Outcome, State, Way};
use crate::outbox::{
    DeliveryId, DeliveryRow, EventRow, GenerationId, HistoryRow, OwedRow, SinkStatus, StoredId,
};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn now() -> Timestamp {
    at("2026-11-23T10:00:00Z")
}

pub(super) fn event() -> Event {
    contract::trial::event(Body::Booking(contract::trial::booking()))
}

pub(super) fn event_row() -> EventRow {
    EventRow {
        id: StoredId(7),
        key: EventKey([7; 16]),
        source: "websocket.dashboard".into(),
        feed: "dashboard".into(),
        kind: contract::Kind::Booking,
        subject: "BK-20261123-0001".into(),
        outcome: Outcome::Routed,
        at: at("2026-11-23T09:47:59Z"),
        received: at("2026-11-23T09:48:00Z"),
        generation: GenerationId(3),
        woken_by: None,
        event: Some(event()),
    }
}

pub(super) fn delivery(sink: &str, state: State) -> DeliveryRow {
    DeliveryRow {
        id: DeliveryId(7 << 12),
        key: NoteKey([1; 16]),
        sink: sink.into(),
        address: None,
        state,
        due: None,
        behind: false,
        way: Way::Ring,
        rule: "Big tours".into(),
        level: Level::Info,
        title: "New tour · Phi Phi Islands Day Tour".into(),
        body: "BK-20261123-0001".into(),
        tries: 1,
        answered: Some(at("2026-11-23T09:48:01Z")),
        latency_ms: Some(12),
        why: None,
        redirected_from: None,
    }
}

pub(super) fn owed(sink: &str, state: State) -> OwedRow {
    OwedRow { event: event_row(), delivery: delivery(sink, state) }
}

pub(super) fn history(deliveries: &[(&str, State)]) -> HistoryRow {
    let deliveries = deliveries.iter().map(|(sink, state)| delivery(sink, *state)).collect();
    HistoryRow { event: event_row(), deliveries }
}

pub(super) fn sink(name: &str) -> SinkStatus {
    SinkStatus {
        name: name.into(),
        configured: true,
        paused: None,
        hold: None,
        waiting: 0,
        held: 1,
        failed: 0,
        last_rang: None,
        oldest_due: None,
    }
}
