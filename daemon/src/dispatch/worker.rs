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
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::retry::{self, Hold, Next, Policy, Tried};
use crate::delivery::{DeadReason, HeldReason};
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
    standing: Standing,
    /// How often that changed: a try begun before the last change says nothing of now.
    learnt: u64,
    /// `Down` answers in a row, each from a try begun after the one before was known.
    downs: u32,
    /// The writer's gates, as told by the last hold: claims from before it are given back.
    gates_told: u64,
    /// Failed tries in a row, for the log.
    failures: u64,
}

/// How a sink stands, by its own answers.
#[derive(Clone, Copy, Default)]
enum Standing {
    /// It has not answered yet: an earlier run, or another configuration, may have left it held.
    #[default]
    Unknown,
    /// It answers.
    Well,
    /// It is held since then; `until` is absent where a person must act.
    Held { since: Timestamp, until: Option<Timestamp> },
}

/// A try that is over.
struct Tale {
    claim: Claim,
    begun: Duration,
    /// `Health::learnt` when it began.
    learnt: u64,
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
        // Until the end, not until it is empty: the writer may be putting some in just now.
        while let Some(more) = claims.recv().await {
            queue.extend(more);
        }
        queue.drain(..).for_each(|claim| self.release(claim));
        while let Some(tale) = tries.next().await {
            self.conclude(tale, &mut queue);
        }
    }

    fn still_rings(&self, claim: Claim) -> Option<Claim> {
        let (policy, age) = (&self.ringer.policy, self.age(&claim));
        let outcome = if retry::is_expired(policy, age) {
            Settled::Expired
        } else if retry::is_given_up(policy, age) {
            Settled::Dead { reason: DeadReason::Age, why: None }
        } else if claim.gates_told < self.health.gates_told {
            Settled::Released
        } else {
            return Some(claim);
        };
        self.settle(&claim, outcome, Duration::ZERO);
        None
    }

    /// How old a delivery is, pauses by a person not counted.
    fn age(&self, claim: &Claim) -> Duration {
        self.clock.now().duration_since(claim.counts_from).try_into().unwrap_or_default()
    }

    fn attempt(&self, claim: Claim, stop: &Stop) -> impl Future<Output = Tale> + use<> {
        let sink = Arc::clone(&self.ringer.sink);
        let (clock, timeout) = (Arc::clone(&self.clock), self.ringer.policy.timeout);
        let (given_up, learnt) = (stop.waiting.clone(), self.health.learnt);
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
            Tale { claim, begun, learnt, verdict }
        }
    }

    fn conclude(&mut self, tale: Tale, queue: &mut VecDeque<Claim>) {
        let Tale { claim, begun, learnt, verdict } = tale;
        let latency = self.clock.boot().saturating_sub(begun);
        let Some(verdict) = verdict else {
            tracing::warn!(sink = %self.ringer.name, key = %claim.note.key,
                "stopped while waiting for the answer: it may have arrived, it is tried again");
            return self.release(claim);
        };
        let fresh = learnt == self.health.learnt;
        self.count(&verdict, fresh);
        let downs = self.health.downs.max(1);
        let tried = Tried { attempt: claim.note.attempt, age: self.age(&claim), downs };
        // Only a failed try is spread; drawing costs a call into the kernel.
        let unit = if verdict.why().is_some() { self.entropy.unit() } else { 0.5 };
        let (next, hold) = retry::next(&self.ringer.policy, tried, verdict, unit);
        match hold {
            Some(hold) => self.hold(hold, fresh, queue),
            // A late answer from before says nothing of now; any other shows that it is there.
            None if fresh => self.open(),
            None => {}
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

    fn count(&mut self, verdict: &Verdict, fresh: bool) {
        if fresh && matches!(verdict, Verdict::Down { .. }) {
            self.health.downs += 1;
        }
        let Some(why) = verdict.why() else {
            self.health.failures = 0;
            return;
        };
        self.health.failures += 1;
        if self.health.failures.is_power_of_two() {
            tracing::warn!(sink = %self.ringer.name, class = %why.class,
                said = %why.said.clean(), in_a_row = self.health.failures, "did not ring");
        }
    }

    fn open(&mut self) {
        if matches!(self.health.standing, Standing::Well) {
            return;
        }
        if self.health.downs > 0 {
            tracing::info!(sink = %self.ringer.name, "the sink answers again");
        }
        self.outbox.gate(self.ringer.name.clone(), Gate::Open);
        self.health.standing = Standing::Well;
        self.health.learnt += 1;
        self.health.downs = 0;
    }

    /// Holds the sink. A late answer may lengthen a hold, never shorten it, and does not close a
    /// sink that has answered since, unless it asks for a wait or says that the sink is gone.
    fn hold(&mut self, hold: Hold, fresh: bool, queue: &mut VecDeque<Claim>) {
        let now = self.clock.now();
        let until = hold.during.and_then(|during| now.checked_add(during).ok());
        let (since, counts) = match self.health.standing {
            Standing::Held { since, until: held } => (since, fresh || is_longer(until, held)),
            _ => (now, fresh || hold.reason != HeldReason::SinkDown),
        };
        if !counts {
            return;
        }
        let gate = Held { reason: hold.reason, since, until, said: Some(hold.why.said) };
        self.health.gates_told = self.outbox.gate(self.ringer.name.clone(), Gate::Held(gate));
        self.health.standing = Standing::Held { since, until };
        self.health.learnt += 1;
        queue.drain(..).for_each(|claim| self.release(claim));
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

fn is_longer(until: Option<Timestamp>, held: Option<Timestamp>) -> bool {
    held.is_some_and(|held| until.is_none_or(|until| until > held))
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
