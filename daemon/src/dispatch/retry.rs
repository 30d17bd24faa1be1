//! Job: what follows from a verdict.
//! Takes: a sink's policy, how often and how long it was tried, the verdict, a drawn number.
//! Gives: `Next`, for the delivery, and `Hold`, for the sink.
//! Never: reads a clock, draws a number, or waits.

use std::time::Duration;

use contract::plugin::Schedule;
use contract::{Class, Receipt, Verdict, Why};

use crate::delivery::{DeadReason, HeldReason};

/// How a sink's deliveries are treated.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// For one try.
    pub timeout: Duration,
    /// How many tries at once.
    pub in_flight: u32,
    /// How many tries; `None` is unlimited.
    pub attempts: Option<u32>,
    /// How old a delivery may be and still be tried. Pauses by a person are not counted.
    pub give_up_after: Duration,
    /// How old a note may be and still ring; `None` is any age. Pauses are not counted.
    pub expires: Option<Duration>,
    /// The delays between tries.
    pub schedule: Schedule,
}

/// What has been tried so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Which try of its series this was, from 1.
    pub attempt: u32,
    /// How old the delivery is, pauses not counted.
    pub age: Duration,
    /// How often in a row the sink has said `Down`, this time included.
    pub downs: u32,
}

/// What follows for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done.
    Sent(Option<Receipt>),
    /// Once more.
    Again {
        /// After this long.
        after: Duration,
        /// Whether the try counts.
        spent: bool,
        /// Why.
        why: Why,
    },
    /// Given up.
    Dead(DeadReason, Why),
}

/// What follows for a sink: it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why it is held.
    pub reason: HeldReason,
    /// For how long; `None` is until a person acts.
    pub during: Option<Duration>,
    /// In words.
    pub why: Why,
}

/// Seconds before each try of a network sink: Standard Webhooks' tail with three early steps, since
/// a booking's notice is worth most in the first minutes. Together 75 h 42 m 35 s.
const NETWORK: [u64; 12] =
    [0, 5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Seconds before each try of a toast or a sound; the last one repeats.
const LOCAL: [u64; 6] = [0, 1, 2, 5, 10, 30];

/// The longest a medium may ask us to wait.
pub const ASKED_MAX: Duration = Duration::from_secs(86_400);
/// The first hold of a sink that needs a person or asked us to wait; each next one doubles.
pub const HOLD_FIRST: Duration = Duration::from_secs(5);
/// The longest hold of a sink that did not ask for a longer one.
pub const HOLD_MAX: Duration = Duration::from_secs(300);

/// What follows from a verdict: for the delivery, and for its sink. `unit` is drawn from 0 to 1 and
/// spreads a delay over 0.8 to 1.2 of itself.
pub fn next(policy: &Policy, tried: Tried, verdict: Verdict, unit: f64) -> (Next, Option<Hold>) {
    match verdict {
        Verdict::Sent { receipt } => (Next::Sent(receipt), None),
        Verdict::Reject { why } => {
            let hold = (why.class == Class::Gone).then(|| Hold {
                reason: HeldReason::Disabled,
                during: None,
                why: why.clone(),
            });
            (Next::Dead(DeadReason::Rejected(why.class), why), hold)
        }
        Verdict::Retry { why, after } => (again(policy, tried, why, after, unit), None),
        Verdict::Down { why, after } => {
            let hold = hold(tried.downs, why.clone(), after);
            let after = hold.during.unwrap_or(HOLD_MAX);
            (give_up_or(policy, tried, Next::Again { after, spent: false, why }), Some(hold))
        }
    }
}

/// How long before try `attempt` (from 1).
pub fn delay_before(schedule: Schedule, attempt: u32) -> Duration {
    let delays: &[u64] = match schedule {
        Schedule::Network => &NETWORK,
        Schedule::Local => &LOCAL,
    };
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::from_secs(delays[index.min(delays.len() - 1)])
}

/// Whether a note is too old to ring.
pub fn is_expired(policy: &Policy, age: Duration) -> bool {
    policy.expires.is_some_and(|expires| age > expires)
}

/// Whether a delivery is too old to be tried at all.
pub fn is_given_up(policy: &Policy, age: Duration) -> bool {
    age >= policy.give_up_after
}

fn again(policy: &Policy, tried: Tried, why: Why, asked: Option<Duration>, unit: f64) -> Next {
    if policy.attempts.is_some_and(|most| tried.attempt >= most) {
        return Next::Dead(DeadReason::Attempts, why);
    }
    let planned = delay_before(policy.schedule, tried.attempt + 1).mul_f64(0.8 + 0.4 * unit);
    let after = planned.max(asked.unwrap_or_default().min(ASKED_MAX));
    give_up_or(policy, tried, Next::Again { after, spent: true, why })
}

fn give_up_or(policy: &Policy, tried: Tried, next: Next) -> Next {
    match next {
        Next::Again { why, .. } if is_given_up(policy, tried.age) => {
            Next::Dead(DeadReason::Age, why)
        }
        next => next,
    }
}

fn hold(downs: u32, why: Why, asked: Option<Duration>) -> Hold {
    let doubled = HOLD_FIRST.saturating_mul(1 << downs.saturating_sub(1).min(16)).min(HOLD_MAX);
    // A medium that asks for no wait at all gets one all the same: no try is spent that would end
    // the asking.
    let during = Some(doubled.max(asked.unwrap_or_default().min(ASKED_MAX)));
    match why.class {
        Class::Throttled => Hold { reason: HeldReason::Throttled, during, why },
        Class::Gone => Hold { reason: HeldReason::Disabled, during: None, why },
        _ => Hold { reason: HeldReason::SinkDown, during, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            timeout: Duration::from_secs(15),
            in_flight: 4,
            attempts: Some(12),
            give_up_after: Duration::from_secs(7 * 86_400),
            expires: None,
            schedule: Schedule::Network,
        }
    }

    fn tried(attempt: u32) -> Tried {
        Tried { attempt, age: Duration::from_secs(1), downs: 1 }
    }

    fn why(class: Class) -> Why {
        Why::new(class, "said")
    }

    fn after(next: &Next) -> Duration {
        match next {
            Next::Again { after, .. } => *after,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_schedule_of_a_network_sink_spans_75_h_42_m_35_s_in_12_tries() {
        let total: Duration = (1..=12).map(|n| delay_before(Schedule::Network, n)).sum();
        assert_eq!(total, Duration::from_secs(75 * 3600 + 42 * 60 + 35));
        assert_eq!(delay_before(Schedule::Network, 1), Duration::ZERO);
        assert_eq!(delay_before(Schedule::Network, 40), Duration::from_secs(86_400));
    }

    #[test]
    fn a_failed_try_is_spread_around_its_delay() {
        for (unit, seconds) in [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)] {
            let retry = Verdict::Retry { why: why(Class::Transient), after: None };
            let (next, hold) = next(&policy(), tried(1), retry, unit);
            assert_eq!(after(&next), Duration::from_secs_f64(seconds));
            assert_eq!(hold, None);
        }
    }

    #[test]
    fn the_last_try_that_fails_is_a_dead_letter() {
        for (attempt, dead) in [(11, false), (12, true), (13, true)] {
            let retry = Verdict::Retry { why: why(Class::Ambiguous), after: None };
            let (next, _) = next(&policy(), tried(attempt), retry, 0.5);
            assert_eq!(matches!(next, Next::Dead(DeadReason::Attempts, _)), dead, "{attempt}");
        }
    }

    #[test]
    fn a_medium_is_never_asked_earlier_than_it_said_and_never_later_than_a_day() {
        for (asked, waits) in [(1, 5), (60, 60), (999_999_999, 86_400)] {
            let asked = Some(Duration::from_secs(asked));
            let retry = Verdict::Retry { why: why(Class::Transient), after: asked };
            let (next, _) = next(&policy(), tried(1), retry, 0.5);
            assert_eq!(after(&next), Duration::from_secs(waits));
        }
    }

    #[test]
    fn a_throttled_sink_is_held_as_long_as_it_asked_and_no_attempt_is_spent() {
        let down =
            Verdict::Down { why: why(Class::Throttled), after: Some(Duration::from_secs(9)) };
        let (next, hold) = next(&policy(), tried(12), down, 0.5);
        assert!(matches!(next, Next::Again { spent: false, .. }));
        let hold = hold.unwrap();
        assert_eq!(
            (hold.reason, hold.during),
            (HeldReason::Throttled, Some(Duration::from_secs(9)))
        );
    }

    #[test]
    fn a_sink_that_asks_for_no_wait_again_and_again_is_asked_less_and_less_often() {
        for (downs, asked, seconds) in
            [(1, Some(0), 5), (2, Some(0), 10), (3, None, 20), (9, Some(1), 300), (1, Some(90), 90)]
        {
            let asked = asked.map(Duration::from_secs);
            let down = Verdict::Down { why: why(Class::Throttled), after: asked };
            let (_, hold) = next(&policy(), Tried { downs, ..tried(1) }, down, 0.5);
            assert_eq!(hold.unwrap().during, Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn a_sink_that_needs_a_person_is_held_longer_each_time_up_to_five_minutes() {
        for (downs, seconds) in [(1, 5), (2, 10), (3, 20), (7, 300), (40, 300)] {
            let down = Verdict::Down { why: why(Class::Config), after: None };
            let (_, hold) = next(&policy(), Tried { downs, ..tried(1) }, down, 0.5);
            assert_eq!(hold.unwrap().during, Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn what_can_never_pass_is_dead_at_once_and_gone_disables_the_sink() {
        let (next_, hold) =
            next(&policy(), tried(1), Verdict::Reject { why: why(Class::Payload) }, 0.5);
        assert!(matches!(next_, Next::Dead(DeadReason::Rejected(Class::Payload), _)));
        assert_eq!(hold, None);
        let (_, hold) = next(&policy(), tried(1), Verdict::Reject { why: why(Class::Gone) }, 0.5);
        assert_eq!(hold.unwrap().reason, HeldReason::Disabled);
    }

    #[test]
    fn age_gives_up_even_what_spends_no_attempt() {
        let old = Tried { age: Duration::from_secs(7 * 86_400), ..tried(1) };
        for verdict in [
            Verdict::Down { why: why(Class::Config), after: None },
            Verdict::Retry { why: why(Class::Transient), after: None },
        ] {
            assert!(matches!(next(&policy(), old, verdict, 0.5).0, Next::Dead(DeadReason::Age, _)));
        }
    }

    #[test]
    fn a_note_expires_one_moment_after_its_age() {
        let policy = Policy { expires: Some(Duration::from_secs(600)), ..policy() };
        assert!(!is_expired(&policy, Duration::from_secs(600)));
        assert!(is_expired(&policy, Duration::from_millis(600_001)));
    }
}
