//! Job: gates and pauses: what is held, and when it goes.
//! Takes: a house with one sink.
//! Gives: what a person may rely on who pauses, or whose receiver is down.
//! Never: needs the rows of a held sink to be rewritten.

use super::*;
use crate::delivery::HeldReason;

fn hold(house: &House, reason: HeldReason, seconds: Option<u64>) -> Gate {
    let until = seconds.map(|seconds| house.in_seconds(seconds));
    Gate::Held(Hold { reason, since: house.clock.now(), until, said: Some("503".into()) })
}

#[test]
fn a_held_sink_rings_nothing_until_its_time_and_says_why() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    house.outbox.gate(sink(), hold(&house, HeldReason::Throttled, Some(30)));
    house.ring(&["B1", "B2"]);
    assert_eq!(house.states(), ["held (throttled)", "held (throttled)"]);
    let status = house.outbox.status().unwrap();
    assert_eq!((status.sinks[0].held, status.sinks[0].waiting), (2, 0));
    house.pass(29);
    assert!(taken.all().is_empty());
    house.pass(1);
    assert_eq!(taken.subjects(), ["B1", "B2"]);
}

#[test]
fn a_sink_that_was_down_is_probed_with_one_delivery_until_it_is_open() {
    let (mut house, mut taken) = House::with_sink(4, 4);
    house.outbox.gate(sink(), hold(&house, HeldReason::SinkDown, Some(30)));
    house.ring(&["B1", "B2", "B3"]);
    house.pass(30);
    let probe = taken.one();
    house.settle(&probe, sent());
    house.outbox.gate(sink(), Gate::Open);
    house.work();
    assert_eq!(taken.subjects().len(), 2);
}

#[test]
fn gates_and_pauses_outlive_a_kill() {
    let (mut house, _taken) = House::with_sink(4, 0);
    house.outbox.gate(sink(), hold(&house, HeldReason::Disabled, None));
    house.act(Action::Pause(Whom::Sink(sink()), None));
    house.ring(&["B1"]);
    let mut house = house.killed();
    let mut taken = house.register(4, 0);
    assert_eq!(house.states(), ["held (paused)"]);
    house.act(Action::Resume(Whom::All));
    assert_eq!(taken.subjects(), ["B1"]);
}

#[test]
fn a_pause_of_one_leaves_the_other_alone_and_ends_by_itself() {
    let mut house = House::new();
    let other: SinkName = "console.other".into();
    let (one, taken) = SinkSlot::new(sink(), 4, 0);
    let (two, others) = SinkSlot::new(other.clone(), 4, 0);
    let (mut taken, mut others) = (Taken(taken), Taken(others));
    let outbox = house.outbox.clone();
    house.ask(outbox.register(vec![one, two])).unwrap();
    house.act(Action::Pause(Whom::Sink(sink()), Some(house.in_seconds(60))));
    let mut stored = ringing("B1", contract::Status::New, house.clock.now());
    stored.decision.planned.push(planned(stored.decision.key, &other, None));
    house.store(vec![stored]);
    assert_eq!((taken.subjects().len(), others.subjects().len()), (0, 1));
    house.pass(60);
    assert_eq!(taken.subjects().len(), 1);
}

#[test]
fn a_pause_stops_the_clocks_and_a_hold_does_not() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    let received = house.clock.now();
    house.outbox.gate(sink(), hold(&house, HeldReason::Throttled, Some(100)));
    house.ring(&["B1"]);
    house.pass(100);
    let claim = taken.one();
    assert_eq!((claim.series, claim.counts_from), (received, received));
    house.settle(&claim, Settled::Released);
    let claim = taken.one();
    house.settle(&claim, house.again(1));
    house.act(Action::Pause(Whom::All, None));
    house.pass(500);
    house.act(Action::Resume(Whom::All));
    let claim = taken.one();
    assert_eq!(claim.series, received);
    assert_eq!(claim.counts_from, received + Duration::from_secs(500));
}

#[test]
fn the_writer_wakes_when_a_gate_opens_or_a_row_is_due() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    let wake = |house: &House| house.writer.ledger.desks.wake(house.clock.now());
    house.outbox.gate(sink(), hold(&house, HeldReason::Throttled, Some(30)));
    house.ring(&["B1"]);
    assert_eq!(wake(&house), Some(house.in_seconds(30)));
    house.pass(30);
    let claim = taken.one();
    house.settle(&claim, house.again(7));
    assert_eq!(wake(&house), Some(house.in_seconds(7)));
}

#[test]
fn rows_of_a_sink_that_is_gone_are_parked_and_ring_when_it_returns() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    house.ring(&["B1", "B2"]);
    let in_hand = taken.one();
    let outbox = house.outbox.clone();
    house.ask(outbox.register(Vec::new())).unwrap();
    house.settle(&in_hand, sent());
    assert_eq!(house.states(), ["sent", "parked"]);
    let status = house.outbox.status().unwrap();
    assert_eq!((status.sinks[0].configured, status.sinks[0].held), (false, 1));
    let mut taken = house.register(1, 0);
    house.work();
    assert_eq!(taken.subjects(), ["B2"]);
}

#[test]
fn a_kept_sink_keeps_its_channel() {
    let (mut house, mut taken) = House::with_sink(2, 2);
    let outbox = house.outbox.clone();
    house.ask(outbox.register(vec![SinkSlot::kept(sink(), 1, 0)])).unwrap();
    house.ring(&["B1", "B2"]);
    assert_eq!(taken.subjects(), ["B1"]);
}
