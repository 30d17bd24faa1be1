//! Job: the shape of the store, and how an older one becomes today's.
//! Takes: a connection.
//! Gives: a store of version `VERSION`, or a polite refusal.
//! Never: changes a version that was released; a change is a further step.

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// "DESK": the file is ours.
const APPLICATION_ID: i64 = 0x4445_534b;
/// The version this program reads and writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// Step n leads from version n to n + 1.
const STEPS: [&str; 1] = [V1];

/// Widths matter: a row that is born claimed must not grow when it is settled, or every page of a
/// busy day splits. So `state` is 2 and then 3, and `tried` and `answered` are set at birth. Every index
/// costs each row, even where its condition is false: those of deliveries are three.
const V1: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE names (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE generations (id INTEGER PRIMARY KEY, since INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL, outcome INTEGER NOT NULL, generation INTEGER NOT NULL,
    source INTEGER NOT NULL, feed INTEGER NOT NULL,
    at NOT NULL, received NOT NULL,
    key BLOB NOT NULL, digest BLOB NOT NULL,
    subject TEXT NOT NULL, status TEXT, revision TEXT, feed_id TEXT, woken_by TEXT,
    body BLOB, memory BLOB);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_of_feeds ON events (id) WHERE kind = 2;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    sink INTEGER NOT NULL, state INTEGER NOT NULL, fence INTEGER NOT NULL,
    tries INTEGER NOT NULL, spent INTEGER NOT NULL,
    tried INTEGER, answered INTEGER,
    due INTEGER, lane INTEGER, series INTEGER, failing INTEGER,
    reason INTEGER, class INTEGER, said TEXT,
    key BLOB NOT NULL, rule INTEGER NOT NULL, way INTEGER NOT NULL, level INTEGER NOT NULL,
    address TEXT, redirected INTEGER, also TEXT, timeline TEXT,
    title TEXT, body TEXT);
CREATE INDEX deliveries_due ON deliveries (sink, due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_in_lanes ON deliveries (lane, failing) WHERE lane IS NOT NULL;
CREATE INDEX deliveries_by_state ON deliveries (state, sink) WHERE state >= 6;
CREATE TABLE attempts (
    delivery INTEGER NOT NULL, number INTEGER NOT NULL,
    answered INTEGER NOT NULL, latency INTEGER NOT NULL, spent INTEGER NOT NULL,
    class INTEGER, said TEXT,
    PRIMARY KEY (delivery, number)) WITHOUT ROWID;
CREATE TABLE threads (
    sink INTEGER NOT NULL, subject TEXT NOT NULL, feed INTEGER NOT NULL, address TEXT NOT NULL,
    receipt TEXT NOT NULL, delivery INTEGER NOT NULL,
    PRIMARY KEY (sink, subject, feed, address)) WITHOUT ROWID;
CREATE TABLE sinks (
    sink INTEGER PRIMARY KEY, configured INTEGER NOT NULL DEFAULT 0, last_sent INTEGER);
CREATE TABLE gates (
    sink INTEGER PRIMARY KEY, probe INTEGER NOT NULL, reason INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER, said TEXT);
CREATE TABLE pauses (
    id INTEGER PRIMARY KEY, sink INTEGER, since INTEGER NOT NULL, until INTEGER,
    actor TEXT NOT NULL);
CREATE TABLE sources (source INTEGER PRIMARY KEY, cursor TEXT, last_alive INTEGER);
CREATE TABLE wake_ups (
    rule INTEGER NOT NULL, subject TEXT NOT NULL, feed INTEGER NOT NULL, due NOT NULL,
    due_ms INTEGER NOT NULL, PRIMARY KEY (rule, subject)) WITHOUT ROWID;
CREATE INDEX wake_ups_due ON wake_ups (due_ms);
CREATE TABLE alarms (
    rule INTEGER NOT NULL, subject TEXT NOT NULL, memory TEXT NOT NULL,
    PRIMARY KEY (rule, subject)) WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, feed INTEGER NOT NULL,
    received INTEGER NOT NULL, reason TEXT NOT NULL, said TEXT NOT NULL, bytes BLOB,
    length INTEGER NOT NULL);
CREATE TABLE counts (
    day INTEGER NOT NULL, what INTEGER NOT NULL, name INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (day, what, name)) WITHOUT ROWID;
CREATE TABLE actions (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL,
    detail TEXT NOT NULL);
";

/// The version of a store, as it lies.
pub(super) fn version(store: &Connection) -> rusqlite::Result<i64> {
    store.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the store to `VERSION`, each step in a transaction of its own.
///
/// # Errors
/// When the store is newer than this program, is not ours, or cannot be written.
pub(super) fn migrate(store: &mut Connection) -> Result<(), OpenError> {
    let application: i64 = store.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = version(store)?;
    let tables: i64 = store.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables > 0) {
        return Err(OpenError::Foreign);
    }
    if version > VERSION {
        return Err(OpenError::Newer { found: version, known: VERSION });
    }
    let done = usize::try_from(version).map_err(|_| OpenError::Foreign)?;
    for (step, sql) in STEPS.iter().enumerate().skip(done) {
        let change = store.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change.execute_batch(sql)?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", step as i64 + 1)?;
        change.commit()?;
    }
    Ok(())
}
