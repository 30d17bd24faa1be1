//! Job: a delivery in one line, for people.
//! Takes: a row, now, a zone.
//! Gives: where to, how it stands, what was said, when it is tried next.
//! Never: shows a body.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::{ago, clock};
use super::table::Tone;
use crate::delivery::{State, Way, WithdrawnBy};
use crate::outbox::DeliveryRow;

/// The mark and the tone of a state.
pub(super) fn mark(state: State) -> (&'static str, Tone) {
    match state {
        State::Sent => ("✓", Tone::Good),
        State::Dead(_) | State::Expired => ("✗", Tone::Bad),
        State::Waiting => ("↻", Tone::Wary),
        State::Held(_) | State::Parked => ("‖", Tone::Wary),
        State::Pending | State::Claimed => ("…", Tone::Plain),
        State::Withdrawn(WithdrawnBy::Shadow) => ("◌", Tone::Faint),
        State::Withdrawn(WithdrawnBy::Person) => ("✗", Tone::Plain),
    }
}

/// The sink, and which of its addresses.
pub(super) fn whom(row: &DeliveryRow) -> String {
    match &row.address {
        Some(address) => format!("{} ({address})", row.sink),
        None => row.sink.to_string(),
    }
}

/// The sink and the state in a few words, for a list of events: `✓ console.log`.
pub(super) fn brief(row: &DeliveryRow) -> String {
    let (mark, _) = mark(row.state);
    match row.state {
        State::Sent => format!("{mark} {}", whom(row)),
        state => format!("{mark} {} {state}", whom(row)),
    }
}

/// How it stands, with all that is known of it.
pub(super) fn stands(row: &DeliveryRow, now: Timestamp, zone: &TimeZone) -> String {
    let mut parts = vec![row.state.to_string()];
    if let Some(answered) = row.answered.filter(|_| row.tries > 0) {
        let tries = if row.tries == 1 { "try" } else { "tries" };
        let took = row.latency_ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
        let at = clock(answered, now, zone);
        parts.push(format!("{} {tries}, answered {at}{took}", row.tries));
    }
    if let Some((class, said)) = &row.why {
        parts.push(format!("{class}: {}", said.clean()));
    }
    if row.behind {
        parts.push("behind an earlier ring of this booking".to_owned());
    } else if let Some(due) = row.due.filter(|_| matches!(row.state, State::Waiting)) {
        parts.push(format!("next try {}", ago(due, now)));
    }
    if row.way != Way::Ring {
        parts.push(format!("as {}", row.way.word()));
    }
    if let Some(meant) = &row.redirected_from {
        parts.push(format!("meant for {meant}"));
    }
    parts.join(" · ")
}
