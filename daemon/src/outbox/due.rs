//! Job: claims what is due, in the order in which it became due.
//! Takes: the desks that have room.
//! Gives: claims, read from the store a page at a time.
//! Never: reads more of a backlog than a sink can take, or starts over at rows that must wait.

use std::sync::Arc;

use contract::{Address, Event, Note, NoteKey, Receipt};
use rusqlite::{Connection, OptionalExtension, Row};

use super::codes::{self, BEHIND, Exact, WAITING, from_ms};
use super::desks::{InHand, Lane};
use super::group::Read;
use super::ledger::{Ledger, Undo};
use super::{Claim, DeliveryId, StoredEvent, counts_from, lanes};
use crate::delivery::Planned;

pub(super) use lanes::blocked;

/// The most rows that are looked at for one sink in one transaction.
const LOOKED_AT_MAX: usize = 4096;
/// The most rows that are read at once.
const PAGE: usize = 256;
/// A retry whose lane is in hand looks again after this, ms.
const AGAIN_MS: i64 = 1000;

/// Claims for every sink that has room.
pub(super) fn claim(store: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
    if ledger.stopping {
        return Ok(());
    }
    for place in 0..ledger.desks.len() {
        let now = ledger.now_ms();
        let desk = &ledger.desks[place];
        let looks = desk.backlog || desk.next_due.is_some_and(|due| due <= now);
        if looks && ledger.desks.room(place, ledger.now) > 0 {
            claim_for(store, ledger, place)?;
        }
    }
    Ok(())
}

/// Says whether a sink has room for rows that are due: then the writer has work.
pub(super) fn is_work(ledger: &Ledger) -> bool {
    let now = ledger.now_ms();
    !ledger.stopping
        && (0..ledger.desks.len()).any(|place| {
            let desk = &ledger.desks[place];
            (desk.backlog || desk.next_due.is_some_and(|due| due <= now))
                && ledger.desks.room(place, ledger.now) > 0
        })
}

fn claim_for(store: &Connection, ledger: &mut Ledger, place: usize) -> rusqlite::Result<()> {
    let now = ledger.now_ms();
    let sink = ledger.desks[place].id;
    let mut looked_at = 0;
    while looked_at < LOOKED_AT_MAX {
        let room = ledger.desks.room(place, ledger.now).min(PAGE);
        if room == 0 {
            ledger.desks[place].backlog = true;
            return Ok(());
        }
        let page = due_rows(store, sink, now, room)?;
        looked_at += page.len();
        let last = page.len() < room;
        for row in page {
            take(store, ledger, place, row)?;
        }
        if last {
            // What was put off above is due later than `now`, so one look at the index is enough.
            let desk = &mut ledger.desks[place];
            desk.backlog = false;
            desk.next_due = next_due(store, sink, now)?;
            return Ok(());
        }
    }
    ledger.desks[place].backlog = true;
    Ok(())
}

/// Claims one row, or puts it off where its lane is not free.
fn take(
    store: &Connection,
    ledger: &mut Ledger,
    place: usize,
    row: DueRow,
) -> rusqlite::Result<()> {
    let now = ledger.now_ms();
    let desk = &mut ledger.desks[place];
    let lane = Lane::of(desk.id, row.feed_id, &row.subject, row.address.as_deref());
    let retry = row.state == WAITING;
    if let Some(followed) = desk.lanes.get_mut(&lane) {
        *followed = true;
        ledger.laned = true;
        let until = if retry { now + AGAIN_MS } else { BEHIND };
        return lanes::stand_behind(store, row.id, lane, until);
    }
    if ledger.laned
        && !retry
        && let Some(until) = blocked(store, lane, row.id, now)?
    {
        return lanes::stand_behind(store, row.id, lane, until);
    }
    store
        .prepare_cached(
            "UPDATE deliveries SET state = ?2, fence = fence + 1, due = NULL, lane = NULL
             WHERE id = ?1",
        )?
        .execute((row.id, codes::RECLAIMED))?;
    let fence = row.fence + 1;
    let hand = InHand { fence, lane, born: false, tries: row.tries, failing: row.failing };
    desk.claim(row.id, hand);
    ledger.undo.push(Undo::Claimed(place, row.id));
    let id = row.id;
    match claim_of(store, ledger, place, row, fence)? {
        Some(claim) => ledger.claims.push((place, claim)),
        // A body that cannot be read can never ring; it is shown as what it is.
        None => super::settle::unreadable(store, ledger, place, id)?,
    }
    Ok(())
}

struct DueRow {
    id: i64,
    state: i64,
    fence: u32,
    tries: u32,
    spent: u32,
    series: Option<i64>,
    failing: Option<i64>,
    address: Option<Address>,
    subject: String,
    feed_id: i64,
}

fn due_rows(
    store: &Connection,
    sink: i64,
    now: i64,
    limit: usize,
) -> rusqlite::Result<Vec<DueRow>> {
    let mut query = store.prepare_cached(
        "SELECT d.id, d.state, d.fence, d.tries, d.spent, d.series, d.failing, d.address,
                e.subject, e.feed
         FROM deliveries d INDEXED BY deliveries_due JOIN events e ON e.id = d.id >> 12
         WHERE d.due IS NOT NULL AND d.sink = ?1 AND d.due <= ?2
         ORDER BY d.due, d.id LIMIT ?3",
    )?;
    let rows = query.query_map((sink, now, limit as i64), |row| {
        Ok(DueRow {
            id: row.get(0)?,
            state: row.get(1)?,
            fence: row.get(2)?,
            tries: row.get(3)?,
            spent: row.get(4)?,
            series: row.get(5)?,
            failing: row.get(6)?,
            address: row.get(7)?,
            subject: row.get(8)?,
            feed_id: row.get(9)?,
        })
    })?;
    rows.collect()
}

fn next_due(store: &Connection, sink: i64, now: i64) -> rusqlite::Result<Option<i64>> {
    store
        .prepare_cached(
            "SELECT due FROM deliveries INDEXED BY deliveries_due
             WHERE due IS NOT NULL AND sink = ?1 AND due > ?2 AND due < ?3 ORDER BY due LIMIT 1",
        )?
        .query_row((sink, now, BEHIND), |row| row.get(0))
        .optional()
}

fn claim_of(
    store: &Connection,
    ledger: &Ledger,
    place: usize,
    row: DueRow,
    fence: u32,
) -> rusqlite::Result<Option<Claim>> {
    let desk = &ledger.desks[place];
    let Some((event, mut note, way)) = note_of(store, row.id)? else { return Ok(None) };
    let Some(way) = codes::way_of(way) else { return Ok(None) };
    if desk.threads {
        let address = row.address.as_deref();
        note.previous = receipt_of(store, desk.id, row.feed_id, &row.subject, address)?;
    }
    note.attempt = row.spent + 1;
    note.address = row.address;
    let received = event.received;
    let series = row.series.map_or(received, from_ms);
    Ok(Some(Claim {
        id: DeliveryId(row.id),
        fence,
        note,
        way,
        received,
        series,
        counts_from: counts_from(series, ledger.now, ledger.desks.pauses_of(desk.id)),
        failing_since: row.failing.map(from_ms),
        tries: row.tries,
        gates_told: ledger.gates_told,
    }))
}

/// The delivery's note but for what its claim adds; absent where the event cannot be read.
fn note_of(store: &Connection, id: i64) -> rusqlite::Result<Option<(Arc<Event>, Note, i64)>> {
    let mut query = store.prepare_cached(
        "SELECT e.body, e.at, e.received, e.feed_id,
                (SELECT name FROM names WHERE id = e.source),
                (SELECT name FROM names WHERE id = e.feed),
                d.key, d.title, d.body, d.level, d.also, d.timeline, d.way,
                (SELECT name FROM names WHERE id = d.rule),
                (SELECT name FROM names WHERE id = d.redirected)
         FROM deliveries d JOIN events e ON e.id = d.id >> 12 WHERE d.id = ?1",
    )?;
    query.query_row([id], |row| {
        let Some(event) = event_of(row)? else { return Ok(None) };
        let event = Arc::new(event);
        let (Some(title), Some(body)) = (row.get::<_, Option<String>>(7)?, row.get(8)?) else {
            return Ok(None);
        };
        let body: String = body;
        let rule: String = row.get(13)?;
        let note = Note {
            key: NoteKey(row.get(6)?),
            title: title.into(),
            body: body.into(),
            level: codes::level_of(row.get(9)?).unwrap_or_default(),
            events: vec![Arc::clone(&event)],
            rule: rule.into(),
            also: from_json(row.get(10)?),
            address: None,
            attempt: 1,
            previous: None,
            timeline: from_json(row.get(11)?),
            plain: false,
            link: None,
            redirected_from: row.get::<_, Option<String>>(14)?.map(Into::into),
        };
        Ok(Some((event, note, row.get(12)?)))
    })
}

/// The event whose body, times, id, source and feed are the row's first six columns; absent where
/// its body was erased or cannot be read.
pub(super) fn event_of(row: &Row<'_>) -> rusqlite::Result<Option<Event>> {
    let body = row.get_ref(0)?.as_bytes_or_null().unwrap_or(None);
    let read: Option<Read> = body.and_then(|body| serde_json::from_slice(body).ok());
    let Some(Read { body, extra }) = read else { return Ok(None) };
    let (source, feed): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(Some(Event {
        id: row.get(3)?,
        source: source.into(),
        feed: feed.into(),
        at: row.get::<_, Exact>(1)?.0,
        received: row.get::<_, Exact>(2)?.0,
        body,
        extra,
    }))
}

/// A list that was written as JSON, or nothing.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: Option<String>) -> Vec<T> {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// What the thread's last note returned, for a delivery that is being stored.
pub(super) fn receipt(
    store: &Connection,
    desk: &super::desks::Desk,
    feed: i64,
    event: &StoredEvent,
    planned: &Planned,
) -> rusqlite::Result<Option<Receipt>> {
    if !desk.threads {
        return Ok(None);
    }
    receipt_of(store, desk.id, feed, event.event.subject(), planned.address.as_deref())
}

fn receipt_of(
    store: &Connection,
    sink: i64,
    feed: i64,
    subject: &str,
    address: Option<&str>,
) -> rusqlite::Result<Option<Receipt>> {
    store
        .prepare_cached(
            "SELECT receipt FROM threads
             WHERE sink = ?1 AND subject = ?2 AND feed = ?3 AND address = ?4",
        )?
        .query_row((sink, subject, feed, address.unwrap_or("")), |row| {
            row.get::<_, Box<str>>(0).map(Receipt)
        })
        .optional()
}
