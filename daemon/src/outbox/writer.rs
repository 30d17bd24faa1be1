//! Job: the one writer: everything that waits goes into one transaction, then is answered.
//! Takes: the inbox, the clock.
//! Gives: commits; after each, acks, claims, replies, news.
//! Never: acknowledges or hands out what is not committed; never tries a failed sync again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::{Clock, Note, SinkName};
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{broadcast, watch};

use super::actions::{self, Reply};
use super::command::Command;
use super::group::Group;
use super::health::{Fatal, Health, Remedy, Trouble, TroubleKind, remedy};
use super::inbox::Inbox;
use super::ledger::Ledger;
use super::retention::Retention;
use super::store::{Files, is_damage};
use super::{
    Claim, Committed, DeliveryId, Gate, News, Settled, Settlement, Ticket, commit, counts_from,
    due, settle, upkeep,
};

/// After a commit that failed for want of room or permission it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often a commit that fails is tried again when the outbox is to stop.
const STOP_TRIES_MAX: u32 = 3;
/// At most so long the writer sleeps, so that a clock that was set is noticed.
const TICK: Duration = Duration::from_secs(10);

/// The one who writes. It must run for anything to be committed.
pub struct Writer {
    pub(super) store: Connection,
    pub(super) ledger: Ledger,
    pub(super) files: Arc<Files>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) committed: watch::Sender<Ticket>,
    pub(super) news: broadcast::Sender<Arc<Committed>>,
    pub(super) health: watch::Sender<Health>,
    pub(super) retention: Retention,
    pub(super) work: Work,
}

/// What was taken from the inbox and is not committed yet.
#[derive(Default)]
pub(super) struct Work {
    group: Option<(Ticket, Group)>,
    settlements: Vec<Settlement>,
    gates: BTreeMap<SinkName, Gate>,
    commands: Vec<Command>,
    stopping: bool,
}

/// What a turn has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Something was committed; there may be more.
    Worked,
    /// Nothing to do.
    Idle,
    /// The disk refuses; the work is kept.
    Refused,
}

impl Writer {
    /// Writes until it is stopped and everything that waited is written. The statements block: give
    /// it a thread of its own with [`Writer::on_thread`], or a simulation's own task.
    ///
    /// # Errors
    /// On a failed sync or a damaged store: stop, exit, and recover at the next start.
    pub async fn run(mut self) -> Result<(), Fatal> {
        let ended = self.write_until_stopped().await;
        self.inbox.stop();
        if let Err(Fatal::Store(error)) = &ended {
            self.say_fatal(error);
        }
        ended
    }

    async fn write_until_stopped(&mut self) -> Result<(), Fatal> {
        let (mut asked, mut refused) = (false, 0);
        loop {
            self.take();
            match self.turn()? {
                Turn::Worked => (asked, refused) = (false, 0),
                // A stop does not wait for room: what is not committed was not acknowledged.
                Turn::Refused if self.work.stopping && refused >= STOP_TRIES_MAX => {
                    return Err(Fatal::NoRoom);
                }
                Turn::Refused => {
                    refused += u32::from(self.work.stopping);
                    self.sleep(RETRY_AFTER).await;
                }
                Turn::Idle if self.work.stopping && asked => break,
                Turn::Idle if self.work.stopping => asked = true,
                Turn::Idle => self.wait().await,
            }
        }
        upkeep::close(&self.store, &self.ledger)?;
        Ok(())
    }

    /// Takes what waits, beside what could not be committed.
    pub(super) fn take(&mut self) {
        let mut settlements = Vec::new();
        if self.work.settlements.is_empty() {
            std::mem::swap(&mut settlements, &mut self.work.settlements);
        }
        // While the disk refuses, further groups and commands wait outside, so that neither grows.
        let fresh = self.work.group.is_none() && self.work.commands.is_empty();
        let taken = self.inbox.take(&mut settlements, fresh);
        if self.work.settlements.is_empty() {
            self.work.settlements = settlements;
        } else {
            self.work.settlements.append(&mut settlements);
        }
        if taken.group.is_some() {
            self.work.group = taken.group;
        }
        self.work.gates.extend(taken.gates);
        self.work.commands.extend(taken.commands);
        self.work.stopping = taken.stopping;
        self.ledger.stopping = taken.stopping;
    }

    pub(super) fn turn(&mut self) -> Result<Turn, Fatal> {
        self.ledger.now = self.clock.now();
        let next_event = self.ledger.next_event;
        if !self.has_work() {
            return self.idle();
        }
        match self.transact() {
            Ok(replies) => {
                self.after_commit(replies);
                upkeep::checkpoint_if_long(&self.store)?;
                Ok(Turn::Worked)
            }
            Err(error) => {
                self.refused(error, next_event)?;
                Ok(Turn::Refused)
            }
        }
    }

    fn has_work(&self) -> bool {
        let work = &self.work;
        work.group.is_some()
            || !work.settlements.is_empty()
            || !work.gates.is_empty()
            || !work.commands.is_empty()
            || due::is_work(&self.ledger)
    }

    fn idle(&mut self) -> Result<Turn, Fatal> {
        let now = self.ledger.now;
        let kept = match self.retention.step(&self.store, now) {
            Err(error) if remedy(&error) == Remedy::Stop => return Err(error.into()),
            // No room to erase: it is tried again at the next round.
            Err(_) => false,
            Ok(more) => more,
        };
        upkeep::checkpoint_if_idle(&self.store)?;
        Ok(if kept { Turn::Worked } else { Turn::Idle })
    }

    fn transact(&mut self) -> rusqlite::Result<Vec<Reply>> {
        let seen = self.news.receiver_count() > 0;
        let (store, ledger, work) = (&self.store, &mut self.ledger, &self.work);
        store.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        settle::write(store, ledger, &work.settlements, seen)?;
        for (sink, gate) in &work.gates {
            actions::set_gate(store, ledger, sink, gate)?;
        }
        let mut replies = Vec::with_capacity(work.commands.len());
        for command in &work.commands {
            replies.push(actions::carry_out(store, ledger, command)?);
        }
        if let Some((_, group)) = &work.group {
            commit::write(store, ledger, group)?;
        }
        due::claim(store, ledger)?;
        ledger.write_counts(store)?;
        ledger.write_last_sent(store)?;
        let floor = upkeep::floor(store, ledger)?;
        store.prepare_cached("COMMIT")?.execute([])?;
        ledger.floor = floor;
        Ok(replies)
    }

    fn after_commit(&mut self, replies: Vec<Reply>) {
        self.ledger.undo.clear();
        self.work.settlements.clear();
        self.work.gates.clear();
        for (command, reply) in self.work.commands.drain(..).zip(replies) {
            actions::tell(command, reply);
        }
        let group = self.work.group.take();
        let mut news = self.news_of(group.as_ref().map(|(_, group)| group));
        let mut claims = std::mem::take(&mut self.ledger.claims);
        if let Some((ticket, mut group)) = group {
            for ack in group.acks.drain(..) {
                ack.stored();
            }
            self.committed.send_replace(ticket);
            self.add_born(&mut claims, group);
        }
        self.hand_out(&mut claims);
        self.ledger.claims = claims;
        if let Some(news) = news.take() {
            // An error only says that nobody looks on any more.
            let _ = self.news.send(Arc::new(news));
        }
        self.say_well();
    }

    fn news_of(&mut self, group: Option<&Group>) -> Option<Committed> {
        let answered = std::mem::take(&mut self.ledger.answered);
        if self.news.receiver_count() == 0 {
            return None;
        }
        let events = group.map_or(&[][..], |group| &group.events[..]);
        let first = self.ledger.next_event - events.len() as i64;
        let news = events.iter().zip(first..).map(|(stored, id)| News {
            id: super::StoredId(id),
            event: Arc::clone(&stored.event),
            outcome: stored.decision.outcome,
            rings: stored.decision.planned.len(),
        });
        let news = Committed { events: news.collect(), answered };
        (!news.events.is_empty() || !news.answered.is_empty()).then_some(news)
    }

    /// Makes the claims of deliveries that were born claimed, out of the group itself.
    fn add_born(&mut self, claims: &mut Vec<(usize, Claim)>, mut group: Group) {
        let now = self.ledger.now;
        claims.reserve(self.ledger.born.len());
        for born in self.ledger.born.drain(..) {
            let stored = &mut group.events[born.event];
            let event = Arc::clone(&stored.event);
            let received = event.received;
            let planned = &mut stored.decision.planned[born.planned];
            let note = Note {
                key: planned.key,
                title: std::mem::take(&mut planned.title),
                body: std::mem::take(&mut planned.body),
                level: planned.level,
                events: vec![event],
                rule: planned.rule.clone(),
                also: std::mem::take(&mut planned.also),
                address: planned.address.take(),
                attempt: 1,
                previous: born.previous,
                timeline: std::mem::take(&mut planned.timeline),
                plain: false,
                link: None,
                redirected_from: planned.redirected_from.take(),
            };
            let pauses = self.ledger.desks.pauses_of(self.ledger.desks[born.desk].id);
            let claim = Claim {
                id: DeliveryId(born.id),
                fence: 1,
                note,
                way: planned.way,
                received,
                series: received,
                counts_from: counts_from(received, now, pauses),
                failing_since: None,
                tries: 0,
            };
            claims.push((born.desk, claim));
        }
    }

    /// Sends each sink its claims. Where nobody takes them they go back to what is due.
    fn hand_out(&mut self, claims: &mut Vec<(usize, Claim)>) {
        if claims.is_empty() {
            return;
        }
        let mut by_desk: Vec<Vec<Claim>> = Vec::new();
        by_desk.resize_with(self.ledger.desks.len(), Vec::new);
        for (desk, claim) in claims.drain(..) {
            by_desk[desk].push(claim);
        }
        for (place, claims) in by_desk.into_iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            let desk = &mut self.ledger.desks[place];
            let Some(slot) = &desk.slot else { continue };
            let Err(error) = slot.claims.try_send(claims) else { continue };
            tracing::debug!(sink = %desk.name, "nobody takes claims");
            let name = desk.name.clone();
            desk.slot = None;
            let answered = self.ledger.now;
            self.inbox.put_settlements(error.into_inner().into_iter().map(|claim| Settlement {
                id: claim.id,
                fence: claim.fence,
                sink: name.clone(),
                outcome: Settled::Released,
                latency_ms: 0,
                answered,
            }));
        }
    }

    /// Puts everything back and says what is wrong; what was taken is kept for the next try.
    fn refused(&mut self, error: rusqlite::Error, next_event: i64) -> Result<(), Fatal> {
        if !self.store.is_autocommit() {
            self.store.execute_batch("ROLLBACK")?;
        }
        let Remedy::Retry(kind) = remedy(&error) else { return Err(error.into()) };
        self.ledger.roll_back(&self.store, next_event)?;
        self.say(kind, &error);
        Ok(())
    }

    fn say(&self, kind: TroubleKind, error: &rusqlite::Error) {
        let since = self.ledger.now;
        self.health.send_if_modified(|health| {
            if health.trouble.as_ref().is_some_and(|trouble| trouble.kind == kind) {
                return false;
            }
            tracing::error!(%error, "the outbox cannot commit; tried again each second");
            health.trouble = Some(Trouble { kind, since, said: error.to_string() });
            true
        });
    }

    fn say_fatal(&self, error: &rusqlite::Error) {
        if is_damage(error) {
            self.files.suspect();
        }
        self.say(TroubleKind::Fatal, error);
    }

    fn say_well(&mut self) {
        let late = std::mem::take(&mut self.ledger.late);
        self.health.send_if_modified(|health| {
            health.late += late;
            let was_ill = health.trouble.take().is_some();
            if was_ill {
                tracing::info!("the outbox commits again");
            }
            was_ill || late > 0
        });
    }

    async fn wait(&mut self) {
        let now = self.ledger.now;
        let due = self.ledger.desks.wake(now).map_or(TICK, |due| until(now, due));
        let clock = Arc::clone(&self.clock);
        let deadline = clock.boot().saturating_add(due.min(TICK));
        tokio::select! {
            // Both are cancel-safe.
            () = self.inbox.nudged() => {}
            () = clock.sleep_until(deadline) => {}
        }
    }

    async fn sleep(&mut self, time: Duration) {
        let clock = Arc::clone(&self.clock);
        clock.sleep_until(clock.boot().saturating_add(time)).await;
    }
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    // One ms more, since times in the store are cut to it.
    Duration::try_from(then.duration_since(now)).unwrap_or_default() + Duration::from_millis(1)
}

/// Locks what only a panic elsewhere could have poisoned; what it guards stays whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
