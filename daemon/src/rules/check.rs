//! Job: whether what a rule asks for holds: yes, no, or unknown.
//! Takes: compiled conditions and the facts of an event.
//! Gives: `Truth`; a telling trace also hears each condition's wanted and actual value.
//! Never: takes an absent field for a no.

use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::explanation::Trace;
use super::facts::Facts;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// It does not.
    No,
    /// It cannot be said.
    Unknown,
    /// It does.
    Yes,
}

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(crate) struct All(pub(crate) Vec<Check>);

/// What must hold.
#[derive(Debug)]
pub(crate) enum Check {
    Plain(Condition),
    Any(Vec<All>),
    Not(All),
}

impl Truth {
    /// The truth of a boolean; unknown where there is none.
    pub(crate) fn of(holds: Option<bool>) -> Self {
        match holds {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// The mark it is shown by.
    pub fn mark(self) -> char {
        match self {
            Self::Yes => '✓',
            Self::No => '✗',
            Self::Unknown => '?',
        }
    }
}

impl All {
    /// Whether all conditions hold. Asks no further than it must, unless the trace tells.
    pub(crate) fn holds<T: Trace>(&self, facts: &Facts<'_>, trace: &mut T) -> Truth {
        let mut all = Truth::Yes;
        for check in &self.0 {
            all = all.min(check.holds(facts, trace));
            if all == Truth::No && !T::TELLS {
                return all;
            }
        }
        all
    }
}

impl Check {
    fn holds<T: Trace>(&self, facts: &Facts<'_>, trace: &mut T) -> Truth {
        match self {
            Self::Plain(condition) => {
                let truth = condition.asked(facts);
                trace.condition(truth, || condition.told(facts));
                truth
            }
            Self::Not(inner) => {
                trace.open();
                let truth = inner.holds(facts, trace).not();
                trace.close("not", truth);
                truth
            }
            Self::Any(inner) => {
                trace.open();
                let truth = any_holds(inner, facts, trace);
                trace.close("any", truth);
                truth
            }
        }
    }
}

fn any_holds<T: Trace>(inner: &[All], facts: &Facts<'_>, trace: &mut T) -> Truth {
    let mut any = Truth::No;
    for all in inner {
        trace.open();
        let truth = all.holds(facts, trace);
        trace.close("all", truth);
        any = any.max(truth);
        if any == Truth::Yes && !T::TELLS {
            return any;
        }
    }
    any
}
