//! Job: shows what comes of the frames a server sends.
//! Takes: good frames, broken ones, and bytes that are no frames at all.
//! Gives: events and unreadable frames in order; the code we close with.
//! Never: waits by a real clock.

use contract::frame::Reason;
use contract::{LostKind, Session};
use futures_util::FutureExt;
use tokio::io::AsyncReadExt;

use crate::doors::Doors;
use crate::wire::{Peer, Wire, frame, text};
use crate::{batch, booking, end};

async fn connected(first: &[u8], rest: &str) -> (Box<dyn Session>, Peer, Doors) {
    let wire = Wire::bind().await;
    let doors = Doors::new();
    let source = doors.source(&wire.url(), rest);
    let (opened, peer) = tokio::join!(source.open(None), wire.shake(first));
    (opened.unwrap_or_else(|lost| panic!("{lost}")), peer, doors)
}

#[tokio::test]
async fn frames_that_are_there_come_as_one_batch_in_order() {
    let fixtures = [
        include_str!("../../../contract/fixtures/booking-new.json"),
        include_str!("../../../contract/fixtures/metrics-update.json"),
    ];
    let rubbish = text("{\"type\":\"booking:new\",\"payload\":{}}");
    let binary = frame(0x82, fixtures[0].as_bytes());
    let halves = [frame(0x01, b"{\"type\":"), frame(0x80, b"\"other\"}")].concat();
    let all = [text(fixtures[0]), rubbish, text(fixtures[1]), binary, halves].concat();
    let (mut session, _peer, _) = connected(&all, "feed = \"house\"").await;
    let (read, cursor) = batch(&mut session).await;
    assert_eq!(cursor.unwrap().0, "{}".into());
    let subjects: Vec<_> = read
        .iter()
        .map(|read| match read {
            Ok(event) => event.subject().to_owned(),
            Err(unreadable) => format!("{:?}", unreadable.reason),
        })
        .collect();
    assert_eq!(subjects, ["BK-20261123-0001", "NoId", "metrics", "BK-20261123-0001", "other"]);
    let first = read[0].as_ref().unwrap();
    assert_eq!(first.feed.as_str(), "house");
    assert_eq!(first.source.as_str(), "websocket.dashboard");
}

#[tokio::test]
async fn a_batch_is_bounded_and_nothing_of_the_rest_is_lost() {
    let (mut session, mut peer, _) = connected(b"", "").await;
    let frames: Vec<u8> = (0..5000).flat_map(|i| text(&booking(&format!("B{i}"), None))).collect();
    let read = async {
        let mut ids = Vec::new();
        while ids.len() < 5000 {
            let (read, _) = batch(&mut session).await;
            assert!(read.len() <= 1024);
            ids.extend(read.into_iter().map(|event| event.unwrap().subject().to_owned()));
        }
        ids
    };
    let (ids, ()) = tokio::join!(read, peer.send(&frames));
    assert!(ids.iter().enumerate().all(|(i, id)| *id == format!("B{i}")));
}

#[tokio::test]
async fn a_call_given_up_in_the_middle_of_a_frame_loses_nothing() {
    let (mut session, mut peer, _) = connected(b"", "").await;
    let bytes = text(&booking("B1", None));
    for part in bytes.chunks(7) {
        assert!(session.next().now_or_never().is_none());
        peer.send(part).await;
    }
    let (read, _) = batch(&mut session).await;
    assert_eq!(read[0].as_ref().unwrap().subject(), "B1");
}

#[tokio::test]
async fn each_offence_is_answered_with_its_code_and_named() {
    let flood = [vec![0x01, 0x01, b'x'], [0x00, 0x01, b'x'].repeat(2048)].concat();
    let cases: Vec<(&str, Vec<u8>, u16, Option<Reason>)> = vec![
        ("1 GB", vec![0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0], 1009, Some(Reason::TooLarge)),
        ("one past the limit", frame(0x81, &[b'x'; 1025]), 1009, Some(Reason::TooLarge)),
        ("a lie about the length", vec![0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 1], 1009, None),
        ("a flood of fragments", flood, 1009, Some(Reason::TooLarge)),
        ("bad UTF-8", frame(0x81, &[0xff, 0xfe]), 1007, Some(Reason::NotUtf8)),
        ("a masked frame", vec![0x81, 0x81, 1, 2, 3, 4, b'x' ^ 1], 1002, None),
        ("RSV bits", frame(0xc1, b"{}"), 1002, None),
        ("an unknown opcode", frame(0x83, b"{}"), 1002, None),
        ("a fragmented ping", frame(0x09, b""), 1002, None),
        ("a continuation of nothing", frame(0x80, b"x"), 1002, None),
    ];
    for (name, bytes, code, reason) in cases {
        let all = [text(&booking("B1", None)), bytes].concat();
        let (mut session, mut peer, _) = connected(&all, "max_frame = \"1KiB\"").await;
        let (read, _) = batch(&mut session).await;
        assert_eq!(read[0].as_ref().unwrap().subject(), "B1", "{name}");
        if let Some(reason) = reason {
            let unreadable = match read.get(1) {
                Some(offender) => offender.clone(),
                None => batch(&mut session).await.0.remove(0),
            };
            assert_eq!(unreadable.unwrap_err().reason, reason, "{name}");
        }
        let lost = end(&mut session).await;
        assert_eq!(lost.kind, LostKind::Offence, "{name}: {lost}");
        let (opcode, payload) = peer.frame().await;
        assert_eq!((opcode, payload), (8, code.to_be_bytes().to_vec()), "{name}: {lost}");
    }
}

#[tokio::test]
async fn a_frame_at_the_limit_is_read() {
    let title = "x".repeat(1024 - r#"{"type":"a","payload":""}"#.len());
    let all = text(&format!(r#"{{"type":"a","payload":"{title}"}}"#));
    let (mut session, _peer, _) = connected(&all, "max_frame = \"1KiB\"").await;
    assert!(batch(&mut session).await.0[0].is_ok());
}

#[tokio::test]
async fn each_end_by_the_server_is_told_after_what_came_before_it() {
    let close = |code: u16| frame(0x88, &[&code.to_be_bytes()[..], b"so it is"].concat());
    let cases = [
        (close(1000), LostKind::Dropped),
        (close(1001), LostKind::Dropped),
        (close(1008), LostKind::Denied),
        (close(1011), LostKind::Dropped),
        (close(1012), LostKind::Dropped),
        (close(1013), LostKind::Busy),
        (close(4001), LostKind::Config),
        (frame(0x88, b""), LostKind::Dropped),
    ];
    for (bytes, kind) in cases {
        let all = [text(&booking("B1", None)), bytes].concat();
        let (mut session, mut peer, _) = connected(&all, "").await;
        assert_eq!(batch(&mut session).await.0.len(), 1);
        let lost = end(&mut session).await;
        assert_eq!(lost.kind, kind, "{lost}");
        assert_eq!(peer.frame().await.0, 8, "the close is answered");
    }
}

#[tokio::test]
async fn a_socket_that_is_dropped_is_a_lost_connection() {
    let (mut session, peer, _) = connected(&text(&booking("B1", None)), "").await;
    drop(peer);
    assert_eq!(batch(&mut session).await.0.len(), 1);
    assert_eq!(end(&mut session).await.kind, LostKind::Dropped);
}

#[tokio::test]
async fn a_good_bye_is_said_with_1000_and_does_not_wait_for_ever() {
    let (mut session, mut peer, doors) = connected(b"", "").await;
    let answer = async {
        assert_eq!(peer.frame().await, (8, 1000u16.to_be_bytes().to_vec()));
        doors.clock.advance(std::time::Duration::from_secs(1));
    };
    tokio::join!(session.close(), answer);
    drop(session);
    assert_eq!(peer.stream.read(&mut [0]).await.unwrap(), 0);
}
