//! Job: claims: born with the event or taken from the backlog, fenced, bounded by slots.
//! Takes: a house with one sink.
//! Gives: what dispatch may rely on.
//! Never: needs a second process.

use contract::{Receipt, Status};

use super::*;

#[test]
fn a_delivery_is_born_claimed_and_says_what_was_planned() {
    let (mut house, mut taken) = House::with_sink(4, 4);
    let now = house.clock.now();
    let stored = ringing("B1", Status::New, now);
    let (event, planned) = (Arc::clone(&stored.event), stored.decision.planned[0].clone());
    house.store(vec![stored]);
    let claim = taken.one();
    assert!(Arc::ptr_eq(&claim.note.events[0], &event), "it was read back");
    assert_eq!((claim.note.key, &claim.note.title), (planned.key, &planned.title));
    assert_eq!((claim.note.attempt, claim.fence, claim.tries), (1, 1, 0));
    assert_eq!(house.states(), ["claimed"]);
    house.settle(&claim, sent());
    assert_eq!(house.states(), ["sent"]);
}

#[test]
fn a_claim_from_the_backlog_says_the_same_as_one_that_is_born() {
    let (mut house, mut taken) = House::with_sink(4, 4);
    house.ring(&["B1"]);
    let born = taken.one();
    house = house.killed();
    let mut taken = house.register(4, 4);
    house.work();
    let read = taken.one();
    assert_eq!(read.note, born.note);
    assert_eq!((read.way, read.received, read.series), (born.way, born.received, born.series));
    assert_eq!(read.fence, 2);
}

#[test]
fn no_more_are_claimed_than_slots_and_ahead_and_the_rest_follows_in_order() {
    let (mut house, mut taken) = House::with_sink(2, 1);
    house.ring(&["B1", "B2", "B3", "B4", "B5"]);
    let first = taken.all();
    assert_eq!(first.len(), 3);
    house.settle(&first[1], sent());
    assert_eq!(taken.subjects(), ["B4"]);
    // A newcomer does not overtake what waits.
    house.pass(1);
    house.ring(&["B6"]);
    house.settle(&first[0], sent());
    assert_eq!(taken.subjects(), ["B5"]);
    house.settle(&first[2], sent());
    assert_eq!(taken.subjects(), ["B6"]);
}

#[test]
fn a_late_answer_changes_nothing() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    house.ring(&["B1"]);
    let first = taken.one();
    house.settle(&first, Settled::Released);
    let second = taken.one();
    assert_ne!(first.fence, second.fence);
    house.settle(&first, sent());
    assert_eq!(house.states(), ["claimed"]);
    assert_eq!(house.outbox.health().borrow().late, 1);
    house.settle(&second, house.again(5));
    house.settle(&second, sent());
    assert_eq!(house.states(), ["waiting"]);
}

#[test]
fn a_retry_waits_for_its_time_and_counts_the_attempts_that_were_spent() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    house.ring(&["B1"]);
    let claim = taken.one();
    let failed = house.clock.now();
    house.settle(&claim, house.again(5));
    house.pass(4);
    assert!(taken.all().is_empty());
    house.pass(1);
    let claim = taken.one();
    assert_eq!((claim.note.attempt, claim.tries), (2, 1));
    assert_eq!(claim.failing_since.map(|t| t.as_millisecond()), Some(failed.as_millisecond()));
    let throttled = Settled::Again { due: house.in_seconds(1), why: why(), spent: false };
    house.settle(&claim, throttled);
    house.pass(1);
    let claim = taken.one();
    assert_eq!((claim.note.attempt, claim.tries), (2, 2));
    house.settle(&claim, sent());
    let story = house.outbox.story("B1", 10).unwrap();
    let (row, tries) = &story[0].deliveries[0];
    assert_eq!((row.state.to_string(), row.tries), ("sent".to_owned(), 3));
    let spent: Vec<_> = tries.iter().map(|t| (t.spent, t.why.is_some())).collect();
    assert_eq!(spent, [(true, true), (false, true), (true, false)]);
}

#[test]
fn a_first_try_that_succeeds_has_no_row_of_its_own() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    house.ring(&["B1"]);
    let claim = taken.one();
    house.settle(&claim, sent());
    let story = house.outbox.story("B1", 10).unwrap();
    let (row, tries) = &story[0].deliveries[0];
    assert_eq!((row.tries, row.latency_ms, tries.len()), (1, Some(5), 0));
}

#[test]
fn the_thread_s_receipt_comes_back_with_the_next_note() {
    for restart in [false, true] {
        let (mut house, mut taken) = House::with_sink(2, 0);
        house.ring(&["B1"]);
        let claim = taken.one();
        let receipt = Receipt("ts-1".into());
        house.settle(&claim, Settled::Sent { receipt: Some(receipt.clone()) });
        if restart {
            house = house.killed();
            taken = house.register(2, 0);
        }
        house.ring(&["B1", "B2"]);
        let previous: Vec<_> = taken.all().into_iter().map(|c| c.note.previous).collect();
        assert_eq!(previous, [Some(receipt), None]);
    }
}

#[test]
fn what_nobody_takes_is_pending_again_and_the_sink_is_parked() {
    let (mut house, taken) = House::with_sink(2, 0);
    drop(taken);
    house.ring(&["B1"]);
    house.work();
    let mut taken = house.register(2, 0);
    house.work();
    assert_eq!(taken.subjects(), ["B1"]);
}

#[test]
fn a_hundred_thousand_pending_rows_are_never_held_in_memory() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let now = house.clock.now();
    for group in 0..25 {
        let ids = (0..4096).map(|n| format!("B{group:02}-{n:04}"));
        house.store(ids.map(|id| ringing(&id, Status::New, now)).collect());
    }
    let desk = &house.writer.ledger.desks[0];
    assert_eq!((desk.in_hand.len(), desk.lanes.len()), (4, 4));
    assert!(house.writer.ledger.claims.is_empty());
    let status = house.outbox.status().unwrap();
    assert_eq!(status.sinks[0].waiting, 25 * 4096 - 4);
    for _ in 0..100 {
        let claims = taken.all();
        assert_eq!(claims.len(), 4);
        let answers: Vec<_> = claims.iter().map(|c| house.settlement(c, sent())).collect();
        house.outbox.settle_all(answers);
        house.work();
    }
    assert_eq!(taken.subjects()[0], "B00-0400");
}
