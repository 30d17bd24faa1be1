//! Job: tests of meanings 1, 2, 7, 14 and 15: who is rung, and by which rule.
//! Takes: rules and a run of events.
//! Gives: the rings.
//! Never: looks at the words.

use contract::{Level, Revision};

use super::*;
use crate::delivery::{Count, Start, Way};

fn rule(name: &str, rest: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\n{rest}\n")
}

#[test]
fn ignored_comes_before_already_seen_and_rings_nobody() {
    let rules = format!(
        "ignore = [{{ title = {{ starts = 'Phi' }} }}]\n{}",
        rule("R", "ring = ['console.log']")
    );
    let mut desk = Desk::of(&rules);
    for _ in 0..2 {
        let decision = desk.send(&tour());
        assert_eq!((decision.outcome, rung(&decision)), (Outcome::Ignored, vec![]));
    }
    assert!(desk.render().contains("[intake] ignore, condition 1"));
}

#[test]
fn a_repeat_and_a_replayed_history_are_seen_and_a_return_to_an_old_state_is_news() {
    let mut desk = Desk::of(&rule("R", "ring = ['console.log']"));
    let (new, confirmed) = (tour(), tour_then(Status::Confirmed, 5));
    assert_eq!(desk.send(&new).outcome, Outcome::Routed);
    assert_eq!(desk.send(&new).outcome, Outcome::Seen);
    let again = Event { received: at("2026-11-23T12:00:00Z"), ..new.clone() };
    assert_eq!(desk.send(&again).outcome, Outcome::Seen);
    assert_eq!(desk.send(&confirmed).outcome, Outcome::Routed);
    assert_eq!(desk.send(&new).outcome, Outcome::Seen, "a replay");
    assert_eq!(desk.send(&confirmed).outcome, Outcome::Seen, "a replay");
    assert_eq!(desk.send(&tour_then(Status::New, 9)).outcome, Outcome::Routed);
}

#[test]
fn the_feed_s_own_event_id_is_the_identity_where_there_is_one() {
    let mut desk = Desk::of(&rule("R", "ring = ['console.log']"));
    let with = |id: &str| Event { id: Some(id.into()), ..tour() };
    assert_eq!(desk.send(&with("e1")).outcome, Outcome::Routed);
    assert_eq!(desk.send(&with("e1")).outcome, Outcome::Seen);
    assert_eq!(desk.send(&with("e2")).outcome, Outcome::Routed);
}

#[test]
fn an_older_state_is_stale_and_rings_nobody() {
    let mut desk = Desk::of(&rule("R", "ring = ['console.log']"));
    desk.send(&tour_then(Status::Cancelled, 10));
    let late = desk.send(&tour_then(Status::Confirmed, 5));
    assert_eq!((late.outcome, rung(&late)), (Outcome::Stale, vec![]));
    let revised = |revision: u64, status: Status| {
        let booking = Booking {
            revision: Some(Revision::Number(revision)),
            status: Some(status),
            ..Booking { id: "BK-2".into(), ..booking() }
        };
        event(Body::Booking(booking))
    };
    assert_eq!(desk.send(&revised(3, Status::Confirmed)).outcome, Outcome::Routed);
    assert_eq!(desk.send(&revised(2, Status::New)).outcome, Outcome::Stale);
    assert_eq!(desk.send(&revised(4, Status::Confirmed)).outcome, Outcome::Routed);
}

#[test]
fn a_sink_reached_in_several_ways_rings_once_by_the_first_rule_and_as_loud_as_the_loudest() {
    let rules = [
        rule("Quiet", "ring = ['console.log']\nlevel = 'info'"),
        rule("Team", "ring = ['front-desk', 'console.log']\nlevel = 'warning'"),
        rule("Also", "ring = ['console.log']"),
    ];
    let decision = Desk::of(&rules.concat()).send(&tour());
    assert_eq!(rung(&decision), ["console.log", "slack.sales"]);
    let ring = &decision.planned[0];
    assert_eq!((ring.rule.as_str(), ring.level), ("Quiet", Level::Warning));
    assert_eq!(ring.also, ["Team".into(), "Also".into()]);
    assert!(decision.planned[1].also.is_empty());
}

#[test]
fn stop_ends_the_list_and_shadow_and_data_rules_neither_stop_nor_count_for_otherwise() {
    let otherwise = rule("Otherwise", "otherwise = true\nring = ['slack.big']");
    let late = rule("Late", "ring = ['slack.sales']");
    let cases = [
        ("", vec!["console.log", "slack.sales"]),
        ("stop = true", vec!["console.log"]),
        ("stop = true\nshadow = true", vec!["console.log", "slack.big", "slack.sales"]),
        ("data = true", vec!["console.log", "slack.big", "slack.sales"]),
        ("when.country = 'LA'", vec!["slack.big", "slack.sales"]),
    ];
    for (first, wanted) in cases {
        let first = rule("First", &format!("ring = ['console.log']\n{first}"));
        let decision =
            Desk::of(&[first.clone(), otherwise.clone(), late.clone()].concat()).send(&tour());
        assert_eq!(rung(&decision), wanted, "{first}");
    }
}

#[test]
fn a_shadow_loses_to_a_real_ring_and_is_recorded_where_there_is_none() {
    let shadow =
        rule("Shadow", "ring = ['console.log', 'slack.big']\nshadow = true\nlevel = 'error'");
    let real = rule("Real", "ring = ['console.log']");
    let decision = Desk::of(&[shadow, real].concat()).send(&tour());
    let rings: Vec<_> =
        decision.planned.iter().map(|p| (p.sink.as_str(), p.rule.as_str(), p.start)).collect();
    let wanted = [("console.log", "Real", Start::Ring), ("slack.big", "Shadow", Start::Shadow)];
    assert_eq!(rings, wanted);
    assert_eq!((decision.planned[0].level, decision.planned[0].also.len()), (Level::Info, 0));
}

#[test]
fn ring_by_takes_the_value_else_other_else_nobody_and_ring_beside_it_rings_too() {
    let by = "ring = ['webhook.crm']\nring_by.country = { th = ['front-desk'], LA = ['slack.big']";
    let with_other = rule("R", &format!("{by}, other = ['slack.sales'] }}"));
    let without = rule("R", &format!("{by} }}"));
    let from = |country: &str| {
        event(Body::Booking(Booking { country: country.parse().ok(), ..booking() }))
    };
    let send = |rules: &str, country: &str| Desk::of(rules).send(&from(country));
    assert_eq!(rung(&send(&with_other, "TH")), ["webhook.crm", "console.log", "slack.sales"]);
    assert_eq!(rung(&send(&with_other, "LA")), ["webhook.crm", "slack.big"]);
    assert_eq!(rung(&send(&with_other, "FR")), ["webhook.crm", "slack.sales"]);
    assert_eq!(rung(&send(&with_other, "absent")), ["webhook.crm", "slack.sales"]);
    let nobody = send(&without, "FR");
    assert_eq!(rung(&nobody), ["webhook.crm"]);
    assert!(nobody.counts.contains(&Count::Nobody("R".into())));
}

#[test]
fn ring_by_reads_extra_and_folds_case_and_accents() {
    let rules = rule("R", "ring_by.extra.region = { 'Süd' = ['slack.big'] }");
    let mut south = tour();
    south.extra = [("region".into(), serde_json::json!("SUD"))].into();
    assert_eq!(rung(&Desk::of(&rules).send(&south)), ["slack.big"]);
}

#[test]
fn later_states_reach_every_sink_that_was_told_even_when_the_rule_no_longer_matches() {
    let mut desk = Desk::of(&rule(
        "New",
        "when.status = 'new'\nring = ['console.log', 'slack.sales', 'slack.big']",
    ));
    desk.send(&tour());
    let confirmed = desk.send(&tour_then(Status::Confirmed, 5));
    assert_eq!(rung(&confirmed), ["slack.sales", "slack.big"]);
    assert!(confirmed.planned.iter().all(|p| p.way == Way::Follow && p.level == Level::Success));
    assert_eq!(confirmed.outcome, Outcome::Routed);
    let cancelled = desk.send(&tour_then(Status::Cancelled, 9));
    assert_eq!(rung(&cancelled), ["console.log", "slack.sales", "slack.big"]);
    assert_eq!(cancelled.planned[0].timeline.len(), 2);
    assert!(cancelled.planned.iter().all(|p| p.rule.as_str() == "New" && p.level == Level::Error));
}

#[test]
fn follow_false_opts_out_and_shadow_and_data_tell_nobody() {
    for opt_out in ["follow = false", "shadow = true", "data = true"] {
        let first = format!("when.status = 'new'\nring = ['slack.big']\n{opt_out}");
        let mut desk = Desk::of(&rule("New", &first));
        desk.send(&tour());
        let later = desk.send(&tour_then(Status::Cancelled, 5));
        assert_eq!((later.outcome, rung(&later)), (Outcome::Unmatched, vec![]), "{opt_out}");
    }
}

#[test]
fn where_a_rule_rings_a_follower_the_rule_s_note_is_the_ring_unless_it_is_in_shadow() {
    for (shadow, way, by) in [("", Way::Ring, "Sure"), ("shadow = true", Way::Follow, "New")] {
        let new = rule("New", "when.status = 'new'\nring = ['slack.big']");
        let sure = format!("when.status = 'confirmed'\nring = ['slack.big']\n{shadow}");
        let mut desk = Desk::of(&[new, rule("Sure", &sure)].concat());
        desk.send(&tour());
        let decision = desk.send(&tour_then(Status::Confirmed, 5));
        let rings: Vec<_> = decision.planned.iter().map(|p| (p.way, p.rule.as_str())).collect();
        assert_eq!(rings, [(way, by)]);
        assert_eq!(desk.explained.as_ref().unwrap().rings.len(), 1);
    }
}

#[test]
fn levels_go_by_the_status_and_a_rule_may_set_its_own() {
    let cases = [
        (Status::New, Level::Info),
        (Status::Confirmed, Level::Success),
        (Status::Cancelled, Level::Error),
        (Status::from("no_show"), Level::Info),
    ];
    for (status, level) in cases {
        let rules = rule("R", "ring = ['console.log']");
        assert_eq!(Desk::of(&rules).send(&tour_then(status, 0)).planned[0].level, level);
    }
    let rules = rule("R", "ring = ['console.log']\nlevel = 'warning'");
    assert_eq!(Desk::of(&rules).send(&tour()).planned[0].level, Level::Warning);
}

#[test]
fn the_daemon_in_shadow_decides_and_records_but_rings_nothing() {
    let rules = [
        rule("First", "ring = ['console.log']"),
        rule("Otherwise", "otherwise = true\nring = ['slack.big']"),
    ];
    let mut desk = Desk::open(Settings { shadow: true, ..house(&rules.concat()) });
    let decision = desk.send(&tour());
    assert_eq!(rung(&decision), ["console.log"]);
    assert_eq!(decision.planned[0].start, Start::Shadow);
    assert_eq!(rung(&desk.send(&tour_then(Status::Cancelled, 5))), ["console.log"]);
}

#[test]
fn redirect_keeps_the_first_sink_in_the_id_names_it_and_merges_nothing() {
    let rules =
        rule("R", "when.status = 'new'\nring = ['slack.sales', 'slack.big', 'webhook.crm']");
    let redirected = Settings { redirect: Some("webhook.crm".into()), ..house(&rules) };
    let plain = Desk::of(&rules).send(&tour());
    let decision = Desk::open(redirected).send(&tour());
    assert_eq!(rung(&decision), ["webhook.crm"; 3]);
    let meant: Vec<_> =
        decision.planned.iter().map(|p| p.redirected_from.as_ref().map(|s| s.as_str())).collect();
    assert_eq!(meant, [Some("slack.sales"), Some("slack.big"), None]);
    let ids = |decision: &Decision| decision.planned.iter().map(|p| p.key).collect::<Vec<_>>();
    assert_eq!(ids(&plain), ids(&decision));
}

#[test]
fn a_data_feed_is_every_state_and_a_ring_beside_it_is_the_same_note() {
    let rules = [
        rule("Ring", "when.status = 'new'\nring = ['webhook.crm']"),
        rule("CRM", "data = true\nring = ['webhook.crm']"),
    ];
    let mut desk = Desk::of(&rules.concat());
    for event in [tour(), tour_then(Status::Confirmed, 1), tour_then(Status::Cancelled, 2)] {
        let decision = desk.send(&event);
        assert_eq!(decision.planned.iter().map(|p| p.way).collect::<Vec<_>>(), [Way::Data]);
    }
}

#[test]
fn the_same_cause_decides_the_same_again() {
    let mut desk = Desk::of(&rule("R", "ring = ['front-desk']"));
    let memory = Memory::default();
    let event = tour();
    let cause = Cause::Event(&event, digest(&event));
    assert_eq!(
        desk.plan.judge(cause, &memory, desk.now),
        desk.plan.judge(cause, &memory, desk.now)
    );
    desk.send(&event);
}

#[test]
fn a_plan_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Desk::of(&rule("R", "ring = ['console.log']")).plan);
}
