//! Job: carries out commands: who is configured, what people do, which rules judge.
//! Takes: commands and gates, within the writer's transaction.
//! Gives: a reply for each, told after the commit.
//! Never: acts for a person without recording who.

use contract::SinkName;
use rusqlite::{Connection, OptionalExtension, params};

use super::codes::{self, from_ms, ms};
use super::command::{Action, Actor, Command, Done, Which, Whom};
use super::desks::Slot;
use super::ledger::Ledger;
use super::names::Of;
use super::{Gate, GenerationId, Hold, Pause, SinkSlot};
use crate::delivery::HeldReason;

const ACTOR_BYTES_MAX: usize = 256;
/// How far back a pause can still matter to a clock: longer than anything is tried.
const PAUSES_KEPT_MS: i64 = 30 * 86_400_000;
/// The most pauses that clocks look at; older ones no longer stop them.
const PAUSES_MAX: i64 = 512;

#[derive(Debug)]
pub(super) enum Reply {
    Registered,
    Generation(GenerationId),
    Done(Done),
}

/// Carries out one command. It can be carried out again after a transaction that failed.
pub(super) fn carry_out(
    store: &Connection,
    ledger: &mut Ledger,
    command: &Command,
) -> rusqlite::Result<Reply> {
    match command {
        Command::Register(sinks, _) => {
            register(store, ledger, sinks)?;
            Ok(Reply::Registered)
        }
        Command::Generation(text, _) => generation(store, ledger, text).map(Reply::Generation),
        Command::Act(actor, action, _) => act(store, ledger, actor, action).map(Reply::Done),
    }
}

/// Tells whoever asked; one who no longer waits is not an error.
pub(super) fn tell(command: Command, reply: Reply) {
    match (command, reply) {
        (Command::Register(_, asked), Reply::Registered) => drop(asked.send(())),
        (Command::Generation(_, asked), Reply::Generation(id)) => drop(asked.send(id)),
        (Command::Act(_, _, asked), Reply::Done(done)) => drop(asked.send(done)),
        (command, reply) => tracing::error!(?command, ?reply, "a reply to another command: a bug"),
    }
}

fn register(store: &Connection, ledger: &mut Ledger, sinks: &[SinkSlot]) -> rusqlite::Result<()> {
    store.prepare_cached("UPDATE sinks SET configured = 0")?.execute([])?;
    let mut configured = Vec::new();
    for sink in sinks {
        let place = ledger.desk(store, &sink.name)?;
        configured.push(place);
        let desk = &mut ledger.desks[place];
        let kept = desk.slot.as_ref().map(|slot| slot.claims.clone());
        if let Some(claims) = sink.claims.clone().or(kept) {
            desk.slot = Some(Slot { in_flight: sink.in_flight, ahead: sink.ahead, claims });
            desk.backlog = true;
        }
        if sink.claims.is_some() {
            probe_soon(store, ledger, place)?;
        }
        let desk = &ledger.desks[place];
        store
            .prepare_cached(
                "INSERT INTO sinks (sink, configured) VALUES (?1, 1)
                 ON CONFLICT (sink) DO UPDATE SET configured = 1",
            )?
            .execute([desk.id])?;
    }
    for place in (0..ledger.desks.len()).filter(|place| !configured.contains(place)) {
        ledger.desks[place].slot = None;
    }
    Ok(())
}

/// A sink that is set up anew was perhaps mended: what held it is put to the test at once.
fn probe_soon(store: &Connection, ledger: &mut Ledger, place: usize) -> rusqlite::Result<()> {
    let now = ledger.now;
    match &mut ledger.desks[place].gate {
        Gate::Held(hold) if hold.reason == HeldReason::SinkDown => hold.until = Some(now),
        _ => return Ok(()),
    }
    write_gate(store, ledger, place)
}

fn generation(store: &Connection, ledger: &Ledger, text: &str) -> rusqlite::Result<GenerationId> {
    let newest = "SELECT id FROM generations WHERE id = (SELECT max(id) FROM generations)
                  AND text = ?1";
    if let Some(id) = store.query_row(newest, [text], |row| row.get(0)).optional()? {
        return Ok(GenerationId(id));
    }
    store.execute(
        "INSERT INTO generations (since, text) VALUES (?1, ?2)",
        (ledger.now_ms(), text),
    )?;
    Ok(GenerationId(store.last_insert_rowid()))
}

fn act(
    store: &Connection,
    ledger: &mut Ledger,
    actor: &Actor,
    action: &Action,
) -> rusqlite::Result<Done> {
    let actor = actor.0.cut(ACTOR_BYTES_MAX);
    let (what, detail) = words(action);
    store.execute(
        "INSERT INTO actions (at, actor, what, detail) VALUES (?1, ?2, ?3, ?4)",
        (ledger.now_ms(), actor.as_str(), what, detail),
    )?;
    match action {
        Action::Retry(which) => retry(store, ledger, which),
        Action::Drop(which) => withdraw(store, which),
        Action::Pause(whom, until) => {
            end_pauses(store, ledger, whom, Exactly::This)?;
            let sink = sink_of(store, ledger, whom)?;
            store.execute(
                "INSERT INTO pauses (sink, since, until, actor) VALUES (?1, ?2, ?3, ?4)",
                (sink, ledger.now_ms(), until.map(ms), actor.as_str()),
            )?;
            read_pauses(store, ledger)?;
            Ok(Done { changed: 1, erased: 0 })
        }
        Action::Resume(whom) => {
            let ended = end_pauses(store, ledger, whom, Exactly::AndWithin)?;
            read_pauses(store, ledger)?;
            let sink = sink_of(store, ledger, whom)?;
            let opened = ledger.desks.open_held(sink);
            for place in &opened {
                write_gate(store, ledger, *place)?;
            }
            Ok(Done { changed: ended + opened.len() as u64, erased: 0 })
        }
    }
}

fn words(action: &Action) -> (&'static str, String) {
    let which = |which: &Which| match which {
        Which::One(id) => id.to_string(),
        Which::Sink(sink) => sink.to_string(),
        Which::All => "all".into(),
    };
    let whom = |whom: &Whom| match whom {
        Whom::All => "all".to_owned(),
        Whom::Sink(sink) => sink.to_string(),
    };
    match action {
        Action::Retry(one) => ("retry", which(one)),
        Action::Drop(one) => ("drop", which(one)),
        Action::Pause(one, None) => ("pause", whom(one)),
        Action::Pause(one, Some(until)) => ("pause", format!("{} until {until}", whom(one))),
        Action::Resume(one) => ("resume", whom(one)),
    }
}

/// The rows that are meant, as a condition on two parameters.
const MEANT: &str = "state >= 6 AND state IN (7, 8) AND (?1 IS NULL OR id = ?1)
    AND (?2 IS NULL OR sink = (SELECT id FROM names WHERE kind = 0 AND name = ?2))";
const READABLE: &str =
    "EXISTS (SELECT 1 FROM events WHERE events.id = deliveries.id >> 12 AND body IS NOT NULL)";

fn meant(which: &Which) -> (Option<i64>, Option<&str>) {
    match which {
        Which::One(id) => (Some(id.0), None),
        Which::Sink(sink) => (None, Some(sink.as_str())),
        Which::All => (None, None),
    }
}

fn retry(store: &Connection, ledger: &mut Ledger, which: &Which) -> rusqlite::Result<Done> {
    let (id, sink) = meant(which);
    let erased: u64 = store.query_row(
        &format!("SELECT count(*) FROM deliveries WHERE {MEANT} AND NOT {READABLE}"),
        (id, sink),
        |row| row.get::<_, i64>(0).map(i64::cast_unsigned),
    )?;
    let changed = store.execute(
        &format!(
            "UPDATE deliveries SET state = 0, reason = NULL, spent = 0, failing = NULL,
                lane = NULL, due = ?3, series = ?3
             WHERE {MEANT} AND {READABLE}"
        ),
        (id, sink, ledger.now_ms()),
    )?;
    for desk in ledger.desks.iter_mut() {
        desk.backlog = true;
    }
    Ok(Done { changed: changed as u64, erased })
}

fn withdraw(store: &Connection, which: &Which) -> rusqlite::Result<Done> {
    let (id, sink) = meant(which);
    let sql = format!("UPDATE deliveries SET state = 4, reason = 1 WHERE {MEANT}");
    let changed = store.execute(&sql, (id, sink))?;
    Ok(Done { changed: changed as u64, erased: 0 })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exactly {
    /// A pause of all leaves the pauses of single sinks alone.
    This,
    /// All also means each.
    AndWithin,
}

fn end_pauses(
    store: &Connection,
    ledger: &mut Ledger,
    whom: &Whom,
    exactly: Exactly,
) -> rusqlite::Result<u64> {
    let sink = sink_of(store, ledger, whom)?;
    let all = *whom == Whom::All && exactly == Exactly::AndWithin;
    let ended = store.execute(
        "UPDATE pauses SET until = ?1
         WHERE (until IS NULL OR until > ?1) AND (?2 OR sink IS ?3)",
        params![ledger.now_ms(), all, sink],
    )?;
    for desk in ledger.desks.iter_mut() {
        desk.backlog = true;
    }
    Ok(ended as u64)
}

fn sink_of(store: &Connection, ledger: &mut Ledger, whom: &Whom) -> rusqlite::Result<Option<i64>> {
    match whom {
        Whom::All => Ok(None),
        Whom::Sink(sink) => ledger.names.id(store, Of::Sink, sink.as_str()).map(Some),
    }
}

/// Reads the pauses that still matter.
pub(super) fn read_pauses(store: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
    let mut query = store.prepare_cached(
        "SELECT sink, since, until, actor FROM pauses WHERE until IS NULL OR until > ?1
         ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = query.query_map((ledger.now_ms() - PAUSES_KEPT_MS, PAUSES_MAX), |row| {
        let until = row.get::<_, Option<i64>>(2)?.map(from_ms);
        let by = row.get::<_, String>(3)?.into();
        Ok((row.get(0)?, Pause { since: from_ms(row.get(1)?), until, by }))
    })?;
    let mut pauses = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    pauses.reverse();
    ledger.desks.pauses = pauses;
    Ok(())
}

/// Writes what dispatch says of a sink.
pub(super) fn set_gate(
    store: &Connection,
    ledger: &mut Ledger,
    sink: &SinkName,
    gate: &Gate,
) -> rusqlite::Result<()> {
    let place = ledger.desk(store, sink)?;
    ledger.desks[place].gate = gate.clone();
    write_gate(store, ledger, place)
}

fn write_gate(store: &Connection, ledger: &Ledger, place: usize) -> rusqlite::Result<()> {
    let desk = &ledger.desks[place];
    let (probe, hold) = match &desk.gate {
        Gate::Open => {
            store.prepare_cached("DELETE FROM gates WHERE sink = ?1")?.execute([desk.id])?;
            return Ok(());
        }
        Gate::Held(hold) => (false, hold),
        Gate::Probe(hold) => (true, hold),
    };
    store.prepare_cached("INSERT OR REPLACE INTO gates VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
        params![
            desk.id,
            probe,
            codes::held_code(hold.reason),
            ms(hold.since),
            hold.until.map(ms),
            hold.said.as_ref().map(|said| said.as_str()),
        ],
    )?;
    Ok(())
}

/// A gate's row: probe, reason, since, until, said from the given column on.
pub(super) fn gate_of(row: &rusqlite::Row<'_>, from: usize) -> rusqlite::Result<Gate> {
    let reason: i64 = row.get(from + 1)?;
    let hold = Hold {
        reason: codes::held_of(reason).ok_or_else(|| codes::unknown("hold", reason))?,
        since: from_ms(row.get(from + 2)?),
        until: row.get::<_, Option<i64>>(from + 3)?.map(from_ms),
        said: row.get::<_, Option<String>>(from + 4)?.map(Into::into),
    };
    Ok(if row.get(from)? { Gate::Probe(hold) } else { Gate::Held(hold) })
}

/// Sets up a desk for every sink that has a gate, is owed something or was configured.
pub(super) fn read_desks(store: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
    let mut query = store.prepare(
        "SELECT n.name, EXISTS (SELECT 1 FROM threads t WHERE t.sink = n.id), g.sink IS NOT NULL,
                g.probe, g.reason, g.since, g.until, g.said
         FROM names n LEFT JOIN gates g ON g.sink = n.id WHERE n.kind = 0",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let place = ledger.desk(store, &name.into())?;
        ledger.desks[place].threads = row.get(1)?;
        if row.get(2)? {
            ledger.desks[place].gate = gate_of(row, 3)?;
        }
    }
    read_pauses(store, ledger)
}

/// The actions of people, newest first.
pub(super) fn read(
    store: &Connection,
    limit: u32,
    offset: u32,
) -> rusqlite::Result<Vec<super::ActionRow>> {
    let mut query = store.prepare_cached(
        "SELECT at, actor, what, detail FROM actions ORDER BY id DESC LIMIT ?1 OFFSET ?2",
    )?;
    let rows = query.query_map((limit, offset), |row| {
        Ok(super::ActionRow {
            at: from_ms(row.get(0)?),
            actor: row.get::<_, String>(1)?.into(),
            what: row.get(2)?,
            detail: row.get(3)?,
        })
    })?;
    rows.collect()
}
