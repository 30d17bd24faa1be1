//! Job: alarms on a feed: they begin, they ring, they clear.
//! Takes: a feed's change, or a wake-up that is due, and what is remembered of each alarm.
//! Gives: at most one ring at the beginning and one at the end; what to remember; when to wake.
//! Never: rings for what was over in time, or twice for one change.

use contract::{Event, FeedChange, FeedName, FeedState, Level};
use jiff::{SignedDuration, Timestamp};

use super::check::Truth;
use super::explanation::{RuleTold, Trace, WayTold};
use super::facts::Facts;
use super::judge::without_rings;
use super::message::{self, Words};
use super::plan::{Plan, RulePlan};
use super::spec::AlarmSpec;
use super::ways::{by_team, ring_told};
use crate::delivery::identity::note_key;
use crate::delivery::{
    AlarmMemory, Change, Count, Decision, EventKey, Memory, Outcome, Planned, Start, Step, WakeUp,
    WakeUpChange, Way,
};

/// What an alarm does now.
enum Turn {
    /// Is not concerned, and why.
    Nothing(&'static str),
    /// Rings at once: a gap is over when it is known.
    Gap,
    /// Begins, and rings at once.
    BeginAndRing(AlarmMemory),
    /// Begins, and rings at this time if it lasts.
    BeginAndWait(AlarmMemory, Timestamp),
    /// Goes on in another state.
    GoOn(AlarmMemory),
    /// Is over, and had rung.
    Clear(AlarmMemory),
    /// Is over before it rang.
    Forget,
}

/// A decision on alarms in the making: which step each of its rings is.
struct Alarming<'a> {
    plan: &'a Plan,
    feed: &'a FeedName,
    now: Timestamp,
    decision: Decision,
    steps: Vec<Step>,
}

impl Plan {
    /// Decides about a feed's change.
    pub(crate) fn feed_changed<T: Trace>(
        &self,
        facts: &Facts<'_>,
        (change, key): (&FeedChange, EventKey),
        memory: &Memory,
        trace: &mut T,
    ) -> Decision {
        let decision = without_rings(key, Outcome::Unmatched);
        let (feed, now) = (&facts.event.feed, facts.now);
        let mut alarming = Alarming { plan: self, feed, now, decision, steps: Vec::new() };
        for place in &self.alarms {
            let rule = &self.rules[*place];
            let Some(alarm) = &rule.alarm else { continue };
            let turn = turn(alarm, change, memory.alarms.get(&rule.name), now);
            trace.rule(|_| self.turn_told(rule, &turn));
            alarming.take(rule, turn, change);
        }
        alarming.end(trace)
    }

    /// Decides about a wake-up: the alarm rings if it has lasted.
    pub(crate) fn wake<T: Trace>(
        &self,
        wake_up: &WakeUp,
        memory: &Memory,
        now: Timestamp,
        trace: &mut T,
    ) -> Decision {
        let found = memory.alarms.get(&wake_up.rule);
        let begun = found.map_or(wake_up.due, |alarm| alarm.begun);
        let (name, subject) = (wake_up.rule.as_str(), &*wake_up.subject);
        let key = EventKey::of_alarm(name, subject, begun, &Step::Begin);
        let decision = without_rings(key, Outcome::Unmatched);
        let Some((rule, alarm)) =
            self.rule(&wake_up.rule).and_then(|rule| Some((rule, rule.alarm.as_ref()?)))
        else {
            trace.because(|| "the rule that asked to be woken is gone".into());
            return decision;
        };
        let Some(found) = found.filter(|found| !found.rung && names(alarm, found.change.state))
        else {
            trace.because(|| "the alarm is over, or has rung already".into());
            return decision;
        };
        let mut alarming =
            Alarming { plan: self, feed: &wake_up.feed, now, decision, steps: Vec::new() };
        let turn = match due(alarm, found.begun) {
            Some(due) if due > now => Turn::BeginAndWait(found.clone(), due),
            _ => Turn::BeginAndRing(AlarmMemory { rung: true, ..found.clone() }),
        };
        trace.rule(|_| self.turn_told(rule, &turn));
        alarming.take(rule, turn, &found.change);
        alarming.decision.counts.clear();
        alarming.end(trace)
    }

    fn turn_told(&self, rule: &RulePlan, turn: &Turn) -> RuleTold {
        let rings = matches!(turn, Turn::Gap | Turn::BeginAndRing(_) | Turn::Clear(_));
        let why = match turn {
            Turn::Nothing(why) => (*why).to_owned(),
            Turn::Gap => "something was missed: rings at once".into(),
            Turn::BeginAndRing(_) => "it lasts: rings".into(),
            Turn::BeginAndWait(_, due) => {
                format!("begins; rings at {} if it lasts", message::clock(*due, &self.zone))
            }
            Turn::GoOn(_) => "goes on in another state".into(),
            Turn::Clear(_) => "is over: rings once more".into(),
            Turn::Forget => "is over before it had to ring".into(),
        };
        let ways = rule.ways.iter().filter(|_| rings).map(|target| WayTold {
            sink: self.sinks[target.sink].0.clone(),
            through: by_team(target, "by name"),
        });
        let (ways, conditions) = (ways.collect(), Vec::new());
        let matched = !matches!(turn, Turn::Nothing(_));
        let holds = Truth::of(Some(matched));
        RuleTold { rule: rule.name.clone(), holds, matched, why, conditions, ways }
    }
}

fn turn(
    alarm: &AlarmSpec,
    change: &FeedChange,
    before: Option<&AlarmMemory>,
    now: Timestamp,
) -> Turn {
    if change.state == FeedState::Gap {
        let named = names(alarm, FeedState::Gap);
        return if named { Turn::Gap } else { Turn::Nothing("not about gaps") };
    }
    match (names(alarm, change.state), before) {
        (false, None) => Turn::Nothing("not about this state"),
        (false, Some(before)) if before.rung => Turn::Clear(before.clone()),
        (false, Some(_)) => Turn::Forget,
        (true, Some(before)) if before.change == *change => Turn::Nothing("goes on"),
        (true, Some(before)) => {
            Turn::GoOn(AlarmMemory { change: change.clone(), ..before.clone() })
        }
        (true, None) => {
            let begun = change.since;
            let memory = |rung| AlarmMemory { begun, rung, change: change.clone() };
            match due(alarm, begun) {
                Some(due) if due > now => Turn::BeginAndWait(memory(false), due),
                _ => Turn::BeginAndRing(memory(true)),
            }
        }
    }
}

fn names(alarm: &AlarmSpec, state: FeedState) -> bool {
    alarm.feed.iter().any(|trouble| trouble.state() == state)
}

fn due(alarm: &AlarmSpec, begun: Timestamp) -> Option<Timestamp> {
    let lasting = SignedDuration::try_from(alarm.lasting?.0).ok()?;
    begun.checked_add(lasting).ok()
}

impl Alarming<'_> {
    fn take(&mut self, rule: &RulePlan, turn: Turn, change: &FeedChange) {
        let (name, zone) = (&rule.name, &self.plan.zone);
        let feed = self.feed.as_str();
        let remember = |memory| Change::Alarm(name.clone(), feed.into(), memory);
        match turn {
            Turn::Nothing(_) => return,
            Turn::GoOn(memory) => self.decision.changes.push(remember(Some(memory))),
            Turn::Gap => {
                let (key, words) = (self.decision.key, message::alarm_begins(feed, change, zone));
                self.ring((rule, key), Step::Begin, words, change);
            }
            Turn::BeginAndRing(memory) => {
                let words = message::alarm_begins(feed, change, zone);
                let key = EventKey::of_alarm(name.as_str(), feed, memory.begun, &Step::Begin);
                self.ring((rule, key), Step::Begin, words, change);
                self.decision.changes.push(remember(Some(memory)));
            }
            Turn::BeginAndWait(memory, due) => {
                let (feed, subject) = (self.feed.clone(), feed.into());
                let wake_up = WakeUp { rule: name.clone(), feed, subject, due };
                self.decision.counts.push(Count::Matched(name.clone()));
                self.decision.changes.push(remember(Some(memory)));
                self.decision.wake_ups.push(WakeUpChange::Set(wake_up));
            }
            Turn::Forget => {
                self.decision.changes.push(remember(None));
                self.decision.wake_ups.push(WakeUpChange::Cancel(name.clone(), feed.into()));
            }
            Turn::Clear(memory) => {
                let words = message::alarm_clears(feed, &memory, change, zone);
                let key = EventKey::of_alarm(name.as_str(), feed, memory.begun, &Step::Clear);
                self.ring((rule, key), Step::Clear, words, change);
                self.decision.changes.push(remember(None));
            }
        }
        self.decision.outcome = Outcome::Routed;
    }

    /// Rings a rule's sinks; one that another alarm rings for the same step is rung once.
    fn ring(&mut self, of: (&RulePlan, EventKey), step: Step, words: Words, change: &FeedChange) {
        let (rule, key) = of;
        if step == Step::Begin {
            self.decision.counts.push(Count::Matched(rule.name.clone()));
        }
        let level = match step {
            Step::Clear if change.state == FeedState::Live => Level::Success,
            Step::Clear => Level::Info,
            _ => rule.level.unwrap_or(Level::Warning),
        };
        let words = self.words(rule, words, change);
        for target in &rule.ways {
            let meant = &self.plan.sinks[target.sink].0;
            let (sink, redirected_from) = self.plan.redirected(meant);
            let planned = Planned {
                key: note_key(key, meant, None, &step),
                sink,
                address: None,
                rule: rule.name.clone(),
                also: Vec::new(),
                level,
                title: words.title.as_str().into(),
                body: words.body.as_str().into(),
                timeline: Vec::new(),
                start: self.plan.start(rule.shadow),
                way: Way::Alarm,
                redirected_from,
            };
            self.add(planned, &step);
        }
    }

    fn add(&mut self, new: Planned, step: &Step) {
        let place = self.decision.planned.iter().zip(&self.steps).position(|(known, of)| {
            of == step && known.sink == new.sink && known.redirected_from == new.redirected_from
        });
        let Some(known) = place.and_then(|place| self.decision.planned.get_mut(place)) else {
            self.decision.planned.push(new);
            self.steps.push(step.clone());
            return;
        };
        match (known.start, new.start) {
            (Start::Shadow, Start::Ring) => *known = new,
            (Start::Ring, Start::Shadow) => {}
            _ if known.rule == new.rule => {}
            _ => {
                known.level = known.level.max(new.level);
                known.also.push(new.rule);
            }
        }
    }

    fn words(&mut self, rule: &RulePlan, built_in: Words, change: &FeedChange) -> Words {
        let event = Event {
            id: None,
            source: self.feed.as_str().into(),
            feed: self.feed.clone(),
            at: change.since,
            received: self.now,
            body: contract::Body::Feed(change.clone()),
            extra: Default::default(),
        };
        let facts = Facts::of(&event, None, self.plan.ground(self.now));
        let (words, failed) = self.plan.words(rule, &facts, &built_in);
        if failed {
            self.decision.counts.push(Count::Template(rule.name.clone()));
        }
        words
    }

    fn end<T: Trace>(self, trace: &mut T) -> Decision {
        for planned in &self.decision.planned {
            trace.ring(|| {
                let why = match planned.start {
                    Start::Ring => format!("rung by \"{}\"", planned.rule),
                    Start::Shadow => format!("would be rung by \"{}\": shadow", planned.rule),
                };
                ring_told(planned, why)
            });
        }
        self.decision
    }
}
