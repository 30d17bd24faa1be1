//! Job: remembers the past for a judgement: a subject's, an alarm's, the wake-ups that are due.
//! Takes: a key.
//! Gives: `SubjectMemory` as the judgements so far would have left it, `AlarmMemory`, `WakeUp`s.
//! Never: sees what is not committed; intake keeps that itself until it is.

use std::sync::{Arc, MutexGuard};

use contract::{Booking, Cursor, Line, Revision, SourceName, Status};
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codes::{self, Exact, ms};
use super::group::Read;
use super::{Outbox, StoreError, StoredId, lock};
use crate::delivery::memory::{LastState, SEEN_MAX, TOLD_MAX};
use crate::delivery::{
    AlarmMemory, Digest, EventKey, MemoryKey, Outcome, Seen, SubjectMemory, Told, WakeUp,
};

/// The most events of a subject that are looked at; sinks told before are forgotten.
const EVENTS_MAX: i64 = 256;

/// What is remembered under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// Of a subject; absent where it was never seen.
    Subject(Option<Arc<SubjectMemory>>),
    /// Of an alarm; absent where it has not begun.
    Alarm(Option<AlarmMemory>),
}

/// Reads several keys as of one moment, at less cost than one by one. Hold it for one group, and
/// not across an await.
pub struct Recall<'a>(MutexGuard<'a, Connection>);

impl Outbox {
    /// Begins to read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recall(&self) -> Result<Recall<'_>, StoreError> {
        let store = lock(&self.memory);
        store.prepare_cached("BEGIN")?.execute([])?;
        Ok(Recall(store))
    }

    /// What is remembered under one key: some 3 µs for what was never seen.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(&self, key: &MemoryKey) -> Result<Loaded, StoreError> {
        load(&lock(&self.memory), key)
    }

    /// The wake-ups that are due, oldest first, at most `limit`. One that is returned comes again
    /// until the group it is fired in is committed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due_wake_ups(&self, now: Timestamp, limit: u32) -> Result<Vec<WakeUp>, StoreError> {
        let store = lock(&self.memory);
        let mut query = store.prepare_cached(
            "SELECT (SELECT name FROM names WHERE id = rule),
                    (SELECT name FROM names WHERE id = feed), subject, due
             FROM wake_ups WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2",
        )?;
        let rows = query.query_map((ms(now), limit), |row| {
            let (rule, feed): (String, String) = (row.get(0)?, row.get(1)?);
            let due = row.get::<_, Exact>(3)?.0;
            Ok(WakeUp { rule: rule.into(), feed: feed.into(), subject: row.get(2)?, due })
        })?;
        // A ms holds many moments: one that is later within it is not due yet.
        let due = rows.filter(|row| row.as_ref().map_or(true, |wake_up| wake_up.due <= now));
        Ok(due.collect::<rusqlite::Result<_>>()?)
    }

    /// When the next wake-up is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_wake_up(&self) -> Result<Option<Timestamp>, StoreError> {
        let store = lock(&self.memory);
        let next = store
            .prepare_cached("SELECT due FROM wake_ups ORDER BY due_ms LIMIT 1")?
            .query_row([], |row| row.get::<_, Exact>(0))
            .optional()?;
        Ok(next.map(|due| due.0))
    }

    /// Where a source resumes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cursor(&self, source: &SourceName) -> Result<Option<Cursor>, StoreError> {
        let store = lock(&self.memory);
        let cursor = store
            .prepare_cached(
                "SELECT cursor FROM sources
                 WHERE source = (SELECT id FROM names WHERE kind = 2 AND name = ?1)",
            )?
            .query_row([source.as_str()], |row| row.get::<_, Option<Box<str>>>(0))
            .optional()?;
        Ok(cursor.flatten().map(Cursor))
    }

    /// When a source last showed that it is there, as far as that was committed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_alive(&self, source: &SourceName) -> Result<Option<Timestamp>, StoreError> {
        let store = lock(&self.memory);
        let alive = store
            .prepare_cached(
                "SELECT last_alive FROM sources
                 WHERE source = (SELECT id FROM names WHERE kind = 2 AND name = ?1)",
            )?
            .query_row([source.as_str()], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        Ok(alive.flatten().map(codes::from_ms))
    }
}

impl Recall<'_> {
    /// What is remembered under a key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(&self, key: &MemoryKey) -> Result<Loaded, StoreError> {
        load(&self.0, key)
    }
}

impl Drop for Recall<'_> {
    fn drop(&mut self) {
        // A read transaction has nothing to lose; where its end fails, the next begin says so.
        let _ = self.0.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
    }
}

fn load(store: &Connection, key: &MemoryKey) -> Result<Loaded, StoreError> {
    match key {
        MemoryKey::Subject(feed, subject) => {
            let memory = subject_memory(store, feed.as_str(), subject)?;
            Ok(Loaded::Subject(memory.map(Arc::new)))
        }
        MemoryKey::Alarm(rule, subject) => {
            let memory = store
                .prepare_cached(
                    "SELECT memory FROM alarms
                     WHERE rule = (SELECT id FROM names WHERE kind = 1 AND name = ?1)
                        AND subject = ?2",
                )?
                .query_row((rule.as_str(), &**subject), |row| row.get::<_, String>(0))
                .optional()?;
            let read = memory.map(|text| serde_json::from_str(&text)).transpose();
            Ok(Loaded::Alarm(read.map_err(|_| codes::unknown("alarm memory", 0))?))
        }
    }
}

/// One event of the subject, newest first.
struct Past {
    id: StoredId,
    outcome: Outcome,
    seen: Seen,
    status: Option<String>,
    revision: Option<Revision>,
}

fn subject_memory(
    store: &Connection,
    feed: &str,
    subject: &str,
) -> rusqlite::Result<Option<SubjectMemory>> {
    let mut query = store.prepare_cached(
        "SELECT id, outcome, key, digest, at, status, revision
         FROM events INDEXED BY events_by_subject
         WHERE subject = ?1 AND feed = (SELECT id FROM names WHERE kind = 3 AND name = ?2)
            AND woken_by IS NULL
         ORDER BY id DESC LIMIT ?3",
    )?;
    let mut rows = query.query(params![subject, feed, EVENTS_MAX])?;
    let Some(newest) = rows.next()? else { return Ok(None) };
    let mut past = vec![past_of(newest)?];
    while let Some(row) = rows.next()? {
        past.push(past_of(row)?);
    }
    let last = past.iter().find(|event| event.outcome != Outcome::Stale);
    let Some(last) = last.or(past.last()) else { return Ok(None) };
    let mut memory = SubjectMemory {
        last: LastState {
            status: last.status.as_deref().map(Status::from),
            revision: last.revision,
            at: last.seen.at,
            digest: last.seen.digest,
            booking: booking(store, last.id)?,
        },
        seen: past.iter().take(SEEN_MAX).rev().map(|event| event.seen).collect(),
        told: Vec::new(),
        timeline: timeline(&past),
    };
    for event in past.iter().rev().filter(|event| event.outcome == Outcome::Routed) {
        if memory.told.len() >= TOLD_MAX {
            break;
        }
        tell(store, event.id, &mut memory)?;
    }
    Ok(Some(memory))
}

fn past_of(row: &Row<'_>) -> rusqlite::Result<Past> {
    let outcome: i64 = row.get(1)?;
    let revision: Option<String> = row.get(6)?;
    Ok(Past {
        id: StoredId(row.get(0)?),
        outcome: codes::outcome_of(outcome).ok_or_else(|| codes::unknown("outcome", outcome))?,
        seen: Seen {
            key: EventKey(row.get(2)?),
            digest: Digest(row.get(3)?),
            at: row.get::<_, Exact>(4)?.0,
        },
        status: row.get(5)?,
        revision: revision.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

fn timeline(past: &[Past]) -> Vec<Line> {
    let lines = past.iter().filter_map(|event| {
        event.status.as_deref().map(|what| Line { at: event.seen.at, what: what.into() })
    });
    let mut lines: Vec<Line> = lines.take(SEEN_MAX).collect();
    lines.reverse();
    lines
}

fn booking(store: &Connection, id: StoredId) -> rusqlite::Result<Option<Arc<Booking>>> {
    let mut query = store.prepare_cached("SELECT body FROM events WHERE id = ?1")?;
    query.query_row([id.0], |row| {
        let ValueRef::Blob(body) = row.get_ref(0)? else { return Ok(None) };
        let read: Option<Read> = serde_json::from_slice(body).ok();
        Ok(match read.map(|read| read.body) {
            Some(contract::Body::Booking(booking)) => Some(Arc::new(booking)),
            _ => None,
        })
    })
}

/// Remembers who was told of an event: what was planned there and not withdrawn.
fn tell(store: &Connection, id: StoredId, memory: &mut SubjectMemory) -> rusqlite::Result<()> {
    let mut query = store.prepare_cached(
        "SELECT (SELECT name FROM names WHERE id = sink), address, way,
                (SELECT name FROM names WHERE id = rule)
         FROM deliveries WHERE id >= ?1 AND id < ?2 AND state <> ?3 ORDER BY id",
    )?;
    let (first, next) = (id.delivery(0).0, StoredId(id.0 + 1).delivery(0).0);
    let mut rows = query.query((first, next, codes::WITHDRAWN))?;
    while let Some(row) = rows.next()? {
        if !codes::way_of(row.get(2)?).is_some_and(|way| way.tells()) {
            continue;
        }
        let (sink, rule): (String, String) = (row.get(0)?, row.get(3)?);
        let address: Option<contract::Address> = row.get(1)?;
        let told = Told { sink: sink.into(), address, rule: rule.into() };
        memory.tell(&told.sink, told.address.as_ref(), &told.rule);
    }
    Ok(())
}
