//! Job: times as people say them.
//! Takes: moments, now, a time zone.
//! Gives: "41 s", "12 min ago", "in 27 s", "10:42:31", "Mon 09:12".
//! Never: reads a clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long, in the largest units that still say something: `41 s`, `12 min`, `3 h 20 min`, `6 d`.
pub(super) fn length(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => match seconds % HOUR / MINUTE {
            0 => format!("{} h", seconds / HOUR),
            minutes => format!("{} h {minutes} min", seconds / HOUR),
        },
        _ => format!("{} d", seconds / DAY),
    }
}

/// How long it is since `then`; nothing where it is still to come.
pub(super) fn since(then: Timestamp, now: Timestamp) -> String {
    length(seconds_between(then, now))
}

/// How long it is until `then`; nothing where it is past. A begun second counts.
pub(super) fn until(then: Timestamp, now: Timestamp) -> String {
    let rest = then.duration_since(now);
    let begun = i64::from(rest.subsec_nanos() > 0);
    length(u64::try_from(rest.as_secs().saturating_add(begun)).unwrap_or(0))
}

/// `41 s ago`, or `in 27 s` for what is still to come.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    if then > now {
        format!("in {}", until(then, now))
    } else {
        format!("{} ago", since(then, now))
    }
}

fn seconds_between(then: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(then).as_secs()).unwrap_or(0)
}

/// What the clock shows at `then`: the time today, weekday and time within six days, else the date.
pub(super) fn clock(then: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (there, here) = (then.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let days = here.date().since(there.date()).map_or(i32::MAX, |span| span.get_days().abs());
    match days {
        0 => there.strftime("%H:%M:%S").to_string(),
        1..=6 => there.strftime("%a %H:%M").to_string(),
        _ => there.strftime("%Y-%m-%d %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_length_is_said_in_units_that_still_say_something() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (12_000, "3 h 20 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d"),
            (6 * 86_400 + 5, "6 d"),
        ];
        for (seconds, said) in cases {
            assert_eq!(length(seconds), said);
        }
    }

    #[test]
    fn what_is_to_come_is_said_as_such() {
        let now = at("2026-11-23T10:00:00Z");
        let cases = [
            ("2026-11-23T09:59:19Z", "41 s ago"),
            ("2026-11-23T10:00:00Z", "0 s ago"),
            ("2026-11-23T10:00:26.5Z", "in 27 s"),
            ("2026-11-23T10:30:00Z", "in 30 min"),
        ];
        for (then, said) in cases {
            assert_eq!(ago(at(then), now), said);
        }
    }

    #[test]
    fn the_clock_says_no_more_than_is_needed() {
        let zone = TimeZone::get("Asia/Bangkok").unwrap();
        let now = at("2026-11-25T10:00:00Z");
        let cases = [
            ("2026-11-25T03:42:31Z", "10:42:31"),
            ("2026-11-24T17:00:00Z", "00:00:00"),
            ("2026-11-24T16:59:59Z", "Tue 23:59"),
            ("2026-11-19T02:12:00Z", "Thu 09:12"),
            ("2026-11-18T02:12:00Z", "2026-11-18 09:12"),
        ];
        for (then, said) in cases {
            assert_eq!(clock(at(then), now, &zone), said);
        }
    }
}
