//! Job: samples of what the contract speaks of.
//! Takes: nothing, or one piece to build the rest around.
//! Gives: a booking, events of every kind, a note.
//! Never: changes from call to call.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::json;

use crate::event::Other;
use crate::{
    Body, Booking, Category, Event, FeedChange, FeedState, Gap, GapReason, Guest, Level, Metrics,
    Money, Note, NoteKey, SinkChange, SinkState, Status,
};

const AT: Timestamp = Timestamp::constant(1_795_400_045, 120_000_000);

/// A new tour of 1,250.00 USD by Anna Lindqvist.
pub fn booking() -> Booking {
    Booking {
        category: Some(Category::Tour),
        status: Some(Status::New),
        title: Some("Phi Phi Islands Day Tour".into()),
        customer: Some("Anna Lindqvist".into()),
        amount: Some(Money { amount: Decimal::new(125_000, 2), currency: "USD".parse().ok() }),
        country: "TH".parse().ok(),
        guest: Some(Box::new(Guest { email: Some("anna@example.com".into()), ..Guest::default() })),
        ..Booking::of("BK-20261123-0001")
    }
}

/// An event of the feed `dashboard` with this body.
pub fn event(body: Body) -> Event {
    Event {
        id: None,
        source: "websocket.dashboard".into(),
        feed: "dashboard".into(),
        at: AT,
        received: AT,
        body,
        extra: [("guests".into(), json!(4))].into(),
    }
}

/// One event of each kind.
pub fn events() -> Vec<Event> {
    let gap = Gap { from: AT, to: AT, reason: GapReason::NotOffered, missed: None };
    let feed = FeedChange { state: FeedState::Gap, since: AT, said: None, gap: Some(gap) };
    let down = "401: check credential \"crm\"";
    let sink = SinkChange {
        sink: "webhook.crm".into(),
        state: SinkState::Down,
        since: AT,
        said: Some(down.into()),
    };
    let metrics =
        Metrics { today_revenue: Some(Decimal::new(128_453_025, 2)), ..Metrics::default() };
    let other = Other { name: "booking:moved".into(), payload: json!({ "to": "2026-12-01" }) };
    let bodies = [
        Body::Booking(booking()),
        Body::Booking(Booking::of("BK-2")),
        Body::Metrics(metrics),
        Body::Feed(feed),
        Body::Sink(sink),
        Body::Other(other),
    ];
    bodies.into_iter().map(event).collect()
}

/// A first note about the sample booking.
pub fn note() -> Note {
    note_of(event(Body::Booking(booking())))
}

/// A first note about this event.
pub fn note_of(event: Event) -> Note {
    Note {
        key: NoteKey(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes()),
        title: "New tour: Phi Phi Islands Day Tour".into(),
        body: "BK-20261123-0001 · Anna Lindqvist · 1,250.00 USD".into(),
        level: Level::Info,
        events: vec![Arc::new(event)],
        rule: "Big tours".into(),
        also: Vec::new(),
        address: None,
        attempt: 1,
        previous: None,
        timeline: Vec::new(),
        plain: false,
        link: None,
        redirected_from: None,
    }
}
