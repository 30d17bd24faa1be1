//! Job: what dispatch promises, on a real store, by a clock and a sink that a test plays.
//! Takes: answers, one a try.
//! Gives: when and how often a sink is asked.
//! Never: waits by the machine's clock.

use async_trait::async_trait;
use contract::event::Body;
use contract::plugin::Schedule;
use contract::trial::{FakeClock, SeededEntropy};
use contract::{Booking, Class, Event, Level, Note, Sink, Status, Verdict, Why};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::delivery::identity::note_key;
use crate::delivery::{
    DeadReason, Decision, Digest, EventKey, HeldReason, Outcome, Planned, Start, Step, Way,
};
use crate::outbox::{
    Action, Actor, Gate, GenerationId, Group, HistoryFilter, Hold, OpenSettings, Page, SinkStatus,
    StoredEvent, Whom, WriterThread, body_bytes,
};

const ALL: Page = Page { limit: 1000, offset: 0 };

/// A try that is under way: whose, and where its answer goes.
struct Asked {
    subject: String,
    attempt: u32,
    answer: oneshot::Sender<Verdict>,
}

/// A sink that answers what the test says, when it says so.
struct Played(mpsc::UnboundedSender<Asked>);

#[async_trait]
impl Sink for Played {
    async fn send(&self, note: &Note) -> Verdict {
        let (answer, answered) = oneshot::channel();
        let subject = note.event().subject().to_owned();
        self.0.send(Asked { subject, attempt: note.attempt, answer }).unwrap();
        match answered.await {
            Ok(verdict) => verdict,
            Err(_) => std::future::pending().await,
        }
    }
    async fn probe(&self) -> Result<(), Why> {
        Ok(())
    }
    fn place(&self) -> String {
        "played".into()
    }
}

struct House {
    folder: Arc<TempDir>,
    clock: Arc<FakeClock>,
    outbox: Outbox,
    thread: WriterThread,
    dispatch: Dispatch,
    asked: mpsc::UnboundedReceiver<Asked>,
}

fn name() -> SinkName {
    "webhook.out".into()
}

fn policy() -> Policy {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    Policy {
        timeout: days(30),
        in_flight: 4,
        attempts: Some(12),
        give_up_after: days(7),
        expires: None,
        schedule: Schedule::Network,
    }
}

impl House {
    async fn new(policy: Policy) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::at(folder, Arc::new(FakeClock::default()), policy).await
    }

    async fn at(folder: Arc<TempDir>, clock: Arc<FakeClock>, policy: Policy) -> Self {
        let settings = OpenSettings::default();
        let (outbox, writer) =
            Outbox::open(folder.path(), settings, Arc::clone(&clock) as _).unwrap();
        let thread = writer.on_thread(&Handle::current()).unwrap();
        let entropy = Arc::new(SeededEntropy::new(7));
        let mut dispatch = Dispatch::new(outbox.clone(), Arc::clone(&clock) as _, entropy);
        let (told, asked) = mpsc::unbounded_channel();
        let ringer = Ringer { name: name(), sink: Arc::new(Played(told)), policy };
        dispatch.replace(&[SinkInstance { ringer, content: "1".into() }]).await.unwrap();
        Self { folder, clock, outbox, thread, dispatch, asked }
    }

    /// Stops and starts again.
    async fn again(self) -> Self {
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        self.close().await;
        Self::at(folder, clock, policy()).await
    }

    async fn close(self) {
        self.dispatch.stop(Duration::ZERO).await;
        self.outbox.stop();
        tokio::task::spawn_blocking(move || self.thread.join()).await.unwrap().unwrap();
    }

    async fn ring(&self, subjects: &[&str]) {
        let now = self.clock.now();
        let events = subjects.iter().map(|subject| ringing(subject, now)).collect();
        let ticket = self.outbox.commit(Group { events, ..Group::default() }).await.unwrap();
        self.outbox.wait_committed(ticket).await.unwrap();
    }

    /// Lets the writer and the workers do all that they can do now.
    async fn settle_down(&self) {
        for turn in 0..4 {
            self.outbox.generation(format!("{turn}")).await.unwrap();
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.settle_down().await;
    }

    async fn next(&mut self) -> Asked {
        self.asked.recv().await.unwrap()
    }

    async fn answer(&mut self, verdict: Verdict) -> String {
        let asked = self.next().await;
        asked.answer.send(verdict).unwrap();
        self.settle_down().await;
        asked.subject
    }

    async fn is_quiet(&mut self) -> bool {
        self.settle_down().await;
        self.asked.try_recv().is_err()
    }

    fn status(&self) -> SinkStatus {
        self.outbox.status().unwrap().sinks.remove(0)
    }

    fn states(&self) -> Vec<String> {
        let mut rows = self.outbox.history(&HistoryFilter::default(), ALL).unwrap();
        rows.reverse();
        rows.iter().flat_map(|row| &row.deliveries).map(|d| d.state.to_string()).collect()
    }
}

fn ringing(subject: &str, now: jiff::Timestamp) -> StoredEvent {
    let mut booking = Booking::of(subject);
    booking.status = Some(Status::New);
    let event = Arc::new(Event {
        id: None,
        source: "websocket.main".into(),
        feed: "dashboard".into(),
        at: now,
        received: now,
        body: Body::Booking(booking),
        extra: Default::default(),
    });
    let body = body_bytes(&event).unwrap();
    let digest = Digest::of(&body);
    let key = EventKey::of(&event, digest, None);
    let planned = Planned {
        key: note_key(key, &name(), None, &Step::First),
        sink: name(),
        address: None,
        rule: "all".into(),
        also: Vec::new(),
        level: Level::Info,
        title: "A booking".into(),
        body: String::new().into(),
        timeline: Vec::new(),
        start: Start::Ring,
        way: Way::Ring,
        redirected_from: None,
    };
    let decision = Decision {
        key,
        outcome: Outcome::Routed,
        planned: vec![planned],
        changes: Vec::new(),
        wake_ups: Vec::new(),
        counts: Vec::new(),
    };
    let (memory, generation, woken_by) = (None, GenerationId(1), None);
    StoredEvent { event, body, digest, decision, memory, generation, woken_by }
}

fn throttled(seconds: Option<u64>) -> Verdict {
    let after = seconds.map(Duration::from_secs);
    Verdict::Down { why: Why::new(Class::Throttled, "429"), after }
}

fn down() -> Verdict {
    Verdict::Down { why: Why::new(Class::Config, "401"), after: None }
}

fn gone() -> Verdict {
    Verdict::Reject { why: Why::new(Class::Gone, "410") }
}

#[tokio::test]
async fn a_throttled_sink_is_asked_by_nobody_before_it_said() {
    for (asked, waits) in [(60, 60), (86_400, 86_400), (999_999_999, 86_400), (0, 5)] {
        let mut house = House::new(Policy { in_flight: 1, ..policy() }).await;
        house.ring(&["B1", "B2", "B3", "B4"]).await;
        house.answer(throttled(Some(asked))).await;
        house.pass(waits - 1).await;
        assert!(house.is_quiet().await, "asked again {waits} s early");
        house.clock.advance(Duration::from_millis(999));
        assert!(house.is_quiet().await, "asked again 1 ms early");
        house.clock.advance(Duration::from_millis(1));
        house.settle_down().await;
        let mut rang = Vec::new();
        for _ in 0..4 {
            rang.push(house.answer(Verdict::sent()).await);
        }
        rang.sort();
        assert_eq!(rang, ["B1", "B2", "B3", "B4"]);
        assert_eq!(house.states(), vec!["sent"; 4]);
        house.close().await;
    }
}

#[tokio::test]
async fn a_late_answer_never_shortens_a_hold() {
    let cases = [
        (throttled(Some(600)), down()),
        (throttled(Some(600)), throttled(Some(1))),
        (gone(), throttled(Some(1))),
        (gone(), Verdict::sent()),
    ];
    for (first, late) in cases {
        let mut house = House::new(policy()).await;
        house.ring(&["B1", "B2", "B3"]).await;
        let (one, two) = (house.next().await, house.next().await);
        let three = house.next().await;
        one.answer.send(first.clone()).unwrap();
        house.settle_down().await;
        two.answer.send(late.clone()).unwrap();
        three.answer.send(Verdict::sent()).unwrap();
        house.settle_down().await;
        house.ring(&["B4"]).await;
        house.pass(599).await;
        assert!(house.is_quiet().await, "{first:?} was forgotten for {late:?}");
        house.close().await;
    }
}

#[tokio::test]
async fn a_late_failure_does_not_close_a_sink_that_has_answered_since() {
    let mut house = House::new(policy()).await;
    house.ring(&["B1", "B2"]).await;
    let (slow, quick) = (house.next().await, house.next().await);
    quick.answer.send(throttled(Some(5))).unwrap();
    house.settle_down().await;
    house.pass(5).await;
    assert_eq!(house.answer(Verdict::sent()).await, quick.subject);
    slow.answer.send(down()).unwrap();
    house.settle_down().await;
    assert_eq!(house.status().hold, None);
    assert_eq!(house.states(), ["waiting", "sent"]);
    house.close().await;
}

#[tokio::test]
async fn a_claim_made_before_the_hold_is_given_back_and_not_tried() {
    let house = House::new(policy()).await;
    let House { folder, clock, outbox, thread, dispatch, mut asked } = house;
    let (slot, mut claims) = crate::outbox::SinkSlot::new(name(), 1, 3);
    outbox.register(vec![slot]).await.unwrap();
    let (told, asked_here) = mpsc::unbounded_channel();
    let (give, taken) = mpsc::channel(8);
    let worker = Worker {
        ringer: Ringer { name: name(), sink: Arc::new(Played(told)), policy: policy() },
        outbox: outbox.clone(),
        clock: Arc::clone(&clock) as _,
        entropy: Arc::new(SeededEntropy::new(7)),
        health: worker::Health::default(),
    };
    let mut workers = JoinSet::new();
    let stop = Stop::default();
    let stopped = stop.clone();
    workers.spawn(async move { worker.run(taken, stopped).await });
    let mut house = House { folder, clock, outbox, thread, dispatch, asked: asked_here };
    house.ring(&["B1", "B2"]).await;
    let mut made = claims.recv().await.unwrap();
    give.send(vec![made.remove(0)]).await.unwrap();
    house.answer(throttled(Some(60))).await;
    give.send(made).await.unwrap();
    assert!(house.is_quiet().await, "tried although the sink had asked to wait");
    assert_eq!(house.states(), ["held (throttled)", "held (throttled)"]);
    assert!(asked.try_recv().is_err());
    stop.starting.cancel();
    while workers.join_next().await.is_some() {}
    house.close().await;
}

#[tokio::test]
async fn a_sink_that_was_down_before_a_restart_opens_with_its_first_answer() {
    let mut house = House::new(policy()).await;
    house.ring(&["B1", "B2", "B3"]).await;
    for _ in 0..3 {
        house.answer(down()).await;
    }
    let since = house.status().hold.unwrap().since;
    let mut house = house.again().await;
    house.pass(5).await;
    house.answer(Verdict::sent()).await;
    assert_eq!(house.status().hold, None, "held since {since}, though it answers");
    let (one, two) = (house.next().await, house.next().await);
    for asked in [one, two] {
        asked.answer.send(Verdict::sent()).unwrap();
    }
    house.settle_down().await;
    assert_eq!(house.states(), vec!["sent"; 3]);
    house.close().await;
}

#[tokio::test]
async fn a_sink_that_stays_down_says_since_when() {
    let mut house = House::new(policy()).await;
    house.ring(&["B1"]).await;
    let begun = house.clock.now();
    for wait in [5, 10, 20] {
        house.answer(down()).await;
        house.pass(wait).await;
    }
    house.next().await.answer.send(down()).unwrap();
    house.settle_down().await;
    assert_eq!(house.status().hold.unwrap().since, begun);
    house.close().await;
}

#[tokio::test]
async fn a_sink_that_is_gone_rings_again_once_a_person_says_so() {
    let mut house = House::new(policy()).await;
    house.ring(&["B1"]).await;
    house.answer(gone()).await;
    house.ring(&["B2"]).await;
    house.pass(86_400).await;
    assert!(house.is_quiet().await);
    assert_eq!(house.states(), ["dead (rejected: gone)", "held (sink disabled)"]);
    house.outbox.act(Actor("admin".into()), Action::Resume(Whom::Sink(name()))).await.unwrap();
    assert_eq!(house.answer(Verdict::sent()).await, "B2");
    assert_eq!(house.status().hold, None);
    house.close().await;
}

#[tokio::test]
async fn what_is_too_old_is_given_up_without_a_try_and_shows_none() {
    let expiring = Policy { expires: Some(Duration::from_secs(600)), ..policy() };
    let dead = crate::delivery::State::Dead(DeadReason::Age).to_string();
    for (policy, age, state) in [(policy(), 7 * 86_400, dead.as_str()), (expiring, 601, "expired")]
    {
        let mut house = House::new(policy).await;
        let until = house.clock.now() + Duration::from_secs(age);
        let (since, said) = (house.clock.now(), None);
        let hold = Hold { reason: HeldReason::Throttled, since, until: Some(until), said };
        house.outbox.gate(name(), Gate::Held(hold));
        house.settle_down().await;
        house.ring(&["B1"]).await;
        house.pass(age).await;
        assert!(house.is_quiet().await);
        let story = house.outbox.story("B1", 1).unwrap().remove(0);
        let (delivery, tries) = &story.deliveries[0];
        assert_eq!(delivery.state.to_string(), state);
        assert_eq!((delivery.tries, tries.len()), (0, 0));
        house.close().await;
    }
}

#[tokio::test]
async fn a_stop_gives_back_what_has_no_answer_and_spends_no_attempt() {
    let mut house = House::new(policy()).await;
    house.ring(&["B1"]).await;
    let hanging = house.next().await;
    let mut house = house.again().await;
    let again = house.next().await;
    assert_eq!((again.subject, again.attempt), (hanging.subject, hanging.attempt));
    house.close().await;
}
