//! Job: answers what commands ask of the running daemon.
//! Takes: an `Ask` from the control socket.
//! Gives: an `Answer`, by way of the outbox or of the daemon's own task.
//! Never: changes anything by itself.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use contract::{Clock, SinkName};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::doors::Doors;
use super::news;
use super::reload::Reloaded;
use super::status::{CountLine, Parts, StatusDocument};
use crate::intake::{Generation, Standing};
use crate::outbox::{Action, Actor, DeliveryId, Done, Outbox, Page, StoreError, Which, Whom};
use crate::web::control::{Answer, Ask, Controls};

/// What only the daemon's own task can do.
pub(super) enum Wish {
    /// End every wait for a feed's next try.
    TryAgain,
    /// Read the configuration anew.
    Reload {
        /// Only say what would change.
        dry_run: bool,
        /// Told what became of it.
        answer: oneshot::Sender<Result<Reloaded, String>>,
    },
}

type Standings = watch::Receiver<Vec<watch::Receiver<Standing>>>;

/// The most counts that a status shows.
const COUNTS_MAX: u32 = 1000;

/// Answers what commands ask.
pub(super) struct Desk {
    clock: Arc<dyn Clock>,
    outbox: Outbox,
    wishes: mpsc::Sender<Wish>,
    standings: Standings,
    rules: Arc<ArcSwap<Generation>>,
    started: Timestamp,
}

impl Desk {
    pub(super) fn new(
        doors: &Doors,
        outbox: Outbox,
        wishes: mpsc::Sender<Wish>,
        standings: Standings,
        rules: Arc<ArcSwap<Generation>>,
    ) -> Self {
        let clock = Arc::clone(&doors.clock);
        let started = clock.now();
        Self { clock, outbox, wishes, standings, rules, started }
    }

    async fn status(&self) -> Result<Answer, String> {
        let feeds = self.standings.borrow().iter().map(|one| one.borrow().clone()).collect();
        let now = self.clock.now();
        let rules = self.rules.load().id;
        let look = move |outbox: &Outbox| {
            let counters = outbox.counters(Page { limit: COUNTS_MAX, offset: 0 })?;
            Ok((outbox.status()?, outbox.read_generation(rules)?, counters))
        };
        let (status, generation, counted) = self.read(look).await?;
        let newest = counted.iter().map(|one| one.day).max();
        let counts = counted
            .into_iter()
            .filter(|one| Some(one.day) == newest)
            .map(|one| CountLine { what: one.what, name: one.name, count: one.count })
            .collect();
        let document = StatusDocument::of(Parts {
            started: self.started,
            now,
            generation: (rules.0, generation.map_or(self.started, |one| one.since)),
            feeds,
            status,
            health: self.outbox.health().borrow().clone(),
            counts,
            warnings: Vec::new(),
        });
        Ok(Answer::document(&document))
    }

    async fn act(&self, by: &str, action: Action) -> Result<Answer, String> {
        let done = self.outbox.act(Actor(by.into()), action).await;
        Ok(done_answer(done.map_err(|wrong| wrong.to_string())?))
    }

    async fn each(
        &self,
        by: &str,
        ids: &[String],
        action: impl Fn(Which) -> Action,
    ) -> Result<Answer, String> {
        if ids.is_empty() {
            return self.act(by, action(Which::All)).await;
        }
        let ids: Vec<DeliveryId> = ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
        let mut all = Done::default();
        for id in ids {
            let done = self.outbox.act(Actor(by.into()), action(Which::One(id))).await;
            let done = done.map_err(|wrong| wrong.to_string())?;
            all.changed += done.changed;
            all.erased += done.erased;
        }
        Ok(done_answer(all))
    }

    async fn whom(&self, sink: Option<String>) -> Result<Whom, String> {
        let Some(name) = sink else { return Ok(Whom::All) };
        let status = self.read(|outbox| outbox.status()).await?;
        let names = status.sinks.iter().map(|sink| sink.name.as_str());
        if names.clone().any(|known| known == name) {
            return Ok(Whom::Sink(SinkName::from(name)));
        }
        let hint = match contract::written::nearest(&name, names.clone()) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
        };
        Err(format!("there is no sink {}; {hint}", contract::text::clean(&name)))
    }

    /// Reads the outbox where that may block.
    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Outbox) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let outbox = self.outbox.clone();
        let read = tokio::task::spawn_blocking(move || look(&outbox)).await;
        read.map_err(|wrong| wrong.to_string())?.map_err(|wrong| wrong.to_string())
    }

    async fn resume(&self, sink: Option<String>, by: &str) -> Result<Answer, String> {
        if sink.is_none() {
            // A full queue of wishes is full of reloads, each of which tries again as well.
            let _ = self.wishes.try_send(Wish::TryAgain);
        }
        let whom = self.whom(sink).await?;
        self.act(by, Action::Resume(whom)).await
    }

    async fn reload(&self, dry_run: bool) -> Result<Answer, String> {
        let (answer, answered) = oneshot::channel();
        let gone = || "the daemon is stopping".to_owned();
        self.wishes.send(Wish::Reload { dry_run, answer }).await.map_err(|_| gone())?;
        let reloaded = answered.await.map_err(|_| gone())??;
        Ok(Answer::document(&reloaded))
    }

    async fn carry_out(&self, ask: Ask, by: &str) -> Result<Answer, String> {
        match ask {
            Ask::Status => self.status().await,
            Ask::Watch => Err("watching is no question".to_owned()),
            Ask::Pause { sink, during_ms } => {
                let until = during_ms.map(Duration::from_millis);
                let until = until.and_then(|during| self.clock.now().checked_add(during).ok());
                self.act(by, Action::Pause(self.whom(sink).await?, until)).await
            }
            Ask::Resume { sink } => self.resume(sink, by).await,
            Ask::Reload { dry_run } => self.reload(dry_run).await,
            Ask::Retry { ids } => self.each(by, &ids, Action::Retry).await,
            Ask::Drop { ids } => self.each(by, &ids, Action::Drop).await,
        }
    }
}

fn done_answer(done: Done) -> Answer {
    let document = serde_json::json!({ "changed": done.changed, "erased": done.erased });
    Answer::Ok { document }
}

#[async_trait]
impl Controls for Desk {
    async fn answer(&self, ask: Ask, by: &str) -> Answer {
        self.carry_out(ask, by).await.unwrap_or_else(Answer::refused)
    }

    async fn watch(&self, lines: mpsc::Sender<serde_json::Value>) {
        news::watch(self.outbox.news(), lines).await;
    }
}
