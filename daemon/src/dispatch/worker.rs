//! Job: takes one sink's claimed deliveries to it, at most `in_flight` at once.
//! Takes: claims from the outbox, in order.
//! Gives: a settlement for each claim, and what the sink's gate should do.
//! Never: starts a try that was not claimed and committed, or passes on a sink's panic or silence.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use contract::{Class, Clock, Entropy, Sink, SinkName, Verdict, Why};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::retry::{self, Hold, Next, Policy, Tried};
use crate::outbox::{Claim, Gate, Hold as Held, Outbox, Settled, Settlement};

/// One sink, ready to be rung.
#[derive(Clone)]
pub struct Ringer {
    /// Its name.
    pub name: SinkName,
    /// The sink itself.
    pub sink: Arc<dyn Sink>,
    /// How its deliveries are treated.
    pub policy: Policy,
}

/// The two steps of stopping.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// No try is started any more; what was not started is given back.
    pub(crate) starting: CancellationToken,
    /// Tries in hand are given up; they may have arrived.
    pub(crate) waiting: CancellationToken,
}

pub(crate) struct Worker {
    pub(crate) ringer: Ringer,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) health: Health,
}

/// What a worker remembers of its sink's answers.
#[derive(Default)]
pub(crate) struct Health {
    /// `Down` answers in a row, each from a try begun after the one before was known.
    downs: u32,
    /// When the sink was last found down, since boot.
    down_at: Option<Duration>,
    /// Failed tries in a row, for the log.
    failures: u64,
}

/// A try that is over.
struct Tale {
    claim: Claim,
    begun: Duration,
    verdict: Option<Verdict>,
}

impl Worker {
    /// Rings until the claims end or it is stopped.
    pub(crate) async fn run(mut self, mut claims: mpsc::Receiver<Vec<Claim>>, stop: Stop) {
        let mut queue: VecDeque<Claim> = VecDeque::new();
        let width = usize::try_from(self.ringer.policy.in_flight).unwrap_or(usize::MAX).max(1);
        let mut tries = FuturesUnordered::new();
        loop {
            while tries.len() < width {
                let Some(claim) = queue.pop_front() else { break };
                if let Some(claim) = self.still_rings(claim) {
                    tries.push(self.attempt(claim, &stop));
                }
            }
            tokio::select! {
                biased;
                () = stop.starting.cancelled() => break,
                Some(tale) = tries.next() => self.conclude(tale, &mut queue),
                more = claims.recv() => match more {
                    Some(more) => queue.extend(more),
                    None => break,
                },
            }
        }
        claims.close();
        while let Ok(more) = claims.try_recv() {
            queue.extend(more);
        }
        queue.drain(..).for_each(|claim| self.release(claim));
        while let Some(tale) = tries.next().await {
            self.conclude(tale, &mut queue);
        }
    }

    fn still_rings(&self, claim: Claim) -> Option<Claim> {
        if !retry::is_expired(&self.ringer.policy, self.age(&claim)) {
            return Some(claim);
        }
        self.settle(&claim, Settled::Expired, Duration::ZERO);
        None
    }

    /// How old a delivery is, pauses by a person not counted.
    fn age(&self, claim: &Claim) -> Duration {
        self.clock.now().duration_since(claim.counts_from).try_into().unwrap_or_default()
    }

    fn attempt(&self, claim: Claim, stop: &Stop) -> impl Future<Output = Tale> + use<> {
        let sink = Arc::clone(&self.ringer.sink);
        let (clock, timeout) = (Arc::clone(&self.clock), self.ringer.policy.timeout);
        let given_up = stop.waiting.clone();
        async move {
            let begun = clock.boot();
            let verdict = {
                let mut sending = AssertUnwindSafe(sink.send(&claim.note)).catch_unwind();
                // Most sinks of this machine answer at the first look: no timer for those.
                match futures_util::poll!(&mut sending) {
                    std::task::Poll::Ready(answer) => Some(answer.unwrap_or_else(panicked)),
                    std::task::Poll::Pending => tokio::select! {
                        answer = sending => Some(answer.unwrap_or_else(panicked)),
                        () = tokio::time::sleep(timeout) => Some(silent(timeout)),
                        () = given_up.cancelled() => None,
                    },
                }
            };
            Tale { claim, begun, verdict }
        }
    }

    fn conclude(&mut self, tale: Tale, queue: &mut VecDeque<Claim>) {
        let Tale { claim, begun, verdict } = tale;
        let latency = self.clock.boot().saturating_sub(begun);
        let Some(verdict) = verdict else {
            tracing::warn!(sink = %self.ringer.name, key = %claim.note.key,
                "stopped while waiting for the answer: it may have arrived, it is tried again");
            return self.release(claim);
        };
        self.remember(&verdict, begun);
        let tried =
            Tried { attempt: claim.note.attempt, age: self.age(&claim), downs: self.health.downs };
        // Only a failed try is spread; drawing costs a call into the kernel.
        let unit = if verdict.why().is_some() { self.entropy.unit() } else { 0.5 };
        let (next, hold) = retry::next(&self.ringer.policy, tried, verdict, unit);
        if let Some(hold) = hold {
            self.hold(hold);
            queue.drain(..).for_each(|claim| self.release(claim));
        }
        let now = self.clock.now();
        let outcome = match next {
            Next::Sent(receipt) => Settled::Sent { receipt },
            Next::Again { after, spent, why } => {
                let due = now.checked_add(after).unwrap_or(now);
                Settled::Again { due, why, spent }
            }
            Next::Dead(reason, why) => Settled::Dead { reason, why: Some(why) },
        };
        self.settle(&claim, outcome, latency);
    }

    fn remember(&mut self, verdict: &Verdict, begun: Duration) {
        match verdict {
            Verdict::Down { .. } => {
                let known = self.health.down_at.is_some_and(|at| begun < at);
                if !known {
                    self.health.downs += 1;
                    self.health.down_at = Some(self.clock.boot());
                }
            }
            // A late failure from before says nothing of now; any other answer shows it is there.
            _ if self.health.down_at.is_some_and(|at| begun < at) => {}
            _ => {
                if self.health.down_at.take().is_some() {
                    tracing::info!(sink = %self.ringer.name, "the sink answers again");
                    self.outbox.gate(self.ringer.name.clone(), Gate::Open);
                }
                self.health.downs = 0;
            }
        }
        match verdict.why() {
            None => self.health.failures = 0,
            Some(why) => {
                self.health.failures += 1;
                if self.health.failures.is_power_of_two() {
                    tracing::warn!(sink = %self.ringer.name, class = %why.class,
                        said = %why.said.clean(), in_a_row = self.health.failures, "did not ring");
                }
            }
        }
    }

    fn hold(&self, hold: Hold) {
        let since = self.clock.now();
        let until = hold.during.and_then(|during| since.checked_add(during).ok());
        let gate = Held { reason: hold.reason, since, until, said: Some(hold.why.said) };
        self.outbox.gate(self.ringer.name.clone(), Gate::Held(gate));
    }

    fn release(&self, claim: Claim) {
        self.settle(&claim, Settled::Released, Duration::ZERO);
    }

    fn settle(&self, claim: &Claim, outcome: Settled, latency: Duration) {
        self.outbox.settle(Settlement {
            id: claim.id,
            fence: claim.fence,
            sink: self.ringer.name.clone(),
            outcome,
            latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
            answered: self.clock.now(),
        });
    }
}

fn silent(timeout: Duration) -> Verdict {
    let said = format!("no answer within {} s", timeout.as_secs_f32());
    Verdict::Retry { why: Why::new(Class::Ambiguous, said), after: None }
}

fn panicked(payload: Box<dyn std::any::Any + Send>) -> Verdict {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let said = format!("the sink panicked: {}", text.unwrap_or_default());
    Verdict::Retry { why: Why::new(Class::Transient, said), after: None }
}
