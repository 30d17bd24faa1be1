//! Job: remembers: events, deliveries, states, cursors.
//! Takes: groups, settlements, questions.
//! Gives: claims, answers; nothing it has accepted is lost.
//! Never: knows a rule's or a sink's wording.

mod actions;
mod claim;
mod codes;
mod command;
mod commit;
mod desks;
mod due;
mod gates;
mod group;
mod health;
mod history;
mod inbox;
mod lanes;
mod ledger;
mod names;
mod reader;
mod recall;
mod retention;
mod rows;
mod rowwise;
mod schema;
mod settle;
mod status;
mod store;
mod thread;
mod upkeep;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex};

use contract::{Clock, Event, SinkName};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use tokio::sync::{broadcast, oneshot, watch};

pub use claim::{Claim, DeliveryId, Settled, Settlement, SinkSlot, StoredId};
pub use command::{Action, Actor, Done, Which, Whom};
pub use gates::{Gate, Hold, Pause, counts_from};
pub use group::{
    BYTES_MAX, EVENTS_MAX, GenerationId, Group, Quarantined, RINGS_MAX, Refused, StoredEvent,
    Ticket, body_bytes,
};
pub use health::{Fatal, Health, Trouble, TroubleKind};
pub use reader::{LookError, Reader};
pub use recall::{Loaded, Recall};
pub use retention::Keep;
pub use rows::*;
pub use store::{Durability, OpenError};
pub use thread::WriterThread;
pub use writer::Writer;

use crate::delivery::{Outcome, State};
use command::Command;
use inbox::Inbox;
use ledger::Ledger;
use retention::Retention;
use store::Files;
use writer::lock;

/// How many commits one who looks on may be behind.
const NEWS_MAX: usize = 16;

/// How the outbox is to be opened.
#[derive(Clone, Debug)]
pub struct OpenSettings {
    /// When a commit counts.
    pub durability: Durability,
    /// How long history is kept.
    pub keep: Keep,
    /// Where a day begins.
    pub zone: TimeZone,
}

impl Default for OpenSettings {
    /// Full durability, 90 and 7 days, days of UTC.
    fn default() -> Self {
        let durability = Durability::Full;
        Self { durability, keep: Keep::default(), zone: TimeZone::UTC }
    }
}

/// The store cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the outbox cannot be read")]
pub struct StoreError(#[from] rusqlite::Error);

/// What was committed, for those who look on.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// The events, in the order of receipt.
    pub events: Vec<News>,
    /// The deliveries that were answered.
    pub answered: Vec<Answered>,
}

/// An event that was committed.
#[derive(Clone, Debug)]
pub struct News {
    /// Its place.
    pub id: StoredId,
    /// The event.
    pub event: Arc<Event>,
    /// What became of it.
    pub outcome: Outcome,
    /// How many rings were planned.
    pub rings: usize,
}

/// A delivery that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Which.
    pub id: DeliveryId,
    /// At which sink.
    pub sink: SinkName,
    /// How it stands now.
    pub state: State,
    /// What was said against it.
    pub why: Option<contract::Why>,
}

/// The outbox, for everyone. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    inbox: Arc<Inbox>,
    committed: watch::Receiver<Ticket>,
    news: broadcast::Sender<Arc<Committed>>,
    health: watch::Receiver<Health>,
    memory: Arc<Mutex<Connection>>,
    people: Arc<Reader>,
    /// The lock is held for as long as anybody may still read or write.
    _files: Arc<Files>,
}

/// Whatever a reader can be asked, the outbox of a running daemon can be asked.
impl std::ops::Deref for Outbox {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.people
    }
}

impl Outbox {
    /// Opens the outbox in a folder, which is made if need be, and gives back what an earlier
    /// process had claimed. Nothing is committed until the writer runs.
    ///
    /// # Errors
    /// When another daemon has the folder, when a newer program wrote the store, or when the folder
    /// cannot be used. A store that is damaged is set aside instead, and health says so.
    pub fn open(
        folder: &Path,
        settings: OpenSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Writer), OpenError> {
        let now = clock.now();
        let store::Opened { files, mut store, set_aside } =
            store::open(folder, settings.durability, now)?;
        let voided = upkeep::void_claims(&mut store, codes::ms(now))?;
        if voided > 0 {
            tracing::info!(voided, "what was in hand when the last run ended is due again");
        }
        let mut ledger = Ledger::read(&store, now, settings.zone.clone())?;
        actions::read_desks(&store, &mut ledger)?;
        let files = Arc::new(files);
        let memory = Arc::new(Mutex::new(files.reader()?));
        let people = Arc::new(Reader {
            store: Mutex::new(files.reader()?),
            path: files.path.clone(),
            clock: Arc::clone(&clock),
            zone: settings.zone,
        });
        let (committed, committed_seen) = watch::channel(Ticket::default());
        let (health, health_seen) = watch::channel(Health { set_aside, ..Health::default() });
        let (news, _) = broadcast::channel(NEWS_MAX);
        let inbox = Arc::new(Inbox::new());
        let writer = Writer {
            store,
            ledger,
            files: Arc::clone(&files),
            inbox: Arc::clone(&inbox),
            clock,
            committed,
            news: news.clone(),
            health,
            retention: Retention::new(settings.keep),
            work: writer::Work::default(),
        };
        let outbox = Self {
            inbox,
            committed: committed_seen,
            news,
            health: health_seen,
            memory,
            people,
            _files: files,
        };
        Ok((outbox, writer))
    }

    /// Hands a group to the writer; returns once it waits there, which it does while the one before
    /// is being written. The acks are told after the commit. Given up while waiting, the group is
    /// refused. An empty group is committed like any other.
    ///
    /// # Errors
    /// When the outbox is stopping or has failed, or the group exceeds its limits.
    pub async fn commit(&self, group: Group) -> Result<Ticket, Refused> {
        group.check()?;
        self.inbox.put_group(group).await
    }

    /// The last group that is committed.
    pub fn committed(&self) -> Ticket {
        *self.committed.borrow()
    }

    /// Waits until a group is committed. Cancel-safe.
    ///
    /// # Errors
    /// When the writer ended before.
    pub async fn wait_committed(&self, ticket: Ticket) -> Result<(), Refused> {
        let mut committed = self.committed.clone();
        committed.wait_for(|done| *done >= ticket).await.map_err(|_| Refused::Stopped)?;
        Ok(())
    }

    /// Says what became of a claim. Never waits: each answers one claim, and claims are bounded.
    /// The sink's slot counts as free as soon as the writer sees it, the lane at the commit.
    pub fn settle(&self, settlement: Settlement) {
        self.inbox.put_settlement(settlement);
    }

    /// Says what became of several claims, in one nudge.
    pub fn settle_all(&self, settlements: impl IntoIterator<Item = Settlement>) {
        self.inbox.put_settlements(settlements);
    }

    /// Says how a sink stands. Never waits; of several for one sink the last counts. Claims whose
    /// `gates_told` is less than what is returned were made before the writer heard of it.
    pub fn gate(&self, sink: SinkName, gate: Gate) -> u64 {
        self.inbox.put_gate(sink, gate)
    }

    /// Replaces the sinks that are configured. What a removed one is owed is parked, what it has in
    /// hand may still be settled. Returns after the commit; claims may come before.
    ///
    /// # Errors
    /// When the outbox is stopping or has failed.
    pub async fn register(&self, sinks: Vec<SinkSlot>) -> Result<(), Refused> {
        self.ask(|answer| Command::Register(sinks, answer)).await
    }

    /// The number of a configuration, by its effective text: the newest one's where it is the same.
    ///
    /// # Errors
    /// When the outbox is stopping or has failed.
    pub async fn generation(&self, text: String) -> Result<GenerationId, Refused> {
        self.ask(|answer| Command::Generation(text, answer)).await
    }

    /// Does what a person asks, and records who.
    ///
    /// # Errors
    /// When the outbox is stopping or has failed.
    pub async fn act(&self, actor: Actor, action: Action) -> Result<Done, Refused> {
        self.ask(|answer| Command::Act(actor, action, answer)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Refused> {
        let (answer, answered) = oneshot::channel();
        self.inbox.put_command(command(answer)).await?;
        answered.await.map_err(|_| Refused::Stopped)
    }

    /// What is committed from now on. Who falls 16 commits behind misses the oldest and is told so.
    pub fn news(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.news.subscribe()
    }

    /// How the outbox stands.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Lets the writer end once it has written what waits. Groups and commands are refused from now
    /// on; settlements that arrive before it ends are still written.
    pub fn stop(&self) {
        self.inbox.stop();
    }
}
