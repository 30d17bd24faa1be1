//! Job: shows that requests over TLS are trusted, refused and identified as they should be.
//! Takes: authorities and certificates made for the test.
//! Gives: a failing test where they are not.
//! Never: leaves this machine.

use contract::doors::Identity;
use contract::secret::NotRevealed;
use contract::{Revealed, Secret, Vault};
use tokio::io::AsyncWriteExt as _;

use super::tests::{OK, post, request};
use super::*;
use crate::app::far_side::{self, Authority, FarSide, write};

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
