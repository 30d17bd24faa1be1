//! Job: how everything stands, in numbers.
//! Takes: a connection that only reads.
//! Gives: `Status`, counts, sizes.
//! Never: waits for the writer.

use std::collections::BTreeMap;

use contract::{Cursor, SinkName};
use jiff::Timestamp;
use jiff::civil::date;
use rusqlite::{Connection, OptionalExtension, Row};

use super::codes::{BEHIND, Exact, from_ms};
use super::ledger::{What, day_number};
use super::{
    Counted, Gate, Page, Pause, Reader, SinkStatus, SourceStatus, Status, StoreError, StoreSize,
    Today, actions, lock, store,
};

impl Reader {
    /// How everything stands. Blocks for some ms; longer where a million rows wait.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn status(&self) -> Result<Status, StoreError> {
        let now = self.clock.now();
        let store = lock(&self.store);
        let (paused, pauses) = pauses(&store, now)?;
        let mut sinks = sinks(&store, now)?;
        for (name, sink) in &mut sinks {
            sink.paused = pauses.get(name).cloned();
            if paused.is_some() || sink.paused.is_some() || sink.hold.is_some() || !sink.configured
            {
                sink.held = sink.waiting;
                sink.waiting = 0;
            }
        }
        let mut today = today(&store, day_number(now, &self.zone))?;
        today.held = sinks.values().map(|sink| sink.held).sum();
        let last_booking = store
            .prepare_cached("SELECT received FROM events WHERE kind = 0 ORDER BY id DESC LIMIT 1")?
            .query_row([], |row| row.get::<_, Exact>(0))
            .optional()?;
        let owed = |sink: &SinkStatus| sink.configured || sink.held + sink.failed > 0;
        Ok(Status {
            sinks: sinks.into_values().filter(owed).collect(),
            sources: sources(&store)?,
            paused,
            today,
            last_booking: last_booking.map(|received| received.0),
        })
    }

    /// What was counted by day, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn counters(&self, page: Page) -> Result<Vec<Counted>, StoreError> {
        let store = lock(&self.store);
        let mut query = store.prepare_cached(
            "SELECT day, what, (SELECT n.name FROM names n WHERE n.id = counts.name), count
             FROM counts ORDER BY day DESC, what, name LIMIT ?1 OFFSET ?2",
        )?;
        let rows = query.query_map((page.limit, page.offset), |row| {
            let what = usize::from(row.get::<_, u8>(1)?);
            let days: i32 = row.get(0)?;
            Ok(Counted {
                day: date(1970, 1, 1).saturating_add(jiff::Span::new().days(days)),
                what: What::WORDS.get(what).copied().unwrap_or("?").to_owned(),
                name: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                count: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The actions of people, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn actions(&self, page: Page) -> Result<Vec<super::ActionRow>, StoreError> {
        let store = lock(&self.store);
        Ok(actions::read(&store, page.limit, page.offset)?)
    }

    /// Where the store lies and how large it is.
    pub fn size(&self) -> StoreSize {
        StoreSize { path: self.path.clone(), bytes: store::bytes(&self.path) }
    }
}

type Pauses = BTreeMap<SinkName, Pause>;

/// The pause of all sinks, and those of single ones.
fn pauses(store: &Connection, now: Timestamp) -> rusqlite::Result<(Option<Pause>, Pauses)> {
    let mut query = store.prepare_cached(
        "SELECT (SELECT name FROM names WHERE id = sink), since, until, actor FROM pauses
         WHERE until IS NULL OR until > ?1 ORDER BY id",
    )?;
    let (mut all, mut each) = (None, Pauses::new());
    let mut rows = query.query([now.as_millisecond()])?;
    while let Some(row) = rows.next()? {
        let pause = Pause {
            since: from_ms(row.get(1)?),
            until: row.get::<_, Option<i64>>(2)?.map(from_ms),
            by: row.get::<_, String>(3)?.into(),
        };
        match row.get::<_, Option<String>>(0)? {
            None => all = Some(pause),
            Some(sink) => drop(each.insert(sink.into(), pause)),
        }
    }
    Ok((all, each))
}

fn sinks(store: &Connection, now: Timestamp) -> rusqlite::Result<BTreeMap<SinkName, SinkStatus>> {
    let mut query = store.prepare_cached(
        "SELECT n.name, coalesce(s.configured, 0), s.last_sent,
            (SELECT count(*) FROM deliveries INDEXED BY deliveries_due
             WHERE due IS NOT NULL AND sink = n.id),
            (SELECT count(*) FROM deliveries INDEXED BY deliveries_by_state
             WHERE state >= 6 AND state IN (7, 8) AND sink = n.id),
            (SELECT due FROM deliveries INDEXED BY deliveries_due
             WHERE due IS NOT NULL AND sink = n.id AND due <= ?1 AND due < ?2
             ORDER BY due LIMIT 1),
            g.sink IS NOT NULL, g.probe, g.reason, g.since, g.until, g.said
         FROM names n LEFT JOIN sinks s ON s.sink = n.id LEFT JOIN gates g ON g.sink = n.id
         WHERE n.kind = 0 ORDER BY n.name",
    )?;
    let rows = query.query_map((now.as_millisecond(), BEHIND), |row| sink_status(row, now))?;
    rows.map(|sink| sink.map(|sink| (sink.name.clone(), sink))).collect()
}

fn sink_status(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<SinkStatus> {
    let gate = if row.get(6)? { actions::gate_of(row, 7)?.at(now) } else { Gate::Open };
    let hold = match gate {
        Gate::Open => None,
        Gate::Held(hold) | Gate::Probe(hold) => Some(hold),
    };
    Ok(SinkStatus {
        name: row.get::<_, String>(0)?.into(),
        configured: row.get(1)?,
        paused: None,
        hold,
        waiting: row.get::<_, i64>(3)?.cast_unsigned(),
        held: 0,
        failed: row.get::<_, i64>(4)?.cast_unsigned(),
        last_rang: row.get::<_, Option<i64>>(2)?.map(from_ms),
        oldest_due: row.get::<_, Option<i64>>(5)?.map(from_ms),
    })
}

fn sources(store: &Connection) -> rusqlite::Result<Vec<SourceStatus>> {
    let mut query = store.prepare_cached(
        "SELECT n.name, s.cursor, s.last_alive FROM sources s JOIN names n ON n.id = s.source
         ORDER BY n.name",
    )?;
    let rows = query.query_map([], |row| {
        Ok(SourceStatus {
            name: row.get::<_, String>(0)?.into(),
            cursor: row.get::<_, Option<Box<str>>>(1)?.map(Cursor),
            last_alive: row.get::<_, Option<i64>>(2)?.map(from_ms),
        })
    })?;
    rows.collect()
}

fn today(store: &Connection, day: i64) -> rusqlite::Result<Today> {
    let mut query =
        store.prepare_cached("SELECT what, sum(count) FROM counts WHERE day = ?1 GROUP BY what")?;
    let mut counts = [0; What::WORDS.len()];
    let mut rows = query.query([day])?;
    while let Some(row) = rows.next()? {
        let what = usize::from(row.get::<_, u8>(0)?);
        if let Some(count) = counts.get_mut(what) {
            *count = row.get::<_, i64>(1)?.cast_unsigned();
        }
    }
    let of = |what: What| counts[what as usize];
    Ok(Today {
        bookings: of(What::Bookings),
        events: of(What::Events),
        repeats: of(What::Repeats),
        rang: of(What::Rang),
        held: 0,
        failed: of(What::Failed),
        quarantined: of(What::Quarantined),
        gaps: of(What::Gaps),
        shadow: of(What::Shadow),
    })
}
