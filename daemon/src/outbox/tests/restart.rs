//! Job: what a kill, a stop and a second daemon leave behind.
//! Takes: one folder, opened again and again.
//! Gives: nothing lost, what was in hand again, and polite refusals.
//! Never: depends on the writer having been stopped.

use std::os::unix::fs::PermissionsExt;

use contract::{Ack, Cursor, SourceName};

use super::*;

#[test]
fn a_kill_gives_back_what_was_in_hand_and_spends_no_attempt() {
    let (mut house, mut taken) = House::with_sink(2, 0);
    house.ring(&["B1", "B2", "B3"]);
    let first = taken.all();
    house.settle(&first[0], house.again(1));
    house.pass(1);
    assert_eq!(house.states(), ["waiting", "claimed", "claimed"]);
    let mut house = house.killed();
    assert_eq!(house.states(), ["waiting", "pending", "pending"]);
    let mut taken = house.register(4, 0);
    house.work();
    let mut claims = taken.all();
    claims.sort_by_key(|claim| claim.id);
    let attempts: Vec<_> = claims.iter().map(|c| (c.id, c.note.attempt)).collect();
    let ids: Vec<_> = (1..=3).map(|n| StoredId(n).delivery(0)).collect();
    assert_eq!(attempts, [(ids[0], 2), (ids[1], 1), (ids[2], 1)]);
    house.settle(&first[1], sent());
    assert_eq!(house.outbox.health().borrow().late, 1);
}

#[test]
fn what_is_committed_survives_a_copy_of_the_files_under_way() {
    let (mut house, mut taken) = House::with_sink(2, 0);
    house.ring(&["B1", "B2", "B3"]);
    let claim = taken.all().remove(0);
    house.settle(&claim, sent());
    let copy = Arc::new(tempfile::tempdir().unwrap());
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let mut copied = House::at(copy, house.clock.clone());
    let mut taken = copied.register(8, 0);
    copied.work();
    assert_eq!(taken.subjects(), ["B2", "B3"]);
}

#[test]
fn the_floor_never_passes_what_is_in_hand() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    house.ring(&["B0"]);
    let old = taken.one();
    let now = house.clock.now();
    for group in 0..6 {
        let events = (0..4096).map(|n| event(&format!("C{group}-{n}"), contract::Status::New, now));
        house.store(events.map(|event| unmatched(event, None)).collect());
    }
    assert!(house.writer.ledger.floor > old.id.event().0);
    let mut house = house.killed();
    let mut taken = house.register(1, 0);
    house.work();
    assert_eq!(taken.one().id, old.id);
}

#[test]
fn cursors_are_committed_with_the_events_and_acks_told_after() {
    let mut house = House::new();
    let source: SourceName = "websocket.main".into();
    let (told, heard) = std::sync::mpsc::channel();
    let (outbox, cursor) = (house.outbox.clone(), Cursor("epoch:7".into()));
    let group = Group {
        events: vec![unmatched(event("B1", contract::Status::New, house.clock.now()), None)],
        cursors: vec![(source.clone(), cursor.clone())],
        alive: vec![(source.clone(), house.clock.now())],
        acks: vec![Ack::new(move |acked| told.send(acked).unwrap())],
        ..Group::default()
    };
    let ticket = house.ask(outbox.commit(group)).unwrap();
    assert!(heard.try_recv().is_err());
    assert_eq!(outbox.committed(), Ticket(0));
    house.work();
    assert_eq!(heard.try_recv(), Ok(contract::source::Acked::Stored));
    assert_eq!(outbox.committed(), ticket);
    drop(outbox);
    let house = house.killed();
    assert_eq!(house.outbox.cursor(&source).unwrap(), Some(cursor));
    assert_eq!(house.outbox.last_alive(&source).unwrap(), Some(house.clock.now()));
}

#[test]
fn a_second_daemon_is_refused_until_the_first_has_ended() {
    let house = House::new();
    let second = Outbox::open(house.folder.path(), OpenSettings::default(), house.clock.clone());
    assert!(matches!(second, Err(OpenError::Locked(_))));
    house.killed();
}

#[test]
fn a_newer_store_and_a_stranger_s_file_are_refused_and_left_alone() {
    type Expected = fn(&OpenError) -> bool;
    let cases: [(&str, Expected); 2] = [
        ("PRAGMA user_version = 99", |e| matches!(e, OpenError::Newer { found: 99, known: 1 })),
        ("PRAGMA application_id = 7", |e| matches!(e, OpenError::Foreign)),
    ];
    for (change, refused) in cases {
        let House { folder, clock, outbox, writer } = House::new();
        drop((outbox, writer));
        let path = folder.path().join("outbox.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let opened = Outbox::open(folder.path(), OpenSettings::default(), clock);
        let error = opened.err().unwrap();
        assert!(refused(&error), "{error}");
        assert!(path.exists());
    }
}

#[test]
fn only_we_may_read_the_folder_and_its_files() {
    let mut house = House::new();
    house.ring(&["B1"]);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(house.folder.path()), 0o700);
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_damaged_store_is_set_aside_and_a_fresh_one_begun() {
    for at in [0, 4096, 8192] {
        let mut house = House::new();
        house.ring(&["B1"]);
        let House { folder, clock, outbox, mut writer } = house;
        outbox.stop();
        writer.take();
        upkeep::close(&writer.store, &writer.ledger).unwrap();
        drop((outbox, writer));
        std::fs::write(folder.path().join("outbox.suspect"), "").unwrap();
        let path = folder.path().join("outbox.db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at..at + 90].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let mut house = House::at(folder, clock);
        let aside = house.outbox.health().borrow().set_aside.clone().unwrap();
        assert!(aside.exists());
        house.ring(&["B2"]);
        assert_eq!(house.states().len(), 1);
    }
}

#[test]
fn a_store_of_version_1_is_read() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let store = rusqlite::Connection::open(folder.path().join("outbox.db")).unwrap();
    store.execute_batch(include_str!("v1.sql")).unwrap();
    drop(store);
    let mut house = House::at(folder, StillClock::new());
    let mut taken = house.register(8, 0);
    house.work();
    assert_eq!(taken.subjects(), ["B2"]);
    assert_eq!(house.states(), ["sent", "claimed", "dead (rejected: payload)"]);
}
