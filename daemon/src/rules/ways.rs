//! Job: rules, ways and rings in words.
//! Takes: what routing met on its way.
//! Gives: the pieces of an explanation.
//! Never: decides; nothing here is called when nobody listens.

use contract::Level;

use super::check::Truth;
use super::explanation::{ConditionTold, RingTold, RuleTold, WayTold};
use super::plan::{Plan, RulePlan, Target};
use crate::delivery::{Planned, Start, Told, Way};

/// Why a rule is not asked.
pub(crate) enum NotAsked {
    Alarm,
    Stopped(usize),
    OtherKind(contract::Kind),
    Otherwise(usize),
}

impl NotAsked {
    pub(crate) fn told(&self, plan: &Plan) -> String {
        match self {
            Self::Alarm => "not asked: an alarm on the feed".into(),
            Self::Stopped(by) => format!("not asked: stopped by \"{}\"", plan.rules[*by].name),
            Self::OtherKind(kind) => format!("not asked: it is not about {kind} events"),
            Self::Otherwise(by) => {
                format!("not asked: `otherwise`, and \"{}\" has matched", plan.rules[*by].name)
            }
        }
    }
}

/// How a rule comes to a sink.
pub(crate) fn by_team(target: &Target, else_by: &str) -> String {
    match &target.team {
        Some(team) if else_by == "by name" => format!("team {team}"),
        Some(team) => format!("{else_by}, team {team}"),
        None => else_by.to_owned(),
    }
}

pub(crate) fn not_asked_told(rule: &RulePlan, why: String) -> RuleTold {
    let (conditions, ways) = (Vec::new(), Vec::new());
    let (holds, matched) = (Truth::No, false);
    RuleTold { rule: rule.name.clone(), holds, matched, why, conditions, ways }
}

pub(crate) fn unmatched_told(
    rule: &RulePlan,
    truth: Truth,
    conditions: Vec<ConditionTold>,
) -> RuleTold {
    let why = match truth {
        Truth::Unknown => "cannot be decided, and so does not match",
        _ => "does not match",
    };
    RuleTold { holds: truth, conditions, ..not_asked_told(rule, why.into()) }
}

pub(crate) fn matched_told(
    rule: &RulePlan,
    truth: Truth,
    conditions: Vec<ConditionTold>,
    ways: Vec<WayTold>,
) -> RuleTold {
    let mut why = match (truth, conditions.is_empty()) {
        (Truth::Unknown, _) => "cannot be decided, and matches by `unknown = \"ring\"`".to_owned(),
        (_, true) => "matches: it asks for nothing".to_owned(),
        (_, false) => "matches".to_owned(),
    };
    if ways.is_empty() {
        why.push_str(", and rings nobody");
    }
    if rule.shadow {
        why.push_str(", in shadow");
    }
    if rule.stop && !rule.shadow && !rule.data {
        why.push_str(", and ends the list");
    }
    RuleTold { rule: rule.name.clone(), holds: truth, matched: true, why, conditions, ways }
}

pub(crate) fn why_rings(planned: &Planned, rule: &RulePlan, shadow: bool) -> String {
    match planned.start {
        Start::Ring => format!("rung by \"{}\"", rule.name),
        Start::Shadow if shadow => format!("would be rung by \"{}\": [daemon] shadow", rule.name),
        Start::Shadow => format!("would be rung by \"{}\", which is in shadow", rule.name),
    }
}

/// A ring as it is told.
pub(crate) fn ring_told(planned: &Planned, why: String) -> RingTold {
    RingTold {
        sink: planned.sink.clone(),
        rule: planned.rule.clone(),
        also: planned.also.clone(),
        redirected_from: planned.redirected_from.clone(),
        way: planned.way,
        start: Some(planned.start),
        why,
        level: planned.level,
        title: planned.title.clone(),
        body: planned.body.clone(),
    }
}

pub(crate) fn unfollowed_told(told: &Told, why: &str) -> RingTold {
    RingTold {
        sink: told.sink.clone(),
        rule: told.rule.clone(),
        also: Vec::new(),
        redirected_from: None,
        way: Way::Follow,
        start: None,
        why: why.to_owned(),
        level: Level::Info,
        title: "".into(),
        body: "".into(),
    }
}
