//! Job: what the writer knows by heart, and how to un-know what did not get committed.
//! Takes: what each transaction changes.
//! Gives: `Ledger`: names, desks, the next id, today's counts, what to tell after the commit.
//! Never: differs from the store once a transaction is over.

use std::collections::HashMap;

use contract::{Receipt, SinkName};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::codes::ms;
use super::desks::{Desks, InHand};
use super::names::{Names, Of};
use super::{Answered, Claim};

/// What is counted by day; its number stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    Events = 0,
    Bookings = 1,
    Repeats = 2,
    Rang = 3,
    Failed = 4,
    Quarantined = 5,
    Gaps = 6,
    Shadow = 7,
    Matched = 8,
    Unknown = 9,
    Nobody = 10,
    Template = 11,
}

impl What {
    pub(super) const WORDS: [&str; 12] = [
        "events",
        "bookings",
        "repeats",
        "rang",
        "failed",
        "quarantined",
        "gaps",
        "shadow",
        "matched",
        "unknown",
        "nobody",
        "template",
    ];
}

/// A delivery born claimed: its note is made of the group once that is committed.
#[derive(Debug)]
pub(super) struct Born {
    pub(super) desk: usize,
    pub(super) event: usize,
    pub(super) planned: usize,
    pub(super) id: i64,
    pub(super) previous: Option<Receipt>,
}

#[derive(Debug)]
pub(super) enum Undo {
    Claimed(usize, i64),
    Settled(usize, i64, InHand),
}

pub(super) struct Ledger {
    pub(super) names: Names,
    pub(super) desks: Desks,
    pub(super) next_event: i64,
    /// Some row may stand in a lane's index.
    pub(super) laned: bool,
    /// No row below was born claimed and is still in hand.
    pub(super) floor: i64,
    pub(super) now: Timestamp,
    pub(super) stopping: bool,
    /// How many gates the writer has heard of.
    pub(super) gates_told: u64,
    /// Settlements of this transaction that came too late.
    pub(super) late: u64,
    pub(super) born: Vec<Born>,
    pub(super) claims: Vec<(usize, Claim)>,
    pub(super) answered: Vec<Answered>,
    pub(super) undo: Vec<Undo>,
    counts: HashMap<(What, i64), u64>,
    zone: TimeZone,
}

impl Ledger {
    pub(super) fn read(
        store: &Connection,
        now: Timestamp,
        zone: TimeZone,
    ) -> rusqlite::Result<Self> {
        let next = "SELECT coalesce(max(id), 0) + 1 FROM events";
        let laned = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE lane IS NOT NULL)";
        let floor = "SELECT coalesce((SELECT value FROM meta WHERE name = 'floor'), 0)";
        Ok(Self {
            names: Names::read(store)?,
            desks: Desks::default(),
            next_event: store.query_row(next, [], |row| row.get(0))?,
            laned: store.query_row(laned, [], |row| row.get(0))?,
            floor: store.query_row(floor, [], |row| row.get(0))?,
            now,
            stopping: false,
            gates_told: 0,
            late: 0,
            born: Vec::new(),
            claims: Vec::new(),
            answered: Vec::new(),
            undo: Vec::new(),
            counts: HashMap::new(),
            zone,
        })
    }

    pub(super) fn now_ms(&self) -> i64 {
        ms(self.now)
    }

    /// The sink's desk; a sink never heard of gets one, without slots.
    pub(super) fn desk(&mut self, store: &Connection, sink: &SinkName) -> rusqlite::Result<usize> {
        if let Some(place) = self.desks.find(sink) {
            return Ok(place);
        }
        let id = self.names.id(store, Of::Sink, sink.as_str())?;
        Ok(self.desks.add(id, sink.clone()))
    }

    pub(super) fn count(&mut self, what: What, name: i64, by: u64) {
        *self.counts.entry((what, name)).or_default() += by;
    }

    /// Writes what was counted, under today's date.
    pub(super) fn write_counts(&mut self, store: &Connection) -> rusqlite::Result<()> {
        if self.counts.is_empty() {
            return Ok(());
        }
        let day = day_number(self.now, &self.zone);
        let mut add = store.prepare_cached(
            "INSERT INTO counts (day, what, name, count) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (day, what, name) DO UPDATE SET count = count + excluded.count",
        )?;
        for ((what, name), by) in self.counts.drain() {
            add.execute((day, what as i64, name, by.cast_signed()))?;
        }
        Ok(())
    }

    /// Writes when sinks last took a note.
    pub(super) fn write_last_sent(&mut self, store: &Connection) -> rusqlite::Result<()> {
        for desk in self.desks.iter_mut() {
            let Some(sent) = desk.last_sent.take() else { continue };
            store
                .prepare_cached(
                    "INSERT INTO sinks (sink, last_sent) VALUES (?1, ?2)
                     ON CONFLICT (sink) DO UPDATE SET last_sent = excluded.last_sent",
                )?
                .execute((desk.id, sent))?;
        }
        Ok(())
    }

    /// Puts everything back as it was before the transaction that failed. Desks of sinks that were
    /// new get their numbers again.
    pub(super) fn roll_back(
        &mut self,
        store: &Connection,
        next_event: i64,
    ) -> rusqlite::Result<()> {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Claimed(desk, id) => self.desks[desk].unclaim(id),
                Undo::Settled(desk, id, hand) => self.desks[desk].reclaim(id, hand),
            }
        }
        self.next_event = next_event;
        self.born.clear();
        self.claims.clear();
        self.answered.clear();
        self.counts.clear();
        self.laned = true;
        self.late = 0;
        self.names = Names::read(store)?;
        let names = &self.names;
        self.desks.keep_known(|sink| names.knows(Of::Sink, sink.as_str()));
        for desk in self.desks.iter_mut() {
            desk.backlog = true;
            desk.last_sent = None;
        }
        super::actions::read_pauses(store, self)
    }
}

/// A day as a number: days since 1970-01-01.
pub(super) fn day_number(now: Timestamp, zone: &TimeZone) -> i64 {
    let date = now.to_zoned(zone.clone()).date();
    let epoch = jiff::civil::date(1970, 1, 1);
    i64::from(epoch.until(date).map_or(0, |span| span.get_days()))
}
