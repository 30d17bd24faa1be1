//! Job: the real clock.
//! Takes: the machine's wall clock and its clock since start.
//! Gives: `SystemClock`, the `Clock` door that ships.
//! Never: trusts a timer over a suspend: it looks at the clock again.

use std::time::Duration;

use async_trait::async_trait;
use contract::Clock;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The longest that is slept without a look at the clock. Timers stand still while the machine is
/// suspended, so this is also how late a wait can be after it wakes.
const SLICE: Duration = Duration::from_secs(1);

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn boot(&self) -> Duration {
        let since = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(since.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(since.tv_nsec).unwrap_or(0))
    }

    async fn sleep_until(&self, until: Duration) {
        while let Some(slice) = next_slice(self.boot(), until) {
            tokio::time::sleep(slice).await;
        }
    }
}

/// How long to sleep before the next look; none when the time has come.
fn next_slice(now: Duration, until: Duration) -> Option<Duration> {
    let rest = until.checked_sub(now).filter(|rest| !rest.is_zero())?;
    Some(rest.min(SLICE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_cut_into_slices_and_a_past_one_is_none() {
        let s = Duration::from_secs;
        assert_eq!(next_slice(s(10), s(100)), Some(SLICE));
        assert_eq!(next_slice(s(10), s(10) + SLICE / 4), Some(SLICE / 4));
        assert_eq!(next_slice(s(10), s(10)), None);
        assert_eq!(next_slice(s(10), s(3)), None);
    }

    #[tokio::test]
    async fn time_since_start_only_grows_and_a_past_moment_is_not_waited_for() {
        let clock = SystemClock;
        let before = clock.boot();
        clock.sleep_until(before).await;
        clock.sleep_until(before + Duration::from_millis(2)).await;
        assert!(clock.boot() >= before + Duration::from_millis(2));
    }
}
