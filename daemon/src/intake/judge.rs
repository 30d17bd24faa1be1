//! Job: judges what sources bring and hands it to the outbox, group by group.
//! Takes: batches of events, and wake-ups that are due.
//! Gives: groups: events with their decisions, cursors, memory, acks.
//! Never: waits for a sink, or lets a panic of the rules lose an event.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use contract::event::Body;
use contract::frame::Reason;
use contract::{Clock, Event, FeedChange, Kind, SourceName, Unreadable};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::cache::Cache;
use super::connection::Brought;
use super::{EVENTS_MAX, Generation};
use crate::delivery::{
    Cause, Change, Decision, Digest, Memory, MemoryKey, Outcome, SubjectMemory, WakeUp,
    WakeUpChange,
};
use crate::outbox::{
    self, Group, Loaded, Outbox, Quarantined, Recall, Refused, StoredEvent, Ticket,
};

/// The most bytes of bodies in one group; more wait for the next.
const BODY_BYTES_MAX: usize = outbox::BYTES_MAX;
/// The most wake-ups judged at once; more are due at once again.
const WAKE_UPS_MAX: u32 = 256;
/// How often due wake-ups are looked for where none is known.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Why judging ended other than by a stop.
#[derive(Debug, thiserror::Error)]
pub(super) enum JudgeError {
    /// The outbox takes nothing any more.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The outbox cannot be read.
    #[error("the outbox cannot be read")]
    Read(#[from] outbox::StoreError),
}

pub(crate) struct Judge {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    generation: Arc<ArcSwap<Generation>>,
    cache: Cache,
    group: Group,
    group_bytes: usize,
    /// How many frames went into the group, repeats included.
    group_frames: usize,
    /// The last group handed to the outbox.
    handed: Ticket,
    /// The earliest wake-up known.
    next_wake: Option<Timestamp>,
    /// When due wake-ups were last looked for, since boot.
    looked: Duration,
}

impl Judge {
    pub(crate) fn new(
        outbox: Outbox,
        clock: Arc<dyn Clock>,
        generation: Arc<ArcSwap<Generation>>,
    ) -> Self {
        let looked = clock.boot();
        Self {
            outbox,
            clock,
            generation,
            cache: Cache::default(),
            group: Group::default(),
            group_bytes: 0,
            group_frames: 0,
            handed: Ticket::default(),
            next_wake: None,
            looked,
        }
    }

    /// Judges until every source has ended. What is in hand then is committed first.
    pub(crate) async fn run(
        mut self,
        mut brought: mpsc::Receiver<Brought>,
    ) -> Result<(), JudgeError> {
        self.next_wake = self.outbox.next_wake_up()?;
        loop {
            let clock = Arc::clone(&self.clock);
            let wake = clock.sleep_until(self.wake_at());
            tokio::select! {
                biased;
                first = brought.recv() => match first {
                    Some(first) => self.take(first)?,
                    None => return Ok(()),
                },
                () = wake => {}
            }
            while self.group_frames < EVENTS_MAX && self.group_bytes < BODY_BYTES_MAX {
                let Ok(more) = brought.try_recv() else { break };
                self.take(more)?;
            }
            self.commit().await?;
            let wake_at = self.wake_at();
            if self.clock.boot() >= wake_at {
                self.wake().await?;
            }
        }
    }

    /// When to look for due wake-ups, since boot. A clock that was set is noticed by `LOOK_EVERY`.
    fn wake_at(&self) -> Duration {
        let latest = self.looked + LOOK_EVERY;
        let Some(due) = self.next_wake else { return latest };
        let wait = Duration::try_from(due.duration_since(self.clock.now())).unwrap_or_default();
        latest.min(self.clock.boot() + wait)
    }

    fn take(&mut self, brought: Brought) -> Result<(), JudgeError> {
        let Brought { source, feed, read, ack, cursor, alive } = brought;
        let outbox = self.outbox.clone();
        let recall = outbox.recall()?;
        let mut repeats = 0;
        self.group_frames += read.len().max(1);
        for one in read {
            match one {
                Ok(event) => repeats += u64::from(self.judge(event, &recall)?),
                Err(frame) => self.quarantine(&source, &feed, frame),
            }
        }
        if repeats > 0 {
            self.group.repeats.push((source.clone(), repeats));
        }
        self.group.acks.push(ack);
        if let Some(alive) = alive {
            set(&mut self.group.alive, &source, alive);
        }
        if let Some(cursor) = cursor {
            set(&mut self.group.cursors, &source, cursor);
        }
        Ok(())
    }

    /// Judges one event into the group. Says whether it is a repeat.
    fn judge(&mut self, event: Event, recall: &Recall<'_>) -> Result<bool, JudgeError> {
        let body = match outbox::body_bytes(&event) {
            Ok(body) => body,
            Err(wrong) => {
                self.quarantine_event(&event, &wrong.to_string());
                return Ok(false);
            }
        };
        let digest = Digest::of(&body);
        let generation = self.generation.load_full();
        let cause = Cause::Event(&event, digest);
        let memory = self.remember(&generation.plan.reads(&cause), recall)?;
        let now = event.received;
        let judged = std::panic::catch_unwind(AssertUnwindSafe(|| {
            generation.plan.judge(cause, &memory, now)
        }));
        let Ok(decision) = judged else {
            self.quarantine_event(&event, "the rules panicked on it: please report this");
            return Ok(false);
        };
        if decision.outcome == Outcome::Seen {
            return Ok(true);
        }
        let after = SubjectMemory::after(memory.subject.as_deref(), &event, digest, &decision);
        let subject = MemoryKey::Subject(event.feed.clone(), Arc::from(event.subject()));
        self.cache.keep(&subject, Loaded::Subject(Some(Arc::new(after))));
        self.keep(&decision);
        self.group_bytes += body.len();
        let kind = event.kind();
        self.group.events.push(StoredEvent {
            event: Arc::new(event),
            body,
            digest,
            decision,
            memory: written(&memory, kind),
            generation: generation.id,
            woken_by: None,
        });
        Ok(false)
    }

    /// Judges the wake-ups that are due. They are few: alarms that last. The store knows what is
    /// due, so all that was judged before is committed first: a wake-up that was set just now
    /// would not be found, one that was cancelled would; what is fired must be gone before it is
    /// looked for again.
    async fn wake(&mut self) -> Result<(), JudgeError> {
        self.outbox.wait_committed(self.handed).await?;
        let now = self.clock.now();
        for wake_up in self.outbox.due_wake_ups(now, WAKE_UPS_MAX)? {
            self.judge_wake_up(wake_up, now)?;
        }
        self.commit().await?;
        self.outbox.wait_committed(self.handed).await?;
        self.next_wake = self.outbox.next_wake_up()?;
        self.looked = self.clock.boot();
        Ok(())
    }

    fn judge_wake_up(&mut self, wake_up: WakeUp, now: Timestamp) -> Result<(), JudgeError> {
        let generation = self.generation.load_full();
        let cause = Cause::WakeUp(&wake_up);
        let outbox = self.outbox.clone();
        let memory = self.remember(&generation.plan.reads(&cause), &outbox.recall()?)?;
        let judged = std::panic::catch_unwind(AssertUnwindSafe(|| {
            generation.plan.judge(cause, &memory, now)
        }));
        let Ok(decision) = judged else {
            tracing::error!(rule = %wake_up.rule,
                "the rules panicked on a wake-up, which is given up: please report this");
            self.group.fired.push(wake_up);
            return Ok(());
        };
        self.keep(&decision);
        if let Some(alarm) = memory.alarms.get(&wake_up.rule)
            && !decision.planned.is_empty()
        {
            let event = woken_event(&wake_up, alarm.change.clone(), now);
            let body = outbox::body_bytes(&event).unwrap_or_default();
            self.group.events.push(StoredEvent {
                digest: Digest::of(&body),
                event: Arc::new(event),
                body,
                decision,
                memory: written(&memory, Kind::Feed),
                generation: generation.id,
                woken_by: Some(wake_up.clone()),
            });
        }
        self.group.fired.push(wake_up);
        Ok(())
    }

    /// Keeps what a decision changes beyond its own event, ahead of the commit.
    fn keep(&mut self, decision: &Decision) {
        for change in &decision.changes {
            let Change::Alarm(rule, subject, alarm) = change;
            let key = MemoryKey::Alarm(rule.clone(), Arc::clone(subject));
            self.cache.keep(&key, Loaded::Alarm(alarm.clone()));
        }
        for change in &decision.wake_ups {
            if let WakeUpChange::Set(wake_up) = change {
                let earlier = self.next_wake.is_none_or(|due| wake_up.due < due);
                self.next_wake = if earlier { Some(wake_up.due) } else { self.next_wake };
            }
        }
    }

    fn remember(
        &mut self,
        wanted: &[MemoryKey],
        recall: &Recall<'_>,
    ) -> Result<Memory, JudgeError> {
        let mut memory = Memory::default();
        for key in wanted {
            let known = match self.cache.known(key) {
                Some(known) => known,
                None => {
                    let loaded = recall.load(key)?;
                    self.cache.keep(key, loaded.clone());
                    loaded
                }
            };
            match (key, known) {
                (MemoryKey::Alarm(rule, _), Loaded::Alarm(Some(alarm))) => {
                    memory.alarms.insert(rule.clone(), alarm);
                }
                (MemoryKey::Subject(..), Loaded::Subject(subject)) => memory.subject = subject,
                _ => {}
            }
        }
        Ok(memory)
    }

    fn quarantine(&mut self, source: &SourceName, feed: &contract::FeedName, frame: Unreadable) {
        let (source, feed) = (source.clone(), feed.clone());
        let received = self.clock.now();
        self.group_bytes += frame.bytes.len();
        self.group.quarantined.push(Quarantined { source, feed, received, frame });
    }

    fn quarantine_event(&mut self, event: &Event, said: &str) {
        tracing::error!(subject = %contract::text::clean(event.subject()), said, "quarantined");
        let bytes = contract::frame::write(event, None).into_bytes();
        let frame = Unreadable::new(Reason::OurMistake, said, &bytes);
        self.quarantine(&event.source.clone(), &event.feed.clone(), frame);
    }

    async fn commit(&mut self) -> Result<(), JudgeError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let group = std::mem::take(&mut self.group);
        (self.group_bytes, self.group_frames) = (0, 0);
        self.handed = self.outbox.commit(group).await?;
        Ok(())
    }
}

fn set<T>(list: &mut Vec<(SourceName, T)>, source: &SourceName, value: T) {
    match list.iter_mut().find(|(name, _)| name == source) {
        Some((_, old)) => *old = value,
        None => list.push((source.clone(), value)),
    }
}

/// The memory as it is stored with the event; nothing where there was none. Of anything but a
/// booking only repeats look at the subject's past, and a repeat is not stored.
fn written(memory: &Memory, kind: Kind) -> Option<Vec<u8>> {
    let subject = memory.subject.clone().filter(|_| kind == Kind::Booking);
    let slice = Memory { subject, alarms: memory.alarms.clone() };
    let empty = slice.subject.is_none() && slice.alarms.is_empty();
    if empty { None } else { serde_json::to_vec(&slice).ok() }
}

/// The event that stands for a wake-up: the change that began the alarm.
fn woken_event(wake_up: &WakeUp, change: FeedChange, now: Timestamp) -> Event {
    Event {
        id: None,
        source: wake_up.rule.as_str().into(),
        feed: wake_up.feed.clone(),
        at: now,
        received: now,
        body: Body::Feed(change),
        extra: contract::Fields::default(),
    }
}

#[cfg(test)]
mod tests;
