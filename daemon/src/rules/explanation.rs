//! Job: why something rings or does not.
//! Takes: what judging meets on its way, where somebody listens.
//! Gives: `Explanation`, a tree that is also data; `Trace`, by which judging tells it.
//! Never: changes what is decided: judging and explaining are the same call.

use contract::{Level, RuleName, SinkName, Text};
use jiff::Timestamp;
use serde::Serialize;

use super::check::Truth;
use crate::delivery::{Outcome, Start, Way};

/// Listens to judging. All of it is free where nobody does.
pub(crate) trait Trace {
    /// Whether every rule and condition is asked, beyond what deciding needs.
    const TELLS: bool;
    /// A condition was asked; `told` gives its key, what it wants and what it finds.
    fn condition(&mut self, truth: Truth, told: impl FnOnce() -> (String, String, String));
    /// A group of conditions begins.
    fn open(&mut self);
    /// The group ends.
    fn close(&mut self, key: &str, truth: Truth);
    /// A rule was asked; its conditions came before.
    fn rule(&mut self, told: impl FnOnce(Vec<ConditionTold>) -> RuleTold);
    /// A sink is told, or why it is not.
    fn ring(&mut self, told: impl FnOnce() -> RingTold);
    /// Why the rules were not asked at all.
    fn because(&mut self, told: impl FnOnce() -> String);
}

/// Nobody listens.
pub(crate) struct Silent;

/// Somebody listens.
#[derive(Default)]
pub(crate) struct Telling {
    groups: Vec<Vec<ConditionTold>>,
    conditions: Vec<ConditionTold>,
    rules: Vec<RuleTold>,
    rings: Vec<RingTold>,
    because: Option<String>,
}

/// Why something rings or does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// What it is about: the booking's id, the feed's name.
    pub subject: Text,
    /// The event in one line, or the wake-up, and when it was judged, by the house's clock.
    pub what: Text,
    /// When it was judged.
    pub now: Timestamp,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why the rules were not asked, where they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Each rule, in the order of the file.
    pub rules: Vec<RuleTold>,
    /// Each ring.
    pub rings: Vec<RingTold>,
}

/// A rule, and what it says of the event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleTold {
    /// Its name.
    pub rule: RuleName,
    /// Whether its conditions hold; no where it was not asked.
    pub holds: Truth,
    /// Whether it matched.
    pub matched: bool,
    /// In words: why it matched, or why it did not.
    pub why: String,
    /// Each of its conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionTold>,
    /// Whom it rings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<WayTold>,
}

/// A condition, what it wants and what it finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionTold {
    /// Its key, as in `when`; `any`, `not` or `all` for a group.
    pub key: String,
    /// Whether it holds.
    pub holds: Truth,
    /// What it wants.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub wanted: String,
    /// What it finds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actual: String,
    /// What stands in the group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<ConditionTold>,
}

/// A way from a rule to a sink.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WayTold {
    /// The sink.
    pub sink: SinkName,
    /// How the rule comes to it: `by name`, `team front-desk`, `ring_by country = TH`.
    pub through: String,
}

/// A ring, or why a sink that was told before is not told now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RingTold {
    /// The sink.
    pub sink: SinkName,
    /// The rule that gave the message.
    pub rule: RuleName,
    /// Other rules that would have rung it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<RuleName>,
    /// The sink it was meant for, where it was redirected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirected_from: Option<SinkName>,
    /// Why it is told.
    pub way: Way,
    /// Whether it rings; absent where nothing is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// In words.
    pub why: String,
    /// How loud.
    pub level: Level,
    /// The message's line.
    pub title: Text,
    /// The message's further lines.
    pub body: Text,
}

impl Trace for Silent {
    const TELLS: bool = false;
    fn condition(&mut self, _: Truth, _: impl FnOnce() -> (String, String, String)) {}
    fn open(&mut self) {}
    fn close(&mut self, _: &str, _: Truth) {}
    fn rule(&mut self, _: impl FnOnce(Vec<ConditionTold>) -> RuleTold) {}
    fn ring(&mut self, _: impl FnOnce() -> RingTold) {}
    fn because(&mut self, _: impl FnOnce() -> String) {}
}

impl Trace for Telling {
    const TELLS: bool = true;

    fn condition(&mut self, holds: Truth, told: impl FnOnce() -> (String, String, String)) {
        let (key, wanted, actual) = told();
        self.conditions.push(ConditionTold { key, holds, wanted, actual, inside: Vec::new() });
    }

    fn open(&mut self) {
        self.groups.push(std::mem::take(&mut self.conditions));
    }

    fn close(&mut self, key: &str, holds: Truth) {
        let outer = self.groups.pop().unwrap_or_default();
        let mut inside = std::mem::replace(&mut self.conditions, outer);
        if key == "all" && inside.len() == 1 {
            self.conditions.append(&mut inside);
            return;
        }
        let (wanted, actual) = (String::new(), String::new());
        self.conditions.push(ConditionTold { key: key.into(), holds, wanted, actual, inside });
    }

    fn rule(&mut self, told: impl FnOnce(Vec<ConditionTold>) -> RuleTold) {
        let conditions = std::mem::take(&mut self.conditions);
        self.rules.push(told(conditions));
    }

    fn ring(&mut self, told: impl FnOnce() -> RingTold) {
        self.rings.push(told());
    }

    fn because(&mut self, told: impl FnOnce() -> String) {
        self.because = Some(told());
        self.conditions.clear();
    }
}

impl Telling {
    /// The whole tree.
    pub(crate) fn end(
        self,
        subject: Text,
        what: Text,
        now: Timestamp,
        outcome: Outcome,
    ) -> Explanation {
        let Self { rules, rings, because, .. } = self;
        Explanation { subject, what, now, outcome, because, rules, rings }
    }
}
