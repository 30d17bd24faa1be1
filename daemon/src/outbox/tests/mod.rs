//! Job: what the outbox promises, tried on a real store in a temporary folder.
//! Takes: groups, settlements, a clock that stands still unless it is moved.
//! Gives: `House`, whose writer turns only when told to.
//! Never: sleeps, or reads the machine's clock.

mod actions;
mod claims;
mod gates;
mod lanes;
mod looks;
mod memory;
mod readers;
mod restart;
mod retention;
mod running;
mod trouble;

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use contract::event::Body;
use contract::{Booking, Class, Clock, Event, Level, SinkName, Status, Why};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::writer::Turn;
use super::*;
use crate::delivery::identity::note_key;
use crate::delivery::{Decision, Digest, EventKey, Outcome, Planned, Start, Step, Way};

pub(super) struct StillClock(Mutex<Timestamp>);

impl StillClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-11-23T03:00:00Z".parse().unwrap())))
    }

    pub(super) fn pass(&self, time: Duration) {
        *lock(&self.0) += time;
    }
}

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
    fn boot(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().as_millisecond()).unwrap())
    }
    async fn sleep_until(&self, _: Duration) {
        std::future::pending().await
    }
}

pub(super) struct House {
    pub(super) folder: Arc<TempDir>,
    pub(super) clock: Arc<StillClock>,
    pub(super) outbox: Outbox,
    pub(super) writer: Writer,
}

impl House {
    pub(super) fn new() -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()), StillClock::new())
    }

    pub(super) fn at(folder: Arc<TempDir>, clock: Arc<StillClock>) -> Self {
        let (outbox, writer) =
            Outbox::open(folder.path(), OpenSettings::default(), clock.clone()).unwrap();
        Self { folder, clock, outbox, writer }
    }

    /// Dies without a word, as by kill -9, and is started again.
    pub(super) fn killed(self) -> Self {
        let Self { folder, clock, outbox, writer } = self;
        drop((outbox, writer));
        Self::at(folder, clock)
    }

    pub(super) fn with_sink(in_flight: usize, ahead: usize) -> (Self, Taken) {
        let mut house = Self::new();
        let taken = house.register(in_flight, ahead);
        (house, taken)
    }

    pub(super) fn register(&mut self, in_flight: usize, ahead: usize) -> Taken {
        let (slot, taken) = SinkSlot::new(sink(), in_flight, ahead);
        let outbox = self.outbox.clone();
        self.ask(outbox.register(vec![slot])).unwrap();
        Taken(taken)
    }

    /// Lets the writer work until it has nothing to do.
    pub(super) fn work(&mut self) {
        for _ in 0..10_000 {
            self.writer.take();
            match self.writer.turn().unwrap() {
                Turn::Worked => {}
                Turn::Idle => return,
                Turn::Refused => panic!("the disk refuses"),
            }
        }
        panic!("the writer never comes to rest");
    }

    /// Asks, lets the writer work, and takes the answer.
    pub(super) fn ask<T>(&mut self, question: impl Future<Output = T>) -> T {
        let mut question = pin!(question);
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = question.as_mut().poll(&mut context) {
            return answer;
        }
        self.work();
        match question.as_mut().poll(&mut context) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("no answer"),
        }
    }

    pub(super) fn put(&mut self, group: Group) -> Ticket {
        let outbox = self.outbox.clone();
        self.ask(outbox.commit(group)).unwrap()
    }

    pub(super) fn store(&mut self, events: Vec<StoredEvent>) {
        self.put(Group { events, ..Group::default() });
        self.work();
    }

    /// Stores one event for each booking, each with one ring.
    pub(super) fn ring(&mut self, bookings: &[&str]) {
        let now = self.clock.now();
        self.store(bookings.iter().map(|id| ringing(id, Status::New, now)).collect());
    }

    pub(super) fn settle(&mut self, claim: &Claim, outcome: Settled) {
        self.outbox.settle(self.settlement(claim, outcome));
        self.work();
    }

    pub(super) fn settlement(&self, claim: &Claim, outcome: Settled) -> Settlement {
        Settlement {
            id: claim.id,
            fence: claim.fence,
            sink: sink(),
            outcome,
            latency_ms: 5,
            answered: self.clock.now(),
        }
    }

    pub(super) fn act(&mut self, action: Action) -> Done {
        let outbox = self.outbox.clone();
        self.ask(outbox.act(Actor("admin".into()), action)).unwrap()
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.clock.pass(Duration::from_secs(seconds));
        self.work();
    }

    pub(super) fn in_seconds(&self, seconds: u64) -> Timestamp {
        self.clock.now() + Duration::from_secs(seconds)
    }

    pub(super) fn again(&self, seconds: u64) -> Settled {
        Settled::Again { due: self.in_seconds(seconds), why: why(), spent: true }
    }

    pub(super) fn states(&self) -> Vec<String> {
        let mut rows = self.outbox.history(&HistoryFilter::default(), ALL).unwrap();
        rows.reverse();
        rows.iter().flat_map(|row| &row.deliveries).map(|d| d.state.to_string()).collect()
    }
}

pub(super) const ALL: Page = Page { limit: 100_000, offset: 0 };

/// The claims that a sink was handed.
pub(super) struct Taken(pub(super) mpsc::Receiver<Vec<Claim>>);

impl Taken {
    pub(super) fn all(&mut self) -> Vec<Claim> {
        std::iter::from_fn(|| self.0.try_recv().ok()).flatten().collect()
    }

    pub(super) fn one(&mut self) -> Claim {
        let mut claims = self.all();
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.remove(0)
    }

    /// The subjects of what was handed.
    pub(super) fn subjects(&mut self) -> Vec<String> {
        self.all().iter().map(|claim| claim.note.event().subject().to_owned()).collect()
    }
}

pub(super) fn sink() -> SinkName {
    "console.log".into()
}

pub(super) fn why() -> Why {
    Why::new(Class::Transient, "500")
}

pub(super) fn sent() -> Settled {
    Settled::Sent { receipt: None }
}

pub(super) fn rejected() -> Settled {
    let reason = crate::delivery::DeadReason::Rejected(Class::Payload);
    Settled::Dead { reason, why: Some(Why::new(Class::Payload, "400")) }
}

pub(super) fn event(id: &str, status: Status, at: Timestamp) -> Arc<Event> {
    let mut booking = Booking::of(id);
    booking.status = Some(status);
    booking.title = Some("A tour".into());
    Arc::new(Event {
        id: None,
        source: "websocket.main".into(),
        feed: "dashboard".into(),
        at,
        received: at,
        body: Body::Booking(booking),
        extra: Default::default(),
    })
}

pub(super) fn unmatched(event: Arc<Event>, before: Option<&Status>) -> StoredEvent {
    let body = body_bytes(&event).unwrap();
    let digest = Digest::of(&body);
    let decision = Decision {
        key: EventKey::of(&event, digest, before),
        outcome: Outcome::Unmatched,
        planned: Vec::new(),
        changes: Vec::new(),
        wake_ups: Vec::new(),
        counts: Vec::new(),
    };
    let (memory, generation, woken_by) = (None, GenerationId(1), None);
    StoredEvent { event, body, digest, decision, memory, generation, woken_by }
}

pub(super) fn ringing(id: &str, status: Status, at: Timestamp) -> StoredEvent {
    let mut stored = unmatched(event(id, status, at), None);
    stored.decision.outcome = Outcome::Routed;
    stored.decision.planned = vec![planned(stored.decision.key, &sink(), None)];
    stored
}

pub(super) fn planned(key: EventKey, sink: &SinkName, address: Option<&str>) -> Planned {
    Planned {
        key: note_key(key, sink, address, &Step::First),
        sink: sink.clone(),
        address: address.map(Into::into),
        rule: "all".into(),
        also: vec!["Big tours".into()],
        level: Level::Success,
        title: "New booking".into(),
        body: "A tour for two".into(),
        timeline: Vec::new(),
        start: Start::Ring,
        way: Way::Ring,
        redirected_from: None,
    }
}
