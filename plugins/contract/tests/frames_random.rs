//! Job: shows that nothing is lost between writing a frame and reading it, and nothing panics.
//! Takes: random bookings, random JSON and random bytes.
//! Gives: the smallest that breaks the claim.
//! Never: depends on a clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use contract::frame::{FrameRead, Reader, Said, Unreadable, write};
use contract::{
    Body, Booking, Category, Changed, Channel, Country, Currency, Event, Guest, Moment, Money,
    Party, Revision, Status, Text,
};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

fn received() -> Timestamp {
    "2026-11-23T03:00:00Z".parse().unwrap()
}

fn read(frame: impl AsRef<[u8]>) -> Result<FrameRead, Unreadable> {
    let reader = Reader::new("websocket.dashboard".into(), "dashboard".into());
    reader.read(frame.as_ref(), received())
}

fn text() -> impl Strategy<Value = Text> {
    "\\PC{0,12}|.{0,6}".prop_map(Text::from)
}

fn money() -> impl Strategy<Value = Money> {
    (any::<i64>(), 0u32..20, of("[A-Z]{3}")).prop_map(|(digits, scale, code)| Money {
        amount: rust_decimal::Decimal::new(digits, scale),
        currency: code.map(|code| code.parse::<Currency>().unwrap()),
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (1i8..=12, 1i8..=28).prop_map(|(m, d)| Moment::Date(jiff::civil::date(2027, m, d))),
        instant().prop_map(Moment::Instant),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000)
        .prop_map(|(seconds, nanos)| Timestamp::new(seconds, nanos).unwrap())
}

fn open() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("[a-z]{1,4}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn change() -> impl Strategy<Value = Changed> {
    let name = "[a-z]{1,8}".prop_map(Text::from);
    (name, open(), open()).prop_map(|(field, from, to)| Changed { field, from, to })
}

fn status() -> impl Strategy<Value = Status> {
    "new|confirmed|cancelled|[a-z]{1,8}|É{1,3}".prop_map(|name| Status::from(name.as_str()))
}

fn party() -> impl Strategy<Value = Party> {
    let count = any::<Option<u32>>;
    (count(), count(), count(), count()).prop_map(|(adults, children, infants, total)| Party {
        adults,
        children,
        infants,
        total,
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    (of(text()), of(text()), any::<Option<bool>>()).prop_map(|(ota, agent, direct)| Channel {
        ota,
        agent,
        direct,
    })
}

fn guest() -> impl Strategy<Value = Box<Guest>> {
    (of(text()), of(text()), of(text()), of(text()), any::<Option<bool>>()).prop_map(
        |(name, email, phone, country, returning)| {
            Box::new(Guest { name, email, phone, country, returning })
        },
    )
}

prop_compose! {
    fn small()(
        id in "[!-~]{1,20}|\\PC{0,4}x",
        category in of("tour|car|[a-z]{1,8}"),
        status in status(),
        title in of(text()),
        customer in of(text()),
        amount in of(money()),
        country in of("[A-Z]{2}"),
    ) -> Booking {
        Booking {
            category: category.map(|name| Category::from(name.as_str())),
            status: Some(status),
            title,
            customer,
            amount,
            country: country.map(|code| code.parse::<Country>().unwrap()),
            ..Booking::of(id)
        }
    }
}

prop_compose! {
    fn large()(
        small in small(),
        revision in of(prop_oneof![
            any::<u64>().prop_map(Revision::Number),
            instant().prop_map(Revision::Updated),
        ]),
        (reference, group, previous) in (of(text()), of(text()), of("[!-~]{1,20}")),
        changes in vec(change(), 0..4),
        (starts, ends) in (of(moment()), of(moment())),
        (party, channel, guest) in (of(party()), of(channel()), of(guest())),
        live in any::<Option<bool>>(),
    ) -> Booking {
        Booking {
            revision,
            reference,
            group,
            previous_id: previous.map(Into::into),
            changes,
            starts,
            ends,
            party,
            channel,
            guest,
            live,
            ..small
        }
    }
}

prop_compose! {
    fn events()(
        booking in large(),
        id in of("[!-~]{1,20}"),
        at in instant(),
        extra in btree_map("x[a-z.]{1,6}", open(), 0..4),
    ) -> Event {
        Event {
            id: id.map(Into::into),
            source: "websocket.dashboard".into(),
            feed: "dashboard".into(),
            at,
            received: received(),
            body: Body::Booking(booking),
            extra: extra.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        }
    }
}

proptest! {
    #[test]
    fn a_written_booking_is_read_as_it_was(first in events(), seq in any::<Option<u64>>()) {
        let frame = write(&first, seq);
        let read = read(&frame).map_err(|no| TestCaseError::fail(format!("{no:?}")))?;
        prop_assert_eq!(read, FrameRead { seq, said: Said::Event(first) });
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(bytes);
    }

    #[test]
    fn no_damaged_frame_makes_the_reader_panic(
        first in events(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut frame = write(&first, Some(1)).into_bytes();
        let at = at.index(frame.len());
        frame[at] = byte;
        let _ = read(&frame);
        let _ = read(&frame[..at]);
    }

    #[test]
    fn no_json_makes_the_reader_panic(payload in open(), name in "[a-z]{1,5}|booking:new|gap") {
        let _ = read(json!({ "type": name, "payload": payload }).to_string());
    }
}
