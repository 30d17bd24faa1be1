//! Job: shows what each key may say, and the complaint where it may not.
//! Takes: tables as a person writes them.
//! Gives: all complaints at once, by key.
//! Never: opens a socket.

use std::time::Duration;

use contract::{Reconnect, SourcePlugin};
use websocket::{Config, WebSocket};

use crate::doors::Doors;

fn complaints(table: &str) -> Vec<(String, String)> {
    let doors = Doors::new();
    doors.vault.put("feed", "token");
    match doors.open(table) {
        Ok(_) => Vec::new(),
        Err(complaints) => {
            complaints.into_iter().map(|complaint| (complaint.key, complaint.what)).collect()
        }
    }
}

#[test]
fn each_key_that_cannot_be_used_is_named() {
    let token = "token = { credential = \"feed\" }";
    let cases: Vec<(String, &[&str])> = vec![
        ("url = \"wss://h/x\"".into(), &[]),
        ("url = \"no url\"".into(), &["url"]),
        ("url = \"https://h/x\"".into(), &["url"]),
        ("url = \"wss://user:pass@h/x\"".into(), &["url"]),
        ("url = \"wss://h/x#y\"".into(), &["url"]),
        (format!("url = \"ws://h/x\"\n{token}"), &["token"]),
        (format!("url = \"ws://192.168.1.5/x\"\n{token}"), &["token"]),
        (format!("url = \"ws://localhost:3001/x\"\n{token}"), &[]),
        (format!("url = \"ws://127.0.0.1/x\"\n{token}"), &[]),
        (format!("url = \"ws://[::1]/x\"\n{token}"), &[]),
        (format!("url = \"ws://h/x\"\n{token}\ndangerously_send_token_unencrypted = true"), &[]),
        (
            "url = \"ws://h/x\"\nheaders = { authorization = \"x\" }".into(),
            &["headers.Authorization"],
        ),
        (
            format!("url = \"wss://h/x\"\n{token}\nheaders = {{ Authorization = \"x\" }}"),
            &["headers.Authorization"],
        ),
        ("url = \"wss://h/x\"\ntoken = { credential = \"none\" }".into(), &["token"]),
        (
            "url = \"wss://h/x\"\nheaders = { \"a b\" = \"x\", C = \"x\\ny\", Host = \"x\", \
             Sec-WebSocket-Key = \"x\" }"
                .into(),
            &["headers.C", "headers.Host", "headers.Sec-WebSocket-Key", "headers.a b"],
        ),
        ("url = \"wss://h/x\"\nsubprotocol = \"a, b\"".into(), &["subprotocol"]),
        ("url = \"wss://h/x\"\nproxy = \"socks5://p:1\"".into(), &["proxy"]),
        ("url = \"wss://h/x\"\nproxy = \"http://p:3128\"".into(), &[]),
        ("url = \"ws://h/x\"\nca = \"/ca.pem\"".into(), &["ca"]),
        (
            "url = \"wss://h/x\"\nclient = { cert = \"c\", key = { credential = \"none\" } }"
                .into(),
            &["client.key"],
        ),
        (
            "url = \"wss://h/x\"\nmax_frame = \"1B\"\nhandshake_timeout = \"0s\"\nfeed = \"\"\n\
             ping = { every = \"0s\", answer = \"0s\" }"
                .into(),
            &["ping.every", "ping.answer", "handshake_timeout", "max_frame", "feed"],
        ),
        ("url = \"wss://h/x\"\nreconnect = { delays = [] }".into(), &["reconnect.delays"]),
        (
            "url = \"wss://h/x\"\nreconnect = { delays = [\"1s\"], first = \"1s\" }".into(),
            &["reconnect.delays"],
        ),
        (
            "url = \"wss://h/x\"\nreconnect = { first = \"0s\", factor = 0.5 }".into(),
            &["reconnect.first", "reconnect.factor"],
        ),
        ("url = \"wss://h/x\"\nreconnect = { first = \"20s\" }".into(), &["reconnect.max"]),
        ("url = \"wss://h/x\"\nreconnect = { factor = nan }".into(), &["reconnect.factor"]),
    ];
    for (table, keys) in cases {
        let found: Vec<String> = complaints(&table).into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, keys, "{table}");
    }
}

#[test]
fn no_complaint_repeats_a_secret() {
    let table = "url = \"wss://user:hunter2@h/x?k=hunter2\"\nheaders = { A = \"hunter2\\n\" }";
    for (key, what) in complaints(table) {
        assert!(!what.contains("hunter2"), "{key}: {what}");
    }
}

#[test]
fn the_two_ways_to_reconnect_are_read() {
    let doors = Doors::new();
    let reconnect = |rest: &str| doors.source("wss://h/x", rest).reconnect();
    assert_eq!(reconnect(""), Reconnect::default());
    assert_eq!(reconnect("reconnect = { attempts = \"unlimited\" }"), Reconnect::default());
    let listed =
        "reconnect = { delays = [\"3s\", \"6s\", \"9s\", \"12s\", \"15s\"], attempts = 5 }";
    let delays = [3, 6, 9, 12, 15].map(Duration::from_secs).to_vec();
    assert_eq!(reconnect(listed), Reconnect::Listed { delays, attempts: Some(5) });
    for wrong in ["0", "-1", "\"many\"", "1.5"] {
        let table = format!("url = \"wss://h/x\"\nreconnect = {{ attempts = {wrong} }}");
        assert!(toml::from_str::<Config>(&table).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_not_built_is_no_known_key() {
    for key in ["quiet", "catch_up", "map", "urll"] {
        let table = format!("url = \"wss://h/x\"\n{key} = 1");
        assert!(toml::from_str::<Config>(&table).is_err(), "{key}");
    }
}

#[test]
fn the_place_shows_no_query() {
    let doors = Doors::new();
    let cases = [
        ("wss://h.example/x/y?token=t", "wss://h.example/x/y"),
        ("ws://h.example:3001/x", "ws://h.example:3001/x"),
        ("ws://[::1]:3001", "ws://[::1]:3001/"),
    ];
    for (url, place) in cases {
        assert_eq!(doors.source(url, "").place(), place);
    }
}

#[test]
fn the_example_is_valid() {
    let example: toml::Table = toml::from_str(WebSocket::INFO.example).unwrap();
    let table = &example["source"]["websocket"]["dashboard"];
    let config: Config = table.clone().try_into().unwrap();
    assert_eq!(config.url, "wss://admin.example.com/admin/dashboard");
}
