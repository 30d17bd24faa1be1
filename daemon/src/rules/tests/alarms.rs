//! Job: tests of meaning 12: alarms on the feed.
//! Takes: a feed's changes and the passing of time.
//! Gives: what rings when, what wakes, what is remembered.
//! Never: judges bookings.

use contract::{Gap, GapReason, Level};

use super::*;
use crate::delivery::Way;

const ILL: &str = "[[rule]]\nname = 'Ill'\nring = ['duty']\n\
                   alarm = { feed = ['down', 'denied', 'gap'], for = '2m' }\n";

fn titles(decisions: &[Decision]) -> Vec<(&str, Level)> {
    let all = decisions.iter().flat_map(|decision| &decision.planned);
    all.map(|planned| (planned.title.as_str(), planned.level)).collect()
}

#[test]
fn an_alarm_rings_when_it_has_lasted_and_once_when_it_clears() {
    let mut desk = Desk::of(ILL);
    let begun = desk.send(&feed(FeedState::Down, desk.now));
    assert_eq!((begun.outcome, begun.planned.len()), (Outcome::Routed, 0));
    assert_eq!(desk.wake_ups[0].due, desk.now + SignedDuration::from_mins(2));
    desk.pass(119);
    assert!(desk.wake().is_empty());
    desk.pass(1);
    let rung = desk.wake();
    assert_eq!(titles(&rung), [("Feed dashboard is down since 17:00", Level::Warning)]);
    assert_eq!(rung[0].planned[0].way, Way::Alarm);
    desk.pass(60);
    let clear = desk.send(&feed(FeedState::Live, desk.now));
    assert_eq!(titles(&[clear]), [("Feed dashboard is live again after 3m", Level::Success)]);
    assert!(desk.alarms.is_empty() && desk.wake_ups.is_empty());
    desk.pass(1);
    assert!(desk.send(&feed(FeedState::Live, desk.now)).planned.is_empty());
}

#[test]
fn an_alarm_that_gives_way_to_another_trouble_is_told_as_such_and_not_as_a_success() {
    let mut desk = Desk::of("[[rule]]\nname = 'R'\nring = ['duty']\nalarm = { feed = ['denied'] }");
    desk.send(&feed(FeedState::Denied, desk.now));
    desk.pass(720);
    let clear = desk.send(&feed(FeedState::Down, desk.now));
    assert_eq!(titles(&[clear]), [("Feed dashboard is down after 12m of denied", Level::Info)]);
}

#[test]
fn what_is_over_in_time_rings_nobody() {
    let mut desk = Desk::of(ILL);
    desk.send(&feed(FeedState::Down, desk.now));
    desk.pass(60);
    assert!(desk.send(&feed(FeedState::Live, desk.now)).planned.is_empty());
    assert!(desk.alarms.is_empty() && desk.wake_ups.is_empty());
}

#[test]
fn down_to_denied_goes_on_as_one_alarm_where_both_are_named() {
    let mut desk = Desk::of(ILL);
    desk.send(&feed(FeedState::Down, desk.now));
    desk.pass(90);
    desk.send(&feed(FeedState::Denied, desk.now));
    desk.pass(30);
    let rung = desk.wake();
    assert_eq!(
        titles(&rung),
        [("Feed dashboard refuses our credentials since 17:01", Level::Warning)]
    );
    desk.pass(60);
    let clear = desk.send(&feed(FeedState::Live, desk.now));
    assert_eq!(clear.planned[0].title.as_str(), "Feed dashboard is live again after 3m");

    let mut only_down = Desk::of(&ILL.replace(", 'denied', 'gap'", ""));
    only_down.send(&feed(FeedState::Down, only_down.now));
    only_down.pass(180);
    only_down.wake();
    let clear = only_down.send(&feed(FeedState::Denied, only_down.now));
    assert_eq!(clear.planned[0].title.as_str(), "Feed dashboard is denied after 3m of down");
}

#[test]
fn a_gap_rings_at_once_and_nothing_clears_it() {
    let mut desk = Desk::of(ILL);
    let (from, to) = (desk.now, desk.now + SignedDuration::from_mins(5));
    let gap = Gap { from, to, reason: GapReason::TooOld, missed: Some(12) };
    let change = FeedChange { state: FeedState::Gap, since: from, said: None, gap: Some(gap) };
    let decision = desk.send(&event(Body::Feed(change)));
    assert_eq!(
        titles(std::slice::from_ref(&decision)),
        [("Feed dashboard missed 12 frames between 17:00 and 17:05", Level::Warning)]
    );
    assert_eq!(decision.planned[0].body.as_str(), "the feed no longer has what was missed");
    assert!(desk.alarms.is_empty() && desk.wake_ups.is_empty());
}

#[test]
fn two_alarms_of_one_change_to_one_sink_are_one_ring() {
    let at_once = ILL.replace(", for = '2m'", "");
    let mut desk = Desk::of(&[at_once.clone(), at_once.replace("Ill", "Too")].concat());
    let decision = desk.send(&feed(FeedState::Down, desk.now));
    assert_eq!(rung(&decision), ["slack.big"]);
    assert_eq!(decision.planned[0].also, ["Too".into()]);
    assert_eq!(desk.alarms.len(), 2);
}

#[test]
fn a_wake_up_whose_rule_is_gone_or_whose_alarm_is_over_decides_nothing() {
    let mut desk = Desk::of(ILL);
    desk.send(&feed(FeedState::Down, desk.now));
    desk.pass(120);
    let wake_up = desk.wake_ups[0].clone();
    let memory = desk.recall(&Cause::WakeUp(&wake_up));
    let without = Desk::of("[[rule]]\nname = 'B'\nring = ['duty']").plan;
    let decision = without.judge(Cause::WakeUp(&wake_up), &memory, desk.now);
    assert_eq!((decision.outcome, decision.planned.len()), (Outcome::Unmatched, 0));
    let decision = desk.plan.judge(Cause::WakeUp(&wake_up), &Memory::default(), desk.now);
    assert_eq!((decision.changes.len(), decision.planned.len()), (0, 0));
    desk.wake();
    assert!(desk.judge(Cause::WakeUp(&wake_up)).planned.is_empty(), "it has rung already");
}

#[test]
fn a_longer_for_after_a_reload_waits_for_the_rest() {
    let mut desk = Desk::of(ILL);
    desk.send(&feed(FeedState::Down, desk.now));
    desk.plan = Desk::of(&ILL.replace("2m", "5m")).plan;
    desk.pass(120);
    assert!(desk.wake()[0].planned.is_empty());
    assert_eq!(desk.wake_ups[0].due, desk.now + SignedDuration::from_mins(3));
    desk.pass(180);
    assert_eq!(desk.wake()[0].planned.len(), 1);
}

#[test]
fn the_same_alarm_has_the_same_id_however_often_it_is_judged() {
    let mut desk = Desk::of(&ILL.replace(", for = '2m'", ""));
    let down = feed(FeedState::Down, desk.now);
    let cause = Cause::Event(&down, digest(&down));
    let keys = |decision: &Decision| decision.planned.iter().map(|p| p.key).collect::<Vec<_>>();
    let first = keys(&desk.plan.judge(cause, &Memory::default(), desk.now));
    let begin = desk.send(&down);
    assert_eq!(keys(&begin), first);
    let clear = desk.send(&feed(FeedState::Live, desk.now + SignedDuration::from_secs(9)));
    assert_ne!(keys(&clear), first);
}
