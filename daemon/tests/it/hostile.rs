//! Job: what a hostile or broken feed can do to the daemon: nothing.
//! Takes: a house whose feed the test speaks itself, frame by frame.
//! Gives: quarantine by reason, a daemon that lives, memory that stays.
//! Never: sends anything off this machine.

use contract::Status;
use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use crate::house::{House, booking};

const RULES: &str = "[[rule]]\nname = \"All\"\ndata = true\nring = [\"webhook.out\"]\n";

/// A frame, and the reason it is quarantined for.
fn rubbish() -> Vec<(Vec<u8>, &'static str)> {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (text("not json"), "not-json"),
        (text(r#"{"type":"booking:new","payload":{"id":"A","amount":NaN}}"#), "not-json"),
        (text(&format!(r#"{{"type":"x","payload":{deep}}}"#)), "too-deep"),
        (text(r#"{"type":"booking:new","payload":{"id":"A","id":"B"}}"#), "duplicate-key"),
        (text(r#"{"type":"booking:new","payload":{"id":"A","title":7}}"#), "wrong-type"),
        (text(r#"{"type":"booking:new","payload":{"id":"A","amount":1e400}}"#), "bad-value"),
        (text(r#"{"type":"booking:new","payload":{"title":"nobody"}}"#), "no-id"),
        (text("[]"), "not-a-frame"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_quarantined_by_reason_and_the_next_frame_rings() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut house = House::build_with_feed(RULES, listener.local_addr().unwrap()).await;
    house.spawn();
    let (stream, _) = house.within("a client", listener.accept()).await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let mut expected = Vec::new();
    for (frame, reason) in rubbish() {
        let text = String::from_utf8(frame).unwrap();
        socket.send(Message::text(text)).await.unwrap();
        expected.push(reason.to_owned());
    }
    let good = contract::frame::write(&booking("GOOD", Status::New, "10"), None);
    socket.send(Message::text(good)).await.unwrap();
    house.accepted(1).await;
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&house.said(&["history", "--quarantined", "--json"]).await).unwrap();
    let mut reasons: Vec<String> =
        rows.iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect();
    reasons.sort();
    expected.sort();
    assert_eq!(reasons, expected);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_says_it_is_a_gigabyte_long_costs_a_connection_and_no_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut house = House::build_with_feed(RULES, listener.local_addr().unwrap()).await;
    house.spawn();
    let before = {
        let stream = shake_hands(&house, &listener).await;
        let before = house.resident_bytes();
        oversell(stream).await;
        before
    };
    // A third offence in a row would slow the client down to every five minutes.
    let stream = shake_hands(&house, &listener).await;
    oversell(stream).await;
    let mut stream = shake_hands(&house, &listener).await;
    let good = contract::frame::write(&booking("GOOD", Status::New, "10"), None);
    let length = u16::try_from(good.len()).unwrap().to_be_bytes();
    stream.write_all(&[&[0x81, 126], &length[..], good.as_bytes()].concat()).await.unwrap();
    house.accepted(1).await;
    let grown = house.resident_bytes().saturating_sub(before);
    assert!(grown < 32 << 20, "grown by {grown} bytes");
    house.close().await;
}

/// Sends the head of a frame of 1 GB and some of it, and waits for the client to leave.
async fn oversell(mut stream: TcpStream) {
    let head = [&[0x81, 127], &(1_u64 << 30).to_be_bytes()[..]].concat();
    // The client may leave before it was sent all.
    let _ = stream.write_all(&head).await;
    let _ = stream.write_all(&vec![b'x'; 1 << 16]).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

async fn shake_hands(house: &House, listener: &TcpListener) -> TcpStream {
    let (stream, _) = house.within("a client", listener.accept()).await.unwrap();
    let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    socket.into_inner()
}
