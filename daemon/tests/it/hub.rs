//! Job: the hub as its clients meet it.
//! Takes: a hub on port 0, and clients of another make.
//! Gives: what a client gets, misses and is told.
//! Never: waits for time to pass where it can wait for what happens.

#![allow(clippy::unwrap_used, reason = "a panic is how a test says that it cannot go on")]

use std::net::SocketAddr;
use std::time::Duration;

use deskbell::web::{Hub, HubLimits, NotServed, WebSettings, serve};
use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

type Client = WebSocketStream<TcpStream>;

struct Served {
    at: SocketAddr,
    hub: Hub,
    stop: CancellationToken,
    tasks: JoinSet<Result<(), NotServed>>,
}

/// News at once: these clients say at once whether they missed something.
fn eager() -> WebSettings {
    WebSettings { resume_wait: Duration::ZERO, ..WebSettings::default() }
}

async fn serving(hub: Hub, settings: WebSettings) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, hub.clone(), settings, stop.clone()));
    Served { at, hub, stop, tasks }
}

fn hub_of(epoch: &str, frames_max: usize) -> Hub {
    Hub::new(epoch, 0, HubLimits { frames_max, ..HubLimits::default() })
}

impl Served {
    async fn connected(&self, path: &str) -> Client {
        let stream = TcpStream::connect(self.at).await.unwrap();
        let url = format!("ws://localhost:{}{path}", self.at.port());
        client_async(url, stream).await.unwrap().0
    }

    /// A client that has been greeted.
    async fn client(&self) -> Client {
        let mut client = self.connected("/admin/dashboard").await;
        assert_eq!(heard(&mut client).await["type"], "hello");
        client
    }

    fn publish(&self, frames: u64) {
        for _ in 0..frames {
            publish(&self.hub, "x");
        }
    }

    async fn stopped(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}

fn publish(hub: &Hub, text: &str) {
    let payload = RawValue::from_string(format!("\"{text}\"")).unwrap();
    hub.publish_frame("test", &payload);
}

async fn heard(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn ask(client: &mut Client, epoch: &str, after: u64) {
    let resume = json!({ "type": "resume", "payload": { "after": after, "epoch": epoch } });
    client.send(Message::text(resume.to_string())).await.unwrap();
}

/// The numbers of the frames up to the next word, and the word.
async fn until_word(client: &mut Client) -> (Vec<u64>, Value) {
    let mut numbers = Vec::new();
    loop {
        let frame = heard(client).await;
        match frame["seq"].as_u64() {
            Some(seq) => numbers.push(seq),
            None => return (numbers, frame),
        }
    }
}

/// The code and the reason of the close, whatever comes before it.
async fn closed(client: &mut Client) -> (CloseCode, String) {
    let close = async {
        loop {
            if let Message::Close(Some(close)) = client.next().await.unwrap().unwrap() {
                return (close.code, close.reason.to_string());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), close).await.expect("a close within 30 s")
}

#[tokio::test]
async fn a_client_is_greeted_with_the_epoch_and_the_last_number() {
    let served = serving(Hub::new("e1", 41, HubLimits::default()), eager()).await;
    let mut client = served.connected("/admin/dashboard").await;
    let payload = json!({ "epoch": "e1", "seq": 41, "resume": true });
    assert_eq!(heard(&mut client).await, json!({ "type": "hello", "payload": payload }));
    served.publish(1);
    let frame = json!({ "type": "test", "payload": "x", "seq": 42 });
    assert_eq!(heard(&mut client).await, frame);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn a_client_that_comes_back_gets_exactly_what_it_missed() {
    let served = serving(hub_of("e1", 1_000), WebSettings::default()).await;
    let mut client = served.client().await;
    served.publish(3);
    for seq in 1..=3 {
        assert_eq!(heard(&mut client).await["seq"], seq);
    }
    drop(client);
    served.publish(500);
    let mut client = served.client().await;
    // What comes while it asks must not overtake what it missed.
    served.publish(10);
    ask(&mut client, "e1", 3).await;
    let (numbers, word) = until_word(&mut client).await;
    assert_eq!(numbers, (4..=513).collect::<Vec<_>>());
    let payload = json!({ "epoch": "e1", "after": 3, "replayed": 510 });
    assert_eq!(word, json!({ "type": "resumed", "payload": payload }));
    served.publish(1);
    assert_eq!(heard(&mut client).await["seq"], 514);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn what_is_gone_or_of_another_epoch_is_said_to_be_missing() {
    let cases = [
        ("e1", 20, vec![], json!(null), "resumed"),
        ("e1", 10, (11..=20).collect(), json!(null), "resumed"),
        ("e1", 9, (11..=20).collect(), json!(1), "gap"),
        ("e1", 0, (11..=20).collect(), json!(10), "gap"),
        ("e1", 21, (11..=20).collect(), json!(null), "gap"),
        ("e0", 15, (11..=20).collect::<Vec<u64>>(), json!(null), "gap"),
    ];
    let served = serving(hub_of("e1", 10), WebSettings::default()).await;
    served.publish(20);
    for (epoch, after, expected, missed, kind) in cases {
        let mut client = served.client().await;
        ask(&mut client, epoch, after).await;
        let (numbers, word) = until_word(&mut client).await;
        assert_eq!((numbers, &word["type"]), (expected, &json!(kind)), "{epoch} {after}");
        assert_eq!(word["payload"]["missed"], missed, "{epoch} {after}");
        assert_eq!(word["payload"]["epoch"], "e1");
    }
    served.stopped().await;
}

#[tokio::test]
async fn a_question_after_news_rewinds_to_where_the_client_was() {
    let served = serving(hub_of("e1", 100), eager()).await;
    served.publish(5);
    let mut client = served.client().await;
    served.publish(1);
    assert_eq!(heard(&mut client).await["seq"], 6);
    ask(&mut client, "e1", 2).await;
    assert_eq!(until_word(&mut client).await.0, [3, 4, 5, 6]);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn a_slow_client_is_told_to_resume_and_others_are_not_held_up() {
    let limits = HubLimits { frames_max: 100_000, bytes_max: 512 << 10 };
    let settings = WebSettings { farewell: Duration::from_secs(60), ..eager() };
    let served = serving(Hub::new("e1", 0, limits), settings).await;
    let (mut slow, mut quick) = (served.client().await, served.client().await);
    let text = "x".repeat(16 << 10);
    let mut published = 0;
    while served.hub.census().slow == 0 {
        assert!(published < 4_000, "64 MiB fit into no socket");
        publish(&served.hub, &text);
        published += 1;
        assert_eq!(heard(&mut quick).await["seq"], published);
    }
    let (code, reason) = closed(&mut slow).await;
    assert_eq!(code, CloseCode::Restart);
    assert!(reason.starts_with("too slow: resume after "), "{reason}");
    drop(slow);
    publish(&served.hub, &text);
    assert_eq!(heard(&mut quick).await["seq"], published + 1);
    drop(quick);
    served.stopped().await;
}

#[tokio::test]
async fn what_may_not_be_sent_is_closed_with_its_code() {
    // Masked with zeros, which leaves the bytes as they are.
    let masked =
        |first: u8, length: &[u8], payload: &[u8]| [&[first], length, &[0; 4], payload].concat();
    let cases = [
        ("text that is not UTF-8", masked(0x81, &[0x82], b"\xc3\x28"), CloseCode::Invalid),
        ("a frame over the limit", masked(0x81, &[0xfe, 0x10, 0x01], b""), CloseCode::Size),
        (
            "a length that lies",
            masked(0x82, &[&[0xff], &[0x7f; 8][..]].concat(), b""),
            CloseCode::Size,
        ),
        ("a reserved bit", masked(0xc1, &[0x81], b"x"), CloseCode::Protocol),
        ("an unmasked frame", vec![0x81, 0x01, b'x'], CloseCode::Protocol),
        ("an unknown opcode", masked(0x83, &[0x81], b"x"), CloseCode::Protocol),
        ("a continuation of nothing", masked(0x80, &[0x81], b"x"), CloseCode::Protocol),
        ("a ping in fragments", masked(0x09, &[0x81], b"x"), CloseCode::Protocol),
        (
            "fragments over the limit",
            [masked(0x01, &[0xfe, 0x10, 0x00], &[b'x'; 4096]), masked(0x80, &[0x81], b"x")]
                .concat(),
            CloseCode::Size,
        ),
    ];
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut offending = 0;
    for (what, bytes, expected) in cases {
        let mut client = served.client().await;
        client.get_mut().write_all(&bytes).await.unwrap();
        assert_eq!(closed(&mut client).await.0, expected, "{what}");
        offending += 1;
        assert_eq!(served.hub.census().offending, offending, "{what}");
    }
    served.stopped().await;
}

#[tokio::test]
async fn what_means_nothing_is_ignored_up_to_the_limit() {
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut client = served.client().await;
    let messages = [
        Message::text(""),
        Message::text("x".repeat(4096)),
        Message::text(r#"{"type":"resume"}"#),
        Message::text(r#"{"type":"booking:new","payload":{"id":"1"}}"#),
        Message::binary(vec![0; 4096]),
    ];
    for message in messages {
        client.send(message).await.unwrap();
    }
    // An answer to the last shows that all before it are read.
    client.send(Message::Ping(b"last".as_slice().into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong(b"last".as_slice().into()));
    served.publish(1);
    assert_eq!(heard(&mut client).await["seq"], 1);
    assert_eq!(served.hub.census().ignored, 5);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let settings = WebSettings { ping_every: Duration::from_millis(5), ..eager() };
    let served = serving(hub_of("e1", 10), settings).await;
    let mut client = served.client().await;
    for _ in 0..20 {
        assert!(matches!(client.next().await.unwrap().unwrap(), Message::Ping(_)));
    }
    served.publish(1);
    assert_eq!(heard(&mut client).await["seq"], 1);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_ping_is_let_go() {
    let served = serving(hub_of("e1", 10), WebSettings::default()).await;
    let _client = served.client().await;
    let mut clients = served.hub.watch_clients();
    assert_eq!(*clients.borrow_and_update(), 1);
    // From here on only the ping and its deadline are left to happen.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    clients.changed().await.unwrap();
    assert_eq!((served.hub.clients(), served.hub.census().dead), (0, 1));
    assert!(begun.elapsed() < Duration::from_secs(26), "{:?}", begun.elapsed());
    served.stopped().await;
}

#[tokio::test]
async fn a_cut_drops_everyone_without_a_word_and_lets_nobody_in_until_it_is_over() {
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut client = served.client().await;
    served.hub.cut(Duration::from_secs(3_600));
    assert!(matches!(client.next().await, Some(Err(Error::Protocol(_) | Error::Io(_)))));
    let stream = TcpStream::connect(served.at).await.unwrap();
    assert!(client_async("ws://localhost/admin/dashboard", stream).await.is_err());
    served.publish(2);
    served.hub.cut(Duration::ZERO);
    let mut client = served.client().await;
    ask(&mut client, "e1", 0).await;
    assert_eq!(until_word(&mut client).await.0, [1, 2]);
    drop(client);
    served.stopped().await;
}

#[tokio::test]
async fn a_stop_says_good_bye_to_everyone() {
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut clients = [served.client().await, served.client().await];
    served.stop.cancel();
    for client in &mut clients {
        assert_eq!(closed(client).await.0, CloseCode::Away);
        // The answer goes out with the next read.
        assert!(client.next().await.is_none());
    }
    assert_eq!(served.hub.clients(), 0);
    drop(clients);
    served.stopped().await;
}

#[tokio::test]
async fn a_client_that_says_good_bye_is_answered_and_forgotten() {
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut client = served.client().await;
    let close = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
    client.close(Some(close.clone())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(Some(close)));
    assert!(client.next().await.is_none());
    served.hub.watch_clients().wait_for(|here| *here == 0).await.unwrap();
    served.stopped().await;
}

#[tokio::test]
async fn five_hundred_idle_clients_all_get_a_frame_and_are_all_forgotten() {
    let served = serving(hub_of("e1", 10), eager()).await;
    let mut clients = Vec::new();
    for _ in 0..500 {
        clients.push(served.client().await);
    }
    assert_eq!(served.hub.clients(), 500);
    served.publish(1);
    for client in &mut clients {
        assert_eq!(heard(client).await["seq"], 1);
    }
    drop(clients);
    let mut here = served.hub.watch_clients();
    here.wait_for(|here| *here == 0).await.unwrap();
    served.stopped().await;
}

#[tokio::test]
async fn the_echo_sends_back_what_it_is_sent_far_over_the_feeds_limit() {
    let settings = WebSettings { echo_path: Some("/echo".to_owned()), ..eager() };
    let served = serving(hub_of("e1", 10), settings).await;
    let mut client = served.connected("/echo").await;
    served.publish(1);
    let messages =
        [Message::text(""), Message::text("é".repeat(1 << 20)), Message::binary(vec![7; 9 << 20])];
    for message in messages {
        let (mut to, mut from) = client.split();
        let (sent, back) = tokio::join!(to.send(message.clone()), from.next());
        sent.unwrap();
        assert_eq!(back.unwrap().unwrap(), message);
        client = to.reunite(from).unwrap();
    }
    drop(client);
    served.stopped().await;
}
