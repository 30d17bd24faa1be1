use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn hub() -> Hub {
    Hub::new("e1", 41, HubLimits::default())
}

#[test]
fn a_frame_is_numbered_from_where_the_caller_said() {
    let hub = hub();
    assert_eq!(hub.publish_frame("a:b", &raw(r#"{"x":1}"#)), 42);
    assert_eq!(hub.publish_frame("quote\"", &raw("[]")), 43);
    let frames = hub.after(41, 9).unwrap();
    assert_eq!(frames[0].as_str(), r#"{"type":"a:b","payload":{"x":1},"seq":42}"#);
    assert_eq!(frames[1].as_str(), r#"{"type":"quote\"","payload":[],"seq":43}"#);
    assert_eq!(hub.seq(), 43);
}

#[test]
fn a_frame_too_long_to_send_leaves_a_gap_under_its_number() {
    let around = r#"{"type":"t","payload":"","seq":"#.len() + 1;
    for (length, whole) in [(FRAME_BYTES_MAX - around - 32, true), (FRAME_BYTES_MAX, false)] {
        let hub = hub();
        assert_eq!(hub.publish_frame("t", &raw(&format!("\"{}\"", "x".repeat(length)))), 42);
        let frame = hub.after(41, 1).unwrap().remove(0);
        assert!(frame.len() <= FRAME_BYTES_MAX);
        assert_eq!(frame.starts_with(r#"{"type":"t""#), whole, "{length}");
        let frame: serde_json::Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(frame["seq"], 42);
        assert_eq!(frame["type"] == "gap", !whole);
    }
}

#[test]
fn every_publisher_gets_numbers_of_its_own() {
    let hub = hub();
    let numbers = std::thread::scope(|scope| {
        let publish = || (0..500).map(|_| hub.publish_frame("t", &raw("1"))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(publish)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let distinct: std::collections::BTreeSet<_> = numbers.iter().collect();
    assert_eq!((distinct.len(), hub.seq()), (2_000, 2_041));
    assert_eq!(*hub.watch_latest().borrow(), 2_041);
}

#[test]
fn seats_are_counted_by_address_but_not_on_loopback() {
    let cases = [
        ("127.0.0.1", "127.0.0.1", true),
        ("::1", "::1", true),
        ("::ffff:127.0.0.1", "127.0.0.1", true),
        ("10.0.0.1", "10.0.0.1", false),
        ("10.0.0.1", "10.0.0.2", true),
        ("::ffff:10.0.0.1", "10.0.0.1", false),
        ("2001:db8::1", "2001:db8::ffff:2", false),
        ("2001:db8::1", "2001:db8:0:1::1", true),
    ];
    for (first, second, both) in cases {
        let hub = hub();
        let taken = hub.seat(first.parse().unwrap(), 9, 1);
        assert!(taken.is_some());
        let other = hub.seat(second.parse().unwrap(), 9, 1);
        assert_eq!(other.is_some(), both, "{first} {second}");
        drop((taken, other));
        assert!(hub.connections().of_address.is_empty());
        assert_eq!(hub.connections().all, 0);
    }
}

#[test]
fn the_last_seat_and_the_last_place_are_given_once() {
    let hub = hub();
    let seats: Vec<_> =
        (0..3).filter_map(|_| hub.seat(IpAddr::from([127, 0, 0, 1]), 2, 1)).collect();
    assert_eq!(seats.len(), 2);
    let first = hub.join(1);
    assert!(first.is_some() && hub.join(1).is_none());
    drop(first);
    assert_eq!(hub.clients(), 0);
    assert!(hub.join(1).is_some());
}
