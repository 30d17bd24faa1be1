//! Job: what people see: status, history, held, failed, quarantine, gaps, news.
//! Takes: a house with a little of everything.
//! Gives: the rows that commands print.
//! Never: changes anything by looking.

use contract::event::Body;
use contract::frame::Reason;
use contract::{FeedChange, FeedState, Gap, GapReason, Status, Unreadable};

use super::*;
use crate::delivery::Count;

fn filter(change: impl FnOnce(&mut HistoryFilter)) -> HistoryFilter {
    let mut filter = HistoryFilter::default();
    change(&mut filter);
    filter
}

#[test]
fn history_is_found_by_booking_sink_state_time_and_text() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    house.ring(&["B1", "B2"]);
    let claims = taken.all();
    house.settle(&claims[0], sent());
    house.settle(&claims[1], rejected());
    house.pass(60);
    let minute = house.clock.now();
    house.store(vec![unmatched(event("B3", Status::Cancelled, minute), None)]);
    let cases = [
        (filter(|_| {}), vec!["B3", "B2", "B1"]),
        (filter(|f| f.booking = Some("B2".into())), vec!["B2"]),
        (filter(|f| f.sink = Some(sink())), vec!["B2", "B1"]),
        (filter(|f| f.sink = Some("no.one".into())), vec![]),
        (filter(|f| f.state = Some("sent".into())), vec!["B1"]),
        (filter(|f| f.state = Some("dead".into())), vec!["B2"]),
        (filter(|f| f.state = Some("held".into())), vec![]),
        (filter(|f| f.state = Some("pending".into())), vec![]),
        (filter(|f| f.since = Some(minute)), vec!["B3"]),
        (filter(|f| f.text = Some("CANCELLED".into())), vec!["B3"]),
        (filter(|f| f.text = Some("100%".into())), vec![]),
    ];
    for (filter, expected) in cases {
        let rows = house.outbox.history(&filter, ALL).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.event.subject.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let page = Page { limit: 1, offset: 1 };
    let rows = house.outbox.history(&HistoryFilter::default(), page).unwrap();
    assert_eq!(rows[0].event.subject.as_str(), "B2");
}

#[test]
fn the_words_of_states_find_what_the_gate_makes_of_them() {
    let (mut house, _taken) = House::with_sink(1, 0);
    house.ring(&["B1", "B2"]);
    let count = |house: &House, word: &str| {
        let filter = filter(|f| f.state = Some(word.into()));
        house.outbox.history(&filter, ALL).unwrap().len()
    };
    assert_eq!((count(&house, "pending"), count(&house, "held")), (1, 0));
    house.act(Action::Pause(Whom::All, None));
    assert_eq!((count(&house, "pending"), count(&house, "held")), (0, 1));
    let held = house.outbox.held(ALL).unwrap();
    assert_eq!((held.len(), held[0].event.subject.as_str()), (1, "B2"));
    let outbox = house.outbox.clone();
    house.ask(outbox.register(Vec::new())).unwrap();
    assert_eq!((count(&house, "held"), count(&house, "parked")), (0, 1));
}

#[test]
fn a_story_holds_the_event_the_memory_the_rings_and_the_tries() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let mut stored = ringing("B1", Status::New, house.clock.now());
    stored.memory = Some(br#"{"subject":null}"#.to_vec());
    let event = Arc::clone(&stored.event);
    house.store(vec![stored]);
    let claim = taken.one();
    house.settle(&claim, house.again(60));
    let story = house.outbox.story("B1", 10).unwrap().remove(0);
    assert_eq!(story.event.event.as_ref(), Some(&*event));
    assert_eq!(story.memory.as_deref(), Some(&br#"{"subject":null}"#[..]));
    let (row, tries) = &story.deliveries[0];
    assert_eq!((row.state, row.due), (State::Waiting, Some(house.in_seconds(60))));
    assert_eq!(tries[0].why.as_ref().map(|(_, said)| said.as_str()), Some("500"));
}

#[test]
fn today_counts_what_came_rang_failed_and_was_missed() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    house.ring(&["B1", "B2"]);
    let claims = taken.all();
    house.settle(&claims[0], sent());
    house.settle(&claims[1], rejected());
    let now = house.clock.now();
    let mut shadow = ringing("B3", Status::New, now);
    shadow.decision.planned[0].start = Start::Shadow;
    shadow.decision.counts = vec![Count::Matched("all".into())];
    let gap = Gap { from: now, to: now, reason: GapReason::NotOffered, missed: None };
    let change =
        FeedChange { state: FeedState::Gap, since: now, said: None, gap: Some(gap.clone()) };
    let mut missed = (*event("x", Status::New, now)).clone();
    missed.body = Body::Feed(change);
    let frame = Unreadable {
        reason: Reason::TooDeep,
        said: "deeper than 32".into(),
        bytes: vec![0xff; 70_000].into(),
        length: 70_000,
    };
    let quarantined = Quarantined {
        source: "websocket.main".into(),
        feed: "dashboard".into(),
        received: now,
        frame: frame.clone(),
    };
    house.put(Group {
        events: vec![shadow, unmatched(Arc::new(missed), None)],
        quarantined: vec![quarantined],
        repeats: vec![("websocket.main".into(), 3)],
        ..Group::default()
    });
    house.work();
    let today = house.outbox.status().unwrap().today;
    let expected = Today {
        bookings: 3,
        events: 4,
        repeats: 3,
        rang: 1,
        held: 0,
        failed: 1,
        quarantined: 1,
        gaps: 1,
        shadow: 1,
    };
    assert_eq!(today, expected);
    assert_eq!(house.outbox.gaps(ALL).unwrap()[0].1, gap);
    let kept = house.outbox.quarantine(ALL).unwrap().remove(0).frame;
    assert_eq!((kept.reason, kept.length, kept.bytes.len()), (frame.reason, 70_000, 64 << 10));
    let counters = house.outbox.counters(ALL).unwrap();
    let matched = counters.iter().find(|c| c.what == "matched").unwrap();
    assert_eq!((matched.name.as_str(), matched.count), ("all", 1));
    assert_eq!(matched.day.to_string(), "2026-11-23");
    house.pass(86_400);
    assert_eq!(house.outbox.status().unwrap().today, Today::default());
}

#[test]
fn who_looks_on_is_told_what_was_committed_and_answered() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let mut news = house.outbox.news();
    house.ring(&["B1"]);
    let told = news.try_recv().unwrap();
    assert_eq!((told.events[0].event.subject(), told.events[0].rings), ("B1", 1));
    let claim = taken.one();
    assert_eq!(told.events[0].id, claim.id.event());
    house.settle(&claim, rejected());
    let told = news.try_recv().unwrap();
    assert_eq!((told.answered[0].id, told.answered[0].state.word()), (claim.id, "dead"));
}

#[test]
fn status_says_when_a_sink_last_rang_and_since_when_it_is_behind() {
    let (mut house, mut taken) = House::with_sink(1, 0);
    let start = house.clock.now();
    house.ring(&["B1", "B2"]);
    house.pass(30);
    let claim = taken.one();
    let rang = house.clock.now();
    house.settle(&claim, sent());
    house.ring(&["B3"]);
    house.pass(30);
    let status = house.outbox.status().unwrap();
    assert_eq!(status.sinks[0].last_rang, Some(rang));
    assert_eq!(status.sinks[0].oldest_due, Some(rang));
    assert_eq!((status.sinks[0].waiting, status.last_booking), (1, Some(rang)));
    assert!(start < rang);
}
