//! Job: the source against a feed that is not ours, written with the `ws` package for Node.
//! Takes: `tests/ws-server`, whose packages `scripts/setup` installs.
//! Gives: what intake would be told.
//! Never: is skipped in silence, or leaves the server behind: it ends with its input.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use contract::{GapReason, Incoming, LostKind};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::doors::Doors;
use crate::{batch, booking, end};

/// A running server.
struct Feed {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Feed {
    async fn start(scripts: Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ws-server");
        assert!(
            folder.join("node_modules/ws").is_dir(),
            "the packages of {} are not installed: run scripts/setup",
            folder.display()
        );
        let mut child = Command::new("node")
            .arg(folder.join("server.js"))
            .arg(scripts.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("node does not start ({error}): run scripts/setup"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("the server says its port");
        Self { child, lines, url: format!("ws://127.0.0.1:{port}/admin/dashboard") }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().expect("the server lives")
    }

    async fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().await.unwrap().success());
    }
}

#[tokio::test]
async fn events_come_repeats_included_and_pings_are_answered() {
    let script = json!([[
        { "send": booking("B1", None), "times": 3 },
        { "send": "{\"type\":\"booking:new\",\"payload\":{\"id\":\"B2\",\"amount\":NaN}}" },
        { "send": booking("B3", None) },
        { "ping": "still there" },
    ]]);
    let mut feed = Feed::start(script).await;
    let source = Doors::new().source(&feed.url, "");
    let mut session = source.open(None).await.unwrap_or_else(|lost| panic!("{lost}"));
    let mut read = Vec::new();
    while read.len() < 5 {
        if let Incoming::Events { read: more, .. } = session.next().await.unwrap() {
            read.extend(more);
        }
    }
    let is_read: Vec<bool> = read.iter().map(Result::is_ok).collect();
    assert_eq!(is_read, [true, true, true, false, true]);
    tokio::select! {
        lost = end(&mut session) => panic!("{lost}"),
        line = feed.line() => assert_eq!(line, "pong still there"),
    }
    session.close().await;
    drop(session);
    assert_eq!(feed.line().await, "close 1000");
    feed.stop().await;
}

#[tokio::test]
async fn each_close_code_is_understood_and_answered() {
    let cases = [
        (1000, LostKind::Dropped),
        (1001, LostKind::Dropped),
        (1008, LostKind::Denied),
        (1011, LostKind::Dropped),
        (1012, LostKind::Dropped),
        (1013, LostKind::Busy),
        (4403, LostKind::Config),
    ];
    let scripts: Vec<Value> =
        cases.iter().map(|(code, _)| json!([{ "close": code, "reason": "so" }])).collect();
    let mut feed = Feed::start(json!(scripts)).await;
    let source = Doors::new().source(&feed.url, "");
    for (code, kind) in cases {
        let mut session = source.open(None).await.unwrap_or_else(|lost| panic!("{lost}"));
        let lost = end(&mut session).await;
        assert_eq!(lost.kind, kind, "{lost}");
        drop(session);
        assert_eq!(feed.line().await, format!("close {code}"));
    }
    feed.stop().await;
}

#[tokio::test]
async fn a_refused_and_a_never_answered_handshake_are_told_apart() {
    let scripts = json!([[{ "refuse": "401 Unauthorized" }], [{ "neverAnswer": true }]]);
    let mut feed = Feed::start(scripts).await;
    let doors = Doors::new();
    let source = doors.source(&feed.url, "");
    assert_eq!(source.open(None).await.err().unwrap().kind, LostKind::Denied);
    let asked = async {
        assert_eq!(feed.line().await, "asked");
        doors.clock.advance(Duration::from_secs(15));
    };
    let (opened, ()) = tokio::join!(source.open(None), asked);
    assert_eq!(opened.err().unwrap().kind, LostKind::Unreachable);
    feed.stop().await;
}

#[tokio::test]
async fn a_dropped_socket_is_a_loss_and_the_reconnect_a_gap() {
    let scripts = json!([
        [{ "send": booking("B1", None) }, { "drop": true }],
        [{ "send": booking("B2", None) }],
    ]);
    let mut feed = Feed::start(scripts).await;
    let source = Doors::new().source(&feed.url, "");
    let mut session = source.open(None).await.unwrap_or_else(|lost| panic!("{lost}"));
    assert_eq!(end(&mut session).await.kind, LostKind::Dropped);
    drop(session);
    assert_eq!(feed.line().await, "close 1006");
    let mut session = source.open(None).await.unwrap_or_else(|lost| panic!("{lost}"));
    let missed = session.next().await.unwrap();
    assert!(matches!(missed, Incoming::Missed { reason: GapReason::NotOffered, .. }));
    assert_eq!(batch(&mut session).await.0[0].as_ref().unwrap().subject(), "B2");
    feed.stop().await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_dead_in_time() {
    let mut feed = Feed::start(json!([[{ "silent": true }]])).await;
    let doors = Doors::new();
    let source = doors.source(&feed.url, "");
    let mut session = source.open(None).await.unwrap_or_else(|lost| panic!("{lost}"));
    let silent = async {
        doors.clock.advance(Duration::from_secs(15));
        assert_eq!(feed.line().await, "ping");
        doors.clock.advance(Duration::from_secs(10));
    };
    let (lost, ()) = tokio::join!(end(&mut session), silent);
    assert_eq!(lost.kind, LostKind::Dropped);
    assert!(lost.said.contains("no answer to our ping"));
    feed.stop().await;
}
