//! Job: the HTTP client against servers that misbehave.
//! Takes: servers on free ports of this machine.
//! Gives: one test a promise of `Post`.
//! Never: waits for a deadline in real time; time is stopped and moved on.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use contract::doors::Identity;
use contract::secret::NotRevealed;
use contract::{Revealed, Secret, Vault};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use super::*;
use crate::app::far_side::{self, Authority, FarSide, write};

const DEADLINE: Duration = Duration::from_secs(15);
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Seen: yes\r\n\r\nok";

fn post() -> HttpPost {
    HttpPost::new(Arc::new(Trust::new()))
}

fn request(url: &str) -> Request {
    Request {
        method: "POST",
        url: url.parse().unwrap(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: b"{}".to_vec(),
        deadline: DEADLINE,
        answer_bytes_max: 64 * 1024,
        allow_private: Arc::new(["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]),
        tls: None,
    }
}

fn at(far_side: &FarSide) -> Request {
    request(&format!("http://127.0.0.1:{}/hook", far_side.port))
}

/// Sends; once the far side has said `reached`, moves time past the deadline.
async fn past_the_deadline(
    post: &HttpPost,
    request: Request,
    mut reached: mpsc::Receiver<()>,
) -> Result<Answer, PostFault> {
    let moving = async {
        reached.recv().await;
        tokio::time::pause();
        tokio::time::advance(DEADLINE + Duration::from_secs(1)).await;
        std::future::pending::<()>().await;
    };
    let answered = tokio::select! {
        answered = post.send(request) => answered,
        () = moving => unreachable!("it never ends"),
    };
    tokio::time::resume();
    answered
}

#[tokio::test]
async fn an_answer_is_read_without_loading_any_root() {
    let far_side = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
    let trust = Arc::new(Trust::new());
    let answer = HttpPost::new(Arc::clone(&trust)).send(at(&far_side)).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.cut), (200, &b"ok"[..], false));
    assert_eq!(answer.header("x-seen"), Some("yes"));
    assert!(!trust.is_loaded());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_never_followed() {
    let inner = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://127.0.0.1:{}/", inner.port);
        let said =
            format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        let far_side = FarSide::serving(move |stream| {
            let said = said.clone();
            async move { far_side::answer(stream, &said).await }
        })
        .await;
        assert_eq!(post().send(at(&far_side)).await.unwrap().status, status);
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn a_compressed_answer_is_left_as_it_is() {
    let far_side = FarSide::serving(|mut stream| async move {
        let asked = far_side::request(&mut *stream).await;
        assert!(!asked.to_lowercase().contains("accept-encoding"), "{asked}");
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n";
        stream.write_all(&[head.as_bytes(), &[0x1f, 0x8b, 0x08]].concat()).await.unwrap();
    })
    .await;
    assert_eq!(post().send(at(&far_side)).await.unwrap().body, [0x1f, 0x8b, 0x08]);
}

#[tokio::test]
async fn a_far_side_that_never_accepts_a_request_is_given_up() {
    let (reached, seen) = mpsc::channel(1);
    let far_side = FarSide::serving(move |mut stream| {
        let reached = reached.clone();
        async move {
            far_side::request(&mut *stream).await;
            reached.send(()).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let answered = past_the_deadline(&post(), at(&far_side), seen).await;
    assert_eq!(answered, Err(PostFault::AnswerTimeout));
}

#[tokio::test]
async fn an_answer_that_hangs_or_trickles_is_given_up_as_a_whole() {
    let heads = ["HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1"];
    for head in heads {
        let (reached, seen) = mpsc::channel(1);
        let far_side = FarSide::serving(move |mut stream| {
            let reached = reached.clone();
            async move {
                far_side::request(&mut *stream).await;
                stream.write_all(head.as_bytes()).await.unwrap();
                reached.send(()).await.unwrap();
                std::future::pending().await
            }
        })
        .await;
        let answered = past_the_deadline(&post(), at(&far_side), seen).await;
        assert_eq!(answered, Err(PostFault::AnswerTimeout), "{head}");
    }
}

#[tokio::test]
async fn a_byte_a_second_does_not_outlive_the_deadline() {
    let (reached, seen) = mpsc::channel(1);
    let far_side = FarSide::serving(move |mut stream| {
        let reached = reached.clone();
        async move {
            far_side::request(&mut *stream).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
            stream.write_all(head).await.unwrap();
            reached.send(()).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    })
    .await;
    let answered = past_the_deadline(&post(), at(&far_side), seen).await;
    assert_eq!(answered, Err(PostFault::AnswerTimeout));
}

#[tokio::test]
async fn an_endless_answer_is_read_to_the_limit_and_dropped() {
    let (written, mut ended) = mpsc::channel(1);
    let far_side = FarSide::serving(move |mut stream| {
        let written = written.clone();
        async move {
            far_side::request(&mut *stream).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n";
            stream.write_all(head).await.unwrap();
            let mut total = 0_usize;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {
                total += 4096;
            }
            written.send(total).await.unwrap();
        }
    })
    .await;
    let answer = post().send(at(&far_side)).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (64 * 1024, true));
    let total = ended.recv().await.unwrap();
    assert!(total < 32 * 1024 * 1024, "the connection was read on: {total}");
}

#[tokio::test]
async fn an_answer_of_exactly_the_limit_is_not_cut() {
    for (limit, cut) in [(2, false), (1, true), (0, true)] {
        let far_side = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
        let request = Request { answer_bytes_max: limit, ..at(&far_side) };
        let answer = post().send(request).await.unwrap();
        assert_eq!((answer.body.len(), answer.cut), (limit, cut));
    }
}

#[tokio::test]
async fn a_cut_after_the_request_was_read_may_have_arrived() {
    let answers = ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"];
    for said in answers {
        let far_side = FarSide::serving(move |stream| far_side::answer(stream, said)).await;
        let answered = post().send(at(&far_side)).await;
        assert!(matches!(answered, Err(PostFault::CutOff(_))), "{said:?}: {answered:?}");
    }
}

#[tokio::test]
async fn what_answers_without_http_was_still_sent_to() {
    let far_side =
        FarSide::serving(|stream| far_side::answer(stream, "220 mail ready\r\n\r\n")).await;
    let answered = post().send(at(&far_side)).await;
    assert!(matches!(answered, Err(PostFault::CutOff(_))), "{answered:?}");
}

#[tokio::test]
async fn nobody_at_the_port_is_no_connection() {
    let (_held, port) = far_side::deaf_port();
    let answered = post().send(request(&format!("http://127.0.0.1:{port}/"))).await;
    let Err(PostFault::Connect(said)) = answered else { panic!("{answered:?}") };
    assert!(said.contains("refused"), "{said}");
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_dialled() {
    let far_side = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", far_side.port);
        let request = Request { allow_private: Arc::new([]), ..request(&url) };
        let answered = post().send(request).await;
        assert!(matches!(answered, Err(PostFault::Private(_))), "{host}: {answered:?}");
    }
    assert_eq!(far_side.connections(), 0);
}

#[tokio::test]
async fn nothing_crosses_the_internet_in_the_clear() {
    let lookup: Lookup =
        Arc::new(|_| Box::pin(std::future::ready(Ok(vec!["8.8.8.8".parse().unwrap()]))));
    let post = HttpPost::asking(Arc::new(Trust::new()), lookup);
    for url in ["http://8.8.8.8/", "http://crm.example/"] {
        let answered = post.send(request(url)).await;
        let Err(PostFault::Config(said)) = answered else { panic!("{url}: {answered:?}") };
        assert!(said.contains("8.8.8.8") && said.contains("use https"), "{said}");
    }
}

#[tokio::test]
async fn an_allowed_name_is_reached_at_the_address_that_was_checked() {
    let far_side = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
    let lookup: Lookup = Arc::new(|_| {
        let both = ["10.255.255.1", "127.0.0.1"].map(|a| a.parse().unwrap());
        Box::pin(std::future::ready(Ok(both.to_vec())))
    });
    let post = HttpPost::asking(Arc::new(Trust::new()), lookup);
    let url = format!("http://crm.example:{}/", far_side.port);
    assert_eq!(post.send(request(&url)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_at_the_turn() {
    let far_side = FarSide::serving(|stream| far_side::answer(stream, OK)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        let address = if first { "127.0.0.1" } else { "127.0.0.2" };
        Box::pin(std::future::ready(Ok(vec![address.parse().unwrap()])))
    });
    let post = HttpPost::asking(Arc::new(Trust::new()), lookup);
    let url = format!("http://crm.example:{}/", far_side.port);
    let only: Arc<[Network]> = Arc::new(["127.0.0.1".parse().unwrap()]);
    let ask = || Request { allow_private: Arc::clone(&only), ..request(&url) };
    assert_eq!(post.send(ask()).await.unwrap().status, 200);
    let answered = post.send(ask()).await;
    assert_eq!(answered, Err(PostFault::Private("crm.example (127.0.0.2)".into())));
}

#[tokio::test]
async fn a_name_without_an_answer_is_a_fault_of_resolving() {
    let lookups: [Lookup; 2] = [
        Arc::new(|_| Box::pin(std::future::ready(Ok(Vec::new())))),
        Arc::new(|_| Box::pin(std::future::ready(Err(io::Error::other("no such host"))))),
    ];
    for lookup in lookups {
        let post = HttpPost::asking(Arc::new(Trust::new()), lookup);
        let answered = post.send(request("http://crm.example/")).await;
        assert!(matches!(answered, Err(PostFault::Resolve(_))), "{answered:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_never_answers_is_given_up_before_the_deadline() {
    let lookup: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
    let post = HttpPost::asking(Arc::new(Trust::new()), lookup);
    let answered = post.send(request("http://crm.example/")).await;
    assert!(matches!(answered, Err(PostFault::Resolve(_))), "{answered:?}");
}

#[tokio::test]
async fn a_header_that_would_forge_another_is_refused() {
    for (name, value) in [("x-a", "b\r\nx-c: d"), ("x a", "b"), ("x-a\r\n", "b"), ("", "b")] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let answered = post().send(Request { headers, ..request("http://127.0.0.1:1/") }).await;
        assert!(matches!(answered, Err(PostFault::Config(_))), "{name:?} {answered:?}");
    }
}

struct Keys(String);

impl Vault for Keys {
    fn reveal(&self, _: &SecretForm) -> Result<Revealed, NotRevealed> {
        Ok(Revealed::new(self.0.clone().into_bytes()))
    }
}

fn secured(far_side: &FarSide, ca: Option<String>) -> Request {
    let url = format!("https://localhost:{}/hook", far_side.port);
    Request { tls: Some(Tls { ca, client: None }), ..request(&url) }
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = authority.server(&authority.issue("localhost"));
    let far_side = FarSide::secured(tls, |stream| far_side::answer(stream, OK)).await;
    let trust = Arc::new(Trust::new());
    let request = secured(&far_side, Some(authority.file(folder.path())));
    assert_eq!(HttpPost::new(Arc::clone(&trust)).send(request).await.unwrap().status, 200);
    assert!(!trust.is_loaded(), "the system's roots were not asked for");
}

#[tokio::test]
async fn a_wrong_certificate_is_a_fault_of_tls_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let ca = authority.file(folder.path());
    let shown = [
        ("expired", authority.issue_until("localhost", 2002)),
        ("another name", authority.issue("elsewhere.example")),
        ("another authority", stranger.issue("localhost")),
    ];
    for (what, issued) in shown {
        let tls = authority.server(&issued);
        let far_side = FarSide::secured(tls, |_| async { panic!("bytes came") }).await;
        let answered = post().send(secured(&far_side, Some(ca.clone()))).await;
        assert!(matches!(answered, Err(PostFault::Tls(_))), "{what}: {answered:?}");
    }
}

#[tokio::test]
async fn plain_text_on_a_tls_port_is_a_fault_of_tls() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new().file(folder.path());
    let far_side = FarSide::serving(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    })
    .await;
    let answered = post().send(secured(&far_side, Some(ca))).await;
    assert!(matches!(answered, Err(PostFault::Tls(_))), "{answered:?}");
}

#[tokio::test]
async fn a_certificate_of_our_own_is_shown_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let own = authority.issue("deskbell");
    let tls = authority.mutual_server(&authority.issue("localhost"));
    let far_side = FarSide::secured(tls, |stream| far_side::answer(stream, OK)).await;
    let without = secured(&far_side, Some(authority.file(folder.path())));
    let mut with = without.clone();
    with.tls.as_mut().unwrap().client = Some(Identity {
        cert: write(folder.path(), "own.pem", &own.cert),
        key: Secret::new(SecretForm::Env("KEY".into()), Arc::new(Keys(own.key))),
    });
    let post = post();
    let refused = post.send(without).await;
    assert!(matches!(refused, Err(PostFault::Tls(_))), "{refused:?}");
    assert_eq!(post.send(with).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_file_that_tls_cannot_use_is_named_without_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\ns3cret!!\n-----END CERTIFICATE-----\n";
    let cases = [
        ("/nowhere/ca.pem".to_owned(), "/nowhere/ca.pem"),
        (write(folder.path(), "empty.pem", "nothing"), "holds no PEM certificate"),
        (write(folder.path(), "broken.pem", broken), "is no PEM file"),
    ];
    for (ca, said) in cases {
        let request = Request {
            tls: Some(Tls { ca: Some(ca), client: None }),
            ..request("https://localhost:1/")
        };
        let Err(PostFault::Config(why)) = post().send(request).await else { panic!("{said}") };
        assert!(why.contains(said) && !why.contains("s3cret"), "{why}");
    }
}

#[tokio::test]
async fn an_authority_replaced_on_disk_is_read_after_the_fault_it_causes() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    let ca = old.file(folder.path());
    let tls = new.server(&new.issue("localhost"));
    let far_side = FarSide::secured(tls, |stream| far_side::answer(stream, OK)).await;
    let post = post();
    let first = post.send(secured(&far_side, Some(ca.clone()))).await;
    assert!(matches!(first, Err(PostFault::Tls(_))), "{first:?}");
    assert_eq!(new.file(folder.path()), ca);
    assert_eq!(post.send(secured(&far_side, Some(ca))).await.unwrap().status, 200);
}

#[tokio::test]
async fn clients_are_kept_by_wish_and_bounded() {
    let post = post();
    for last in 0..=CLIENTS_MAX {
        let network: Network = format!("10.0.0.{last}").parse().unwrap();
        let wish = Request { allow_private: Arc::new([network]), ..request("http://a.example/") };
        post.client(&wish).await.unwrap();
        post.client(&wish).await.unwrap();
    }
    assert_eq!(post.clients.lock().unwrap().len(), CLIENTS_MAX);
}
