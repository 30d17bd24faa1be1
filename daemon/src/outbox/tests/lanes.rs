//! Job: order within a lane, whatever fails; nothing waits for another lane.
//! Takes: a house with one sink.
//! Gives: what a person who follows a booking may rely on.
//! Never: depends on the order in which lanes happen to be looked at.

use contract::Status;

use super::*;

fn statuses(claims: &[Claim]) -> Vec<String> {
    let status = |claim: &Claim| {
        let booking = claim.note.event().booking().unwrap();
        format!("{} {}", booking.id, booking.status.as_ref().unwrap())
    };
    claims.iter().map(status).collect()
}

fn states_of(house: &mut House, id: &str) {
    let now = house.clock.now();
    let all = [Status::New, Status::Confirmed, Status::Cancelled];
    house.store(all.into_iter().map(|status| ringing(id, status, now)).collect());
}

#[test]
fn one_try_at_a_time_in_the_order_of_receipt() {
    let (mut house, mut taken) = House::with_sink(4, 4);
    states_of(&mut house, "B1");
    house.ring(&["B2"]);
    let first = taken.all();
    assert_eq!(statuses(&first), ["B1 new", "B2 new"]);
    house.settle(&first[0], sent());
    let second = taken.one();
    assert_eq!(statuses(std::slice::from_ref(&second)), ["B1 confirmed"]);
    house.settle(&second, sent());
    assert_eq!(statuses(&[taken.one()]), ["B1 cancelled"]);
}

#[test]
fn order_holds_over_kills_and_backlogs() {
    for (room, kill) in [(1, false), (1, true), (8, true)] {
        let (mut house, mut taken) = House::with_sink(room, 0);
        states_of(&mut house, "B1");
        states_of(&mut house, "B2");
        let mut rang = Vec::new();
        for _ in 0..6 {
            if kill {
                house = house.killed();
                taken = house.register(room, 0);
                house.work();
            }
            let claims = taken.all();
            rang.extend(statuses(&claims));
            for claim in &claims {
                house.settle(claim, sent());
            }
        }
        for id in ["B1", "B2"] {
            let of: Vec<_> = rang.iter().filter(|said| said.starts_with(id)).collect();
            let expected = ["new", "confirmed", "cancelled"].map(|s| format!("{id} {s}"));
            assert_eq!(of, expected.iter().collect::<Vec<_>>(), "room {room}, kill {kill}");
        }
        assert!(house.states().iter().all(|state| state == "sent"), "{:?}", house.states());
    }
}

#[test]
fn a_failing_head_blocks_its_own_lane_and_no_other() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    states_of(&mut house, "B1");
    let head = taken.one();
    house.settle(&head, house.again(30));
    house.ring(&["B2"]);
    assert_eq!(taken.subjects(), ["B2"]);
    // Neither an old nor a new one of the lane overtakes its head.
    let now = house.clock.now();
    house.store(vec![ringing("B1", Status::New, now)]);
    house.pass(20);
    assert!(taken.all().is_empty());
    house.pass(10);
    let head = taken.one();
    assert_eq!(statuses(std::slice::from_ref(&head)), ["B1 new"]);
    house.settle(&head, sent());
    assert_eq!(statuses(&taken.all()), ["B1 confirmed"]);
}

#[test]
fn after_ten_minutes_the_lane_moves_on() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    states_of(&mut house, "B1");
    let head = taken.one();
    house.settle(&head, house.again(3600));
    house.pass(599);
    assert!(taken.all().is_empty());
    house.pass(2);
    let second = taken.one();
    assert_eq!(statuses(std::slice::from_ref(&second)), ["B1 confirmed"]);
    house.settle(&second, sent());
    let third = taken.one();
    assert_eq!(statuses(std::slice::from_ref(&third)), ["B1 cancelled"]);
    house.settle(&third, sent());
    house.pass(3000);
    assert_eq!(statuses(&[taken.one()]), ["B1 new"]);
}

#[test]
fn the_next_goes_once_its_head_is_given_up() {
    for end in [rejected(), Settled::Expired] {
        let (mut house, mut taken) = House::with_sink(4, 0);
        states_of(&mut house, "B1");
        let head = taken.one();
        house.settle(&head, house.again(5));
        house.pass(5);
        let head = taken.one();
        house.settle(&head, end);
        assert_eq!(statuses(&taken.all()), ["B1 confirmed"]);
    }
}

#[test]
fn addresses_of_one_sink_are_lanes_of_their_own() {
    let (mut house, mut taken) = House::with_sink(4, 0);
    let now = house.clock.now();
    let mut stored = ringing("B1", Status::New, now);
    let key = stored.decision.key;
    stored.decision.planned =
        vec![planned(key, &sink(), Some("a")), planned(key, &sink(), Some("b"))];
    house.store(vec![stored]);
    let addresses: Vec<_> = taken.all().into_iter().filter_map(|c| c.note.address).collect();
    assert_eq!(addresses, ["a".into(), "b".into()]);
}

#[test]
fn one_lane_s_thousands_do_not_keep_the_others_waiting() {
    let (mut house, mut taken) = House::with_sink(2, 0);
    house.act(Action::Pause(Whom::All, None));
    let now = house.clock.now();
    let of_one = (0..3000).map(|n| ringing("B1", Status::Own(format!("s{n}").into()), now));
    house.store(of_one.collect());
    house.ring(&["B2"]);
    house.act(Action::Resume(Whom::All));
    let claims = taken.all();
    assert_eq!(statuses(&claims), ["B1 s0", "B2 new"]);
    for (next, claim) in claims.iter().enumerate() {
        house.settle(claim, sent());
        assert_eq!(taken.all().len(), usize::from(next == 0));
    }
}
