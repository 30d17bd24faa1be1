//! Job: when to connect to a feed again.
//! Takes: the source's `reconnect`, what kind of loss it was, how long the connection was healthy.
//! Gives: the next delay, or that it is given up.
//! Never: reads a clock, draws a number, or waits.

use std::time::Duration;

use contract::{LostKind, Reconnect};

/// After this long a connection counts as healthy, and the delays start over.
pub(crate) const HEALTHY: Duration = Duration::from_secs(60);
/// The least wait where a feed asked for time without saying how much.
pub(crate) const BUSY_MIN: Duration = Duration::from_secs(30);
/// The wait where a person must act.
pub(crate) const SLOW: Duration = Duration::from_secs(300);
/// So many offences of one kind in a row, and the feed is tried slowly.
pub(crate) const OFFENCES_MAX: u32 = 3;

/// Counts the failures since the last healthy connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Failures {
    all: u32,
    denied: u32,
    offences: u32,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Again {
    /// After this long.
    After(Duration),
    /// Not before a reload or a resume.
    GivenUp,
}

impl Failures {
    /// Counts one loss and says when to try again. `healthy` is how long the connection lived;
    /// `unit` is drawn from 0 to 1: full jitter spreads a growing delay from zero to itself.
    pub(crate) fn next(
        &mut self,
        reconnect: &Reconnect,
        lost: (LostKind, Option<Duration>),
        healthy: Duration,
        unit: f64,
    ) -> Again {
        if healthy >= HEALTHY {
            *self = Self::default();
        }
        let (kind, asked) = lost;
        self.all += 1;
        self.denied = if kind == LostKind::Denied { self.denied + 1 } else { 0 };
        self.offences = if kind == LostKind::Offence { self.offences + 1 } else { 0 };
        let Some(planned) = planned(reconnect, self.all, unit) else {
            return Again::GivenUp;
        };
        let wait = match kind {
            LostKind::Dropped | LostKind::Unreachable => planned,
            LostKind::Busy => planned.max(asked.unwrap_or(BUSY_MIN)),
            LostKind::Denied if self.denied == 1 => Duration::ZERO,
            LostKind::Offence if self.offences < OFFENCES_MAX => planned,
            LostKind::Denied | LostKind::Offence | LostKind::Config => SLOW,
        };
        Again::After(wait)
    }

    /// How many losses since the last healthy connection.
    pub(crate) fn count(&self) -> u32 {
        self.all
    }
}

fn planned(reconnect: &Reconnect, failure: u32, unit: f64) -> Option<Duration> {
    let (delay, attempts) = match reconnect {
        Reconnect::Growing { first, factor, max, attempts } => {
            let power = factor.powi(i32::try_from(failure - 1).unwrap_or(i32::MAX).min(64));
            let grown = (first.as_secs_f64() * power).min(max.as_secs_f64());
            (Duration::from_secs_f64(grown * unit), attempts)
        }
        Reconnect::Listed { delays, attempts } => {
            let index = usize::try_from(failure - 1).unwrap_or(usize::MAX);
            (delays[index.min(delays.len() - 1)], attempts)
        }
    };
    attempts.is_none_or(|most| failure <= most).then_some(delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    fn seconds(again: Again) -> f64 {
        match again {
            Again::After(wait) => wait.as_secs_f64(),
            Again::GivenUp => f64::INFINITY,
        }
    }

    #[test]
    fn delays_grow_to_their_maximum_and_start_over_after_a_minute_of_health() {
        let mut failures = Failures::default();
        let dropped = (LostKind::Dropped, None);
        let growing = Reconnect::default();
        let waits: Vec<f64> =
            (0..8).map(|_| seconds(failures.next(&growing, dropped, SHORT, 1.0))).collect();
        let rounded: Vec<f64> = waits.iter().map(|s| (s * 10.0).round() / 10.0).collect();
        assert_eq!(rounded, [1.0, 1.6, 2.6, 4.1, 6.6, 10.5, 15.0, 15.0]);
        assert_eq!(seconds(failures.next(&growing, dropped, HEALTHY, 1.0)), 1.0);
        assert_eq!(seconds(failures.next(&growing, dropped, SHORT, 0.0)), 0.0);
    }

    #[test]
    fn the_dashboards_own_five_attempts_are_one_line() {
        let delays = [3, 6, 9, 12, 15].map(Duration::from_secs).to_vec();
        let listed = Reconnect::Listed { delays, attempts: Some(5) };
        let mut failures = Failures::default();
        let waits: Vec<f64> = (0..6)
            .map(|_| seconds(failures.next(&listed, (LostKind::Unreachable, None), SHORT, 0.3)))
            .collect();
        assert_eq!(waits, [3.0, 6.0, 9.0, 12.0, 15.0, f64::INFINITY]);
    }

    #[test]
    fn each_kind_of_loss_has_its_own_pace() {
        let cases = [
            (LostKind::Busy, None, [30.0, 30.0, 30.0, 30.0]),
            (LostKind::Busy, Some(Duration::from_secs(90)), [90.0, 90.0, 90.0, 90.0]),
            (LostKind::Denied, None, [0.0, 300.0, 300.0, 300.0]),
            (LostKind::Config, None, [300.0, 300.0, 300.0, 300.0]),
            (LostKind::Offence, None, [0.0, 0.0, 300.0, 300.0]),
        ];
        for (kind, asked, waits) in cases {
            let mut failures = Failures::default();
            for wait in waits {
                let next = failures.next(&Reconnect::default(), (kind, asked), SHORT, 0.0);
                assert_eq!(seconds(next), wait, "{kind:?}");
            }
        }
    }
}
