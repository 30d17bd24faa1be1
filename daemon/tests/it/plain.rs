//! Job: a feed that is not ours: no hello, no numbers, no resume.
//! Takes: a house whose feed the test speaks itself.
//! Gives: gaps that are recorded, refusals that are named, alarms that ring once and clear once.
//! Never: waits for a length of time.

use std::net::SocketAddr;

use contract::Status;
use futures_util::SinkExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::house::{House, booking};

const ALL: &str = "[[rule]]\nname = \"All\"\ndata = true\nring = [\"webhook.out\"]\n";
const ALARM: &str = "[[rule]]\nname = \"Ill\"\nalarm = { feed = [\"down\"], for = \"300ms\" }\n\
                     ring = [\"console.log\"]\n";

/// A house with a feed of the test's own, and the daemon in it.
async fn furnish(rules: &str) -> (House, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut house = House::build_with_feed(rules, listener.local_addr().unwrap()).await;
    house.spawn();
    (house, listener)
}

async fn client(house: &House, listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = house.within("a client", listener.accept()).await.unwrap();
    tokio_tungstenite::accept_async(stream).await.unwrap()
}

async fn tell(socket: &mut WebSocketStream<TcpStream>, id: &str) {
    let frame = contract::frame::write(&booking(id, Status::New, "10"), None);
    socket.send(Message::text(frame)).await.unwrap();
}

/// Listens again where somebody listened before.
async fn listen_again(house: &House, address: SocketAddr) -> TcpListener {
    let listening = async {
        loop {
            match TcpListener::bind(address).await {
                Ok(listener) => return listener,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    house.within("the port", listening).await
}

/// Waits until the status is as wanted.
async fn status_where(house: &House, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let status = house.status().await;
            if is_so(&status) {
                return status;
            }
        }
    };
    house.within(what, asking).await
}

/// Waits for so many lines of the console sink, and returns their titles.
async fn titles(house: &House, count: usize) -> Vec<String> {
    let printed = async {
        while house.console().len() < count {
            house.status().await;
        }
    };
    house.within("the console", printed).await;
    let title = |line: &Value| line["title"].as_str().unwrap().to_owned();
    house.console().iter().map(title).collect()
}

/// Ends a house whose console has so many lines at the end, and no more.
async fn close_after(mut house: House, lines: usize) {
    assert!(house.terminate().await.success());
    assert_eq!(house.console().len(), lines);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_dies_and_returns_leaves_a_gap_in_status_and_history() {
    let (mut house, listener) = furnish(ALL).await;
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B1").await;
    house.accepted(1).await;
    drop(socket);
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B2").await;
    house.accepted(2).await;
    let status = house.status().await;
    assert_eq!(status["today"]["gaps"], 1);
    assert_eq!(status["feeds"][0]["resumes"], false);
    let text = house.deskbell(&["status"]).await;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("1 gap") && text.contains("cannot resume"), "{text}");

    // A crash is a hole as well, though nobody was there to see it begin.
    house.kill().await;
    drop(socket);
    house.spawn();
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B3").await;
    house.accepted(3).await;
    assert_eq!(house.status().await["today"]["gaps"], 2);
    let history = house.said(&["history", "--json"]).await;
    assert_eq!(history.matches("not-offered").count(), 2, "{history}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_our_token_is_denied_and_the_token_is_in_no_log() {
    let header = "[source.websocket.dashboard.headers]\nX-Key = \"canary-4711\"\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut house = House::build_with_feed(&format!("{header}{ALL}"), address).await;
    house.log("trace");
    house.spawn();
    for _ in 0..2 {
        let (mut stream, _) = house.within("a client", listener.accept()).await.unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).await.unwrap();
        assert!(String::from_utf8_lossy(&asked[..length]).contains("canary-4711"));
        let refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal).await.unwrap();
    }
    let status =
        status_where(&house, "a denial", |status| status["feeds"][0]["failures"] == 2).await;
    assert_eq!(status["feeds"][0]["link"], "denied");
    let output = house.deskbell(&["status"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("DENIED"));
    assert!(house.terminate().await.success());
    let log = std::fs::read_to_string(house.folder.path().join("log")).unwrap();
    assert!(log.contains("feed lost") && !log.contains("canary-4711"), "{log}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_rings_once_when_the_feed_stays_away_and_once_when_it_is_back() {
    let (house, listener) = furnish(ALARM).await;
    let address = listener.local_addr().unwrap();
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B1").await;
    status_where(&house, "the booking", |status| status["today"]["bookings"] == 1).await;
    drop((socket, listener));
    let rung = titles(&house, 1).await;
    assert!(rung[0].contains("is down"), "{rung:?}");
    let listener = listen_again(&house, address).await;
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B2").await;
    let rung = titles(&house, 2).await;
    assert!(rung[1].contains("is live again"), "{rung:?}");
    close_after(house, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_after_each_handshake_is_down_for_an_alarm() {
    let (house, listener) = furnish(ALARM).await;
    let hanging_up = async {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            drop(tokio_tungstenite::accept_async(stream).await);
        }
    };
    let rung = tokio::select! {
        () = hanging_up => unreachable!(),
        rung = titles(&house, 1) => rung,
    };
    assert!(rung[0].contains("is down"), "{rung:?}");
    close_after(house, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_starts_before_its_feed_connects_when_it_appears() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut house = House::build_with_feed(ALL, address).await;
    house.spawn();
    let tried = |status: &Value| status["feeds"][0]["failures"].as_u64() >= Some(1);
    let status = status_where(&house, "a failed try", tried).await;
    assert_eq!(status["state"], "CONNECTING…");
    let listener = listen_again(&house, address).await;
    let mut socket = client(&house, &listener).await;
    tell(&mut socket, "B1").await;
    house.accepted(1).await;
    assert_eq!(house.status().await["state"], "LIVE");
    house.close().await;
}
