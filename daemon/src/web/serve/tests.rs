use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::hub::HubLimits;
use super::*;

struct Served {
    at: SocketAddr,
    hub: Hub,
    stop: CancellationToken,
    tasks: JoinSet<Result<(), NotServed>>,
}

async fn serving(settings: WebSettings) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let hub = Hub::new("e1", 0, HubLimits::default());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, hub.clone(), settings, stop.clone()));
    Served { at, hub, stop, tasks }
}

impl Served {
    /// The status line and headers that answer these lines.
    async fn ask(&self, lines: &[&str]) -> String {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        let request = format!("{}\r\n\r\n", lines.join("\r\n"));
        stream.write_all(request.as_bytes()).await.unwrap();
        head(&mut stream).await
    }

    async fn stopped(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}

/// Reads an answer up to its empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

const UPGRADE_LINES: [&str; 4] = [
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

fn with_echo() -> WebSettings {
    WebSettings { echo_path: Some("/echo".to_owned()), ..WebSettings::default() }
}

#[tokio::test]
async fn every_socket_asks_for_host_and_origin() {
    let cases = [
        ("localhost", None, "101"),
        ("localhost", Some("http://localhost"), "101"),
        ("localhost", Some("http://evil.example"), "403"),
        ("localhost", Some("null"), "403"),
        ("evil.example", Some("http://evil.example"), "421"),
        ("evil.example", None, "421"),
    ];
    let settings = with_echo();
    let paths: Vec<String> = sockets(&settings).map(|(path, _)| path.to_owned()).collect();
    assert_eq!(paths, ["/admin/dashboard", "/echo"]);
    let served = serving(settings).await;
    for path in &paths {
        for (host, origin, status) in cases {
            let mut lines = vec![format!("GET {path} HTTP/1.1"), format!("Host: {host}")];
            lines.extend(origin.map(|origin| format!("Origin: {origin}")));
            let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            lines.extend(UPGRADE_LINES);
            let answer = served.ask(&lines).await;
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{path} {host} {origin:?}: {answer}");
        }
    }
    assert_eq!(served.hub.census().refused, 8);
    served.stopped().await;
}

#[tokio::test]
async fn every_path_asks_for_the_host() {
    let served = serving(WebSettings::default()).await;
    for (path, ours) in [("/", "404"), ("/nowhere", "404"), ("/admin/dashboard", "426")] {
        for (host, status) in [("localhost", ours), ("evil.example", "421")] {
            let host = format!("Host: {host}");
            let answer = served.ask(&[&format!("GET {path} HTTP/1.1"), &host]).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        }
    }
    served.stopped().await;
}

#[tokio::test]
async fn a_handshake_that_is_none_is_told_why() {
    let key = UPGRADE_LINES[3];
    let first = ["GET /admin/dashboard HTTP/1.1", "Host: localhost"];
    let asking = ["Connection: Upgrade", "Upgrade: websocket"];
    let cases: [(&[&str], &str, &str); 5] = [
        (&["Sec-WebSocket-Version: 8", key], "426", "sec-websocket-version: 13"),
        (&["Sec-WebSocket-Version: 13"], "400", ""),
        (&["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"], "400", ""),
        (&[key], "426", "sec-websocket-version: 13"),
        (&["Sec-WebSocket-Version: 13", key], "101", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ];
    let served = serving(WebSettings::default()).await;
    for (more, status, holds) in cases {
        let lines = [&first[..], &asking, more].concat();
        let answer = served.ask(&lines).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{more:?}: {answer}");
        assert!(answer.contains(holds), "{more:?}: {answer}");
    }
    served.stopped().await;
}

/// Reads until the far side hangs up.
async fn hung_up(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is a way of hanging up.
    let _ = stream.read_to_end(&mut all).await;
    all
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_never_finished_is_hung_up_on() {
    for begun in ["", "GET /admin/dashboard HTTP/1.1\r\nHost: localh"] {
        let served = serving(WebSettings::default()).await;
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert_eq!(hung_up(&mut stream).await, b"", "{begun:?}");
        served.stopped().await;
    }
}

#[tokio::test]
async fn a_connection_kept_open_after_an_answer_is_hung_up_on() {
    let served = serving(WebSettings::default()).await;
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 404 "));
    // From here on only the deadline is left to happen.
    tokio::time::pause();
    assert_eq!(hung_up(&mut stream).await, b"");
    served.stopped().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_handshake() {
    let served = serving(WebSettings::default()).await;
    let mut stream = TcpStream::connect(served.at).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    served.stopped().await;
    assert_eq!(hung_up(&mut stream).await, b"");
}

#[tokio::test]
async fn the_client_after_the_last_is_told_to_come_later() {
    let served = serving(WebSettings { clients_max: 0, ..WebSettings::default() }).await;
    let lines = [&["GET /admin/dashboard HTTP/1.1", "Host: localhost"][..], &UPGRADE_LINES];
    let answer = served.ask(&lines.concat()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 30"), "{answer}");
    served.stopped().await;
}

#[tokio::test]
async fn nothing_is_served_to_strangers_without_a_token() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let hub = Hub::new("e1", 0, HubLimits::default());
    let settings = WebSettings::default();
    let refused = serve(listener, hub, settings, CancellationToken::new()).await.unwrap_err();
    assert!(refused.to_string().contains("no token is set"), "{refused}");
}
