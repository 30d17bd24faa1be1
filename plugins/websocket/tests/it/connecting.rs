//! Job: shows what each way of not connecting becomes, and what the handshake carries.
//! Takes: handshakes that are refused, slow, or never answered.
//! Gives: `Lost` by kind; the headers as the server saw them.
//! Never: waits by a real clock.

use std::time::Duration;

use contract::{Lost, LostKind, Session};
use futures_util::FutureExt;
use tokio::io::AsyncReadExt;

use crate::doors::Doors;
use crate::wire::Wire;

fn lost(opened: Result<Box<dyn Session>, Lost>) -> Lost {
    match opened {
        Ok(_) => panic!("connected"),
        Err(lost) => lost,
    }
}

#[tokio::test]
async fn each_refused_handshake_has_its_reaction() {
    let cases = [
        ("401 Unauthorized", LostKind::Denied, None),
        ("403 Forbidden", LostKind::Denied, None),
        ("404 Not Found", LostKind::Config, None),
        ("400 Bad Request", LostKind::Config, None),
        ("200 OK", LostKind::Config, None),
        ("502 Bad Gateway", LostKind::Unreachable, None),
        ("429 Too Many Requests", LostKind::Busy, None),
        ("429 Too Many Requests\r\nRetry-After: 7", LostKind::Busy, Some(7)),
        ("503 Service Unavailable\r\nRetry-After: 90", LostKind::Busy, Some(90)),
        (
            "503 Service Unavailable\r\nRetry-After: Mon, 23 Nov 2026 02:05:00 GMT",
            LostKind::Busy,
            Some(200),
        ),
        ("101 Switching Protocols", LostKind::Config, None),
    ];
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    for (answer, kind, after) in cases {
        let (opened, _) = tokio::join!(source.open(None), wire.refuse(answer));
        let lost = lost(opened);
        assert_eq!(lost.kind, kind, "{answer}: {lost}");
        assert_eq!(lost.after, after.map(Duration::from_secs), "{answer}");
        assert!(!lost.said.contains("in-the-query"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere_else() {
    let (wire, elsewhere) = (Wire::bind().await, Wire::bind().await);
    let doors = Doors::new();
    doors.vault.put("feed", "s3cret-token");
    let source = doors.source(&wire.url(), "token = { credential = \"feed\" }");
    let answer = format!("302 Found\r\nLocation: {}", elsewhere.url());
    let (opened, peer) = tokio::join!(source.open(None), wire.refuse(&answer));
    let lost = lost(opened);
    assert_eq!(lost.kind, LostKind::Config);
    assert!(lost.said.contains("redirect") && !lost.said.contains("s3cret-token"));
    assert_eq!(peer.header("authorization").unwrap(), "Bearer s3cret-token");
    assert!(elsewhere.0.accept().now_or_never().is_none());
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_ends_at_its_deadline() {
    let wire = Wire::bind().await;
    let doors = Doors::new();
    let source = doors.source(&wire.url(), "handshake_timeout = \"15s\"");
    let silent = async {
        let peer = wire.accept().await;
        doors.clock.advance(Duration::from_secs(15));
        peer
    };
    let (opened, _peer) = tokio::join!(source.open(None), silent);
    let lost = lost(opened);
    assert_eq!(lost.kind, LostKind::Unreachable);
    assert_eq!(lost.said.as_str(), "no WebSocket handshake within 15s");
}

#[tokio::test]
async fn the_deadline_is_for_the_whole_handshake_and_not_for_its_silences() {
    let wire = Wire::bind().await;
    let doors = Doors::new();
    let source = doors.source(&wire.url(), "handshake_timeout = \"15s\"");
    let slow = async {
        let mut peer = wire.accept().await;
        for byte in b"HTTP/1.1 101 Sw" {
            peer.send(&[*byte]).await;
            doors.clock.advance(Duration::from_secs(1));
        }
        peer
    };
    let (opened, _peer) = tokio::join!(source.open(None), slow);
    assert_eq!(lost(opened).kind, LostKind::Unreachable);
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_not_there_is_unreachable() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let (opened, ()) = tokio::join!(source.open(None), async { drop(wire.accept().await) });
    assert_eq!(lost(opened).kind, LostKind::Unreachable);
    drop(wire);
    assert_eq!(lost(source.open(None).await).kind, LostKind::Unreachable);
}

#[tokio::test]
async fn an_answer_to_the_handshake_without_end_is_an_offence() {
    let wire = Wire::bind().await;
    let source = Doors::new().source(&wire.url(), "");
    let endless = async {
        let mut peer = wire.accept().await;
        let lines = b"X-Filler: 0123456789abcdef\r\n".repeat(8 << 10);
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\n").await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &lines).await;
        let mut rest = Vec::new();
        let _ = peer.stream.read_to_end(&mut rest).await;
    };
    let (opened, ()) = tokio::join!(source.open(None), endless);
    let lost = lost(opened);
    assert!(matches!(lost.kind, LostKind::Offence | LostKind::Config), "{lost:?}");
}

#[tokio::test]
async fn the_handshake_carries_token_headers_and_subprotocol_and_reads_the_token_anew() {
    let wire = Wire::bind().await;
    let doors = Doors::new();
    doors.vault.put("feed", "first");
    let rest = "token = { credential = \"feed\" }\nsubprotocol = \"bookings.v1\"\n\
                headers = { X-Tenant = \"siam-trips\" }";
    let source = doors.source(&wire.url(), rest);
    for token in ["first", "second"] {
        doors.vault.put("feed", token);
        let (opened, peer) = tokio::join!(source.open(None), wire.shake(b""));
        opened.unwrap_or_else(|lost| panic!("{lost}"));
        assert_eq!(peer.header("authorization").unwrap(), format!("Bearer {token}"));
        assert_eq!(peer.header("x-tenant").unwrap(), "siam-trips");
        assert_eq!(peer.header("sec-websocket-protocol").unwrap(), "bookings.v1");
        assert_eq!(peer.header("sec-websocket-extensions"), None);
        assert!(peer.request.starts_with("GET /admin/dashboard?key=in-the-query HTTP/1.1\r\n"));
    }
    doors.vault.put("feed", "two\nlines");
    let lost = lost(source.open(None).await);
    assert_eq!(lost.kind, LostKind::Config);
    assert!(!lost.said.contains("lines"));
}
