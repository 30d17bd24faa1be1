//! Job: conditions on when something begins or ends.
//! Takes: `"within 24h"`, `"after 30d"`, `"today"`, `"past"`, a date.
//! Gives: `TimeTest`, and whether it holds for a moment, now, in a time zone.
//! Never: reads a clock.

use std::fmt;

use contract::Moment;
use contract::values::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::wanted::Wanted;

/// A condition on a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeTest {
    /// Not past, and no further away than this.
    Within(Span),
    /// Further away than this.
    After(Span),
    /// On the day that it is now.
    Today,
    /// Over. A day is over at its end.
    Past,
    /// On this day.
    On(Date),
}

impl TimeTest {
    /// Says whether a moment fits. A date is the whole of that day in `zone`; absent where the
    /// moment lies beyond what a calendar can hold.
    pub fn holds(&self, moment: Moment, now: Timestamp, zone: &TimeZone) -> Option<bool> {
        let (from, until) = bounds(moment, zone)?;
        Some(match self {
            Self::Within(span) => until >= now && from <= later(now, *span)?,
            Self::After(span) => from > later(now, *span)?,
            Self::Past => until < now,
            Self::Today => day(moment, zone) == zone.to_datetime(now).date(),
            Self::On(date) => day(moment, zone) == *date,
        })
    }
}

/// The first and the last instant of a moment.
fn bounds(moment: Moment, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    match moment {
        Moment::Instant(instant) => Some((instant, instant)),
        Moment::Date(date) => {
            let start = |date: Date| date.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
            let until = start(date.tomorrow().ok()?)?;
            Some((start(date)?, until.checked_sub(SignedDuration::from_nanos(1)).ok()?))
        }
    }
}

/// The day of a moment, in `zone` where it is an instant.
pub(crate) fn day(moment: Moment, zone: &TimeZone) -> Date {
    match moment {
        Moment::Date(date) => date,
        Moment::Instant(instant) => zone.to_datetime(instant).date(),
    }
}

fn later(now: Timestamp, span: Span) -> Option<Timestamp> {
    let span = SignedDuration::try_from(span.0).ok()?;
    now.checked_add(span).ok()
}

impl Wanted for TimeTest {
    const NAME: &'static str = "TimeIs";
    const EXPECTED: &'static str =
        "\"within 24h\", \"after 30d\", \"today\", \"past\" or a date, such as 2026-12-24";

    fn of_text(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" says no time: it takes {}", Self::EXPECTED);
        let words = text.trim();
        if let Some(span) = words.strip_prefix("within ") {
            return span.parse().map(Self::Within);
        }
        if let Some(span) = words.strip_prefix("after ") {
            return span.parse().map(Self::After);
        }
        match words {
            "today" => Ok(Self::Today),
            "past" => Ok(Self::Past),
            date => date.parse().map(Self::On).map_err(|_| wrong()),
        }
    }

    fn of_date(text: &str) -> Result<Self, String> {
        if text.len() > "2026-12-24".len() {
            return Err(format!("{text} is more than a day: it takes {}", Self::EXPECTED));
        }
        Self::of_text(text)
    }

    fn schema() -> serde_json::Value {
        let span = "([0-9]+\\s*(ms|s|m|h|d|w)\\s*)+";
        let date = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
        let pattern = format!("^(within {span}|after {span}|today|past|{date})$");
        json!({ "type": "string", "pattern": pattern })
    }
}

impl fmt::Display for TimeTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(span) => write!(f, "within {span}"),
            Self::After(span) => write!(f, "after {span}"),
            Self::Today => f.write_str("today"),
            Self::Past => f.write_str("past"),
            Self::On(date) => date.fmt(f),
        }
    }
}
