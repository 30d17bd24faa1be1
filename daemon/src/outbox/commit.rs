//! Job: writes a group: events, their deliveries, counts, cursors, wake-ups, alarms.
//! Takes: a group, within the writer's transaction.
//! Gives: rows; deliveries that may ring at once are born claimed.
//! Never: reads back what it has just written.

use contract::event::Body;
use contract::{FeedState, Kind};
use rusqlite::{Connection, params};

use super::codes::{self, BEHIND, Exact, ms};
use super::desks::{InHand, Lane};
use super::due;
use super::group::Group;
use super::ledger::{Born, Ledger, Undo, What};
use super::names::Of;
use super::rowwise::Rowwise;
use super::{StoredEvent, StoredId};
use crate::delivery::{Change, Count, Planned, Start, State, WakeUp, WakeUpChange, WithdrawnBy};

const INSERT_EVENT: &str = "
INSERT INTO events (id, kind, outcome, generation, source, feed, at, received, key, digest,
    subject, status, revision, feed_id, woken_by, body, memory)";
const EVENT_WIDTH: usize = 17;

const INSERT_DELIVERY: &str = "
INSERT INTO deliveries (id, sink, state, fence, tries, spent, tried, answered, due, lane, reason,
    key, rule, way, level, address, redirected, also, timeline, title, body)";
const DELIVERY_WIDTH: usize = 21;

/// Writes the whole group.
pub(super) fn write(
    store: &Connection,
    ledger: &mut Ledger,
    group: &Group,
) -> rusqlite::Result<()> {
    {
        let rings = group.events.iter().map(|event| event.decision.planned.len()).sum();
        let events = group.events.len();
        let mut event_row = Rowwise::new(store, INSERT_EVENT, EVENT_WIDTH, events)?;
        let mut delivery_row = Rowwise::new(store, INSERT_DELIVERY, DELIVERY_WIDTH, rings)?;
        for wake_up in &group.fired {
            forget_wake_up(store, ledger, wake_up)?;
        }
        for (place, event) in group.events.iter().enumerate() {
            let id = StoredId(ledger.next_event);
            ledger.next_event += 1;
            let feed = ledger.names.id(store, Of::Feed, event.event.feed.as_str())?;
            write_event(&mut event_row, store, ledger, event, (id, feed))?;
            for (ordinal, planned) in event.decision.planned.iter().enumerate() {
                let start = start(store, ledger, event, planned, feed)?;
                let id = id.delivery(ordinal).0;
                write_delivery(&mut delivery_row, store, ledger, planned, (id, &start))?;
                if let Begin::Born { desk, lane } = start {
                    let hand = InHand { fence: 1, lane, born: true, tries: 0, failing: None };
                    ledger.desks[desk].claim(id, hand);
                    ledger.undo.push(Undo::Claimed(desk, id));
                    let previous = due::receipt(store, &ledger.desks[desk], feed, event, planned)?;
                    ledger.born.push(Born { desk, event: place, planned: ordinal, id, previous });
                }
            }
            write_changes(store, ledger, event)?;
        }
    }
    write_quarantined(store, ledger, group)?;
    write_sources(store, ledger, group)
}

fn write_event(
    row: &mut Rowwise<'_>,
    store: &Connection,
    ledger: &mut Ledger,
    stored: &StoredEvent,
    (id, feed): (StoredId, i64),
) -> rusqlite::Result<()> {
    let event = &*stored.event;
    let kind = event.kind();
    let source = ledger.names.id(store, Of::Source, event.source.as_str())?;
    let booking = event.booking();
    let revision = booking.and_then(|b| b.revision).map(|r| json(&r)).transpose()?;
    row.bind(id.0)?;
    row.bind(codes::kind_code(kind))?;
    row.bind(codes::outcome_code(stored.decision.outcome))?;
    row.bind(stored.generation.0)?;
    row.bind(source)?;
    row.bind(feed)?;
    row.bind(Exact(event.at))?;
    row.bind(Exact(event.received))?;
    row.bind(&stored.decision.key.0[..])?;
    row.bind(&stored.digest.0[..])?;
    row.bind(event.subject())?;
    row.bind(booking.and_then(|b| b.status.as_ref()).map(|status| status.as_str()))?;
    row.bind(revision)?;
    row.bind(event.id.as_deref())?;
    row.bind(stored.woken_by.as_ref().map(json).transpose()?)?;
    row.bind(&stored.body[..])?;
    row.bind(stored.memory.as_deref())?;
    row.end()?;
    if stored.woken_by.is_some() {
        return Ok(());
    }
    ledger.count(What::Events, 0, 1);
    if kind == Kind::Booking {
        ledger.count(What::Bookings, 0, 1);
    }
    if matches!(&event.body, Body::Feed(change) if change.state == FeedState::Gap) {
        ledger.count(What::Gaps, feed, 1);
    }
    Ok(())
}

/// How a delivery begins.
enum Begin {
    Born { desk: usize, lane: Lane },
    Due { desk: usize, at: i64 },
    Behind { desk: usize, lane: Lane, until: i64 },
    Shadow { desk: usize },
}

fn start(
    store: &Connection,
    ledger: &mut Ledger,
    event: &StoredEvent,
    planned: &Planned,
    feed: i64,
) -> rusqlite::Result<Begin> {
    let place = ledger.desk(store, &planned.sink)?;
    if planned.start == Start::Shadow {
        return Ok(Begin::Shadow { desk: place });
    }
    let now = ledger.now_ms();
    let room = ledger.desks.room(place, ledger.now);
    let desk = &mut ledger.desks[place];
    if desk.backlog || room == 0 || ledger.stopping {
        desk.backlog = true;
        return Ok(Begin::Due { desk: place, at: now });
    }
    let lane = Lane::of(desk.id, feed, event.event.subject(), planned.address.as_deref());
    if let Some(followed) = desk.lanes.get_mut(&lane) {
        *followed = true;
        ledger.laned = true;
        return Ok(Begin::Behind { desk: place, lane, until: BEHIND });
    }
    if ledger.laned
        && let Some(until) = due::blocked(store, lane, i64::MAX, now)?
    {
        desk.expect(until, now);
        return Ok(Begin::Behind { desk: place, lane, until });
    }
    Ok(Begin::Born { desk: place, lane })
}

fn write_delivery(
    row: &mut Rowwise<'_>,
    store: &Connection,
    ledger: &mut Ledger,
    planned: &Planned,
    (id, begin): (i64, &Begin),
) -> rusqlite::Result<()> {
    let now = ledger.now_ms();
    let shadow = codes::state_code(State::Withdrawn(WithdrawnBy::Shadow));
    let (desk, (state, reason), fence, tried, due, lane) = match *begin {
        Begin::Born { desk, .. } => (desk, (codes::BORN, None), 1, Some(now), None, None),
        Begin::Due { desk, at } => (desk, (codes::PENDING, None), 0, None, Some(at), None),
        Begin::Behind { desk, lane, until } => {
            (desk, (codes::PENDING, None), 0, None, Some(until), Some(lane.0))
        }
        Begin::Shadow { desk } => (desk, shadow, 0, None, None, None),
    };
    let sink = ledger.desks[desk].id;
    let rule = ledger.names.id(store, Of::Rule, planned.rule.as_str())?;
    let redirected = match &planned.redirected_from {
        Some(sink) => Some(ledger.names.id(store, Of::Sink, sink.as_str())?),
        None => None,
    };
    if matches!(begin, Begin::Shadow { .. }) {
        ledger.count(What::Shadow, sink, 1);
    }
    row.bind(id)?;
    row.bind(sink)?;
    row.bind(state)?;
    row.bind(fence)?;
    let (tries, spent) = (0, 0);
    row.bind(tries)?;
    row.bind(spent)?;
    let answered = tried;
    row.bind(tried)?;
    row.bind(answered)?;
    row.bind(due)?;
    row.bind(lane)?;
    row.bind(reason)?;
    row.bind(&planned.key.0[..])?;
    row.bind(rule)?;
    row.bind(codes::way_code(planned.way))?;
    row.bind(codes::level_code(planned.level))?;
    row.bind(planned.address.as_deref())?;
    row.bind(redirected)?;
    row.bind(list(&planned.also)?)?;
    row.bind(list(&planned.timeline)?)?;
    row.bind(planned.title.as_str())?;
    row.bind(planned.body.as_str())?;
    row.end()
}

fn write_changes(
    store: &Connection,
    ledger: &mut Ledger,
    event: &StoredEvent,
) -> rusqlite::Result<()> {
    for change in &event.decision.wake_ups {
        match change {
            WakeUpChange::Set(wake_up) => set_wake_up(store, ledger, wake_up)?,
            WakeUpChange::Cancel(rule, subject) => {
                let rule = ledger.names.id(store, Of::Rule, rule.as_str())?;
                store
                    .prepare_cached("DELETE FROM wake_ups WHERE rule = ?1 AND subject = ?2")?
                    .execute((rule, &**subject))?;
            }
        }
    }
    for Change::Alarm(rule, subject, memory) in &event.decision.changes {
        let rule = ledger.names.id(store, Of::Rule, rule.as_str())?;
        match memory {
            Some(memory) => store
                .prepare_cached("INSERT OR REPLACE INTO alarms VALUES (?1, ?2, ?3)")?
                .execute((rule, &**subject, json(memory)?))?,
            None => store
                .prepare_cached("DELETE FROM alarms WHERE rule = ?1 AND subject = ?2")?
                .execute((rule, &**subject))?,
        };
    }
    for count in &event.decision.counts {
        let (what, rule) = match count {
            Count::Matched(rule) => (What::Matched, rule),
            Count::Unknown(rule) => (What::Unknown, rule),
            Count::Nobody(rule) => (What::Nobody, rule),
            Count::Template(rule) => (What::Template, rule),
        };
        let rule = ledger.names.id(store, Of::Rule, rule.as_str())?;
        ledger.count(what, rule, 1);
    }
    Ok(())
}

fn set_wake_up(store: &Connection, ledger: &mut Ledger, wake: &WakeUp) -> rusqlite::Result<()> {
    let rule = ledger.names.id(store, Of::Rule, wake.rule.as_str())?;
    let feed = ledger.names.id(store, Of::Feed, wake.feed.as_str())?;
    store
        .prepare_cached("INSERT OR REPLACE INTO wake_ups VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((rule, &*wake.subject, feed, Exact(wake.due), ms(wake.due)))?;
    Ok(())
}

/// A fired wake-up goes, unless it was set anew meanwhile.
fn forget_wake_up(store: &Connection, ledger: &mut Ledger, wake: &WakeUp) -> rusqlite::Result<()> {
    let rule = ledger.names.id(store, Of::Rule, wake.rule.as_str())?;
    store
        .prepare_cached("DELETE FROM wake_ups WHERE rule = ?1 AND subject = ?2 AND due = ?3")?
        .execute((rule, &*wake.subject, Exact(wake.due)))?;
    Ok(())
}

fn write_quarantined(
    store: &Connection,
    ledger: &mut Ledger,
    group: &Group,
) -> rusqlite::Result<()> {
    for one in &group.quarantined {
        let source = ledger.names.id(store, Of::Source, one.source.as_str())?;
        let feed = ledger.names.id(store, Of::Feed, one.feed.as_str())?;
        let reason = json(&one.frame.reason)?;
        let bytes = &one.frame.bytes[..one.frame.bytes.len().min(QUARANTINED_BYTES_MAX)];
        store
            .prepare_cached(
                "INSERT INTO quarantine (source, feed, received, reason, said, bytes, length)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                source,
                feed,
                ms(one.received),
                reason,
                one.frame.said.as_str(),
                bytes,
                i64::try_from(one.frame.length).unwrap_or(i64::MAX),
            ])?;
        let reason = ledger.names.id(store, Of::Reason, reason.trim_matches('"'))?;
        ledger.count(What::Quarantined, reason, 1);
    }
    Ok(())
}

/// The most that is kept of a frame that could not be read.
const QUARANTINED_BYTES_MAX: usize = 64 << 10;

fn write_sources(store: &Connection, ledger: &mut Ledger, group: &Group) -> rusqlite::Result<()> {
    for (source, cursor) in &group.cursors {
        let source = ledger.names.id(store, Of::Source, source.as_str())?;
        store
            .prepare_cached(
                "INSERT INTO sources (source, cursor) VALUES (?1, ?2)
                 ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor",
            )?
            .execute((source, &*cursor.0))?;
    }
    for (source, alive) in &group.alive {
        let source = ledger.names.id(store, Of::Source, source.as_str())?;
        store
            .prepare_cached(
                "INSERT INTO sources (source, last_alive) VALUES (?1, ?2)
                 ON CONFLICT (source) DO UPDATE SET last_alive = excluded.last_alive",
            )?
            .execute((source, ms(*alive)))?;
    }
    for (source, repeats) in &group.repeats {
        let source = ledger.names.id(store, Of::Source, source.as_str())?;
        ledger.count(What::Repeats, source, *repeats);
    }
    Ok(())
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

fn list<T: serde::Serialize>(values: &[T]) -> rusqlite::Result<Option<String>> {
    if values.is_empty() { Ok(None) } else { json(&values).map(Some) }
}
