//! Job: takes what sources bring to the outbox.
//! Takes: sessions' events, due wake-ups.
//! Gives: groups of judged events, committed and acknowledged.
//! Never: waits for a sink.

mod cache;
mod connection;
mod judge;
mod reconnect;
pub mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use contract::{Clock, Entropy, FeedName, Source, SourceName};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use standing::{Link, Standing};

use crate::outbox::{GenerationId, Outbox, StoreError};
use crate::rules::Plan;
use connection::{Brought, Connection, Feed, Left};
use judge::Judge;

/// The most events judged into one group: enough that a sync is shared by many, few enough that
/// three groups in hand stay small. More wait in the channel, then in the socket.
pub(crate) const EVENTS_MAX: usize = 1024;
/// How many batches wait to be judged; then the sources wait, and so their sockets.
const BATCHES_MAX: usize = 4;

/// The rules in force.
pub struct Generation {
    /// Its number in the outbox.
    pub id: GenerationId,
    /// Its effective text, as the outbox keeps it.
    pub text: String,
    /// The rules.
    pub plan: Plan,
}

/// A source with what it was made of, so that a reload can tell whether it has changed.
pub struct SourceInstance {
    /// Its name.
    pub name: SourceName,
    /// The feed its events belong to.
    pub feed: FeedName,
    /// The source itself.
    pub source: Arc<dyn Source>,
    /// Its configuration: equal content is an equal source.
    pub content: String,
}

/// Every source's connection, and the judge behind them.
pub struct Intake {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    brought: mpsc::Sender<Brought>,
    connections: JoinSet<()>,
    running: BTreeMap<SourceName, Running>,
    judging: JoinSet<Result<(), judge::JudgeError>>,
}

struct Running {
    content: String,
    standing: watch::Receiver<Standing>,
    again: Arc<Notify>,
    stop: CancellationToken,
    /// What is left of it once it has ended.
    left: watch::Receiver<Option<Left>>,
}

impl Intake {
    /// No source yet; the judge waits.
    pub fn start(
        outbox: Outbox,
        doors: (Arc<dyn Clock>, Arc<dyn Entropy>),
        generation: Arc<ArcSwap<Generation>>,
    ) -> Self {
        let (clock, entropy) = doors;
        let (brought, to_judge) = mpsc::channel(BATCHES_MAX);
        let judge = Judge::new(outbox.clone(), Arc::clone(&clock), generation);
        let mut judging = JoinSet::new();
        // A thread of its own: judging keeps a core busy, and reads the outbox, which may block.
        let runtime = tokio::runtime::Handle::current();
        judging.spawn_blocking(move || runtime.block_on(judge.run(to_judge)));
        let (connections, running) = (JoinSet::new(), BTreeMap::new());
        Self { outbox, clock, entropy, brought, connections, running, judging }
    }

    /// Follows these sources from now on. Unchanged ones stay connected; changed ones connect anew
    /// and resume where they were; removed ones end. Waits for no sink.
    ///
    /// # Errors
    /// When the outbox cannot say where they were.
    pub async fn replace(&mut self, sources: Vec<SourceInstance>) -> Result<(), StoreError> {
        let stays = |name: &SourceName, content: &str| {
            sources.iter().any(|one| one.name == *name && one.content == content)
        };
        let leaving: Vec<SourceName> = self
            .running
            .iter()
            .filter(|(name, running)| !stays(name, &running.content))
            .map(|(name, _)| name.clone())
            .collect();
        let mut left = BTreeMap::new();
        for name in leaving {
            if let Some(mut running) = self.running.remove(&name) {
                running.stop.cancel();
                // The sender goes with the connection's task, and that ends the wait.
                let _ = running.left.changed().await;
                let ended = running.left.borrow_and_update().clone();
                left.extend(ended.map(|ended| (name, ended)));
            }
        }
        for source in sources {
            if !self.running.contains_key(&source.name) {
                // What has just ended knows more than the store: its last batches are on their way.
                let before = match left.remove(&source.name) {
                    Some(left) => left,
                    None => Left {
                        cursor: self.outbox.cursor(&source.name)?,
                        last_alive: self.outbox.last_alive(&source.name)?,
                    },
                };
                self.follow(source, before);
            }
        }
        Ok(())
    }

    fn follow(&mut self, instance: SourceInstance, before: Left) {
        let SourceInstance { name, feed, source, content } = instance;
        let Left { cursor, last_alive } = before;
        let feed = Feed { name: name.clone(), feed, source, cursor, last_alive };
        let doors = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let (connection, standing) = Connection::new(feed, doors, self.brought.clone());
        let (again, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let (ended, left) = watch::channel(None);
        let (woken, stopped) = (Arc::clone(&again), stop.clone());
        self.connections.spawn(async move {
            let left = connection.run(woken, stopped).await;
            // Only a reload wants to know.
            let _ = ended.send(Some(left));
        });
        self.running.insert(name, Running { content, standing, again, stop, left });
    }

    /// How each source stands.
    pub fn standings(&self) -> Vec<watch::Receiver<Standing>> {
        self.running.values().map(|running| running.standing.clone()).collect()
    }

    /// The sources that are followed, each with its configuration.
    pub fn contents(&self) -> Vec<(&str, &str)> {
        self.running.iter().map(|(name, running)| (name.as_str(), &*running.content)).collect()
    }

    /// Ends every wait for the next try, those that were given up included.
    pub fn try_again(&self) {
        self.running.values().for_each(|running| running.again.notify_waiters());
    }

    /// Waits for the judge to end by itself, which it does only when the outbox has failed.
    pub async fn failed(&mut self) -> String {
        match self.judging.join_next().await {
            Some(Ok(Err(wrong))) => wrong.to_string(),
            Some(Err(wrong)) => wrong.to_string(),
            Some(Ok(Ok(()))) | None => "it has stopped".to_owned(),
        }
    }

    /// Quiets the sources, then stores what is in hand.
    pub async fn stop(mut self) {
        self.running.values().for_each(|running| running.stop.cancel());
        while self.connections.join_next().await.is_some() {}
        drop(self.brought);
        while let Some(ended) = self.judging.join_next().await {
            if let Ok(Err(wrong)) = ended {
                tracing::error!(%wrong, "what was in hand could not be stored");
            }
        }
    }
}
