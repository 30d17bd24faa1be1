//! Job: a clock that stands still until a test moves it.
//! Takes: a start, and steps.
//! Gives: `FakeClock`, the simulated `Clock` door.
//! Never: looks at the machine's clock.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::Clock;

/// A clock that only a test moves.
#[derive(Debug)]
pub struct FakeClock {
    wall: Mutex<Timestamp>,
    boot: watch::Sender<Duration>,
}

impl FakeClock {
    /// A clock that shows this time; the machine started an hour before.
    pub fn at(now: Timestamp) -> Self {
        Self { wall: Mutex::new(now), boot: watch::Sender::new(Duration::from_secs(3600)) }
    }

    /// Lets time pass: both clocks move, and whoever slept so long wakes.
    pub fn advance(&self, by: Duration) {
        let step = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.with_wall(|wall| *wall = wall.saturating_add(step).unwrap_or(Timestamp::MAX));
        self.boot.send_modify(|boot| *boot = boot.saturating_add(by));
    }

    /// Sets the wall clock, as a person or a time server would; no time passes.
    pub fn set_wall(&self, now: Timestamp) {
        self.with_wall(|wall| *wall = now);
    }

    /// How many are sleeping.
    pub fn sleepers(&self) -> usize {
        self.boot.receiver_count()
    }

    fn with_wall<T>(&self, work: impl FnOnce(&mut Timestamp) -> T) -> T {
        work(&mut self.wall.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for FakeClock {
    /// A clock that shows 2026-11-23T02:14:05Z.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_795_400_045, 0))
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.with_wall(|wall| *wall)
    }

    fn boot(&self) -> Duration {
        *self.boot.borrow()
    }

    async fn sleep_until(&self, until: Duration) {
        let mut boot = self.boot.subscribe();
        // It fails only when the clock is gone, and the clock is borrowed here.
        let _ = boot.wait_for(|now| *now >= until).await;
    }
}
