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
    } else if let Some(due) = row.due {
        match row.state {
            State::Waiting => parts.push(format!("next try {}", ago(due, now))),
            State::Pending => parts.push(format!("due {}", ago(due, now))),
            _ => {}
        }
    }
    if row.way != Way::Ring {
        parts.push(format!("as {}", row.way.word()));
    }
    if let Some(meant) = &row.redirected_from {
        parts.push(format!("meant for {meant}"));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use contract::Class;

    use super::*;
    use crate::commands::sample::{at, delivery, now};

    #[test]
    fn a_delivery_says_how_it_stands_and_what_comes_next() {
        let sent = delivery("console.log", State::Sent);
        let waiting = DeliveryRow {
            tries: 3,
            why: Some((Class::Transient, "503\u{1b}[2J".into())),
            due: Some(at("2026-11-23T10:00:26.5Z")),
            way: Way::Follow,
            address: Some("#sales".into()),
            ..delivery("webhook.crm", State::Waiting)
        };
        let behind =
            DeliveryRow { tries: 0, behind: true, ..delivery("webhook.crm", State::Pending) };
        let shown = [sent, waiting, behind].map(|row| {
            let (mark, _) = mark(row.state);
            format!("{mark} {}  {}", whom(&row), stands(&row, now(), &TimeZone::UTC))
        });
        insta::assert_snapshot!(shown.join("\n"), @r"
        ✓ console.log  sent · 1 try, answered 09:48:01 in 12 ms
        ↻ webhook.crm (#sales)  waiting · 3 tries, answered 09:48:01 in 12 ms · transient: 503[2J · next try in 27 s · as follow
        … webhook.crm  pending · behind an earlier ring of this booking
        ");
    }
}
