//! Job: wake-ups, by a clock that only the test moves and a writer that starts late.
//! Takes: a rule that waits before it rings.
//! Gives: that it rings when it is due, however slow the disk is, and once.
//! Never: looks at the machine's clock, but to give up.

use contract::trial::FakeClock;
use contract::{Ack, FeedState};

use super::*;
use crate::outbox::{GenerationId, OpenSettings};
use crate::rules::{Plan, Rule, Settings};

#[derive(serde::Deserialize)]
struct Rules {
    rule: Vec<Rule>,
}

const ALARM: &str = "[[rule]]\nname = 'Ill'\nring = ['console.log']\n\
                     alarm = { feed = ['down'], for = '10s' }\n";

fn generation() -> Arc<ArcSwap<Generation>> {
    let rules: Rules = toml::from_str(ALARM).unwrap();
    let sinks = [("console.log".into(), contract::plugin::Update::New)].into();
    let settings = Settings { rules: rules.rule, sinks, ..Settings::default() };
    let plan = Plan::compile(settings).map_err(|misfits| format!("{misfits:#?}")).unwrap();
    Arc::new(ArcSwap::from_pointee(Generation { id: GenerationId(1), text: String::new(), plan }))
}

fn change(state: FeedState, now: Timestamp) -> Brought {
    let event = Event {
        id: None,
        source: "test.feed".into(),
        feed: "feed".into(),
        at: now,
        received: now,
        body: Body::Feed(FeedChange { state, since: now, said: None, gap: None }),
        extra: contract::Fields::default(),
    };
    Brought {
        source: "test.feed".into(),
        feed: "feed".into(),
        read: vec![Ok(event)],
        ack: Ack::none(),
        cursor: None,
        alive: Some(now),
    }
}

/// Lets the judge do what it can without the writer.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// What was committed, as kinds of events with the number of rings, after `changes`, ten seconds,
/// and only then a disk that takes anything.
async fn told(changes: &[FeedState]) -> Vec<(FeedState, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::default());
    let (outbox, writer) =
        Outbox::open(folder.path(), OpenSettings::default(), clock.clone()).unwrap();
    let mut news = outbox.news();
    let (bring, brought) = mpsc::channel(8);
    let judge = Judge::new(outbox.clone(), clock.clone(), generation());
    let judging = tokio::spawn(judge.run(brought));
    for state in changes {
        bring.send(change(*state, clock.now())).await.unwrap();
        settle().await;
    }
    clock.advance(Duration::from_secs(10));
    settle().await;
    let writer = writer.on_thread(&tokio::runtime::Handle::current()).unwrap();
    while outbox.next_wake_up().unwrap().is_some() || outbox.committed() == Ticket::default() {
        tokio::task::yield_now().await;
    }
    drop(bring);
    judging.await.unwrap().unwrap();
    outbox.stop();
    tokio::task::spawn_blocking(move || writer.join()).await.unwrap().unwrap();
    let mut told = Vec::new();
    while let Ok(committed) = news.try_recv() {
        told.extend(committed.events.iter().map(|news| match &news.event.body {
            Body::Feed(change) => (change.state, news.rings),
            other => panic!("{other:?}"),
        }));
    }
    told
}

#[tokio::test]
async fn a_wake_up_that_falls_due_before_its_commit_rings_when_it_is_committed() {
    let told = tokio::time::timeout(Duration::from_secs(30), told(&[FeedState::Down])).await;
    assert_eq!(told.expect("it rings"), [(FeedState::Down, 0), (FeedState::Down, 1)]);
}

#[tokio::test]
async fn an_alarm_that_was_over_before_the_commit_rings_nobody() {
    let states = [FeedState::Down, FeedState::Live];
    let told = tokio::time::timeout(Duration::from_secs(30), told(&states)).await;
    assert_eq!(told.expect("it ends"), [(FeedState::Down, 0), (FeedState::Live, 0)]);
}
