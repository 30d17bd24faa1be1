//! Job: what a judgement is told of the past, after any restart.
//! Takes: random histories of one subject.
//! Gives: proof that memory read back equals memory carried on.
//! Never: counts a wake-up as an event of its subject.

use contract::{FeedChange, FeedState, RuleName, Status};
use proptest::prelude::*;

use super::*;
use crate::delivery::{AlarmMemory, Change, MemoryKey, SubjectMemory, WakeUp, WakeUpChange};

fn subject(house: &House, id: &str) -> Option<Arc<SubjectMemory>> {
    let key = MemoryKey::Subject("dashboard".into(), id.into());
    match house.outbox.load(&key).unwrap() {
        Loaded::Subject(memory) => memory,
        Loaded::Alarm(_) => panic!("an alarm"),
    }
}

#[derive(Clone, Debug)]
struct Told {
    status: u8,
    seconds: i64,
    outcome: Outcome,
    rings: Vec<(u8, bool, Way, bool)>,
}

fn one_event() -> impl Strategy<Value = Told> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Routed),
        1 => Just(Outcome::Stale),
        1 => Just(Outcome::Ignored),
        1 => Just(Outcome::Unmatched),
    ];
    let way = prop_oneof![Just(Way::Ring), Just(Way::Data), Just(Way::Follow), Just(Way::Alarm)];
    let ring = (0..6u8, any::<bool>(), way, prop::bool::weighted(0.2));
    let rings = prop::collection::vec(ring, 0..4);
    (0..5u8, -1000..1000i64, outcome, rings).prop_map(|(status, seconds, outcome, rings)| {
        let rings = if outcome == Outcome::Routed { rings } else { Vec::new() };
        Told { status, seconds, outcome, rings }
    })
}

fn stored(told: &Told, now: Timestamp) -> StoredEvent {
    let status = match told.status {
        0 => Status::New,
        1 => Status::Confirmed,
        2 => Status::Cancelled,
        other => Status::Own(format!("own {other}").into()),
    };
    let mut event = (*event("B1", status, now)).clone();
    event.at = now + jiff::SignedDuration::from_secs(told.seconds);
    let mut stored = unmatched(Arc::new(event), None);
    stored.decision.outcome = told.outcome;
    let key = stored.decision.key;
    let plan = |(sink, addressed, way, shadow): &(u8, bool, Way, bool)| {
        let name = SinkName::from(format!("console.{sink}"));
        let mut planned = planned(key, &name, addressed.then_some("a"));
        planned.way = *way;
        planned.rule = format!("rule {sink}").into();
        planned.start = if *shadow { Start::Shadow } else { Start::Ring };
        planned
    };
    stored.decision.planned = told.rings.iter().map(plan).collect();
    stored
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn memory_read_back_equals_memory_carried_on(
        history in prop::collection::vec(one_event(), 1..24),
        killed_after in 0..24usize,
    ) {
        let mut house = House::new();
        let mut carried: Option<SubjectMemory> = None;
        for (place, told) in history.iter().enumerate() {
            let stored = stored(told, house.clock.now());
            let (event, digest) = (Arc::clone(&stored.event), stored.digest);
            let next = SubjectMemory::after(carried.as_ref(), &event, digest, &stored.decision);
            carried = Some(next);
            house.store(vec![stored]);
            if place == killed_after {
                house = house.killed();
            }
            let read = subject(&house, "B1");
            prop_assert_eq!(read.as_deref(), carried.as_ref());
        }
        prop_assert_eq!(subject(&house, "B2"), None);
    }
}

fn alarm(house: &House) -> AlarmMemory {
    let since = house.clock.now();
    let change = FeedChange { state: FeedState::Down, since, said: None, gap: None };
    AlarmMemory { begun: since, rung: false, change }
}

#[test]
fn an_alarm_is_remembered_until_it_ends() {
    let mut house = House::new();
    let rule = RuleName::from("The feed is ill");
    let key = MemoryKey::Alarm(rule.clone(), "dashboard".into());
    for memory in [Some(alarm(&house)), None] {
        let mut stored = unmatched(event("B1", Status::New, house.clock.now()), None);
        let change = Change::Alarm(rule.clone(), "dashboard".into(), memory.clone());
        stored.decision.changes = vec![change];
        house.store(vec![stored]);
        house = house.killed();
        assert_eq!(house.outbox.load(&key).unwrap(), Loaded::Alarm(memory));
    }
}

#[test]
fn a_wake_up_comes_until_the_group_it_is_fired_in_is_committed() {
    let mut house = House::new();
    let due = house.in_seconds(120);
    let wake_up = WakeUp { rule: "ill".into(), feed: "dashboard".into(), subject: "x".into(), due };
    let mut stored = unmatched(event("B1", Status::New, house.clock.now()), None);
    stored.decision.wake_ups = vec![WakeUpChange::Set(wake_up.clone())];
    house.store(vec![stored]);
    let house = &mut house.killed();
    let ask = |house: &House| house.outbox.due_wake_ups(house.clock.now(), 10).unwrap();
    assert_eq!(house.outbox.next_wake_up().unwrap(), Some(due));
    assert_eq!(ask(house), []);
    house.pass(120);
    assert_eq!(ask(house), std::slice::from_ref(&wake_up));
    let mut woken = unmatched(event("B1", Status::New, house.clock.now()), None);
    woken.woken_by = Some(wake_up.clone());
    let later = WakeUp { due: house.in_seconds(60), ..wake_up.clone() };
    woken.decision.wake_ups = vec![WakeUpChange::Set(later.clone())];
    let group = Group { events: vec![woken], fired: vec![wake_up], ..Group::default() };
    house.put(group);
    house.work();
    assert_eq!(ask(house), []);
    assert_eq!(house.outbox.next_wake_up().unwrap(), Some(later.due));
    assert_eq!(subject(house, "B1").unwrap().seen.len(), 1, "a wake-up was counted as an event");
}

#[test]
fn several_keys_are_read_as_of_one_moment() {
    let mut house = House::new();
    house.ring(&["B1"]);
    let key = |id: &str| MemoryKey::Subject("dashboard".into(), id.into());
    let outbox = house.outbox.clone();
    let recall = outbox.recall().unwrap();
    assert_ne!(recall.load(&key("B1")).unwrap(), Loaded::Subject(None));
    house.ring(&["B2"]);
    assert_eq!(recall.load(&key("B2")).unwrap(), Loaded::Subject(None));
    drop(recall);
    assert_ne!(house.outbox.load(&key("B2")).unwrap(), Loaded::Subject(None));
}
