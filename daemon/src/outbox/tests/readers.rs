//! Job: looking into a store that is open, closed, killed, foreign or not there.
//! Takes: folders.
//! Gives: the same answers whoever holds the store, or the reason why there is none.
//! Never: leaves a file behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

fn look(house: &House) -> Result<Reader, LookError> {
    Reader::open(house.folder.path(), house.clock.clone(), TimeZone::UTC)
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn told(reader: &Reader) -> (Vec<HistoryRow>, Vec<Story>, rows::Status) {
    let history = reader.history(&HistoryFilter::default(), Page::default()).unwrap();
    (history, reader.story("B1", 9).unwrap(), reader.status().unwrap())
}

#[test]
fn a_reader_is_told_the_same_while_a_daemon_runs_and_after() {
    let (mut house, _taken) = House::with_sink(1, 0);
    house.ring(&["B1", "B2"]);
    let running = told(&house.outbox);
    assert_eq!(running.0.len(), 2);
    assert_eq!(told(&look(&house).unwrap()), running);
    let House { folder, clock, outbox, writer } = house;
    drop((outbox, writer));
    let before = files(folder.path());
    let reader = Reader::open(folder.path(), clock, TimeZone::UTC).unwrap();
    assert_eq!(told(&reader), running);
    drop(reader);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_store_that_was_closed_is_read_as_it_lies() {
    let (mut house, _taken) = House::with_sink(1, 0);
    house.ring(&["B1"]);
    let House { folder, clock, outbox, writer } = house;
    drop((outbox, writer));
    let path = folder.path().join("outbox.db");
    let store = Connection::open(&path).unwrap();
    store.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = wal").unwrap();
    drop(store);
    let before = files(folder.path());
    assert!(!before.contains("outbox.db-wal"), "{before:?}");
    let reader = Reader::open(folder.path(), clock, TimeZone::UTC).unwrap();
    assert_eq!(reader.subjects(10).unwrap(), ["B1"]);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_reader_changes_nothing_and_takes_no_lock() {
    let (mut house, _taken) = House::with_sink(1, 0);
    house.ring(&["B1"]);
    let reader = look(&house).unwrap();
    assert!(lock(&reader.store).execute("DELETE FROM events", []).is_err());
    house.ring(&["B2"]);
    assert_eq!(reader.subjects(10).unwrap(), ["B2", "B1"]);
    drop(house.outbox);
    drop(house.writer);
    let settings = OpenSettings::default();
    assert!(Outbox::open(house.folder.path(), settings, house.clock).is_ok());
}

#[test]
fn what_cannot_be_looked_into_says_why() {
    let clock = StillClock::new();
    let open = |path: &Path| Reader::open(path, clock.clone(), TimeZone::UTC).err().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let nothing = open(folder.path());
    assert!(matches!(nothing, LookError::Nothing(_)), "{nothing}");
    assert!(files(folder.path()).is_empty());

    let store = Connection::open(folder.path().join("outbox.db")).unwrap();
    store.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    let newer = open(folder.path());
    assert!(matches!(newer, LookError::Version { found: 99, .. }), "{newer}");

    fs::write(folder.path().join("outbox.db"), "no store at all, but long enough ".repeat(99))
        .unwrap();
    let damaged = open(folder.path());
    assert!(matches!(damaged, LookError::Store(_)), "{damaged}");
}
