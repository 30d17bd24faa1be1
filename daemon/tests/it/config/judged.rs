//! Job: every example under `config/examples` rings what its comments promise.
//! Takes: each file, and a table of frames as the feed would send them.
//! Gives: a failure where a ring, its rule or its loudness differs, or a file has no table.
//! Never: looks at the words of a ring.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::frame::{Reader, Said};
use contract::{Body, Event, FeedChange, FeedState, Gap, GapReason};
use deskbell::config::{LoadRequest, load};
use deskbell::delivery::{
    AlarmMemory, Cause, Change, Count, Decision, Digest, Memory, MemoryKey, Outcome, Start,
    SubjectMemory, WakeUp, WakeUpChange,
};
use deskbell::rules::Plan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{House, catalog};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/examples")
}

/// The plan of an example, and what intake and the outbox would remember.
struct Desk {
    plan: Plan,
    past: BTreeMap<String, SubjectMemory>,
    alarms: BTreeMap<String, AlarmMemory>,
    wake_up: Option<WakeUp>,
    now: Timestamp,
}

impl Desk {
    fn of(example: &str) -> Self {
        let files = vec![folder().join(example)];
        let request = LoadRequest { files, ..House::new(&[]).request };
        let loaded = load(&request, &catalog::catalog(), &catalog::doors());
        assert_eq!(loaded.complaints, [], "{example}");
        let plan = loaded.usable.expect("usable").plan;
        let now = "2026-11-23T07:00:00Z".parse().expect("a time");
        let (past, alarms, wake_up) = (BTreeMap::new(), BTreeMap::new(), None);
        Self { plan, past, alarms, wake_up, now }
    }

    fn judge(&mut self, cause: Cause<'_>) -> Decision {
        let mut memory = Memory::default();
        for key in self.plan.reads(&cause) {
            match key {
                MemoryKey::Subject(_, subject) => {
                    memory.subject = self.past.get(&*subject).cloned().map(Into::into);
                }
                MemoryKey::Alarm(rule, _) => {
                    let known = self.alarms.get(rule.as_str()).cloned();
                    memory.alarms.extend(known.map(|alarm| (rule, alarm)));
                }
            }
        }
        let decision = self.plan.judge(cause, &memory, self.now);
        assert_eq!(decision, self.plan.explain(cause, &memory, self.now).0);
        for Change::Alarm(rule, _, alarm) in &decision.changes {
            self.alarms.remove(rule.as_str());
            self.alarms.extend(alarm.clone().map(|alarm| (rule.to_string(), alarm)));
        }
        for change in &decision.wake_ups {
            self.wake_up = match change {
                WakeUpChange::Set(wake_up) => Some(wake_up.clone()),
                WakeUpChange::Cancel(..) => None,
            };
        }
        decision
    }

    fn send(&mut self, event: &Event) -> String {
        let body = serde_json::to_vec(&(&event.body, &event.extra)).expect("JSON");
        let digest = Digest::of(&body);
        let decision = self.judge(Cause::Event(event, digest));
        let before = self.past.get(event.subject());
        let after = SubjectMemory::after(before, event, digest, &decision);
        self.past.insert(event.subject().to_owned(), after);
        told(&decision)
    }

    /// One minute later, a frame of this status.
    fn hear(&mut self, status: &str, mut payload: Value) -> String {
        self.now += SignedDuration::from_mins(1);
        payload["timestamp"] = json!(self.now);
        let frame = json!({ "type": format!("booking:{status}"), "payload": payload });
        let reader = Reader::new("websocket.dashboard".into(), "dashboard".into());
        let read = reader.read(frame.to_string().as_bytes(), self.now);
        match read.expect("a frame of the feed").said {
            Said::Event(event) => self.send(&event),
            Said::Word(_) => unreachable!("a booking is no word of the protocol"),
        }
    }

    fn feed(&mut self, state: FeedState, gap: Option<Gap>) -> String {
        let change = FeedChange { state, since: self.now, said: None, gap };
        self.send(&Event {
            id: None,
            source: "websocket.dashboard".into(),
            feed: "dashboard".into(),
            at: self.now,
            received: self.now,
            body: Body::Feed(change),
            extra: contract::Fields::default(),
        })
    }
}

/// `console.log ring by Tours, info`, one a ring; else why nobody is rung.
fn told(decision: &Decision) -> String {
    let rings = decision.planned.iter().map(|planned| {
        let shadow = if planned.start == Start::Shadow { "shadow of " } else { "" };
        let (sink, way, rule) = (&planned.sink, planned.way.word(), &planned.rule);
        format!("{shadow}{sink} {way} by {rule}, {}", planned.level)
    });
    let rings: Vec<String> = rings.collect();
    if !rings.is_empty() {
        return rings.join("; ");
    }
    let nobody = decision.counts.iter().find_map(|count| match count {
        Count::Nobody(rule) => Some(format!("nobody by {rule}")),
        Count::Unknown(rule) => Some(format!("{rule} cannot decide")),
        Count::Matched(_) | Count::Template(_) => None,
    });
    match (nobody, decision.outcome) {
        (Some(why), Outcome::Routed | Outcome::Unmatched) => why,
        (_, outcome) => outcome.word().to_owned(),
    }
}

/// What each frame rings, in the order in which they come.
fn rings(example: &str, frames: &[(&str, Value, &str)]) {
    let mut desk = Desk::of(example);
    for (status, payload, wanted) in frames {
        let said = desk.hear(status, payload.clone());
        assert_eq!(said, *wanted, "{example}: {status} {payload}");
    }
}

fn booking(id: &str, category: &str, country: &str, amount: Value, currency: &str) -> Value {
    json!({ "id": id, "type": category, "country": country, "amount": amount,
        "currency": currency, "customerName": "Anna Lindqvist", "title": "Phi Phi Islands" })
}

#[test]
fn every_example_is_judged_here() {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    files.sort();
    assert_eq!(files, ["alarm.toml", "conf.d", "conf.d.toml", "rules.toml", "webhook.toml"]);
}

#[test]
fn rules_rings_big_tours_cancellations_and_thai_stays() {
    let tour = |id, amount: Value, currency| booking(id, "tour", "TH", amount, currency);
    let place = |id, category, country| booking(id, category, country, json!(10), "USD");
    let big = "console.desk ring by Big tours, warning";
    let cancelled = "console.desk ring by Cancelled, error";
    let trial = "shadow of console.desk ring by Cars, on trial, info";
    let with = |mut payload: Value, key: &str, value: Value| {
        payload[key] = value;
        payload
    };
    let no_country = |category| with(place("N1", category, ""), "country", Value::Null);
    let frames = [
        ("new", tour("T1", json!(1250), "USD"), big),
        ("confirmed", tour("T1", json!(1250), "USD"), "unmatched"),
        ("cancelled", tour("T1", json!(1250), "USD"), cancelled),
        ("new", tour("T2", json!(1000), "USD"), big),
        ("new", tour("T3", json!(999.99), "USD"), "unmatched"),
        ("new", tour("T4", json!(900), "EUR"), "unmatched"),
        ("new", tour("T5", json!(920), "EUR"), big),
        ("new", tour("T6", json!(36000), "THB"), big),
        ("new", tour("T7", json!(5000), "CHF"), "Big tours cannot decide"),
        ("confirmed", tour("T8", json!(1250), "USD"), "unmatched"),
        ("cancelled", place("X1", "car", "TH"), cancelled),
        ("cancelled", place("X2", "property", "LA"), cancelled),
        ("new", place("P1", "property", "TH"), "console.desk ring by New stays by country, info"),
        ("new", place("P2", "property", "LA"), "nobody by New stays by country"),
        ("new", no_country("property"), "nobody by New stays by country"),
        ("new", place("C1", "car", "LA"), trial),
        ("new", place("C2", "transfer", "LA"), trial),
        ("new", place("C3", "car", "TH"), "unmatched"),
        ("new", with(no_country("car"), "id", json!("C4")), "Cars, on trial cannot decide"),
        ("new", with(tour("I1", json!(5000), "USD"), "live", json!(false)), "ignored"),
        ("new", with(tour("I2", json!(5000), "USD"), "customerName", json!("TEST Ann")), "ignored"),
        ("new", with(tour("I3", json!(5000), "USD"), "customerName", json!("Testino")), big),
    ];
    rings("rules.toml", &frames);
}

#[test]
fn webhook_sends_every_state_as_data_and_rings_the_large_ones() {
    let stay = |id, amount: i64, currency| booking(id, "property", "LA", json!(amount), currency);
    let crm = |level| format!("webhook.crm data by CRM, {level}");
    let both = |level| format!("{}; console.log ring by Large ones, {level}", crm(level));
    let frames = [
        ("new", stay("W1", 34_999, "THB"), crm("info")),
        ("new", stay("W2", 35_000, "THB"), both("info")),
        ("confirmed", stay("W2", 35_000, "THB"), both("success")),
        ("cancelled", stay("W2", 35_000, "THB"), both("error")),
        ("new", stay("W3", 999, "USD"), crm("info")),
        ("new", stay("W4", 1_000, "USD"), both("info")),
        ("new", stay("W5", 900, "EUR"), both("info")),
        ("new", stay("W6", 1_000_000, "JPY"), crm("info")),
        ("confirmed", stay("W1", 34_999, "THB"), crm("success")),
    ];
    rings("webhook.toml", &frames.each_ref().map(|(s, p, w)| (*s, p.clone(), w.as_str())));
}

#[test]
fn conf_d_rings_tours_and_the_states_of_stays_that_it_names() {
    let place = |id, category| booking(id, category, "TH", json!(10), "USD");
    let frames = [
        ("new", place("T1", "tour"), "console.log ring by Tours, info"),
        ("confirmed", place("T1", "tour"), "console.log ring by Tours, success"),
        ("new", place("P1", "property"), "console.log ring by Stays, info"),
        ("confirmed", place("P1", "property"), "unmatched"),
        ("cancelled", place("P1", "property"), "console.log ring by Stays, error"),
        ("confirmed", place("P2", "property"), "unmatched"),
        ("new", place("C1", "car"), "unmatched"),
    ];
    rings("conf.d.toml", &frames);
}

#[test]
fn alarm_rings_a_feed_that_is_down_for_two_minutes_when_it_is_back_and_a_gap_at_once() {
    let mut desk = Desk::of("alarm.toml");
    let stay = booking("P1", "property", "TH", json!(10), "USD");
    assert_eq!(desk.hear("new", stay), "console.log ring by Every booking, info");
    assert_eq!(desk.feed(FeedState::Down, None), "routed");
    let wake_up = desk.wake_up.clone().expect("it waits");
    assert_eq!(wake_up.due, desk.now + SignedDuration::from_mins(2));
    desk.now = wake_up.due;
    let rung = desk.judge(Cause::WakeUp(&wake_up));
    assert_eq!(told(&rung), "console.log alarm by The feed is down, error");
    desk.now += SignedDuration::from_mins(5);
    let cleared = desk.feed(FeedState::Live, None);
    assert_eq!(cleared, "console.log alarm by The feed is down, success");
    let gap = Gap { from: wake_up.due, to: desk.now, reason: GapReason::NotOffered, missed: None };
    let gap = desk.feed(FeedState::Gap, Some(gap));
    assert_eq!(gap, "console.log alarm by Something was missed, warning");
    assert_eq!(desk.feed(FeedState::Down, None), "routed");
    desk.now += SignedDuration::from_secs(119);
    assert_eq!(desk.feed(FeedState::Live, None), "routed");
}
