//! Job: forgets what is older than history keeps.
//! Takes: how long to keep, and moments in which nothing else waits.
//! Gives: bodies erased first; later, rows gone.
//! Never: erases what is still owed, or keys younger than `KEYS_KEPT`.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::StoredId;
use super::codes::{Exact, ms, outcome_code};
use crate::delivery::Outcome;

/// Keys outlive the retry horizon and any feed's replay.
const KEYS_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Ids and outcomes stay so many times as long as bodies.
const ROWS_KEPT_TIMES: u32 = 4;
/// A round begins so often.
const EVERY: Duration = Duration::from_secs(600);
/// The most events that one step looks at: some ms.
const STEP: i64 = 512;

/// How long history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// What an event says, where a rule matched.
    pub matched: Duration,
    /// What an event says, where none did.
    pub unmatched: Duration,
}

impl Default for Keep {
    /// 90 and 7 days.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { matched: days(90), unmatched: days(7) }
    }
}

/// Three walks over the events, each from where it stopped.
const WALKS: [Walk; 3] = [Walk::Unmatched, Walk::Matched, Walk::Rows];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    Unmatched,
    Matched,
    Rows,
}

pub(super) struct Retention {
    keep: Keep,
    next_round: Option<Timestamp>,
    walk: usize,
}

impl Retention {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, next_round: None, walk: 0 }
    }

    /// Does one small step where a round is due; says whether there is more to do.
    pub(super) fn step(&mut self, store: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
        if self.next_round.is_some_and(|next| now < next) {
            return Ok(false);
        }
        let Some(walk) = WALKS.get(self.walk) else {
            self.walk = 0;
            self.next_round = now.checked_add(EVERY).ok();
            forget_small(store, now, self.rows_kept())?;
            return Ok(false);
        };
        store.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let walked = self.walk_on(store, *walk, now);
        let end = if walked.is_ok() { "COMMIT" } else { "ROLLBACK" };
        store.prepare_cached(end)?.execute([])?;
        if !walked? {
            self.walk += 1;
        }
        Ok(true)
    }

    fn rows_kept(&self) -> Duration {
        let bodies = self.keep.matched.max(self.keep.unmatched).max(KEYS_KEPT);
        bodies.saturating_mul(ROWS_KEPT_TIMES)
    }

    /// Says whether the walk has further to go.
    fn walk_on(&self, store: &Connection, walk: Walk, now: Timestamp) -> rusqlite::Result<bool> {
        let (mark, kept) = match walk {
            Walk::Unmatched => ("erased unmatched", self.keep.unmatched),
            Walk::Matched => ("erased matched", self.keep.matched),
            Walk::Rows => ("forgotten", self.rows_kept()),
        };
        let before = now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        let from: i64 = store
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([mark], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let Some(to) = last_before(store, from, before)? else { return Ok(false) };
        match walk {
            Walk::Unmatched => erase(store, from, to, false)?,
            Walk::Matched => erase(store, from, to, true)?,
            Walk::Rows => forget(store, from, to)?,
        }
        store.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?.execute((mark, to))?;
        Ok(true)
    }
}

/// The last of the next `STEP` events that was received before a moment.
fn last_before(store: &Connection, from: i64, before: Timestamp) -> rusqlite::Result<Option<i64>> {
    let mut query = store
        .prepare_cached("SELECT id, received FROM events WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = query.query((from, STEP))?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, Exact>(1)?.0 >= before {
            break;
        }
        last = Some(row.get(0)?);
    }
    Ok(last)
}

/// Nothing of the event is due, claimed or waiting.
const SETTLED: &str = "NOT EXISTS (SELECT 1 FROM deliveries d
    WHERE d.id >= events.id << 12 AND d.id < (events.id + 1) << 12 AND d.state IN (0, 1, 2, 6))";

fn erase(store: &Connection, from: i64, to: i64, matched: bool) -> rusqlite::Result<()> {
    let routed = outcome_code(Outcome::Routed);
    let events = format!(
        "SELECT id FROM events WHERE id > ?1 AND id <= ?2 AND (outcome = ?3) = ?4 AND {SETTLED}"
    );
    let mut query = store.prepare_cached(&events)?;
    let ids = query.query_map(params![from, to, routed, matched], |row| row.get(0))?;
    for id in ids.collect::<rusqlite::Result<Vec<i64>>>()? {
        let (first, next) = (StoredId(id).delivery(0).0, StoredId(id + 1).delivery(0).0);
        store
            .prepare_cached("UPDATE events SET body = NULL, memory = NULL WHERE id = ?1")?
            .execute([id])?;
        store
            .prepare_cached(
                "UPDATE deliveries SET title = NULL, body = NULL, timeline = NULL, said = NULL
                 WHERE id >= ?1 AND id < ?2",
            )?
            .execute((first, next))?;
        store
            .prepare_cached(
                "UPDATE attempts SET said = NULL WHERE delivery >= ?1 AND delivery < ?2",
            )?
            .execute((first, next))?;
    }
    Ok(())
}

fn forget(store: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    // The newest stays, so that no id is ever given twice.
    let events = format!(
        "SELECT id FROM events WHERE id > ?1 AND id <= ?2 AND {SETTLED}
            AND id < (SELECT max(id) FROM events)"
    );
    let mut query = store.prepare_cached(&events)?;
    let ids = query.query_map((from, to), |row| row.get(0))?;
    for id in ids.collect::<rusqlite::Result<Vec<i64>>>()? {
        let (first, next) = (StoredId(id).delivery(0).0, StoredId(id + 1).delivery(0).0);
        for sql in [
            "DELETE FROM attempts WHERE delivery >= ?1 AND delivery < ?2",
            "DELETE FROM deliveries WHERE id >= ?1 AND id < ?2",
        ] {
            store.prepare_cached(sql)?.execute((first, next))?;
        }
        store.prepare_cached("DELETE FROM events WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

/// What is small and counted by days: the rest of the tables that grow.
fn forget_small(store: &Connection, now: Timestamp, kept: Duration) -> rusqlite::Result<()> {
    let before = ms(now.saturating_sub(kept).unwrap_or(Timestamp::MIN));
    let day = before / 86_400_000;
    store.prepare_cached("DELETE FROM quarantine WHERE received < ?1")?.execute([before])?;
    store.prepare_cached("DELETE FROM actions WHERE at < ?1")?.execute([before])?;
    store.prepare_cached("DELETE FROM counts WHERE day < ?1")?.execute([day])?;
    store
        .prepare_cached("DELETE FROM pauses WHERE until IS NOT NULL AND until < ?1")?
        .execute([before])?;
    store
        .prepare_cached(
            "DELETE FROM generations
             WHERE id < (SELECT generation FROM events ORDER BY id LIMIT 1)",
        )?
        .execute([])?;
    Ok(())
}
