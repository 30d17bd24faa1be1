//! Job: one try at a time a lane, in the order of receipt.
//! Takes: a lane, and who asks to go.
//! Gives: whether it must wait, and until when; who goes next once the head is settled.
//! Never: lets a failing head block its lane for more than `BLOCK_MS`.

use rusqlite::{Connection, OptionalExtension};

use super::codes::BEHIND;
use super::desks::{Desk, Lane};

/// A failing head blocks its own lane for so long; then the lane moves on.
pub(super) const BLOCK_MS: i64 = 10 * 60 * 1000;

/// Says until when a delivery must wait for others of its lane in the store, if it must: for an
/// earlier one that stands in line, or for one that has begun to fail.
pub(super) fn blocked(
    store: &Connection,
    lane: Lane,
    id: i64,
    now: i64,
) -> rusqlite::Result<Option<i64>> {
    if first_in_line(store, lane)?.is_some_and(|(first, _)| first < id) {
        return Ok(Some(BEHIND));
    }
    Ok(unblocked_at(store, lane)?.filter(|until| *until > now))
}

/// After a lane's head is settled: the first in line is due now, or once a head that fails has
/// blocked for long enough.
pub(super) fn release(
    store: &Connection,
    desk: &mut Desk,
    lane: Lane,
    now: i64,
) -> rusqlite::Result<()> {
    let Some((first, due)) = first_in_line(store, lane)? else { return Ok(()) };
    let until = unblocked_at(store, lane)?.map_or(now, |until| until.max(now));
    if due != until {
        store
            .prepare_cached("UPDATE deliveries SET due = ?2 WHERE id = ?1")?
            .execute((first, until))?;
    }
    desk.expect(until, now);
    Ok(())
}

/// Puts a delivery in line.
pub(super) fn stand_behind(
    store: &Connection,
    id: i64,
    lane: Lane,
    until: i64,
) -> rusqlite::Result<()> {
    store
        .prepare_cached("UPDATE deliveries SET lane = ?2, due = ?3 WHERE id = ?1")?
        .execute((id, lane.0, until))?;
    Ok(())
}

/// Of those that never failed.
fn first_in_line(store: &Connection, lane: Lane) -> rusqlite::Result<Option<(i64, i64)>> {
    store
        .prepare_cached(
            "SELECT id, due FROM deliveries INDEXED BY deliveries_in_lanes
             WHERE lane = ?1 AND failing IS NULL ORDER BY id LIMIT 1",
        )?
        .query_row([lane.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// By the one that began to fail last.
fn unblocked_at(store: &Connection, lane: Lane) -> rusqlite::Result<Option<i64>> {
    store
        .prepare_cached(
            "SELECT failing FROM deliveries INDEXED BY deliveries_in_lanes
             WHERE lane = ?1 AND failing IS NOT NULL ORDER BY failing DESC LIMIT 1",
        )?
        .query_row([lane.0], |row| row.get::<_, i64>(0))
        .optional()
        .map(|failing| failing.map(|since| since.saturating_add(BLOCK_MS)))
}
