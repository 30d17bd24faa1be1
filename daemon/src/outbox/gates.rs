//! Job: whether a sink may ring now, and when next.
//! Takes: what a person paused, what dispatch says of a sink.
//! Gives: `Gate`, `Pause`, `Hold`: pure questions about them.
//! Never: rewrites a row: a row at a closed gate is held because the gate is closed.

use contract::Text;
use jiff::{SignedDuration, Timestamp};

use crate::delivery::HeldReason;

/// What dispatch says of a sink.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Gate {
    /// Everything goes.
    #[default]
    Open,
    /// Nothing goes.
    Held(Hold),
    /// One real delivery at a time goes, to see whether the sink is well again.
    Probe(Hold),
}

/// Why and for how long nothing goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// Why. `SinkDown`, `Throttled` or `Disabled` where dispatch says it; `Paused` is a person's.
    pub reason: HeldReason,
    /// Since when.
    pub since: Timestamp,
    /// Until when; absent is until told otherwise.
    pub until: Option<Timestamp>,
    /// In words, for people.
    pub said: Option<Text>,
}

/// That a person holds a sink, or all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Until when; absent is until resumed.
    pub until: Option<Timestamp>,
    /// Who.
    pub by: Text,
}

impl Gate {
    /// The gate at `now`: a hold that has run out is open, but a sink that was down is probed.
    pub fn at(&self, now: Timestamp) -> Self {
        match self {
            Self::Held(hold) if hold.until.is_some_and(|until| until <= now) => match hold.reason {
                HeldReason::SinkDown => Self::Probe(hold.clone()),
                _ => Self::Open,
            },
            other => other.clone(),
        }
    }
}

impl Pause {
    /// Says whether it holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }
}

/// From when the clocks of a delivery count: `from`, moved on by every pause between it and `now`.
/// Pauses may overlap; none is counted twice.
pub fn counts_from<'a>(
    from: Timestamp,
    now: Timestamp,
    pauses: impl IntoIterator<Item = &'a Pause>,
) -> Timestamp {
    let mut spans: Vec<(Timestamp, Timestamp)> = pauses
        .into_iter()
        .map(|pause| (pause.since.max(from), pause.until.unwrap_or(now).min(now)))
        .filter(|(since, until)| since < until)
        .collect();
    spans.sort_unstable();
    let (mut stopped, mut counted_to) = (SignedDuration::ZERO, from);
    for (since, until) in spans {
        let since = since.max(counted_to);
        if since < until {
            stopped = stopped.saturating_add(until.duration_since(since));
            counted_to = until;
        }
    }
    from.saturating_add(stopped).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn clocks_stand_still_during_pauses_and_none_counts_twice() {
        type Spans = &'static [(i64, Option<i64>)];
        let cases: [(Spans, i64); 7] = [
            (&[], 100),
            (&[(110, Some(120))], 110),
            (&[(90, Some(120))], 120),
            (&[(110, Some(130)), (120, Some(140))], 130),
            (&[(110, Some(140)), (120, Some(130))], 130),
            (&[(150, None)], 150),
            (&[(10, Some(20)), (300, None)], 100),
        ];
        for (pauses, expected) in cases {
            let pauses: Vec<Pause> = pauses
                .iter()
                .map(|(since, until)| Pause {
                    since: at(*since),
                    until: until.map(at),
                    by: "admin".into(),
                })
                .collect();
            assert_eq!(counts_from(at(100), at(200), &pauses), at(expected), "{pauses:?}");
        }
    }

    #[test]
    fn a_hold_that_has_run_out_is_open_but_a_sink_that_was_down_is_probed() {
        for (reason, probed) in [
            (HeldReason::SinkDown, true),
            (HeldReason::Throttled, false),
            (HeldReason::Disabled, false),
        ] {
            let hold = Hold { reason, since: at(0), until: Some(at(10)), said: None };
            let gate = Gate::Held(hold.clone());
            assert_eq!(gate.at(at(9)), gate);
            let after = if probed { Gate::Probe(hold) } else { Gate::Open };
            assert_eq!(gate.at(at(10)), after);
        }
    }
}
