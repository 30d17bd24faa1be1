//! Job: from the rules that match to one ring a sink.
//! Takes: rules, asked one by one in the order of the file.
//! Gives: the rings, those who are followed, and what is counted.
//! Never: rings a sink twice for one event; lets a shadow stand before a real ring.

use std::cell::OnceCell;

use contract::plugin::Update;
use contract::{Address, Level, RuleName, SinkName, Status};

use super::check::Truth;
use super::explanation::{Trace, WayTold};
use super::facts::Facts;
use super::message::{self, Words};
use super::plan::{Plan, RulePlan, Target};
use super::ways::{
    NotAsked, by_team, matched_told, not_asked_told, ring_told, unfollowed_told, unmatched_told,
    why_rings,
};
use crate::delivery::identity::note_key;
use crate::delivery::{Count, Decision, EventKey, Outcome, Planned, Start, Step, Told, Way};

/// The judgement of one event, rule by rule.
pub(crate) struct Routing<'a, 'f> {
    plan: &'a Plan,
    facts: &'a Facts<'f>,
    key: EventKey,
    matched_any: bool,
    /// The rule that counts as matched for `otherwise`.
    matched_by: Option<usize>,
    stopped_by: Option<usize>,
    rings: Vec<Ring>,
    counts: Vec<Count>,
    built_in: OnceCell<Words>,
}

/// What a sink will be told.
struct Ring {
    sink: usize,
    rule: usize,
    also: Vec<usize>,
    level: Level,
    shadow: bool,
    data: bool,
}

impl<'a, 'f> Routing<'a, 'f> {
    pub(crate) fn new(plan: &'a Plan, facts: &'a Facts<'f>, key: EventKey) -> Self {
        Self {
            plan,
            facts,
            key,
            matched_any: false,
            matched_by: None,
            stopped_by: None,
            rings: Vec::new(),
            counts: Vec::new(),
            built_in: OnceCell::new(),
        }
    }

    /// Asks one rule; says whether to go on.
    pub(crate) fn ask<T: Trace>(&mut self, place: usize, trace: &mut T) -> bool {
        let plan = self.plan;
        let rule = &plan.rules[place];
        if let Some(why) = self.not_asked(rule) {
            trace.rule(|_| not_asked_told(rule, why.told(self.plan)));
            return self.stopped_by.is_none();
        }
        let truth = rule.when.holds(self.facts, trace);
        if truth == Truth::Unknown {
            self.counts.push(Count::Unknown(rule.name.clone()));
        }
        let matched = truth == Truth::Yes || (truth == Truth::Unknown && rule.unknown_rings);
        if !matched {
            trace.rule(|conditions| unmatched_told(rule, truth, conditions));
            return true;
        }
        self.counts.push(Count::Matched(rule.name.clone()));
        self.matched_any = true;
        let ways = self.ring(place, rule, T::TELLS);
        let counts_as_matched = !rule.shadow && !rule.data;
        if counts_as_matched {
            self.matched_by.get_or_insert(place);
        }
        if rule.stop && counts_as_matched {
            self.stopped_by = Some(place);
        }
        trace.rule(|conditions| matched_told(rule, truth, conditions, ways));
        self.stopped_by.is_none()
    }

    fn not_asked(&self, rule: &RulePlan) -> Option<NotAsked> {
        if rule.alarm.is_some() {
            return Some(NotAsked::Alarm);
        }
        if let Some(by) = self.stopped_by {
            return Some(NotAsked::Stopped(by));
        }
        if !rule.kinds.contains(&self.facts.event.kind()) {
            return Some(NotAsked::OtherKind(self.facts.event.kind()));
        }
        self.matched_by.filter(|_| rule.otherwise).map(NotAsked::Otherwise)
    }

    /// Adds each way of a matching rule; tells them only where somebody listens.
    fn ring(&mut self, place: usize, rule: &'a RulePlan, tells: bool) -> Vec<WayTold> {
        let mut told = Vec::new();
        let plan = self.plan;
        let way = |target: &Target, through: String| WayTold {
            sink: plan.sinks[target.sink].0.clone(),
            through,
        };
        for target in &rule.ways {
            self.add(place, rule, target);
            if tells {
                told.push(way(target, by_team(target, "by name")));
            }
        }
        let Some(ring_by) = &rule.ring_by else { return told };
        let (targets, value) = ring_by.targets(self.facts);
        if targets.is_empty() {
            self.counts.push(Count::Nobody(rule.name.clone()));
        }
        for target in targets {
            self.add(place, rule, target);
            if tells {
                let value = value.as_deref().unwrap_or("other");
                told.push(way(target, by_team(target, &format!("ring_by, {value}"))));
            }
        }
        told
    }

    fn add(&mut self, place: usize, rule: &RulePlan, target: &Target) {
        let level = rule.level.unwrap_or_else(|| message::level(self.facts.event));
        let (shadow, data) = (rule.shadow, rule.data);
        let new = Ring { sink: target.sink, rule: place, also: Vec::new(), level, shadow, data };
        let Some(known) = self.rings.iter_mut().find(|ring| ring.sink == target.sink) else {
            self.rings.push(new);
            return;
        };
        if known.rule == place || known.also.last() == Some(&place) {
            return;
        }
        match (known.shadow, shadow) {
            (true, false) => *known = new,
            (false, true) => {}
            _ => {
                known.also.push(place);
                known.level = known.level.max(level);
                known.data |= data;
            }
        }
    }

    /// Ends the judgement: one ring a sink, then those who are followed.
    pub(crate) fn end<T: Trace>(mut self, trace: &mut T) -> Decision {
        let rings = std::mem::take(&mut self.rings);
        let mut planned = Vec::with_capacity(rings.len());
        for ring in &rings {
            if !ring.shadow || !self.is_followed(ring.sink) {
                planned.push(self.planned(ring, trace));
            }
        }
        self.follow(&mut planned, trace);
        let routed = self.matched_any || !planned.is_empty();
        let outcome = if routed { Outcome::Routed } else { Outcome::Unmatched };
        let Self { key, counts, .. } = self;
        Decision { key, outcome, planned, changes: Vec::new(), wake_ups: Vec::new(), counts }
    }

    /// Says whether a sink is told as one that was told before.
    fn is_followed(&self, sink: usize) -> bool {
        let sink = &self.plan.sinks[sink].0;
        let told = self.facts.before.map_or(&[][..], |before| &before.told);
        told.iter().any(|told| told.sink == *sink && self.unfollowed(told).is_none())
    }

    fn planned<T: Trace>(&mut self, ring: &Ring, trace: &mut T) -> Planned {
        let rule = &self.plan.rules[ring.rule];
        let way = if ring.data { Way::Data } else { Way::Ring };
        let start = self.plan.start(ring.shadow);
        let sink = &self.plan.sinks[ring.sink].0;
        let also = ring.also.iter().map(|rule| self.plan.rules[*rule].name.clone()).collect();
        let to = To { sink, address: None, rule: &rule.name, level: ring.level, way, start };
        let planned = self.say(to, also, Some(rule));
        trace.ring(|| ring_told(&planned, why_rings(&planned, rule, self.plan.shadow)));
        planned
    }

    fn say(&mut self, to: To<'_>, also: Vec<RuleName>, rule: Option<&RulePlan>) -> Planned {
        let words = self.words(rule);
        let before = self.facts.before;
        let (sink, redirected_from) = self.plan.redirected(to.sink);
        Planned {
            key: note_key(self.key, to.sink, to.address.map(|address| &**address), &Step::First),
            sink,
            address: to.address.cloned(),
            rule: to.rule.clone(),
            also,
            level: to.level,
            title: words.title.into(),
            body: words.body.into(),
            timeline: before.map(|before| before.timeline.clone()).unwrap_or_default(),
            start: to.start,
            way: to.way,
            redirected_from,
        }
    }

    fn words(&mut self, rule: Option<&RulePlan>) -> Words {
        let built_in = self.built_in.get_or_init(|| message::built_in(self.facts));
        let Some(rule) = rule else { return built_in.clone() };
        let (words, failed) = self.plan.words(rule, self.facts, built_in);
        let count = Count::Template(rule.name.clone());
        if failed && !self.counts.contains(&count) {
            self.counts.push(count);
        }
        words
    }

    /// Tells a new state to whoever was told of an earlier one and is not rung for this.
    fn follow<T: Trace>(&mut self, planned: &mut Vec<Planned>, trace: &mut T) {
        let Some(before) = self.facts.before else { return };
        for told in &before.told {
            if planned.iter().any(|planned| is_same(planned, told)) {
                continue;
            }
            if let Some(why) = self.unfollowed(told) {
                trace.ring(|| unfollowed_told(told, why));
                continue;
            }
            let rule = self.plan.rule(&told.rule);
            let to = To {
                sink: &told.sink,
                address: told.address.as_ref(),
                rule: &told.rule,
                level: message::level(self.facts.event),
                way: Way::Follow,
                start: self.plan.start(false),
            };
            let followed = self.say(to, Vec::new(), rule);
            trace.ring(|| {
                let why = format!("\"{}\" told it of this booking, and it follows", told.rule);
                ring_told(&followed, why)
            });
            planned.push(followed);
        }
    }

    /// Why a sink that was told before is not told now.
    fn unfollowed(&self, told: &Told) -> Option<&'static str> {
        let status =
            |booking: Option<&'a contract::Booking>| booking.and_then(|b| b.status.as_ref());
        let now = status(self.facts.booking);
        let last = self.facts.before.and_then(|before| before.last.status.as_ref());
        let cancels = now == Some(&Status::Cancelled) && last != now;
        let known = self.plan.sinks.iter().find(|(sink, _)| *sink == told.sink);
        match known.map(|(_, update)| *update) {
            None => Some("was told before, and is no longer configured"),
            Some(_) if self.plan.rule(&told.rule).is_some_and(|rule| !rule.follow) => {
                Some("was told before by a rule with `follow = false`")
            }
            Some(Update::New) if !cancels => {
                Some("was told before; with `update = \"new\"` only a cancellation follows")
            }
            Some(_) => None,
        }
    }
}

/// Whom to tell, and how.
struct To<'a> {
    sink: &'a SinkName,
    address: Option<&'a Address>,
    rule: &'a RuleName,
    level: Level,
    way: Way,
    start: Start,
}

fn is_same(planned: &Planned, told: &Told) -> bool {
    let meant = planned.redirected_from.as_ref();
    (planned.sink == told.sink || meant == Some(&told.sink)) && planned.address == told.address
}

impl Plan {
    /// The rule of this name.
    pub(crate) fn rule(&self, name: &RuleName) -> Option<&RulePlan> {
        self.by_name.get(name).map(|place| &self.rules[*place])
    }

    /// How a ring starts.
    pub(crate) fn start(&self, shadow: bool) -> Start {
        if shadow || self.shadow { Start::Shadow } else { Start::Ring }
    }

    /// Where a ring goes, and for whom it was meant where that is another sink.
    pub(crate) fn redirected(&self, sink: &SinkName) -> (SinkName, Option<SinkName>) {
        match &self.redirect {
            Some(target) if target != sink => (target.clone(), Some(sink.clone())),
            _ => (sink.clone(), None),
        }
    }

    /// The words of a rule, and whether a template failed.
    pub(crate) fn words(
        &self,
        rule: &RulePlan,
        facts: &Facts<'_>,
        built_in: &Words,
    ) -> (Words, bool) {
        if rule.title.is_none() && rule.body.is_none() {
            return (built_in.clone(), false);
        }
        let mut failed = false;
        let mut text = |template: &Option<super::template::Template>, otherwise: &str| {
            let Some(template) = template else { return otherwise.to_owned() };
            let text = self.templates.render(template, facts, rule.name.as_str(), built_in);
            failed |= text.is_none();
            text.unwrap_or_else(|| otherwise.to_owned())
        };
        let title = text(&rule.title, &built_in.title);
        let body = text(&rule.body, &built_in.body);
        (Words { title, body }.bounded(), failed)
    }
}
