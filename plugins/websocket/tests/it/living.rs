//! Job: shows how a connection is known to live.
//! Takes: pings that are answered, and pings that are not.
//! Gives: `Alive`, or `Lost` in time.
//! Never: waits by a real clock.

use std::time::Duration;

use contract::{Incoming, LostKind, Session};

use crate::doors::Doors;
use crate::wire::{Peer, Wire, frame, text};
use crate::{batch, booking, end};

async fn connected(doors: &Doors) -> (Box<dyn Session>, Peer) {
    let wire = Wire::bind().await;
    let source = doors.source(&wire.url(), "ping = { every = \"15s\", answer = \"10s\" }");
    let (opened, peer) = tokio::join!(source.open(None), wire.shake(b""));
    (opened.unwrap_or_else(|lost| panic!("{lost}")), peer)
}

/// Waits for a sign of life; a cursor may come before it.
async fn alive(session: &mut Box<dyn Session>) {
    loop {
        match session.next().await.unwrap() {
            Incoming::Alive => return,
            Incoming::Events { read, .. } => assert!(read.is_empty()),
            other => panic!("{other:?}"),
        }
    }
}

/// Waits for the one event of a batch; a cursor may come before it.
async fn one_event(session: &mut Box<dyn Session>) {
    while batch(session).await.0.is_empty() {}
}

#[tokio::test]
async fn a_ping_without_an_answer_ends_the_connection_however_open_it_looks() {
    let doors = Doors::new();
    let (mut session, mut peer) = connected(&doors).await;
    let silent = async {
        doors.clock.advance(Duration::from_secs(15));
        assert_eq!(peer.frame().await.0, 9);
        doors.clock.advance(Duration::from_secs(10));
        peer
    };
    let (lost, _peer) = tokio::join!(end(&mut session), silent);
    assert_eq!(lost.kind, LostKind::Dropped);
    assert_eq!(lost.said.as_str(), "no answer to our ping within 10s");
}

#[tokio::test]
async fn an_answered_ping_is_a_sign_of_life_and_the_next_one_follows() {
    let doors = Doors::new();
    let (mut session, mut peer) = connected(&doors).await;
    for _ in 0..3 {
        let answer = async {
            doors.clock.advance(Duration::from_secs(15));
            let (opcode, payload) = peer.frame().await;
            assert_eq!(opcode, 9);
            peer.send(&frame(0x8a, &payload)).await;
        };
        tokio::join!(alive(&mut session), answer);
    }
}

#[tokio::test]
async fn frames_show_life_as_well_as_a_pong_does() {
    let doors = Doors::new();
    let (mut session, mut peer) = connected(&doors).await;
    let server = async {
        doors.clock.advance(Duration::from_secs(15));
        assert_eq!(peer.frame().await.0, 9);
        peer.send(&text(&booking("B1", None))).await;
    };
    tokio::join!(one_event(&mut session), server);
    let later = async {
        doors.clock.advance(Duration::from_secs(14));
        peer.send(&text(&booking("B2", None))).await;
    };
    tokio::join!(one_event(&mut session), later);
}

#[tokio::test]
async fn a_ping_of_the_server_is_answered_with_its_own_payload() {
    let doors = Doors::new();
    let (mut session, mut peer) = connected(&doors).await;
    let server = async {
        peer.send(&frame(0x89, b"are you there")).await;
        peer.frame().await
    };
    let (incoming, answer) = tokio::join!(session.next(), server);
    assert!(matches!(incoming, Ok(Incoming::Alive)));
    assert_eq!(answer, (10, b"are you there".to_vec()));
}

#[tokio::test]
async fn what_waited_while_nobody_listened_is_read_before_the_far_side_is_called_dead() {
    let doors = Doors::new();
    let (mut session, mut peer) = connected(&doors).await;
    let pinged = async {
        doors.clock.advance(Duration::from_secs(15));
        assert_eq!(peer.frame().await.0, 9);
        peer.send(&frame(0x89, b"")).await;
        peer.frame().await
    };
    tokio::join!(alive(&mut session), pinged);
    peer.send(&text(&booking("B1", None))).await;
    doors.clock.advance(Duration::from_secs(3600));
    one_event(&mut session).await;
}
