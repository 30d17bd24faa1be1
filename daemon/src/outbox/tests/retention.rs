//! Job: what is forgotten, when, and what never is.
//! Takes: a house whose clock moves by days.
//! Gives: proof that bodies go first and that what is owed stays.
//! Never: forgets a key within a week.

use contract::Status;

use super::*;
use crate::delivery::MemoryKey;

const DAY: u64 = 86_400;

fn bodies(house: &House) -> Vec<bool> {
    let mut rows = house.outbox.history(&HistoryFilter::default(), ALL).unwrap();
    rows.reverse();
    rows.iter().map(|row| row.event.event.is_some()).collect()
}

fn three(house: &mut House, taken: &mut Taken) -> Claim {
    let now = house.clock.now();
    let plain = unmatched(event("B1", Status::New, now), None);
    let rung = ringing("B2", Status::New, now);
    let owed = ringing("B3", Status::New, now);
    house.store(vec![plain, rung, owed]);
    let claims = taken.all();
    house.settle(&claims[0], sent());
    claims[1].clone()
}

#[test]
fn bodies_go_first_and_ids_outcomes_and_keys_stay() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let owed = three(&mut house, &mut taken);
    let key = MemoryKey::Subject("dashboard".into(), "B1".into());
    let Loaded::Subject(Some(before)) = house.outbox.load(&key).unwrap() else { panic!() };
    house.pass(6 * DAY);
    assert_eq!(bodies(&house), [true, true, true]);
    house.pass(2 * DAY);
    assert_eq!(bodies(&house), [false, true, true]);
    house.pass(90 * DAY);
    assert_eq!(bodies(&house), [false, false, true]);
    assert_eq!(house.states(), ["sent", "claimed"]);
    let Loaded::Subject(Some(after)) = house.outbox.load(&key).unwrap() else { panic!() };
    assert_eq!((&after.seen, &after.timeline), (&before.seen, &before.timeline));
    assert_eq!(after.last.booking, None);
    house.settle(&owed, sent());
}

#[test]
fn rows_go_long_after_their_bodies_but_never_while_owed_nor_the_newest() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let owed = three(&mut house, &mut taken);
    house.store(vec![unmatched(event("B4", Status::New, house.clock.now()), None)]);
    house.pass(4 * 90 * DAY + DAY);
    let rows = house.outbox.history(&HistoryFilter::default(), ALL).unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.event.subject.as_str()).collect();
    assert_eq!(ids, ["B4", "B3"]);
    let next = house.writer.ledger.next_event;
    house = house.killed();
    assert_eq!(house.writer.ledger.next_event, next, "an id would be given twice");
    house.settle(&owed, sent());
}

#[test]
fn what_was_erased_cannot_be_rung_again_and_is_said_to_be() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    house.ring(&["B1"]);
    let claim = taken.one();
    house.settle(&claim, rejected());
    house.pass(91 * DAY);
    assert_eq!(house.act(Action::Retry(Which::All)), Done { changed: 0, erased: 1 });
    assert_eq!(house.states(), ["dead (rejected: payload)"]);
}
