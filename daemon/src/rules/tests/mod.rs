//! Job: the meanings of the configuration, one by one, as tests.
//! Takes: rules as TOML, events, and what is remembered of the events before.
//! Gives: each meaning's words as the name of a test.
//! Never: looks inside a plan.

use std::collections::BTreeMap;

use contract::event::Body;
use contract::plugin::Update;
use contract::{Booking, Event, FeedChange, FeedState, Money, Status};
use jiff::{SignedDuration, Timestamp};

use super::{Explanation, Locale, Plan, Rates, Rule, Settings, When};
use crate::delivery::{
    Cause, Change, Decision, Digest, Memory, MemoryKey, Outcome, SubjectMemory, WakeUp,
    WakeUpChange,
};

mod alarms;
mod equality;
mod matching;
mod messages;
mod refused;
mod rings;
mod shown;
mod written;

/// A desk with rules and a memory: what intake and the outbox are to the rules.
struct Desk {
    plan: Plan,
    memory: BTreeMap<String, SubjectMemory>,
    alarms: BTreeMap<String, crate::delivery::AlarmMemory>,
    wake_ups: Vec<WakeUp>,
    now: Timestamp,
    explained: Option<Explanation>,
}

#[derive(serde::Deserialize)]
struct Rules {
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    ignore: Vec<When>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A house with a sink of each way of update, two teams, rates and a time zone.
fn house(rules: &str) -> Settings {
    let rules: Rules = toml::from_str(rules).unwrap();
    let sinks = [
        ("console.log", Update::New),
        ("slack.sales", Update::Thread),
        ("slack.big", Update::Edit),
        ("webhook.crm", Update::New),
    ];
    Settings {
        rules: rules.rule,
        ignore: rules.ignore,
        sinks: sinks.map(|(sink, update)| (sink.into(), update)).into(),
        teams: [
            ("front-desk".into(), vec!["console.log".into(), "slack.sales".into()]),
            ("duty".into(), vec!["slack.big".into()]),
        ]
        .into(),
        statuses: vec!["no_show".into()],
        categories: vec!["spa".into()],
        rates: Rates {
            base: "THB".parse().ok(),
            rates: [("USD", "35.10"), ("EUR", "38.20")]
                .map(|(code, rate)| (code.parse().unwrap(), rate.parse().unwrap()))
                .into(),
            as_of: "2026-11-20".parse().ok(),
        },
        zone: jiff::tz::TimeZone::get("Asia/Bangkok").unwrap(),
        ..Settings::default()
    }
}

impl Desk {
    fn of(rules: &str) -> Self {
        Self::open(house(rules))
    }

    fn open(settings: Settings) -> Self {
        let plan = Plan::compile(settings).map_err(|misfits| format!("{misfits:#?}")).unwrap();
        Self {
            plan,
            memory: BTreeMap::new(),
            alarms: BTreeMap::new(),
            wake_ups: Vec::new(),
            now: at("2026-11-23T10:00:00Z"),
            explained: None,
        }
    }

    fn recall(&self, cause: &Cause<'_>) -> Memory {
        let mut memory = Memory::default();
        for key in self.plan.reads(cause) {
            match key {
                MemoryKey::Subject(_, subject) => {
                    memory.subject = self.memory.get(&*subject).cloned().map(Into::into);
                }
                MemoryKey::Alarm(rule, _) => {
                    if let Some(alarm) = self.alarms.get(rule.as_str()) {
                        memory.alarms.insert(rule, alarm.clone());
                    }
                }
            }
        }
        memory
    }

    /// Judges and explains, and demands that both decide the same.
    fn judge(&mut self, cause: Cause<'_>) -> Decision {
        let memory = self.recall(&cause);
        let decision = self.plan.judge(cause, &memory, self.now);
        let (explained, explanation) = self.plan.explain(cause, &memory, self.now);
        assert_eq!(decision, explained, "{}", explanation.render());
        self.explained = Some(explanation);
        for change in &decision.changes {
            let Change::Alarm(rule, _, memory) = change;
            match memory {
                Some(memory) => self.alarms.insert(rule.as_str().into(), memory.clone()),
                None => self.alarms.remove(rule.as_str()),
            };
        }
        for change in &decision.wake_ups {
            match change {
                WakeUpChange::Set(wake_up) => {
                    self.wake_ups.retain(|known| known.rule != wake_up.rule);
                    self.wake_ups.push(wake_up.clone());
                }
                WakeUpChange::Cancel(rule, _) => self.wake_ups.retain(|known| known.rule != *rule),
            }
        }
        decision
    }

    fn send(&mut self, event: &Event) -> Decision {
        let digest = digest(event);
        let decision = self.judge(Cause::Event(event, digest));
        let subject = event.subject().to_owned();
        let after = SubjectMemory::after(self.memory.get(&subject), event, digest, &decision);
        self.memory.insert(subject, after);
        decision
    }

    fn wake(&mut self) -> Vec<Decision> {
        let now = self.now;
        let due: Vec<WakeUp> =
            self.wake_ups.iter().filter(|wake_up| wake_up.due <= now).cloned().collect();
        self.wake_ups.retain(|wake_up| wake_up.due > now);
        due.iter().map(|wake_up| self.judge(Cause::WakeUp(wake_up))).collect()
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn render(&self) -> String {
        self.explained.as_ref().unwrap().render()
    }
}

/// What the event says, without when: as the outbox digests it.
fn digest(event: &Event) -> Digest {
    Digest::of(&serde_json::to_vec(&(&event.body, &event.extra)).unwrap())
}

fn event(body: Body) -> Event {
    Event {
        id: None,
        source: "websocket.dashboard".into(),
        feed: "dashboard".into(),
        at: at("2026-11-23T10:00:00Z"),
        received: at("2026-11-23T10:00:00Z"),
        body,
        extra: Default::default(),
    }
}

/// The first fixture: a tour in Thailand for 1,250 USD.
fn booking() -> Booking {
    Booking {
        category: Some("tour".into()),
        status: Some(Status::New),
        title: Some("Phi Phi Islands Day Tour".into()),
        customer: Some("Anna Lindqvist".into()),
        amount: money("1250.00 USD"),
        country: "TH".parse().ok(),
        ..Booking::of("BK-1")
    }
}

fn money(text: &str) -> Option<Money> {
    let (amount, currency) = text.split_once(' ').unwrap_or((text, ""));
    Some(Money { amount: amount.parse().unwrap(), currency: currency.parse().ok() })
}

fn tour() -> Event {
    event(Body::Booking(booking()))
}

/// The same booking in another state, one minute later.
fn tour_then(status: Status, minutes: i64) -> Event {
    let booking = Booking { status: Some(status), ..booking() };
    let at = at("2026-11-23T10:00:00Z") + SignedDuration::from_mins(minutes);
    Event { at, ..event(Body::Booking(booking)) }
}

fn feed(state: FeedState, since: Timestamp) -> Event {
    let change = FeedChange { state, since, said: None, gap: None };
    Event { at: since, ..event(Body::Feed(change)) }
}

/// The sinks that ring, in order.
fn rung(decision: &Decision) -> Vec<&str> {
    decision.planned.iter().map(|planned| planned.sink.as_str()).collect()
}

/// Says whether a rule with this `when` matches an event: `yes`, `no` or `unknown`.
fn matches(when: &str, event: &Event) -> &'static str {
    let mut desk =
        Desk::of(&format!("[[rule]]\nname = \"R\"\nring = [\"console.log\"]\n[rule.when]\n{when}"));
    let decision = desk.send(event);
    let unknown = decision.counts.iter().any(|c| matches!(c, crate::delivery::Count::Unknown(_)));
    match decision.outcome {
        Outcome::Routed => "yes",
        Outcome::Unmatched if unknown => "unknown",
        _ => "no",
    }
}
