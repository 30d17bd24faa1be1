//! Job: shows what the dashboard's frames become.
//! Takes: the fixtures, and a table of broken frames.
//! Gives: the exact reason of each refusal, and what each odd frame is read as.
//! Never: depends on a clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use contract::event::Other;
use contract::frame::{
    DEPTH_MAX, FrameRead, ID_BYTES_MAX, ITEMS_MAX, KEPT_BYTES_MAX, KEYS_MAX, Reader, Reason, Said,
    TEXT_BYTES_MAX, Unreadable, Word, write, write_word,
};
use contract::{Body, Booking, Category, Event, GapReason, Moment, Revision, Status};
use jiff::Timestamp;
use serde_json::{Value, json};

fn received() -> Timestamp {
    "2026-11-23T03:00:00Z".parse().unwrap()
}

fn reader() -> Reader {
    Reader::new("websocket.dashboard".into(), "dashboard".into())
}

fn read(frame: impl AsRef<[u8]>) -> Result<FrameRead, Unreadable> {
    reader().read(frame.as_ref(), received())
}

fn event(frame: impl AsRef<[u8]>) -> Event {
    match read(&frame).unwrap().said {
        Said::Event(event) => event,
        Said::Word(word) => panic!("a word: {word:?}"),
    }
}

fn booking(payload: &str) -> (Booking, Event) {
    let event = event(format!(r#"{{"type":"booking:new","payload":{payload}}}"#));
    (event.booking().unwrap().clone(), event)
}

fn new(rest: &str) -> String {
    format!(r#"{{"type":"booking:new","payload":{{"id":"B1"{rest}}}}}"#)
}

#[test]
fn each_fixture_becomes_its_event_and_is_written_back_the_same() {
    let fixtures = [
        include_str!("../fixtures/booking-new.json"),
        include_str!("../fixtures/booking-confirmed.json"),
        include_str!("../fixtures/booking-cancelled.json"),
        include_str!("../fixtures/metrics-update.json"),
    ];
    for fixture in fixtures {
        let first = event(fixture);
        let again = event(write(&first, None));
        assert_eq!(first, again);
        assert!(first.extra.is_empty());
    }
    let new = event(fixtures[0]);
    let stands = new.booking().unwrap();
    assert_eq!(stands.id.as_str(), "BK-20261123-0001");
    assert_eq!(stands.category, Some(Category::Tour));
    assert_eq!(stands.status, Some(Status::New));
    assert_eq!(stands.amount.unwrap().to_string(), "1,250.00 USD");
    assert_eq!(stands.country.unwrap().as_str(), "TH");
    assert_eq!(new.at.to_string(), "2026-11-23T02:14:05.12Z");
    let Body::Metrics(metrics) = event(fixtures[3]).body else { panic!("no metrics") };
    assert_eq!(metrics.bookings_change.unwrap().to_string(), "-3.2");
}

#[test]
fn a_broken_frame_is_refused_for_its_own_reason() {
    let cases: Vec<(String, Reason)> = vec![
        (String::new(), Reason::NotJson),
        ("nonsense".into(), Reason::NotJson),
        ("\u{feff}{}".into(), Reason::NotJson),
        (r#"{"type":"booking:new","payload":{"id":"B1"}"#.into(), Reason::NotJson),
        (new("}}{"), Reason::NotJson),
        (new(r#","amount":NaN"#), Reason::NotJson),
        (new(r#","amount":Infinity"#), Reason::NotJson),
        (new(r#","amount":-"#), Reason::NotJson),
        (new(r#","title":"\ud800""#), Reason::NotJson),
        (new(",\"title\":\"a\0b\""), Reason::NotJson),
        ("[]".into(), Reason::NotAFrame),
        ("42".into(), Reason::NotAFrame),
        ("null".into(), Reason::NotAFrame),
        ("{}".into(), Reason::NotAFrame),
        (r#"{"payload":{"id":"B1"}}"#.into(), Reason::NotAFrame),
        (r#"{"type":null,"payload":{}}"#.into(), Reason::NotAFrame),
        (new(r#","id":"B2""#), Reason::DuplicateKey),
        (new(r#","title":null,"title":null"#), Reason::DuplicateKey),
        (new(r#","updatedAt":null,"updated_at":null"#), Reason::DuplicateKey),
        (new(r#","pool":1,"pool":1"#), Reason::DuplicateKey),
        (new(r#","pool":{"a":1,"a":2}"#), Reason::DuplicateKey),
        (new(r#","party":{"adults":1,"adults":1}"#), Reason::DuplicateKey),
        (r#"{"type":"x","type":"y"}"#.into(), Reason::DuplicateKey),
        (r#"{"type":"x","payload":1,"payload":1}"#.into(), Reason::DuplicateKey),
        (r#"{"type":"x","v":1,"v":1}"#.into(), Reason::DuplicateKey),
        (r#"{"type":5,"payload":{}}"#.into(), Reason::WrongType),
        (r#"{"type":"booking:new","payload":[]}"#.into(), Reason::WrongType),
        (r#"{"type":"booking:new","payload":"B1"}"#.into(), Reason::WrongType),
        (r#"{"type":"booking:new","payload":{"id":42}}"#.into(), Reason::WrongType),
        (new(r#","title":5"#), Reason::WrongType),
        (new(r#","title":{"en":"x"}"#), Reason::WrongType),
        (new(r#","amount":true"#), Reason::WrongType),
        (new(r#","amount":[1]"#), Reason::WrongType),
        (new(r#","timestamp":1763864045"#), Reason::WrongType),
        (new(r#","party":4"#), Reason::WrongType),
        (new(r#","changes":{}"#), Reason::WrongType),
        (new(r#","changes":[{"from":1}]"#), Reason::WrongType),
        (new(r#","live":"yes""#), Reason::WrongType),
        (r#"{"type":"x","seq":"1"}"#.into(), Reason::WrongType),
        (new(r#","amount":1e400"#), Reason::BadValue),
        (new(r#","amount":0.1234567890123456789012345678901"#), Reason::BadValue),
        (new(r#","amount":"1,250.00""#), Reason::BadValue),
        (new(r#","amount":"1_000""#), Reason::BadValue),
        (new(r#","pool":1e400"#), Reason::BadValue),
        (new(r#","pool":123456789012345678901234"#), Reason::BadValue),
        (new(r#","revision":-1"#), Reason::BadValue),
        (new(r#","revision":1.5"#), Reason::BadValue),
        (new(r#","revision":99999999999999999999"#), Reason::BadValue),
        (new(r#","timestamp":"yesterday""#), Reason::BadValue),
        (new(r#","timestamp":"2026-11-23T02:14:05""#), Reason::BadValue),
        (new(r#","starts":"2026-13-01""#), Reason::BadValue),
        (new(r#","party":{"adults":-2}"#), Reason::BadValue),
        (r#"{"type":"booking:new","payload":{"id":"B\u0007"}}"#.into(), Reason::BadValue),
        (r#"{"type":"booking:new"}"#.into(), Reason::NoId),
        (r#"{"type":"booking:new","payload":{}}"#.into(), Reason::NoId),
        (r#"{"type":"booking:new","payload":{"id":null}}"#.into(), Reason::NoId),
        (r#"{"type":"booking:new","payload":{"id":" "}}"#.into(), Reason::NoId),
        (r#"{"payload":{},"type":"booking:new"}"#.into(), Reason::NoId),
    ];
    for (frame, reason) in cases {
        let refused = read(&frame).expect_err(&frame);
        assert_eq!(refused.reason, reason, "{frame}: {}", refused.said);
        assert_eq!(&*refused.bytes, frame.as_bytes());
        assert!(!refused.said.is_empty());
    }
    assert_eq!(read(b"{\"type\":\"\xff\"}").unwrap_err().reason, Reason::NotUtf8);
}

#[test]
fn each_limit_holds_at_it_and_refuses_one_past_it() {
    let nested = |levels: usize| {
        new(&format!(r#","pool":{}{}"#, "[".repeat(levels - 2), "]".repeat(levels - 2)))
    };
    let keys =
        |count: usize| new(&(3..count).map(|i| format!(r#","k{i}":{i}"#)).collect::<String>());
    let items = |count: usize| new(&format!(r#","pool":[0{}]"#, ",0".repeat(count - 1)));
    let title = |bytes: usize| new(&format!(r#","title":"{}""#, "x".repeat(bytes)));
    let pool = |bytes: usize| new(&format!(r#","pool":"{}""#, "x".repeat(bytes)));
    let name = |bytes: usize| new(&format!(r#","{}":1"#, "x".repeat(bytes)));
    let id = |bytes: usize| {
        format!(r#"{{"type":"booking:new","payload":{{"id":"{}"}}}}"#, "x".repeat(bytes))
    };
    let cases = [
        (nested(DEPTH_MAX), nested(DEPTH_MAX + 1), Reason::TooDeep),
        (keys(KEYS_MAX), keys(KEYS_MAX + 1), Reason::TooLarge),
        (items(ITEMS_MAX), items(ITEMS_MAX + 1), Reason::TooLarge),
        (title(TEXT_BYTES_MAX), title(TEXT_BYTES_MAX + 1), Reason::TooLarge),
        (pool(TEXT_BYTES_MAX), pool(TEXT_BYTES_MAX + 1), Reason::TooLarge),
        (name(ID_BYTES_MAX), name(ID_BYTES_MAX + 1), Reason::TooLarge),
        (id(ID_BYTES_MAX), id(ID_BYTES_MAX + 1), Reason::TooLarge),
    ];
    for (at, past, reason) in cases {
        assert!(read(&at).is_ok(), "{:?}", read(&at).unwrap_err().said);
        assert_eq!(read(&past).unwrap_err().reason, reason);
    }
    let small = reader().frame_bytes_max(id(1).len());
    assert!(small.read(id(1).as_bytes(), received()).is_ok());
    let refused = small.read(id(2).as_bytes(), received()).unwrap_err();
    assert_eq!(refused.reason, Reason::TooLarge);
    assert_eq!(read("[".repeat(10_000)).unwrap_err().reason, Reason::TooDeep);
    let brackets_in_text = new(&format!(r#","title":"\"{}""#, "[".repeat(1000)));
    assert!(read(brackets_in_text).is_ok());
}

#[test]
fn what_is_kept_of_a_refused_frame_is_bounded_and_printable() {
    let refused = read("x".repeat(KEPT_BYTES_MAX + 7)).unwrap_err();
    assert_eq!(refused.bytes.len(), KEPT_BYTES_MAX);
    assert_eq!(refused.length, KEPT_BYTES_MAX as u64 + 7);
    let hostile = "{\"type\":\"x\",\"\u{202e}\\u001b[2J\":1,\"\u{202e}\\u001b[2J\":2}";
    let refused = read(hostile).unwrap_err();
    assert_eq!(refused.said.as_str(), "`frame.[2J` stands twice");
    let guest = r#"{"type":"booking:new","payload":{"id":"B1","party":"0171 555, expected 1"}}"#;
    let said = read(guest).unwrap_err().said;
    assert_eq!(said.as_str(), "expected party as an object at line 1 column 73");
}

#[test]
fn odd_but_honest_frames_are_events() {
    let (odd, event) = booking(r#"{"id":"B1","amount":-0.1,"type":"Boat","status":"NoShow"}"#);
    assert_eq!(odd.amount.unwrap().amount.to_string(), "-0.1");
    assert_eq!(odd.category, Some(Category::Own("boat".into())));
    assert_eq!(odd.status, Some(Status::Own("noshow".into())));
    assert_eq!(event.at, event.received);

    let (bare, _) = booking(r#"{"id":"B1","title":null,"party":null,"guest":null,"changes":null}"#);
    assert_eq!(bare, Booking { status: Some(Status::New), ..Booking::of("B1") });

    let (text, _) = booking(r#"{"id":"B1","amount":"1250.50","currency":"thb"}"#);
    assert_eq!(text.amount.unwrap().to_string(), "1,250.50 THB");

    let late = r#"{"seq":7,"payload":{"status":"new","id":"B1"},"type":"booking:confirmed"}"#;
    let late = read(late).unwrap();
    assert_eq!(late.seq, Some(7));
    let Said::Event(late) = late.said else { panic!("a word") };
    assert_eq!(late.booking().unwrap().status, Some(Status::New));
}

#[test]
fn what_cannot_be_read_as_ours_is_kept_by_its_own_name() {
    let payload = r#"{"id":"B1","country":"Thailand","amount":10.50,"currency":"baht","pool":[1],
        "party":{"adults":2,"dogs":1},"revision":3,"updatedAt":"2026-11-23T02:14:05Z",
        "changes":[{"field":"starts","from":null,"to":"2026-12-01","by":"guest"}]}"#;
    let frame = format!(r#"{{"type":"booking:new","v":2,"payload":{payload}}}"#);
    let event = event(&frame);
    let extra: Value = serde_json::to_value(&event.extra).unwrap();
    let expected = json!({
        "country": "Thailand", "amount": "10.50", "currency": "baht", "pool": [1],
        "party.dogs": 1, "updatedAt": "2026-11-23T02:14:05Z", "changes.0.by": "guest",
        "frame.v": 2,
    });
    assert_eq!(extra, expected);
    let booking = event.booking().unwrap();
    assert_eq!(booking.amount, None);
    assert_eq!(booking.country, None);
    assert_eq!(booking.revision, Some(Revision::Number(3)));
    assert_eq!(booking.changes[0].to, json!("2026-12-01"));
}

#[test]
fn the_larger_model_is_read_under_both_spellings() {
    for (updated, previous, id) in
        [("updatedAt", "previousId", "eventId"), ("updated_at", "previous_id", "event_id")]
    {
        let payload = format!(
            r#"{{"id":"B1","{updated}":"2026-11-23T02:14:05Z","{previous}":"B0","{id}":"E9",
            "reference":"R","group":"G","starts":"2026-12-01","ends":"2026-12-03T10:00:00+07:00",
            "party":{{"adults":2,"total":3}},"channel":{{"ota":"X","direct":false}},
            "guest":{{"name":"N","returning":true}},"live":false}}"#
        );
        let (booking, event) = booking(&payload);
        assert_eq!(event.id.as_deref(), Some("E9"));
        assert_eq!(booking.previous_id.as_ref().unwrap().as_str(), "B0");
        let at = "2026-11-23T02:14:05Z".parse().unwrap();
        assert_eq!(booking.revision, Some(Revision::Updated(at)));
        assert_eq!(booking.starts, Some(Moment::Date("2026-12-01".parse().unwrap())));
        let ends = Moment::Instant("2026-12-03T03:00:00Z".parse().unwrap());
        assert_eq!(booking.ends, Some(ends));
        assert_eq!(booking.party.unwrap().size(), Some(3));
        assert_eq!(booking.live, Some(false));
        assert!(event.extra.is_empty());
    }
}

#[test]
fn an_unknown_type_is_an_event_and_so_is_a_strangers_hello() {
    let frame = r#"{"type":"booking:moved",
        "payload":{"id":"B1","eventId":"E","timestamp":"2026-11-23T02:14:05Z"}}"#;
    let moved = event(frame);
    assert_eq!(moved.id.as_deref(), Some("E"));
    assert_eq!(moved.at.to_string(), "2026-11-23T02:14:05Z");
    let Body::Other(Other { name, .. }) = &moved.body else { panic!("{moved:?}") };
    assert_eq!(&**name, "booking:moved");
    assert!(matches!(event(r#"{"type":"hello","payload":{"v":1}}"#).body, Body::Other(_)));
    assert!(matches!(event(r#"{"type":"gap"}"#).body, Body::Other(_)));
    assert!(matches!(event(r#"{"type":"metrics:update"}"#).body, Body::Metrics(_)));
}

#[test]
fn every_word_is_read_as_it_was_written() {
    let epoch = || "e1".into();
    let words = [
        Word::Hello { epoch: epoch(), seq: 12 },
        Word::Resume { epoch: epoch(), after: u64::MAX },
        Word::Resumed { epoch: epoch(), replayed: 3 },
        Word::Gap { epoch: epoch(), reason: GapReason::NewEpoch, missed: Some(9) },
        Word::Gap { epoch: epoch(), reason: GapReason::TooOld, missed: None },
    ];
    for word in words {
        let read = read(write_word(&word)).unwrap();
        assert_eq!(read, FrameRead { seq: None, said: Said::Word(word) });
    }
}

#[test]
fn the_number_of_a_written_frame_is_read_again() {
    let first = event(include_str!("../fixtures/booking-new.json"));
    assert_eq!(read(write(&first, Some(41))).unwrap().seq, Some(41));
}
