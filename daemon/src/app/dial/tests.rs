//! Job: streams against servers and proxies of this machine.
//! Takes: servers on free ports.
//! Gives: one test a promise of `Dial`.
//! Never: leaves this machine.

use contract::doors::Tls;
use tokio::sync::mpsc;

use super::*;
use crate::app::far_side::{self, Authority, FarSide};

const DEADLINE: Duration = Duration::from_secs(15);

fn endpoint(host: &str, port: u16) -> Endpoint {
    Endpoint { host: host.to_owned(), port, tls: None, proxy: None }
}

fn dialler() -> TcpDial {
    TcpDial::new(Arc::new(Trust::new()))
}

async fn echo(mut stream: Box<dyn Stream>) {
    let mut said = [0; 5];
    if stream.read_exact(&mut said).await.is_ok() {
        let _ = stream.write_all(&said).await;
    }
}

async fn speaks(to: &Endpoint) -> Result<(), DialFault> {
    let mut stream = dialler().dial(to, DEADLINE).await?;
    stream.write_all(b"hello").await.unwrap();
    let mut said = [0; 5];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello");
    Ok(())
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // The name has two addresses, ::1 and 127.0.0.1; only the second is listened at.
    let far_side = FarSide::serving(echo).await;
    speaks(&endpoint("localhost", far_side.port)).await.unwrap();
}

#[tokio::test]
async fn nobody_there_names_every_address_that_was_tried() {
    let (_held, port) = far_side::deaf_port();
    let Err(DialFault::Connect(said)) = speaks(&endpoint("127.0.0.1", port)).await else {
        panic!("it answered")
    };
    assert!(said.contains(&format!("127.0.0.1:{port}: ")), "{said}");
}

#[tokio::test]
async fn a_name_that_is_none_is_a_fault_of_resolving() {
    let fault = speaks(&endpoint("no host", 1)).await.unwrap_err();
    assert!(matches!(fault, DialFault::Resolve { .. }), "{fault:?}");
}

#[test]
fn families_take_turns_and_the_resolver_s_favourite_is_first() {
    let found = ["[2a00::1]:1", "[2a00::2]:1", "[2a00::3]:1", "8.8.8.8:1"];
    let ordered = in_turn(found.map(|a| a.parse().unwrap()).to_vec());
    let ordered: Vec<String> = ordered.iter().map(ToString::to_string).collect();
    assert_eq!(ordered, ["[2a00::1]:1", "8.8.8.8:1", "[2a00::2]:1", "[2a00::3]:1"]);
}

#[tokio::test]
async fn tls_is_checked_against_the_named_authority_and_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cases = [
        (authority.issue("localhost"), true),
        (authority.issue_until("localhost", 2002), false),
        (authority.issue("elsewhere.example"), false),
        (stranger.issue("localhost"), false),
    ];
    for (shown, good) in cases {
        let far_side = FarSide::secured(authority.server(&shown), echo).await;
        let tls = Some(Tls { ca: Some(authority.file(folder.path())), client: None });
        let spoken = speaks(&Endpoint { tls, ..endpoint("localhost", far_side.port) }).await;
        match good {
            true => assert_eq!(spoken, Ok(())),
            false => assert!(matches!(spoken, Err(DialFault::Tls(_))), "{spoken:?}"),
        }
    }
}

#[tokio::test]
async fn a_handshake_that_never_answers_ends_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let (reached, mut seen) = mpsc::channel(1);
    let far_side = FarSide::serving(move |mut stream| {
        let reached = reached.clone();
        async move {
            stream.read_u8().await.unwrap();
            reached.send(()).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let tls = Some(Tls { ca: Some(Authority::new().file(folder.path())), client: None });
    let to = Endpoint { tls, ..endpoint("localhost", far_side.port) };
    let dialler = dialler();
    let mut dialling = dialler.dial(&to, DEADLINE);
    tokio::select! {
        _ = &mut dialling => panic!("it answered"),
        _ = seen.recv() => {}
    }
    tokio::time::pause();
    tokio::time::advance(DEADLINE).await;
    assert_eq!(dialling.await.err(), Some(DialFault::Timeout(DEADLINE)));
}

/// A proxy that answers every request alike, then echoes.
async fn proxy(answer: &'static str) -> (FarSide, mpsc::Receiver<String>) {
    let (asked, seen) = mpsc::channel(1);
    let far_side = FarSide::serving(move |mut stream| {
        let asked = asked.clone();
        async move {
            asked.send(far_side::request(&mut *stream).await).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            echo(stream).await;
        }
    })
    .await;
    (far_side, seen)
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_way_with_its_password() {
    let (proxy, mut asked) = proxy("HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n").await;
    let through = Some(format!("http://us%3Aer:p%40ss@127.0.0.1:{}", proxy.port));
    speaks(&Endpoint { proxy: through, ..endpoint("feed.example", 443) }).await.unwrap();
    insta::assert_snapshot!(asked.recv().await.unwrap().replace('\r', ""), @r"
    CONNECT feed.example:443 HTTP/1.1
    Host: feed.example:443
    Proxy-Authorization: Basic dXM6ZXI6cEBzcw==
    ");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_without_its_password() {
    let answers = [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", "502"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        ("\r\n\r\n", "no HTTP"),
    ];
    for (answer, said) in answers {
        let (proxy, _asked) = proxy(answer).await;
        let through = Some(format!("http://user:s3cret@127.0.0.1:{}", proxy.port));
        let to = Endpoint { proxy: through, ..endpoint("feed.example", 443) };
        let fault = speaks(&to).await.unwrap_err();
        assert!(matches!(fault, DialFault::Proxy(_)), "{fault:?}");
        let told = fault.to_string();
        assert!(told.contains(said) && !told.contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn a_host_that_would_forge_a_header_is_refused() {
    let (proxy, _asked) = proxy("HTTP/1.1 200 OK\r\n\r\n").await;
    let through = Some(format!("http://127.0.0.1:{}", proxy.port));
    let to = Endpoint { proxy: through, ..endpoint("a\r\nx: y", 443) };
    assert!(matches!(speaks(&to).await, Err(DialFault::Config(_))));
}

#[tokio::test]
async fn what_is_no_proxy_is_a_mistake_of_the_configuration() {
    for written in ["", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080"] {
        let to = Endpoint { proxy: Some(written.into()), ..endpoint("feed.example", 443) };
        assert!(matches!(speaks(&to).await, Err(DialFault::Config(_))), "{written}");
    }
}
