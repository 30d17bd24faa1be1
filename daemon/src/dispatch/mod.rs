//! Job: takes claimed deliveries to their sinks.
//! Takes: claims from the outbox.
//! Gives: verdicts, settled in the outbox.
//! Never: decides whom to ring.

pub mod retry;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Entropy, SinkName};
use tokio::task::JoinSet;

pub use retry::Policy;
pub use worker::Ringer;

use crate::outbox::{Outbox, Refused, SinkSlot};
use worker::{Stop, Worker};

/// A sink with what it was made of, so that a reload can tell whether it has changed.
#[derive(Clone)]
pub struct SinkInstance {
    /// The sink, ready to be rung.
    pub ringer: Ringer,
    /// Its configuration: equal content is an equal sink.
    pub content: String,
}

/// Every sink's worker.
pub struct Dispatch {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    workers: JoinSet<SinkName>,
    running: BTreeMap<SinkName, Running>,
}

struct Running {
    content: String,
    in_flight: usize,
    stop: Stop,
}

/// The longest that a changed sink's tries in hand are waited for at a reload.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);

impl Dispatch {
    /// No sink yet.
    pub fn new(outbox: Outbox, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let (workers, running) = (JoinSet::new(), BTreeMap::new());
        Self { outbox, clock, entropy, workers, running }
    }

    /// Rings these sinks from now on. Unchanged ones are left alone; changed and removed ones
    /// finish what they have in hand, within a bound, and give the rest back.
    ///
    /// # Errors
    /// When the outbox is stopping or has failed.
    pub async fn replace(&mut self, sinks: &[SinkInstance]) -> Result<(), Refused> {
        let stays = |name: &SinkName, content: &str| {
            sinks.iter().any(|sink| sink.ringer.name == *name && sink.content == content)
        };
        let leaving: Vec<SinkName> = self
            .running
            .iter()
            .filter(|(name, running)| !stays(name, &running.content))
            .map(|(name, _)| name.clone())
            .collect();
        self.retire(&leaving).await;
        let mut slots = Vec::with_capacity(sinks.len());
        for sink in sinks {
            let name = sink.ringer.name.clone();
            let in_flight = usize::try_from(sink.ringer.policy.in_flight).unwrap_or(1).max(1);
            if let Some(running) = self.running.get(&name) {
                slots.push(SinkSlot::kept(name, running.in_flight, running.in_flight));
                continue;
            }
            let (slot, claims) = SinkSlot::new(name.clone(), in_flight, in_flight);
            slots.push(slot);
            let stop = Stop::default();
            let worker = Worker {
                ringer: sink.ringer.clone(),
                outbox: self.outbox.clone(),
                clock: Arc::clone(&self.clock),
                entropy: Arc::clone(&self.entropy),
                health: worker::Health::default(),
            };
            let (named, stopped) = (name.clone(), stop.clone());
            self.workers.spawn(async move {
                worker.run(claims, stopped).await;
                named
            });
            let content = sink.content.clone();
            self.running.insert(name, Running { content, in_flight, stop });
        }
        self.outbox.register(slots).await
    }

    /// The sinks that are rung, each with its configuration.
    pub fn contents(&self) -> Vec<(&str, &str)> {
        self.running.iter().map(|(name, running)| (name.as_str(), &*running.content)).collect()
    }

    /// Starts no try any more; waits for those in hand up to `grace`, then gives them up.
    pub async fn stop(mut self, grace: Duration) {
        let all: Vec<SinkName> = self.running.keys().cloned().collect();
        for name in &all {
            self.running[name].stop.starting.cancel();
        }
        self.wait_for(&all, grace).await;
    }

    async fn retire(&mut self, names: &[SinkName]) {
        for name in names {
            self.running[name].stop.starting.cancel();
        }
        self.wait_for(names, DRAIN_WITHIN).await;
        self.running.retain(|name, _| !names.contains(name));
    }

    async fn wait_for(&mut self, names: &[SinkName], grace: Duration) {
        let mut left: Vec<&SinkName> = names.iter().collect();
        let deadline = self.clock.boot() + grace;
        let clock = Arc::clone(&self.clock);
        let mut patience = std::pin::pin!(clock.sleep_until(deadline));
        let mut waited = false;
        while !left.is_empty() {
            tokio::select! {
                ended = self.workers.join_next() => match ended {
                    Some(Ok(name)) => left.retain(|one| **one != name),
                    Some(Err(wrong)) => tracing::error!(%wrong, "a worker ended: our mistake"),
                    None => return,
                },
                () = &mut patience, if !waited => {
                    waited = true;
                    names.iter().for_each(|name| self.running[name].stop.waiting.cancel());
                }
            }
        }
    }
}
