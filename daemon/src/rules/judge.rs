//! Job: what is decided about an event or a wake-up.
//! Takes: the plan, the cause, what is remembered, and now.
//! Gives: `Decision`, and with it, where somebody listens, `Explanation`.
//! Never: decides differently when somebody listens.

use contract::{Event, Kind, Text};
use jiff::Timestamp;

use super::check::Truth;
use super::explanation::{Explanation, Silent, Telling, Trace};
use super::facts::{Facts, Ground};
use super::news::News;
use super::plan::Plan;
use super::routing::Routing;
use crate::delivery::{Cause, Decision, Digest, EventKey, Memory, MemoryKey, Outcome};

impl Plan {
    /// What must be fetched before a cause can be judged.
    pub fn reads(&self, cause: &Cause<'_>) -> Vec<MemoryKey> {
        match cause {
            Cause::Event(event, _) => {
                let mut keys = vec![MemoryKey::Subject(event.feed.clone(), event.subject().into())];
                if event.kind() == Kind::Feed {
                    keys.extend(self.alarms.iter().map(|rule| {
                        let rule = self.rules[*rule].name.clone();
                        MemoryKey::Alarm(rule, event.feed.as_str().into())
                    }));
                }
                keys
            }
            Cause::WakeUp(wake_up) => {
                vec![MemoryKey::Alarm(wake_up.rule.clone(), wake_up.subject.clone())]
            }
        }
    }

    /// Decides what becomes of a cause.
    pub fn judge(&self, cause: Cause<'_>, memory: &Memory, now: Timestamp) -> Decision {
        self.decide(cause, memory, now, &mut Silent)
    }

    /// Decides, and tells why. The decision is the one of `judge`; every rule is asked.
    pub fn explain(
        &self,
        cause: Cause<'_>,
        memory: &Memory,
        now: Timestamp,
    ) -> (Decision, Explanation) {
        let mut telling = Telling::default();
        let decision = self.decide(cause, memory, now, &mut telling);
        let (subject, what) = self.told(cause, now);
        let explanation = telling.end(subject, what, now, decision.outcome);
        (decision, explanation)
    }

    fn decide<T: Trace>(
        &self,
        cause: Cause<'_>,
        memory: &Memory,
        now: Timestamp,
        trace: &mut T,
    ) -> Decision {
        match cause {
            Cause::WakeUp(wake_up) => self.wake(wake_up, memory, now, trace),
            Cause::Event(event, digest) => self.decide_event((event, digest), memory, now, trace),
        }
    }

    fn decide_event<T: Trace>(
        &self,
        (event, digest): (&Event, Digest),
        memory: &Memory,
        now: Timestamp,
        trace: &mut T,
    ) -> Decision {
        let before = memory.subject.as_deref();
        let status = before.and_then(|before| before.last.status.as_ref());
        let key = EventKey::of(event, digest, status);
        let facts = Facts::of(event, before, self.ground(now));
        if let Some(place) = self.ignored_by(&facts) {
            trace.because(|| format!("by [intake] ignore, condition {}", place + 1));
            return without_rings(key, Outcome::Ignored);
        }
        match News::of(event, digest, key, before) {
            News::Seen(why) => {
                trace.because(|| why.to_owned());
                return without_rings(key, Outcome::Seen);
            }
            News::Stale(why) => {
                trace.because(|| why.to_owned());
                return without_rings(key, Outcome::Stale);
            }
            News::Fresh => {}
        }
        match &event.body {
            contract::Body::Feed(change) => self.feed_changed(&facts, (change, key), memory, trace),
            _ => self.route(&facts, key, trace),
        }
    }

    fn route<T: Trace>(&self, facts: &Facts<'_>, key: EventKey, trace: &mut T) -> Decision {
        let mut routing = Routing::new(self, facts, key);
        if T::TELLS {
            (0..self.rules.len()).for_each(|rule| {
                routing.ask(rule, trace);
            });
        } else {
            self.index.each(facts, |rule| routing.ask(rule, trace));
        }
        routing.end(trace)
    }

    /// What stays the same for all events judged now.
    pub(crate) fn ground(&self, now: Timestamp) -> Ground<'_> {
        let (rates, zone, extra_names) = (&self.rates, &self.zone, &self.extra_names);
        Ground { rates, zone, extra_names, now }
    }

    fn ignored_by(&self, facts: &Facts<'_>) -> Option<usize> {
        let kind = facts.event.kind();
        self.ignore.iter().position(|(kinds, when)| {
            kinds.contains(&kind) && when.holds(facts, &mut Silent) == Truth::Yes
        })
    }

    fn told(&self, cause: Cause<'_>, now: Timestamp) -> (Text, Text) {
        let clock = |instant: Timestamp| {
            let local = self.zone.to_datetime(instant);
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        };
        let judged = clock(now);
        match cause {
            Cause::Event(event, _) => {
                let (kind, subject, at) = (event.kind(), event.subject(), clock(event.at));
                let status = event.booking().and_then(|b| b.status.as_ref());
                let status = status.map(|status| format!(" {status}")).unwrap_or_default();
                let what = format!("{kind} {subject}{status}, of {at}, judged {judged}");
                (subject.into(), what.into())
            }
            Cause::WakeUp(wake_up) => {
                let (rule, due) = (&wake_up.rule, clock(wake_up.due));
                let what = format!("wake-up of \"{rule}\", due {due}, judged {judged}");
                (wake_up.subject.as_ref().into(), what.into())
            }
        }
    }
}

/// A decision that rings nobody and changes nothing.
pub(crate) fn without_rings(key: EventKey, outcome: Outcome) -> Decision {
    let (planned, changes, wake_ups, counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Decision { key, outcome, planned, changes, wake_ups, counts }
}
