//! Job: what happened, for people: history, held, failed, one booking's whole story.
//! Takes: a connection that only reads, a filter, a page.
//! Gives: rows, newest first unless said.
//! Never: shows a state that the gate or the configuration contradicts.

use std::collections::BTreeMap;

use contract::{Event, Gap, NoteKey, SinkName, Text, Unreadable, event};
use rusqlite::{Connection, Params, Row, params};

use super::codes::{self, BEHIND, Exact, from_ms, ms};
use super::{
    AttemptRow, DeliveryId, DeliveryRow, EventRow, Gate, Generation, GenerationId, HistoryFilter,
    HistoryRow, OwedRow, Page, QuarantinedRow, Reader, StoreError, StoredId, Story, actions, due,
    lock,
};
use crate::delivery::{EventKey, HeldReason, State};

const EVENT: &str = "e.body, e.at, e.received, e.feed_id,
    (SELECT name FROM names WHERE id = e.source), (SELECT name FROM names WHERE id = e.feed),
    e.id, e.key, e.kind, e.subject, e.outcome, e.generation, e.woken_by";
const DELIVERY: &str = "d.id, d.key, (SELECT name FROM names WHERE id = d.sink), d.address,
    d.state, d.reason, d.due, d.way, (SELECT name FROM names WHERE id = d.rule), d.level,
    coalesce(d.title, ''), coalesce(d.body, ''), d.tries, d.tried, d.answered, d.class, d.said,
    (SELECT name FROM names WHERE id = d.redirected)";
const EVENT_WIDTH: usize = 13;

impl Reader {
    /// Events that fit the filter with their deliveries, newest first. Blocks; a text is looked for
    /// in every event since `since`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn history(
        &self,
        filter: &HistoryFilter,
        page: Page,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let store = lock(&self.store);
        let gates = self.gates(&store)?;
        let events = filtered(&store, filter, page, &gates)?;
        let rows = events.into_iter().map(|event| {
            let deliveries = deliveries_of(&store, event.id, &gates)?;
            Ok(HistoryRow { event, deliveries })
        });
        rows.collect()
    }

    /// All that is known of one subject's events, oldest first, at most the newest `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn story(&self, subject: &str, limit: u32) -> Result<Vec<Story>, StoreError> {
        let store = lock(&self.store);
        let gates = self.gates(&store)?;
        let sql = format!(
            "SELECT {EVENT}, e.memory FROM events e WHERE e.subject = ?1
             ORDER BY e.id DESC LIMIT ?2"
        );
        let mut events = collect(&store, &sql, (subject, limit), |row| {
            Ok((event_row(row)?, row.get::<_, Option<Vec<u8>>>(EVENT_WIDTH)?))
        })?;
        events.reverse();
        let stories = events.into_iter().map(|(event, memory)| {
            let deliveries = deliveries_of(&store, event.id, &gates)?.into_iter();
            let with_tries = deliveries.map(|d| attempts(&store, d.id).map(|tries| (d, tries)));
            let deliveries = with_tries.collect::<rusqlite::Result<_>>()?;
            Ok(Story { event, memory, deliveries })
        });
        stories.collect()
    }

    /// The events behind one, in the order of receipt, at most `limit`; erased ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn events_after(
        &self,
        after: StoredId,
        limit: u32,
    ) -> Result<Vec<(StoredId, Event)>, StoreError> {
        let store = lock(&self.store);
        let sql = format!("SELECT {EVENT} FROM events e WHERE e.id > ?1 ORDER BY e.id LIMIT ?2");
        let rows = collect(&store, &sql, (after.0, limit), event_row)?;
        Ok(rows.into_iter().filter_map(|row| Some((row.id, row.event?))).collect())
    }

    /// What closed gates keep back and what is parked, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn held(&self, page: Page) -> Result<Vec<OwedRow>, StoreError> {
        let store = lock(&self.store);
        let gates = self.gates(&store)?;
        let closed: Vec<i64> = gates.closed.values().map(|closed| closed.0).collect();
        let closed = serde_json::to_string(&closed).unwrap_or_default();
        let sql = format!(
            "SELECT {EVENT}, {DELIVERY} FROM deliveries d INDEXED BY deliveries_due
             JOIN events e ON e.id = d.id >> 12
             WHERE d.due IS NOT NULL AND d.sink IN (SELECT value FROM json_each(?1))
             ORDER BY d.id LIMIT ?2 OFFSET ?3"
        );
        let row = |row: &Row<'_>| owed_row(row, &gates);
        Ok(collect(&store, &sql, (closed, page.limit, page.offset), row)?)
    }

    /// Dead and expired deliveries, newest first; of one sink or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn failed(&self, sink: Option<&SinkName>, page: Page) -> Result<Vec<OwedRow>, StoreError> {
        let store = lock(&self.store);
        let gates = self.gates(&store)?;
        let sql = format!(
            "SELECT {EVENT}, {DELIVERY} FROM deliveries d INDEXED BY deliveries_by_state
             JOIN events e ON e.id = d.id >> 12
             WHERE d.state >= 6 AND d.state IN (7, 8) AND (?1 IS NULL
                OR d.sink = (SELECT id FROM names WHERE kind = 0 AND name = ?1))
             ORDER BY d.id DESC LIMIT ?2 OFFSET ?3"
        );
        let sink = sink.map(SinkName::as_str);
        let row = |row: &Row<'_>| owed_row(row, &gates);
        Ok(collect(&store, &sql, (sink, page.limit, page.offset), row)?)
    }

    /// Gaps that were recorded, newest first, each with when that was.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn gaps(&self, page: Page) -> Result<Vec<(EventRow, Gap)>, StoreError> {
        let store = lock(&self.store);
        let sql = format!(
            "SELECT {EVENT} FROM events e INDEXED BY events_of_feeds
             WHERE e.kind = 2 AND e.woken_by IS NULL
                AND json_extract(CAST(e.body AS TEXT), '$.body.feed.gap') IS NOT NULL
             ORDER BY e.id DESC LIMIT ?1 OFFSET ?2"
        );
        let rows = collect(&store, &sql, (page.limit, page.offset), event_row)?;
        let gaps = rows.into_iter().filter_map(|row| {
            let gap = match &row.event.as_ref()?.body {
                event::Body::Feed(change) => change.gap.clone()?,
                _ => return None,
            };
            Some((row, gap))
        });
        Ok(gaps.collect())
    }

    /// Frames that could not be read, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn quarantine(&self, page: Page) -> Result<Vec<QuarantinedRow>, StoreError> {
        let store = lock(&self.store);
        let sql = "SELECT id, (SELECT name FROM names WHERE id = source),
                (SELECT name FROM names WHERE id = feed), received, reason, said, bytes, length
             FROM quarantine ORDER BY id DESC LIMIT ?1 OFFSET ?2";
        Ok(collect(&store, sql, (page.limit, page.offset), quarantined_row)?)
    }

    /// A generation of the configuration, while history keeps an event that it judged.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_generation(&self, id: GenerationId) -> Result<Option<Generation>, StoreError> {
        let store = lock(&self.store);
        let sql = "SELECT id, since, text FROM generations WHERE id = ?1";
        let mut found = collect(&store, sql, [id.0], |row| {
            let (id, since) = (GenerationId(row.get(0)?), from_ms(row.get(1)?));
            Ok(Generation { id, since, text: row.get(2)? })
        })?;
        Ok(found.pop())
    }

    fn gates(&self, store: &Connection) -> rusqlite::Result<Gates> {
        let now = self.clock.now();
        let sql = "SELECT n.name, n.id, coalesce(s.configured, 0),
                EXISTS (SELECT 1 FROM pauses p WHERE (p.sink IS NULL OR p.sink = n.id)
                    AND p.since <= ?1 AND (p.until IS NULL OR p.until > ?1)),
                g.sink IS NOT NULL, g.probe, g.reason, g.since, g.until, g.said
             FROM names n LEFT JOIN sinks s ON s.sink = n.id LEFT JOIN gates g ON g.sink = n.id
             WHERE n.kind = 0";
        let rows = collect(store, sql, [ms(now)], |row| {
            let gate = if row.get(4)? { actions::gate_of(row, 5)?.at(now) } else { Gate::Open };
            let state = match gate {
                _ if !row.get::<_, bool>(2)? => State::Parked,
                _ if row.get(3)? => State::Held(HeldReason::Paused),
                Gate::Held(hold) | Gate::Probe(hold) => State::Held(hold.reason),
                Gate::Open => return Ok(None),
            };
            let name: String = row.get(0)?;
            Ok(Some((name.into(), (row.get(1)?, state))))
        })?;
        Ok(Gates { closed: rows.into_iter().flatten().collect() })
    }
}

/// The sinks that keep their rows back now: number, and the state that their rows are shown in.
struct Gates {
    closed: BTreeMap<SinkName, (i64, State)>,
}

fn collect<T>(
    store: &Connection,
    sql: &str,
    with: impl Params,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut query = store.prepare_cached(sql)?;
    query.query_map(with, row)?.collect()
}

fn filtered(
    store: &Connection,
    filter: &HistoryFilter,
    page: Page,
    gates: &Gates,
) -> rusqlite::Result<Vec<EventRow>> {
    let of_booking = if filter.booking.is_some() { "INDEXED BY events_by_subject" } else { "" };
    let sql = format!(
        "SELECT {EVENT} FROM events e {of_booking}
         WHERE (?1 IS NULL OR e.subject = ?1)
            AND (?2 IS NULL OR e.received >= ?2)
            AND (?3 IS NULL OR instr(lower(CAST(e.body AS TEXT)), lower(?3)) > 0)
            AND ((?4 IS NULL AND ?5 IS NULL) OR EXISTS (
                SELECT 1 FROM deliveries d WHERE d.id >= e.id << 12 AND d.id < (e.id + 1) << 12
                AND (?4 IS NULL OR d.sink = (SELECT id FROM names WHERE kind = 0 AND name = ?4))
                AND (?5 IS NULL OR (d.state IN (SELECT value FROM json_each(?5))
                    AND (?6 IS NULL OR (d.sink IN (SELECT value FROM json_each(?6))) = ?7)))))
         ORDER BY e.id DESC LIMIT ?8 OFFSET ?9"
    );
    let sql = match filter.booking {
        Some(_) => sql.replace("(?1 IS NULL OR e.subject = ?1)", "e.subject = ?1"),
        None => sql,
    };
    let wanted = filter.state.as_deref().map(|word| wanted(word, gates));
    let json = |list: &Vec<i64>| serde_json::to_string(list).unwrap_or_default();
    let with = params![
        filter.booking,
        filter.since.map(Exact),
        filter.text,
        filter.sink.as_ref().map(SinkName::as_str),
        wanted.as_ref().map(|wanted| json(&wanted.codes)),
        wanted.as_ref().and_then(|wanted| wanted.sinks.as_ref()).map(json),
        wanted.as_ref().is_some_and(|wanted| wanted.among),
        page.limit,
        page.offset,
    ];
    collect(store, &sql, with, event_row)
}

/// Rows in one of these states, at a sink that is (or is not) among these.
struct Wanted {
    codes: Vec<i64>,
    sinks: Option<Vec<i64>>,
    among: bool,
}

fn wanted(word: &str, gates: &Gates) -> Wanted {
    let closed = |state: &str| {
        let those = gates.closed.values().filter(|(_, shown)| shown.word() == state);
        Some(those.map(|(id, _)| *id).collect::<Vec<_>>())
    };
    let owed = vec![codes::PENDING, codes::WAITING];
    let (codes, sinks, among) = match word {
        "held" | "parked" => (owed, closed(word), true),
        "pending" => (vec![codes::PENDING], Some(gates.all()), false),
        "waiting" => (vec![codes::WAITING], Some(gates.all()), false),
        "claimed" => (vec![codes::BORN, codes::RECLAIMED], None, false),
        "sent" => (vec![codes::SENT], None, false),
        "withdrawn" => (vec![codes::WITHDRAWN], None, false),
        "expired" => (vec![codes::EXPIRED], None, false),
        "dead" => (vec![codes::DEAD], None, false),
        _ => (Vec::new(), None, false),
    };
    Wanted { codes, sinks, among }
}

impl Gates {
    fn all(&self) -> Vec<i64> {
        self.closed.values().map(|(id, _)| *id).collect()
    }
}

fn deliveries_of(
    store: &Connection,
    event: StoredId,
    gates: &Gates,
) -> rusqlite::Result<Vec<DeliveryRow>> {
    let sql =
        format!("SELECT {DELIVERY} FROM deliveries d WHERE d.id >= ?1 AND d.id < ?2 ORDER BY d.id");
    let (first, next) = (event.delivery(0).0, StoredId(event.0 + 1).delivery(0).0);
    collect(store, &sql, (first, next), |row| delivery_row(row, 0, gates))
}

fn attempts(store: &Connection, delivery: DeliveryId) -> rusqlite::Result<Vec<AttemptRow>> {
    let sql = "SELECT answered, latency, spent, class, said FROM attempts WHERE delivery = ?1
               ORDER BY number";
    collect(store, sql, [delivery.0], |row| {
        Ok(AttemptRow {
            answered: from_ms(row.get(0)?),
            latency_ms: row.get(1)?,
            spent: row.get(2)?,
            why: why(row, 3)?,
        })
    })
}

fn owed_row(row: &Row<'_>, gates: &Gates) -> rusqlite::Result<OwedRow> {
    Ok(OwedRow { event: event_row(row)?, delivery: delivery_row(row, EVENT_WIDTH, gates)? })
}

fn event_row(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    let (source, feed): (String, String) = (row.get(4)?, row.get(5)?);
    let (kind, outcome): (i64, i64) = (row.get(8)?, row.get(10)?);
    let woken_by: Option<String> = row.get(12)?;
    Ok(EventRow {
        id: StoredId(row.get(6)?),
        key: EventKey(row.get(7)?),
        source: source.into(),
        feed: feed.into(),
        kind: codes::kind_of(kind).ok_or_else(|| codes::unknown("kind", kind))?,
        subject: row.get::<_, String>(9)?.into(),
        outcome: codes::outcome_of(outcome).ok_or_else(|| codes::unknown("outcome", outcome))?,
        at: row.get::<_, Exact>(1)?.0,
        received: row.get::<_, Exact>(2)?.0,
        generation: GenerationId(row.get(11)?),
        woken_by: woken_by.and_then(|text| serde_json::from_str(&text).ok()),
        event: due::event_of(row)?,
    })
}

fn delivery_row(row: &Row<'_>, from: usize, gates: &Gates) -> rusqlite::Result<DeliveryRow> {
    let at = |column: usize| from + column;
    let (sink, rule): (String, String) = (row.get(at(2))?, row.get(at(8))?);
    let (code, way): (i64, i64) = (row.get(at(4))?, row.get(at(7))?);
    let own = codes::state_of(code, row.get(at(5))?);
    let own = own.ok_or_else(|| codes::unknown("state", code))?;
    let closed = gates.closed.get(sink.as_str()).map(|(_, shown)| *shown);
    let kept_back = closed.filter(|_| matches!(own, State::Pending | State::Waiting));
    let due: Option<i64> = row.get(at(6))?;
    let tries: u32 = row.get(at(12))?;
    let answered: Option<i64> = row.get(at(14))?;
    let tried: Option<i64> = row.get(at(13))?;
    let latency = tried.zip(answered).and_then(|(from, to)| u32::try_from(to - from).ok());
    Ok(DeliveryRow {
        id: DeliveryId(row.get(at(0))?),
        key: NoteKey(row.get(at(1))?),
        sink: sink.into(),
        address: row.get(at(3))?,
        state: kept_back.unwrap_or(own),
        due: due.filter(|due| *due != BEHIND).map(from_ms),
        behind: due == Some(BEHIND),
        way: codes::way_of(way).ok_or_else(|| codes::unknown("way", way))?,
        rule: rule.into(),
        level: codes::level_of(row.get(at(9))?).unwrap_or_default(),
        title: row.get::<_, String>(at(10))?.into(),
        body: row.get::<_, String>(at(11))?.into(),
        tries,
        answered: answered.filter(|_| tries > 0).map(from_ms),
        latency_ms: latency.filter(|_| tries > 0),
        why: why(row, at(15))?,
        redirected_from: row.get::<_, Option<String>>(at(17))?.map(Into::into),
    })
}

fn why(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<(contract::Class, Text)>> {
    let class: Option<i64> = row.get(from)?;
    let said: Option<String> = row.get(from + 1)?;
    let class = class.and_then(codes::class_of);
    Ok(class.map(|class| (class, said.unwrap_or_default().into())))
}

fn quarantined_row(row: &Row<'_>) -> rusqlite::Result<QuarantinedRow> {
    let (source, feed): (String, String) = (row.get(1)?, row.get(2)?);
    let reason: String = row.get(4)?;
    let reason = serde_json::from_str(&reason).map_err(|_| codes::unknown("reason", 0))?;
    Ok(QuarantinedRow {
        id: row.get(0)?,
        source: source.into(),
        feed: feed.into(),
        received: from_ms(row.get(3)?),
        frame: Unreadable {
            reason,
            said: row.get::<_, String>(5)?.into(),
            bytes: row.get::<_, Option<Vec<u8>>>(6)?.unwrap_or_default().into(),
            length: row.get::<_, i64>(7)?.cast_unsigned(),
        },
    })
}
