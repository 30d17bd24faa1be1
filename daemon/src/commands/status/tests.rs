//! Job: the screen of `deskbell status`, as it is read at night.
//! Takes: documents.
//! Gives: what is said of them.
//! Never: asks a daemon.

use contract::Text;

use super::*;
use crate::app::status::{CountLine, PauseLine};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sink(name: &str, state: &str) -> SinkLine {
    SinkLine {
        name: name.into(),
        state: state.into(),
        since: None,
        until: None,
        said: None,
        waiting: 0,
        held: 0,
        failed: 0,
        last_rang: Some(at("2026-11-23T09:59:19Z")),
        oldest_due: None,
    }
}

fn feed() -> Standing {
    let place = "wss://admin.example.com".to_owned();
    let mut feed = Standing::fresh("websocket.dashboard".into(), place, at("2026-11-23T08:00:00Z"));
    feed.link = Link::Live;
    feed.last_event = Some(at("2026-11-23T09:59:57Z"));
    feed.last_booking = Some(at("2026-11-23T09:59:19Z"));
    feed.resumes = Some(true);
    feed
}

fn document() -> StatusDocument {
    StatusDocument {
        state: "LIVE".into(),
        troubles: Vec::new(),
        started: at("2026-11-17T09:00:00Z"),
        now: at("2026-11-23T10:00:00Z"),
        generation: 3,
        generation_since: at("2026-11-23T09:12:00Z"),
        paused: None,
        feeds: vec![feed()],
        today: TodayLine { bookings: 318, rang: 204, ..TodayLine::default() },
        sinks: vec![sink("console.log", "ok")],
        counts: Vec::new(),
    }
}

fn shown(document: &StatusDocument) -> String {
    render(document, &TimeZone::UTC, Paint::Plain)
}

#[test]
fn a_daemon_that_is_well_says_so_in_a_few_lines() {
    insta::assert_snapshot!(shown(&document()), @r"
    ● LIVE • websocket.dashboard   wss://admin.example.com   last event 3 s ago, last booking 41 s ago   up 6 d, config of 09:12:00
      today  318 bookings · 204 rang · 0 held

      sink         state  waiting  held  failed  last rang
      console.log  ok           0     0       0  41 s ago
    ");
}

#[test]
fn what_is_wrong_stands_with_since_when_and_what_to_do() {
    let mut document = document();
    document.today.held = 12;
    document.today.failed = 3;
    document.today.gaps = 1;
    document.sinks = vec![
        SinkLine { held: 12, ..sink("console.log", "ok") },
        SinkLine {
            waiting: 14,
            until: Some(at("2026-11-23T10:00:26.5Z")),
            said: Some("429, as told".into()),
            ..sink("webhook.sales", "waits")
        },
        SinkLine {
            waiting: 96,
            failed: 3,
            since: Some(at("2026-11-23T09:48:00Z")),
            until: Some(at("2026-11-23T10:04:00Z")),
            said: Some("401: check credential \"crm-new\"\u{1b}[2J".into()),
            ..sink("webhook.crm", "down")
        },
        SinkLine { held: 2, last_rang: None, ..sink("webhook.old", "parked") },
    ];
    document.troubles = vec!["webhook.crm is down".into()];
    document.counts =
        vec![CountLine { what: "unknown".into(), name: "Big tours".into(), count: 2 }];
    insta::assert_snapshot!(shown(&document), @r#"
    ● LIVE • websocket.dashboard   wss://admin.example.com   last event 3 s ago, last booking 41 s ago   up 6 d, config of 09:12:00
      today  318 bookings · 204 rang · 12 held · 3 failed · 1 gap
      rule "Big tours" could not decide: a field not said, or a currency without a rate, 2 times

      sink           state        waiting  held  failed  last rang
      console.log    ok                 0    12       0  41 s ago
      webhook.sales  waits 27 s        14     0       0  41 s ago   429, as told
      webhook.crm    DOWN 12 min       96     0       3  41 s ago   401: check credential "crm-new"[2J, asked again in 4 min  ← act
      webhook.old    parked             0     2       0  never                                                                ← act

      needs a person
      - webhook.crm is down
    "#);
}

#[test]
fn a_feed_that_is_away_says_why_and_when_it_is_tried_next() {
    let mut document = document();
    document.state = "CONNECTING…".into();
    let down = Standing {
        link: Link::Connecting,
        since: at("2026-11-23T09:58:00Z"),
        said: Some("connection refused".into()),
        next_try: Some(at("2026-11-23T10:00:04Z")),
        failures: 7,
        ..feed()
    };
    let denied = Standing {
        source: "websocket.other".into(),
        link: Link::Denied,
        said: Some("401".into()),
        failures: 1,
        last_event: None,
        ..feed()
    };
    document.feeds = vec![down, denied];
    insta::assert_snapshot!(shown(&document), @r"
    ○ CONNECTING…   up 6 d, config of 09:12:00
      CONNECTING… • websocket.dashboard   wss://admin.example.com   last event 3 s ago, last booking 41 s ago
      DENIED • websocket.other   wss://admin.example.com   no event yet
      websocket.dashboard CONNECTING… since 09:58:00, 7 tries failed, next in 4 s: connection refused
      websocket.other DENIED since 08:00:00, 1 try failed: 401   ← check its token
      today  318 bookings · 204 rang · 0 held

      sink         state  waiting  held  failed  last rang
      console.log  ok           0     0       0  41 s ago
    ");
}

#[test]
fn a_pause_says_by_whom_and_until_when() {
    let mut document = document();
    document.state = "PAUSED".into();
    let by = Text::from("uid 1000");
    document.paused = Some(PauseLine {
        since: at("2026-11-23T09:30:00Z"),
        until: Some(at("2026-11-23T10:30:00Z")),
        by,
    });
    insta::assert_snapshot!(shown(&document), @r"
    ‖ PAUSED • websocket.dashboard   wss://admin.example.com   last event 3 s ago, last booking 41 s ago   up 6 d, config of 09:12:00
      nothing rings since 09:30:00, by uid 1000, until 10:30:00; all is kept
      today  318 bookings · 204 rang · 0 held

      sink         state  waiting  held  failed  last rang
      console.log  ok           0     0       0  41 s ago
    ");
}

#[test]
fn a_feed_that_cannot_resume_is_told_as_such() {
    let mut document = document();
    document.feeds[0].resumes = Some(false);
    assert!(shown(&document).contains("cannot resume"), "{}", shown(&document));
}
