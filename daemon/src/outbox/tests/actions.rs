//! Job: what a person does to failed deliveries, and the record of it.
//! Takes: a house with one sink.
//! Gives: what `failed retry` and `failed drop` promise.
//! Never: deletes a row.

use contract::Status;

use super::*;

fn fail_three(house: &mut House, taken: &mut Taken) -> Vec<Claim> {
    house.ring(&["B1", "B2", "B3"]);
    let claims = taken.all();
    for claim in &claims {
        house.settle(claim, rejected());
    }
    claims
}

#[test]
fn a_retry_keeps_the_id_and_begins_a_new_series() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let failed = fail_three(&mut house, &mut taken);
    house.pass(1000);
    let done = house.act(Action::Retry(Which::One(failed[1].id)));
    assert_eq!(done, Done { changed: 1, erased: 0 });
    let again = taken.one();
    assert_eq!((again.id, again.note.key), (failed[1].id, failed[1].note.key));
    assert_eq!((again.note.attempt, again.tries, again.failing_since), (1, 1, None));
    assert_eq!(again.series, house.clock.now());
    assert_eq!(again.received, failed[1].received);
}

#[test]
fn a_drop_withdraws_and_a_withdrawn_ring_tells_nobody() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    fail_three(&mut house, &mut taken);
    assert_eq!(house.outbox.failed(Some(&sink()), ALL).unwrap().len(), 3);
    house.act(Action::Drop(Which::Sink(sink())));
    assert_eq!(house.outbox.failed(None, ALL).unwrap().len(), 0);
    assert_eq!(house.states(), ["withdrawn (by a person)"; 3]);
    let key = crate::delivery::MemoryKey::Subject("dashboard".into(), "B1".into());
    let Loaded::Subject(Some(memory)) = house.outbox.load(&key).unwrap() else { panic!() };
    assert!(memory.told.is_empty());
}

#[test]
fn every_action_is_recorded_with_who_did_it() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    fail_three(&mut house, &mut taken);
    house.act(Action::Retry(Which::All));
    house.act(Action::Pause(Whom::Sink(sink()), None));
    let actions = house.outbox.actions(ALL).unwrap();
    let seen: Vec<_> =
        actions.iter().map(|a| (a.actor.as_str(), a.what.as_str(), a.detail.as_str())).collect();
    assert_eq!(seen, [("admin", "pause", "console.log"), ("admin", "retry", "all")]);
}

#[test]
fn no_transition_deletes_a_row() {
    let (mut house, mut taken) = House::with_sink(16, 0);
    let ends = [sent(), rejected(), Settled::Expired, Settled::Released, house.again(5)];
    let ids: Vec<String> = (0..ends.len()).map(|n| format!("B{n}")).collect();
    let now = house.clock.now();
    house.store(ids.iter().map(|id| ringing(id, Status::New, now)).collect());
    for (claim, end) in taken.all().iter().zip(ends) {
        house.settle(claim, end);
    }
    for action in [
        Action::Retry(Which::All),
        Action::Drop(Which::All),
        Action::Pause(Whom::All, None),
        Action::Resume(Whom::All),
    ] {
        house.act(action);
        assert_eq!(house.states().len(), ids.len());
    }
    let house = house.killed();
    assert_eq!(house.states().len(), ids.len());
}

#[test]
fn a_generation_has_one_number_as_long_as_its_text_is_the_newest() {
    let mut house = House::new();
    let mut number = |text: &str| {
        let outbox = house.outbox.clone();
        house.ask(outbox.generation(text.to_owned())).unwrap()
    };
    let (first, same, other) = (number("a"), number("a"), number("b"));
    assert_eq!(first, same);
    assert_ne!(first, other);
    assert_ne!(first, number("a"));
    let kept = house.outbox.read_generation(other).unwrap().unwrap();
    assert_eq!(kept.text, "b");
}
