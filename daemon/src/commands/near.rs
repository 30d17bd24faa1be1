//! Job: which rules of an explanation are worth a night reader's time.
//! Takes: an explanation of every rule.
//! Gives: those that matched or came near, those about one sink, and how many were left out.
//! Never: changes what an explanation says.

use contract::SinkName;

use crate::rules::{ConditionTold, Explanation, RingTold, RuleTold, Truth};

/// The most rules that are shown without being asked for.
const NEAR_MAX: usize = 12;

/// Keeps the rules that matched or came near; says how many were left out.
pub(super) fn keep_near(explanation: &mut Explanation) -> usize {
    let all = explanation.rules.len();
    let mut near = 0;
    explanation.rules.retain(|rule| {
        let keeps = rule.matched || (comes_near(rule) && near < NEAR_MAX);
        near += usize::from(keeps && !rule.matched);
        keeps
    });
    all - explanation.rules.len()
}

/// Keeps what concerns one sink: its rings, and the rules but for those that ring only others.
pub(super) fn keep_sink(explanation: &mut Explanation, sink: &SinkName) {
    let meant = |ring: &RingTold| ring.redirected_from.as_ref() == Some(sink);
    explanation.rings.retain(|ring| ring.sink == *sink || meant(ring));
    explanation.rules.retain(|rule| !rule.matched || rule.ways.iter().any(|way| way.sink == *sink));
}

/// A rule came near where it was asked and at most one of its conditions was against it.
fn comes_near(rule: &RuleTold) -> bool {
    let against = |told: &&ConditionTold| told.holds == Truth::No;
    !rule.conditions.is_empty() && rule.conditions.iter().filter(against).count() <= 1
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::delivery::{Outcome, Start, Way};

    fn rule(name: &str, conditions: &[Truth]) -> RuleTold {
        let told = |holds: &Truth| ConditionTold {
            key: "amount".into(),
            holds: *holds,
            wanted: "> 1".into(),
            actual: "0".into(),
            inside: Vec::new(),
        };
        let matched = conditions.iter().all(|holds| *holds == Truth::Yes);
        let conditions: Vec<_> = conditions.iter().map(told).collect();
        let holds = conditions.iter().map(|told: &ConditionTold| told.holds).min();
        RuleTold {
            rule: name.into(),
            matched,
            holds: holds.unwrap_or(Truth::Yes),
            why: String::new(),
            conditions,
            ways: Vec::new(),
        }
    }

    fn explanation(rules: Vec<RuleTold>) -> Explanation {
        Explanation {
            subject: "B".into(),
            what: "new".into(),
            now: Timestamp::UNIX_EPOCH,
            outcome: Outcome::Unmatched,
            because: None,
            rules,
            rings: Vec::new(),
        }
    }

    #[test]
    fn a_rule_with_one_condition_against_it_came_near() {
        use Truth::{No, Unknown, Yes};
        let mut told = explanation(vec![
            rule("matched", &[Yes]),
            rule("near", &[Yes, No]),
            rule("unknown", &[Unknown, No]),
            rule("far", &[No, No]),
        ]);
        assert_eq!(keep_near(&mut told), 1);
        let names: Vec<&str> = told.rules.iter().map(|rule| rule.rule.as_str()).collect();
        assert_eq!(names, ["matched", "near", "unknown"]);
    }

    #[test]
    fn a_ring_that_was_redirected_concerns_the_sink_it_was_meant_for() {
        let ring = |sink: &str, from: Option<&str>| RingTold {
            sink: sink.into(),
            rule: "R".into(),
            also: Vec::new(),
            redirected_from: from.map(SinkName::from),
            way: Way::Ring,
            start: Some(Start::Ring),
            why: String::new(),
            level: contract::Level::Info,
            title: "".into(),
            body: "".into(),
        };
        let mut told = explanation(Vec::new());
        told.rings = vec![
            ring("console.sandbox", Some("webhook.crm")),
            ring("console.sandbox", Some("webhook.old")),
            ring("console.sandbox", None),
        ];
        let mut sandbox = told.clone();
        keep_sink(&mut sandbox, &"console.sandbox".into());
        assert_eq!(sandbox.rings.len(), 3);
        keep_sink(&mut told, &"webhook.crm".into());
        assert_eq!(told.rings.len(), 1);
    }

    #[test]
    fn ten_thousand_near_rules_are_not_a_night_s_reading() {
        let rules = (0..10_000).map(|n| rule(&n.to_string(), &[Truth::No])).collect();
        let mut told = explanation(rules);
        assert_eq!(keep_near(&mut told), 10_000 - NEAR_MAX);
    }
}
