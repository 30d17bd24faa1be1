//! Job: what keeps start, log and stop short.
//! Takes: the writer's connection.
//! Gives: claims of an earlier process voided, checkpoints, a clean end.
//! Never: rewrites more rows than were claimed.

use rusqlite::Connection;

use super::codes::RECLAIMED;
use super::health::{Remedy, remedy};
use super::ledger::Ledger;
use super::{StoredId, settle};

/// How many events the floor may lag behind: what an unclean start looks through, some 10 ms.
const FLOOR_LAG: i64 = 16_384;
/// The floor is written once it has moved so far.
const FLOOR_STEP: i64 = 4_096;
/// A log of so many pages (32 MiB) is written back at once, and of so many when nothing waits.
const LOG_PAGES_MAX: i64 = 4_096;
const LOG_PAGES_IDLE: i64 = 512;

/// Gives back what an earlier process had claimed: due at once, same id, no attempt spent.
pub(super) fn void_claims(store: &mut Connection, now: i64) -> rusqlite::Result<u64> {
    let change = store.transaction()?;
    let mut ids: Vec<i64> = Vec::new();
    {
        let floor = "SELECT coalesce((SELECT value FROM meta WHERE name = 'floor'), 0)";
        let floor: i64 = change.query_row(floor, [], |row| row.get(0))?;
        let from = StoredId(floor).delivery(0).0;
        let mut born = change.prepare("SELECT id FROM deliveries WHERE id >= ?1 AND state = 2")?;
        let mut late = change.prepare(
            "SELECT id FROM deliveries INDEXED BY deliveries_by_state
             WHERE state >= 6 AND state = 6",
        )?;
        for id in born.query_map([from], |row| row.get(0))? {
            ids.push(id?);
        }
        for id in late.query_map([], |row| row.get(0))? {
            ids.push(id?);
        }
    }
    for id in &ids {
        settle::release(&change, super::DeliveryId(*id), now)?;
    }
    change.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 0)", [])?;
    change.commit()?;
    Ok(ids.len() as u64)
}

/// Moves the floor: below it no row was born claimed and is still in hand. What has been in hand
/// for long is counted among the late claims, so that the floor can pass it.
pub(super) fn floor(store: &Connection, ledger: &mut Ledger) -> rusqlite::Result<i64> {
    if ledger.next_event - ledger.floor < FLOOR_LAG + FLOOR_STEP {
        return Ok(ledger.floor);
    }
    let horizon = StoredId(ledger.next_event - FLOOR_LAG).delivery(0).0;
    for desk in ledger.desks.iter_mut() {
        let old = desk.in_hand.iter_mut().filter(|(id, hand)| hand.born && **id < horizon);
        for (id, hand) in old {
            store
                .prepare_cached("UPDATE deliveries SET state = ?2 WHERE id = ?1")?
                .execute((id, RECLAIMED))?;
            hand.born = false;
        }
    }
    let floor = ledger.next_event - FLOOR_LAG;
    write_floor(store, floor)?;
    Ok(floor)
}

fn write_floor(store: &Connection, floor: i64) -> rusqlite::Result<()> {
    store.prepare_cached("INSERT OR REPLACE INTO meta VALUES ('floor', ?1)")?.execute([floor])?;
    Ok(())
}

/// Writes the log back once it is long.
pub(super) fn checkpoint_if_long(store: &Connection) -> rusqlite::Result<()> {
    if unwritten_pages(store)? >= LOG_PAGES_MAX { checkpoint(store) } else { Ok(()) }
}

/// Writes the log back while nothing waits, unless it is short.
pub(super) fn checkpoint_if_idle(store: &Connection) -> rusqlite::Result<()> {
    if unwritten_pages(store)? >= LOG_PAGES_IDLE { checkpoint(store) } else { Ok(()) }
}

fn unwritten_pages(store: &Connection) -> rusqlite::Result<i64> {
    store
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

fn checkpoint(store: &Connection) -> rusqlite::Result<()> {
    let done = store.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |_| Ok(()));
    match done {
        // The log keeps it all; the next checkpoint writes the same pages again.
        Err(error) if remedy(&error) != Remedy::Stop => Ok(()),
        other => other,
    }
}

/// A clean end: nothing to look through and no log to read at the next start.
pub(super) fn close(store: &Connection, ledger: &Ledger) -> rusqlite::Result<()> {
    let in_hand = ledger.desks.in_hand();
    if in_hand == 0 {
        write_floor(store, ledger.next_event)?;
    }
    store.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 1)", [])?;
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
