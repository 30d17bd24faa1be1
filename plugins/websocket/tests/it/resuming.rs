//! Job: shows that what was missed is asked for, and what cannot be had is told.
//! Takes: servers that resume, that do not, and that count anew.
//! Gives: `Resumed`, `Missed` and the cursor to commit.
//! Never: waits by a real clock.

use std::time::Duration;

use contract::frame::{Word, write_word};
use contract::{Cursor, GapReason, Incoming, Session, Source};

use crate::doors::Doors;
use crate::wire::{Peer, Wire, text};
use crate::{batch, booking};

fn cursor(epoch: &str, seq: u64) -> Cursor {
    Cursor(format!(r#"{{"epoch":"{epoch}","seq":{seq}}}"#).into())
}

fn hello(epoch: &str, seq: u64) -> Vec<u8> {
    text(&write_word(&Word::Hello { epoch: epoch.into(), seq }))
}

async fn open(
    source: &dyn Source,
    resume: Option<&Cursor>,
    wire: &Wire,
    first: &[u8],
) -> (Box<dyn Session>, Peer) {
    let (opened, peer) = tokio::join!(source.open(resume), wire.shake(first));
    (opened.unwrap_or_else(|lost| panic!("{lost}")), peer)
}

async fn missed(session: &mut Box<dyn Session>) -> (GapReason, Option<u64>) {
    match session.next().await.unwrap() {
        Incoming::Missed { reason, missed, gap: None } => (reason, missed),
        other => panic!("nothing missed: {other:?}"),
    }
}

/// Reads on until the feed has resumed and the cursor stands there. Gives the ids that came, and
/// how many were sent again.
async fn until(session: &mut Box<dyn Session>, there: Cursor) -> (Vec<String>, Option<u64>) {
    let (mut ids, mut resumed, mut at) = (Vec::new(), None, None);
    while resumed.is_none() || at.as_ref() != Some(&there) {
        match session.next().await.unwrap() {
            Incoming::Events { read, cursor, .. } => {
                ids.extend(read.into_iter().map(|read| read.unwrap().subject().to_owned()));
                at = cursor;
            }
            Incoming::Resumed { replayed } => resumed = Some(replayed),
            Incoming::Alive => {}
            missed @ Incoming::Missed { .. } => panic!("{missed:?}"),
        }
    }
    (ids, resumed)
}

#[tokio::test]
async fn a_numbered_feed_is_resumed_after_the_cursor() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let first = [hello("e1", 4), text(&booking("B5", Some(5)))].concat();
    let (mut session, _peer) = open(&*source, None, &wire, &first).await;
    let (read, first_cursor) = batch(&mut session).await;
    assert_eq!(read.len(), 1);
    assert_eq!(first_cursor, Some(cursor("e1", 5)));

    let (mut session, mut peer) =
        open(&*source, first_cursor.as_ref(), &wire, &hello("e1", 7)).await;
    let server = async {
        let (opcode, asked) = peer.frame().await;
        let asked = String::from_utf8(asked).unwrap();
        assert_eq!(
            (opcode, &*asked),
            (1, r#"{"type":"resume","payload":{"after":5,"epoch":"e1"}}"#)
        );
        let resumed = write_word(&Word::Resumed { epoch: "e1".into(), replayed: 2 });
        let frames = [booking("B6", Some(6)), booking("B7", Some(7)), resumed];
        peer.send(&frames.map(|frame| text(&frame)).concat()).await;
        peer
    };
    let ((ids, replayed), _peer) = tokio::join!(until(&mut session, cursor("e1", 7)), server);
    assert_eq!(ids, ["B6", "B7"]);
    assert_eq!(replayed, Some(2));
}

#[tokio::test]
async fn a_feed_without_hello_misses_something_on_each_reconnect_and_holds_nothing_back() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let first = text(&booking("B1", None));
    let (mut session, _peer) = open(&*source, None, &wire, &first).await;
    assert_eq!(batch(&mut session).await.0.len(), 1);
    let (mut session, _peer) = open(&*source, None, &wire, &first).await;
    assert_eq!(missed(&mut session).await, (GapReason::NotOffered, None));
    assert_eq!(batch(&mut session).await.0.len(), 1);
}

#[tokio::test]
async fn a_silent_server_counts_as_one_without_resume_after_two_seconds() {
    let wire = Wire::bind().await;
    let doors = Doors::new();
    let source = doors.source(&wire.url(), "");
    let (mut session, _peer) = open(&*source, Some(&cursor("e1", 5)), &wire, b"").await;
    doors.clock.advance(Duration::from_secs(2));
    assert_eq!(missed(&mut session).await, (GapReason::NotOffered, None));
}

#[tokio::test]
async fn a_jump_is_told_between_the_frames_it_lies_between() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let frames = [booking("B1", Some(1)), booking("B4", Some(4))].map(|frame| text(&frame));
    let first = [hello("e1", 0), frames.concat()].concat();
    let (mut session, _peer) = open(&*source, None, &wire, &first).await;
    let (read, cursor_before) = batch(&mut session).await;
    assert_eq!(read[0].as_ref().unwrap().subject(), "B1");
    assert_eq!(cursor_before, None);
    assert_eq!(missed(&mut session).await, (GapReason::Skipped, Some(2)));
    let (read, cursor_after) = batch(&mut session).await;
    assert_eq!(read[0].as_ref().unwrap().subject(), "B4");
    assert_eq!(cursor_after, Some(cursor("e1", 4)));
}

#[tokio::test]
async fn a_gap_and_a_new_epoch_are_told() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let gap = Word::Gap { epoch: "e1".into(), reason: GapReason::TooOld, missed: Some(9) };
    let first = [hello("e1", 20), text(&write_word(&gap))].concat();
    let (mut session, _peer) = open(&*source, Some(&cursor("e1", 5)), &wire, &first).await;
    assert_eq!(missed(&mut session).await, (GapReason::TooOld, Some(9)));

    let (mut session, mut peer) =
        open(&*source, Some(&cursor("e1", 5)), &wire, &hello("e2", 20)).await;
    assert_eq!(missed(&mut session).await, (GapReason::NewEpoch, None));
    let asked = String::from_utf8(peer.frame().await.1).unwrap();
    assert_eq!(asked, r#"{"type":"resume","payload":{"after":0,"epoch":"e2"}}"#);
}
