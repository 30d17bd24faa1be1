//! Job: a disk that is full.
//! Takes: a store whose size is limited.
//! Gives: proof that nothing is acknowledged, nothing lost, and that it goes on by itself.
//! Never: fills a real disk.

use std::sync::mpsc;

use contract::source::Acked;
use contract::{Ack, Status};

use super::super::writer::REFUSED_MAX;
use super::*;

fn limit(house: &House, pages: i64) {
    house.writer.store.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

fn full_of(house: &House, told: mpsc::Sender<Acked>) -> Group {
    let now = house.clock.now();
    let ids = (0..2000).map(|n| format!("B{n}"));
    Group {
        events: ids.map(|id| ringing(&id, Status::New, now)).collect(),
        acks: vec![Ack::new(move |acked| told.send(acked).unwrap_or_default())],
        ..Group::default()
    }
}

#[test]
fn a_full_disk_keeps_the_group_unacknowledged_and_goes_on_when_there_is_room() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    house.ring(&["A1", "A2"]);
    let before = taken.all();
    limit(&house, 40);
    let (told, heard) = mpsc::channel();
    let group = full_of(&house, told);
    let outbox = house.outbox.clone();
    house.outbox.settle(house.settlement(&before[0], sent()));
    house.ask(outbox.commit(group)).unwrap();
    for _ in 0..3 {
        house.writer.take();
        assert_eq!(house.writer.turn().unwrap(), Turn::Refused);
    }
    let trouble = house.outbox.health().borrow().trouble.clone().unwrap();
    assert_eq!(trouble.kind, TroubleKind::DiskFull);
    assert!(heard.try_recv().is_err() && taken.all().is_empty());
    assert_eq!(house.states(), ["claimed", "claimed"]);

    limit(&house, 1_000_000);
    house.work();
    assert_eq!(heard.try_recv(), Ok(Acked::Stored));
    assert_eq!(house.outbox.health().borrow().trouble, None);
    assert_eq!(house.states().len(), 2002);
    assert_eq!(taken.subjects(), ["B0", "B1", "B2"]);
    house.settle(&before[1], sent());
    assert_eq!(house.states()[..2], ["sent", "sent"]);
    assert_eq!(taken.subjects(), ["B3"]);
}

#[test]
fn a_group_that_dies_with_the_full_disk_is_refused_and_the_store_is_whole() {
    let (mut house, _taken) = House::with_sink(4, 0);
    house.ring(&["A1"]);
    limit(&house, 40);
    let (told, heard) = mpsc::channel();
    let group = full_of(&house, told);
    let outbox = house.outbox.clone();
    house.ask(outbox.commit(group)).unwrap();
    house.writer.take();
    assert_eq!(house.writer.turn().unwrap(), Turn::Refused);
    drop(outbox);
    let house = house.killed();
    assert_eq!(heard.try_recv(), Ok(Acked::Refused));
    assert_eq!(house.states().len(), 1);
}

#[tokio::test]
async fn a_stop_ends_even_while_the_disk_is_full_and_whoever_waits_is_told() {
    let clock = Arc::new(contract::trial::FakeClock::default());
    let House { folder, outbox, mut writer, .. } = House::new();
    writer.clock = clock.clone();
    let (told, heard) = mpsc::channel();
    let house = House { folder, clock: StillClock::new(), outbox: outbox.clone(), writer };
    limit(&house, 40);
    outbox.commit(full_of(&house, told)).await.unwrap();
    let mut run = pin!(house.writer.run());
    let mut context = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut context).is_pending());
    let mut asks = pin!(outbox.generation("a".into()));
    assert!(asks.as_mut().poll(&mut context).is_pending());
    outbox.stop();
    for _ in 0..=REFUSED_MAX {
        assert!(run.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_secs(1));
    }
    let Poll::Ready(ended) = run.as_mut().poll(&mut context) else { panic!("it goes on") };
    assert!(matches!(ended, Err(Fatal::Unwritten)), "{ended:?}");
    assert_eq!(asks.await, Err(Refused::Stopped));
    assert_eq!(heard.try_recv(), Ok(Acked::Refused));
}

#[test]
fn a_stop_does_not_wait_for_room_and_what_it_leaves_is_refused() {
    let house = House::new();
    let (told, heard) = mpsc::channel();
    let group = full_of(&house, told);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(contract::trial::FakeClock::at(house.clock.now()));
    let (outbox, writer) =
        Outbox::open(folder.path(), OpenSettings::default(), clock.clone()).unwrap();
    writer.store.pragma_update_and_check(None, "max_page_count", 40, |_| Ok(())).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(outbox.commit(group)).poll(&mut context).is_ready());
    outbox.stop();
    let mut run = Box::pin(writer.run());
    let mut turns = 0;
    let ended = loop {
        match run.as_mut().poll(&mut context) {
            Poll::Ready(ended) => break ended,
            Poll::Pending => clock.advance(Duration::from_secs(1)),
        }
        turns += 1;
        assert!(turns < 60, "it waits for room");
    };
    drop(run);
    assert!(matches!(ended, Err(Fatal::Unwritten)), "{ended:?}");
    assert_eq!(heard.try_recv(), Ok(Acked::Refused));
}

#[test]
fn a_second_group_waits_outside_while_the_first_cannot_be_written() {
    let mut house = House::new();
    limit(&house, 40);
    let (told, _heard) = mpsc::channel();
    let group = full_of(&house, told);
    let outbox = house.outbox.clone();
    house.ask(outbox.commit(group)).unwrap();
    house.writer.take();
    assert_eq!(house.writer.turn().unwrap(), Turn::Refused);
    let commit = |outbox: &Outbox| {
        let mut commit = Box::pin(outbox.commit(Group::default()));
        commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    assert!(commit(&outbox), "one waits beside the one being written");
    house.writer.take();
    assert!(!commit(&outbox), "a third was taken");
}

#[test]
fn a_group_beyond_its_limits_is_refused_whole() {
    let mut house = House::new();
    let now = house.clock.now();
    let mut stored = ringing("B1", Status::New, now);
    let one = stored.decision.planned[0].clone();
    stored.decision.planned = vec![one; RINGS_MAX + 1];
    let outbox = house.outbox.clone();
    let group = Group { events: vec![stored], ..Group::default() };
    assert_eq!(house.ask(outbox.commit(group)), Err(Refused::TooManyRings(RINGS_MAX + 1)));
}
