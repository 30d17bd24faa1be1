use std::sync::Arc;

use axum::http::header::HeaderName;
use contract::Secret;
use contract::secret::{NotRevealed, Revealed, SecretForm, Vault};

use super::*;

const TOKEN: &str = "s3cret-t0ken";

struct OneSecret(Result<&'static str, ()>);

impl Vault for OneSecret {
    fn reveal(&self, _: &SecretForm) -> Result<Revealed, NotRevealed> {
        let text = self.0.map_err(|()| NotRevealed("gone".to_owned()))?;
        Ok(Revealed::new(text.as_bytes().to_vec()))
    }
}

fn settings(token: Option<Result<&'static str, ()>>) -> WebSettings {
    let form = SecretForm::Credential("feed".to_owned());
    WebSettings {
        token: token.map(|token| Secret::new(form, Arc::new(OneSecret(token)))),
        origins: vec!["https://desk.example.com".to_owned()],
        hosts: vec!["bells.example.com".to_owned()],
        ..WebSettings::default()
    }
}

fn judged(
    settings: &WebSettings,
    peer: &str,
    uri: &str,
    headers: &[(&str, &str)],
) -> Result<(), Refusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let asking = Asking {
        uri: &uri.parse().unwrap(),
        headers: &map,
        peer: peer.parse().unwrap(),
        local: Some("192.168.1.5".parse().unwrap()),
    };
    judge(asking, settings)
}

#[test]
fn only_our_own_names_are_answered() {
    let cases = [
        ("localhost", true),
        ("LOCALHOST:3001", true),
        ("127.0.0.1:3001", true),
        ("127.8.8.8", true),
        ("[::1]:3001", true),
        ("[::ffff:127.0.0.1]", true),
        ("192.168.1.5:3001", true),
        ("bells.example.com", true),
        ("Bells.Example.com:443", true),
        ("192.168.1.6:3001", false),
        ("8.8.8.8", false),
        ("evil.example", false),
        ("localhost.evil.example", false),
        ("localhost.", false),
        ("127.0.0.1.evil.example", false),
        ("evil.example:3001", false),
        ("localhost@evil.example", false),
        ("localhost:3001@evil.example", false),
        ("localhost:", false),
        ("[::1", false),
        ("[::1]evil", false),
        ("", false),
        (":80", false),
        ("0.0.0.0:3001", false),
    ];
    for (host, ours) in cases {
        let expected = if ours { Ok(()) } else { Err(Refusal::NotOurName) };
        for upgrade in [&[][..], &[("upgrade", "websocket")]] {
            let headers = [&[("host", host)], upgrade].concat();
            let judged = judged(&settings(None), "127.0.0.1", "/", &headers);
            assert_eq!(judged, expected, "{host}");
        }
    }
}

#[test]
fn a_host_that_is_missing_twice_there_or_contradicted_is_refused() {
    let cases: [(&str, &[(&str, &str)]); 3] = [
        ("/", &[]),
        ("/", &[("host", "localhost"), ("host", "localhost")]),
        ("http://evil.example/", &[("host", "localhost")]),
    ];
    for (uri, headers) in cases {
        let judged = judged(&settings(None), "127.0.0.1", uri, headers);
        assert_eq!(judged, Err(Refusal::NotOurName), "{uri} {headers:?}");
    }
}

#[test]
fn a_rebound_name_with_its_own_origin_is_refused_by_its_host() {
    let headers = [
        ("host", "evil.example:3001"),
        ("origin", "http://evil.example:3001"),
        ("upgrade", "websocket"),
    ];
    assert_eq!(judged(&settings(None), "127.0.0.1", "/", &headers), Err(Refusal::NotOurName));
}

#[test]
fn origins_are_compared_whole() {
    let cases = [
        ("http://localhost:3001", true),
        ("https://localhost:3001", true),
        ("https://desk.example.com", true),
        ("https://desk.example.com/", false),
        ("http://desk.example.com", false),
        ("https://desk.example.com.evil.example", false),
        ("https://evil.example", false),
        ("http://localhost:3000", false),
        ("http://localhost", false),
        ("http://127.0.0.1:3001", false),
        ("null", false),
        ("", false),
        ("file://", false),
        ("https://desk.example.com, https://evil.example", false),
    ];
    let bearer = format!("Bearer {TOKEN}");
    for (origin, allowed) in cases {
        let expected = if allowed { Ok(()) } else { Err(Refusal::ForeignPage) };
        let open =
            [("host", "localhost:3001"), ("upgrade", "websocket"), ("origin", origin)].to_vec();
        let with_token = [&open[..], &[("authorization", bearer.as_str())]].concat();
        assert_eq!(judged(&settings(None), "127.0.0.1", "/", &open), expected, "{origin}");
        let guarded = settings(Some(Ok(TOKEN)));
        assert_eq!(judged(&guarded, "10.0.0.9", "/", &with_token), expected, "{origin}");
    }
    let twice = [
        ("host", "localhost"),
        ("upgrade", "websocket"),
        ("origin", "http://localhost"),
        ("origin", "http://localhost"),
    ];
    assert_eq!(judged(&settings(None), "127.0.0.1", "/", &twice), Err(Refusal::ForeignPage));
}

#[test]
fn without_an_origin_a_caller_shows_a_token_or_is_on_this_machine() {
    let cases = [
        ("127.0.0.1", None, true),
        ("::1", None, true),
        ("10.0.0.9", None, false),
        ("127.0.0.1", Some(("x-forwarded-for", "10.0.0.9")), false),
        ("127.0.0.1", Some(("forwarded", "for=10.0.0.9")), false),
        ("127.0.0.1", Some(("via", "1.1 proxy")), false),
    ];
    for (peer, more, fine) in cases {
        let mut headers = vec![("host", "localhost"), ("upgrade", "websocket")];
        headers.extend(more);
        let expected = if fine { Ok(()) } else { Err(Refusal::ForeignPage) };
        assert_eq!(judged(&settings(None), peer, "/", &headers), expected, "{peer} {more:?}");
    }
}

#[test]
fn where_a_token_is_set_it_must_be_shown() {
    let cases = [
        (Some("Bearer s3cret-t0ken"), Ok(())),
        (Some("bearer s3cret-t0ken"), Ok(())),
        (Some("Bearer  s3cret-t0ken "), Ok(())),
        (Some("Bearer s3cret-t0ke"), Err(Refusal::NoToken)),
        (Some("Bearer s3cret-t0ken2"), Err(Refusal::NoToken)),
        (Some("Bearer S3CRET-T0KEN"), Err(Refusal::NoToken)),
        (Some("Bearer "), Err(Refusal::NoToken)),
        (Some("Bearer"), Err(Refusal::NoToken)),
        (Some("s3cret-t0ken"), Err(Refusal::NoToken)),
        (Some("Basic s3cret-t0ken"), Err(Refusal::NoToken)),
        (Some(""), Err(Refusal::NoToken)),
        (None, Err(Refusal::NoToken)),
    ];
    for (shown, expected) in cases {
        for peer in ["127.0.0.1", "10.0.0.9"] {
            let mut headers = vec![("host", "localhost"), ("upgrade", "websocket")];
            headers.extend(shown.map(|shown| ("authorization", shown)));
            let guarded = settings(Some(Ok(TOKEN)));
            assert_eq!(judged(&guarded, peer, "/", &headers), expected, "{shown:?}");
        }
    }
}

#[test]
fn a_token_that_cannot_be_read_or_is_empty_lets_nobody_in() {
    for kept in [Err(()), Ok("")] {
        for shown in ["Bearer ", "Bearer x"] {
            let headers =
                [("host", "localhost"), ("upgrade", "websocket"), ("authorization", shown)];
            let judged = judged(&settings(Some(kept)), "127.0.0.1", "/", &headers);
            assert_eq!(judged, Err(Refusal::TokenUnreadable), "{kept:?} {shown}");
        }
    }
}
