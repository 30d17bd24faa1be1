//! Job: what the simulated dashboard tells, and when.
//! Takes: a plot: seed, start, pace, and the names that events bear.
//! Gives: `Story`: events in the order in which they are due, each with its offset from the start.
//! Never: reads a clock or sleeps; the same plot tells the same story to the byte.

use std::collections::VecDeque;
use std::time::Duration;

use contract::values::Rate;
use contract::{Body, Booking, Event, FeedName, Metrics, Revision, SourceName, Status};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::dice::Dice;
use crate::wares;

const METRICS_EVERY_MS: u64 = 5_000;
/// At an even rate, one event in ten is metrics, as on a busy dashboard.
const METRICS_EVERY_AT_RATE_MS: u64 = 50_000;
const FIRST_BOOKING_MS: u64 = 1_000;
const BETWEEN_BOOKINGS_MS: (u32, u32) = (8_000, 15_000);
const UNTIL_DECIDED_MS: (u32, u32) = (5_000, 10_000);
const CONFIRMED_PERCENT: u32 = 82;
const DAY_MS: i64 = 86_400_000;

/// Everything a story follows from.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What chance is drawn from.
    pub seed: u64,
    /// When it begins; every id and time follows from it. Counted in milliseconds.
    pub start: Timestamp,
    /// How fast it is told.
    pub pace: Pace,
    /// The source that its events bear.
    pub source: SourceName,
    /// The feed that its events bear.
    pub feed: FeedName,
}

/// How fast a story is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As a dashboard would, that many times as fast. Above 0.
    Speed(f64),
    /// Evenly, for load; then bookings make up nine events in ten.
    Rate(Rate),
}

/// Events without end, in the order in which they are due.
pub struct Story {
    dice: Dice,
    plot: Plot,
    id_prefix: String,
    metrics_every_ms: u64,
    told: u64,
    booked: u64,
    next_metrics_ms: u64,
    next_booking_ms: u64,
    /// In order of when they are decided: the shortest time between two bookings and until a
    /// decision together are more than the longest time until a decision. Holds at most two.
    undecided: VecDeque<Undecided>,
    ledger: Ledger,
}

struct Undecided {
    at_ms: u64,
    booking: Booking,
    usd_cents: u64,
}

impl Story {
    /// The story of a plot.
    pub fn new(plot: Plot) -> Self {
        let start = Timestamp::from_millisecond(plot.start.as_millisecond());
        let plot = Plot { start: start.unwrap_or(plot.start), ..plot };
        let mut dice = Dice::new(plot.seed);
        let ledger = Ledger::open(&mut dice, plot.start);
        Self {
            id_prefix: id_prefix(plot.start),
            metrics_every_ms: match plot.pace {
                Pace::Speed(_) => METRICS_EVERY_MS,
                Pace::Rate(_) => METRICS_EVERY_AT_RATE_MS,
            },
            dice,
            plot,
            told: 0,
            booked: 0,
            next_metrics_ms: 0,
            next_booking_ms: FIRST_BOOKING_MS,
            undecided: VecDeque::with_capacity(2),
            ledger,
        }
    }

    /// When the next event is due after the start, that of the story's own clock being `at_ms`.
    fn due(&self, at_ms: u64) -> Duration {
        match self.plot.pace {
            Pace::Speed(speed) => {
                let seconds = at_ms as f64 / 1_000.0 / speed;
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
            Pace::Rate(rate) => {
                let nanos = rate.per.as_nanos() * u128::from(self.told) / u128::from(rate.count);
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }

    fn time_of(&self, due: Duration) -> Timestamp {
        let passed = i64::try_from(due.as_millis()).unwrap_or(i64::MAX);
        let passed = SignedDuration::from_millis(passed);
        self.plot.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn book(&mut self, at_ms: u64, at: Timestamp) -> Body {
        self.booked += 1;
        let id = format!("{}-{:07}", self.id_prefix, self.booked);
        let (booking, usd_cents) = wares::book(&mut self.dice, id, at);
        let wait = self.dice.between(UNTIL_DECIDED_MS.0, UNTIL_DECIDED_MS.1);
        self.undecided.push_back(Undecided {
            at_ms: at_ms + u64::from(wait),
            booking: booking.clone(),
            usd_cents,
        });
        let (least, most) = BETWEEN_BOOKINGS_MS;
        self.next_booking_ms = at_ms + u64::from(self.dice.between(least, most));
        Body::Booking(booking)
    }

    fn decide(&mut self, undecided: Undecided, at: Timestamp) -> Body {
        let confirmed = self.dice.chance(CONFIRMED_PERCENT);
        if confirmed {
            let new_customer = self.dice.chance(85);
            self.ledger.earn(undecided.usd_cents, new_customer, at);
        }
        let status = if confirmed { Status::Confirmed } else { Status::Cancelled };
        let revision = Some(Revision::Number(2));
        Body::Booking(Booking { status: Some(status), revision, ..undecided.booking })
    }
}

impl Iterator for Story {
    type Item = (Duration, Event);

    fn next(&mut self) -> Option<Self::Item> {
        let decision_ms = self.undecided.front().map_or(u64::MAX, |next| next.at_ms);
        let at_ms = self.next_metrics_ms.min(self.next_booking_ms).min(decision_ms);
        let due = self.due(at_ms);
        let at = self.time_of(due);
        let body = if at_ms == self.next_metrics_ms {
            self.next_metrics_ms += self.metrics_every_ms;
            Body::Metrics(self.ledger.show(&mut self.dice, at))
        } else if at_ms == self.next_booking_ms {
            self.book(at_ms, at)
        } else {
            let undecided = self.undecided.pop_front()?;
            self.decide(undecided, at)
        };
        self.told += 1;
        let event = Event {
            id: None,
            source: self.plot.source.clone(),
            feed: self.plot.feed.clone(),
            at,
            received: at,
            body,
            extra: contract::Fields::new(),
        };
        Some((due, event))
    }
}

/// `BK-20261123T021500`, with milliseconds where the start has some: two runs that begin at
/// different times share no id.
fn id_prefix(start: Timestamp) -> String {
    let ms = start.as_millisecond().rem_euclid(1_000);
    let second = start.strftime("BK-%Y%m%dT%H%M%S");
    if ms == 0 { second.to_string() } else { format!("{second}{ms:03}") }
}

/// The dashboard's figures.
struct Ledger {
    total_cents: u64,
    today_cents: u64,
    today: i64,
    active: u64,
    customers: u64,
    /// Percent, in tenths: revenue, bookings, customers.
    changes: [i64; 3],
}

impl Ledger {
    fn open(dice: &mut Dice, start: Timestamp) -> Self {
        Self {
            total_cents: u64::from(dice.between(80_000_000, 140_000_000)),
            today_cents: u64::from(dice.between(500_000, 2_500_000)),
            today: start.as_millisecond().div_euclid(DAY_MS),
            active: u64::from(dice.between(200, 500)),
            customers: u64::from(dice.between(6_000, 12_000)),
            changes: [125, -32, 41],
        }
    }

    fn earn(&mut self, usd_cents: u64, new_customer: bool, at: Timestamp) {
        self.turn_page(at);
        self.total_cents += usd_cents;
        self.today_cents += usd_cents;
        self.active += 1;
        self.customers += u64::from(new_customer);
    }

    fn show(&mut self, dice: &mut Dice, at: Timestamp) -> Metrics {
        self.turn_page(at);
        for change in &mut self.changes {
            *change = (*change + i64::from(dice.between(0, 6)) - 3).clamp(-400, 400);
        }
        if self.active > 100 && dice.chance(10) {
            self.active -= 1;
        }
        let [revenue, bookings, customers] = self.changes.map(|tenths| Decimal::new(tenths, 1));
        Metrics {
            total_revenue: Some(Decimal::from(self.total_cents) / Decimal::ONE_HUNDRED),
            today_revenue: Some(Decimal::from(self.today_cents) / Decimal::ONE_HUNDRED),
            active_bookings: Some(self.active.into()),
            total_customers: Some(self.customers.into()),
            revenue_change: Some(revenue),
            bookings_change: Some(bookings),
            customers_change: Some(customers),
        }
    }

    fn turn_page(&mut self, at: Timestamp) {
        let day = at.as_millisecond().div_euclid(DAY_MS);
        if day != self.today {
            self.today = day;
            self.today_cents = 0;
        }
    }
}

#[cfg(test)]
mod tests;
