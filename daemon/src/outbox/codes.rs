//! Job: how values stand in the store.
//! Takes: states, words, times.
//! Gives: their numbers, and back.
//! Never: gives one number two meanings; a number that was released keeps its own.

use contract::{Class, Kind, Level};
use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::delivery::{DeadReason, HeldReason, Outcome, State, Way, WithdrawnBy};

pub(super) const PENDING: i64 = 0;
pub(super) const WAITING: i64 = 1;
/// Claimed in the transaction that stored it.
pub(super) const BORN: i64 = 2;
pub(super) const SENT: i64 = 3;
pub(super) const WITHDRAWN: i64 = 4;
/// Claimed later. This state and those after it are in an index.
pub(super) const RECLAIMED: i64 = 6;
pub(super) const EXPIRED: i64 = 7;
pub(super) const DEAD: i64 = 8;

/// The `due` of a row behind the head of its lane.
pub(super) const BEHIND: i64 = i64::MAX;

const BY_PERSON: i64 = 1;
const BY_SHADOW: i64 = 2;
const DEAD_ATTEMPTS: i64 = 1;
const DEAD_AGE: i64 = 2;
const DEAD_REJECTED: i64 = 10;

/// A state's number, without its reason. Held and parked rows are stored as pending: the gate and
/// the configuration say the rest.
pub(super) fn state_code(state: State) -> (i64, Option<i64>) {
    match state {
        State::Pending | State::Held(_) | State::Parked => (PENDING, None),
        State::Waiting => (WAITING, None),
        State::Claimed => (RECLAIMED, None),
        State::Sent => (SENT, None),
        State::Expired => (EXPIRED, None),
        State::Withdrawn(WithdrawnBy::Person) => (WITHDRAWN, Some(BY_PERSON)),
        State::Withdrawn(WithdrawnBy::Shadow) => (WITHDRAWN, Some(BY_SHADOW)),
        State::Dead(DeadReason::Attempts) => (DEAD, Some(DEAD_ATTEMPTS)),
        State::Dead(DeadReason::Age) => (DEAD, Some(DEAD_AGE)),
        State::Dead(DeadReason::Rejected(class)) => (DEAD, Some(DEAD_REJECTED + class_code(class))),
    }
}

/// The state that a row stands in by itself.
pub(super) fn state_of(code: i64, reason: Option<i64>) -> Option<State> {
    Some(match (code, reason) {
        (PENDING, _) => State::Pending,
        (WAITING, _) => State::Waiting,
        (BORN | RECLAIMED, _) => State::Claimed,
        (SENT, _) => State::Sent,
        (EXPIRED, _) => State::Expired,
        (WITHDRAWN, Some(BY_SHADOW)) => State::Withdrawn(WithdrawnBy::Shadow),
        (WITHDRAWN, _) => State::Withdrawn(WithdrawnBy::Person),
        (DEAD, Some(DEAD_ATTEMPTS)) => State::Dead(DeadReason::Attempts),
        (DEAD, Some(DEAD_AGE)) => State::Dead(DeadReason::Age),
        (DEAD, Some(code)) => State::Dead(DeadReason::Rejected(class_of(code - DEAD_REJECTED)?)),
        _ => return None,
    })
}

const CLASSES: [Class; 6] = [
    Class::Transient,
    Class::Ambiguous,
    Class::Throttled,
    Class::Payload,
    Class::Config,
    Class::Gone,
];
const KINDS: [Kind; 5] = [Kind::Booking, Kind::Metrics, Kind::Feed, Kind::Sink, Kind::Other];
const OUTCOMES: [Outcome; 5] =
    [Outcome::Seen, Outcome::Stale, Outcome::Ignored, Outcome::Unmatched, Outcome::Routed];
const WAYS: [Way; 4] = [Way::Ring, Way::Data, Way::Follow, Way::Alarm];
const LEVELS: [Level; 4] = [Level::Info, Level::Success, Level::Warning, Level::Error];
const HELD: [HeldReason; 4] =
    [HeldReason::Paused, HeldReason::SinkDown, HeldReason::Throttled, HeldReason::Disabled];

fn code_in<T: PartialEq>(list: &[T], value: &T) -> i64 {
    let place = list.iter().position(|one| one == value);
    place.expect("each list of codes holds every variant") as i64
}

fn at<T: Copy>(list: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|place| list.get(place).copied())
}

pub(super) fn class_code(class: Class) -> i64 {
    code_in(&CLASSES, &class)
}
pub(super) fn class_of(code: i64) -> Option<Class> {
    at(&CLASSES, code)
}
pub(super) fn kind_code(kind: Kind) -> i64 {
    code_in(&KINDS, &kind)
}
pub(super) fn kind_of(code: i64) -> Option<Kind> {
    at(&KINDS, code)
}
pub(super) fn outcome_code(outcome: Outcome) -> i64 {
    code_in(&OUTCOMES, &outcome)
}
pub(super) fn outcome_of(code: i64) -> Option<Outcome> {
    at(&OUTCOMES, code)
}
pub(super) fn way_code(way: Way) -> i64 {
    code_in(&WAYS, &way)
}
pub(super) fn way_of(code: i64) -> Option<Way> {
    at(&WAYS, code)
}
pub(super) fn level_code(level: Level) -> i64 {
    code_in(&LEVELS, &level)
}
pub(super) fn level_of(code: i64) -> Option<Level> {
    at(&LEVELS, code)
}
pub(super) fn held_code(reason: HeldReason) -> i64 {
    code_in(&HELD, &reason)
}
pub(super) fn held_of(code: i64) -> Option<HeldReason> {
    at(&HELD, code)
}

/// A stored number that means nothing to this program.
pub(super) fn unknown(column: &'static str, code: i64) -> rusqlite::Error {
    let said = format!("{column} {code} is unknown");
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, said.into())
}

/// A moment as ms: enough for schedules.
pub(super) fn ms(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// A moment from ms; what no calendar holds is its nearest end.
pub(super) fn from_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A moment to the nanosecond: an integer where 64 bits hold it, else text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact(pub(super) Timestamp);

impl ToSql for Exact {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match i64::try_from(self.0.as_nanosecond()) {
            Ok(nanoseconds) => nanoseconds.into(),
            Err(_) => self.0.to_string().into(),
        })
    }
}

impl FromSql for Exact {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let moment = match value {
            ValueRef::Integer(nanoseconds) => Timestamp::from_nanosecond(nanoseconds.into())
                .map_err(|error| FromSqlError::Other(error.into()))?,
            other => other
                .as_str()?
                .parse()
                .map_err(|error: jiff::Error| FromSqlError::Other(error.into()))?,
        };
        Ok(Self(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_that_a_row_has_by_itself_comes_back() {
        let mut states = vec![
            State::Pending,
            State::Waiting,
            State::Claimed,
            State::Sent,
            State::Expired,
            State::Withdrawn(WithdrawnBy::Person),
            State::Withdrawn(WithdrawnBy::Shadow),
            State::Dead(DeadReason::Attempts),
            State::Dead(DeadReason::Age),
        ];
        states.extend(CLASSES.map(|class| State::Dead(DeadReason::Rejected(class))));
        for state in states {
            let (code, reason) = state_code(state);
            assert_eq!(state_of(code, reason), Some(state));
        }
    }

    #[test]
    fn a_moment_comes_back_exactly_however_far_away() {
        let store = rusqlite::Connection::open_in_memory().unwrap();
        let cases = ["2026-11-23T03:05:06.123456789Z", "9999-12-30T22:00:00.000000001Z"];
        let cases = cases.map(|text| text.parse().unwrap());
        for moment in cases.into_iter().chain([Timestamp::MIN, Timestamp::MAX]) {
            let back: Exact =
                store.query_row("SELECT ?1", [Exact(moment)], |row| row.get(0)).unwrap();
            assert_eq!(back.0, moment);
        }
    }
}
