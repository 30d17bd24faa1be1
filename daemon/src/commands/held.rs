//! Job: `deskbell held`: what is kept back, by what, and until when.
//! Takes: the store.
//! Gives: a list, oldest first, and how to let it go.
//! Never: needs a running daemon.

use std::collections::BTreeMap;

use contract::text::clean;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::{ago, clock};
use super::cli::Listing;
use super::documents::OwedDocument;
use super::failure::Failure;
use super::table::{Cell, Side, Table, Tone};
use super::{Caller, looking, page};
use crate::app::exit::Exit;
use crate::config::complain::Paint;
use crate::delivery::{HeldReason, State};
use crate::outbox::{OwedRow, SinkStatus, Status};

/// Lists what is kept back.
pub(super) fn run(caller: &Caller, listing: Listing) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let store = looking::open(&home, &caller.doors.clock)?;
    let rows = store.held(page(listing))?;
    if listing.output.json {
        let documents: Vec<_> = rows.iter().map(OwedDocument::of).collect();
        caller.screen.document(&documents)?;
        return Ok(Exit::Ok);
    }
    let status = store.status()?;
    let shown = render(&rows, &status, listing, caller.now(), &home.zone, caller.screen.paint);
    caller.screen.say(&shown)?;
    Ok(Exit::Ok)
}

fn render(
    rows: &[OwedRow],
    status: &Status,
    listing: Listing,
    now: Timestamp,
    zone: &TimeZone,
    paint: Paint,
) -> String {
    if rows.is_empty() {
        return match listing.offset {
            0 => "nothing is held\n".to_owned(),
            offset => format!("nothing more is held after the first {offset}\n"),
        };
    }
    let columns = ["came", "sink", "booking", "held by", "rings"];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    let mut by_state: BTreeMap<&'static str, State> = BTreeMap::new();
    for row in rows {
        let state = row.delivery.state;
        by_state.insert(reason(state), state);
        table.row(vec![
            ago(row.event.received, now).into(),
            super::delivery_line::whom(&row.delivery).into(),
            row.event.subject.as_str().into(),
            Cell::new(held_by(row, status, now, zone), Tone::Wary),
            row.delivery.title.as_str().into(),
        ]);
    }
    let mut text = table.text(paint);
    let all: u64 = status.sinks.iter().map(|sink| sink.held).sum();
    let shown = rows.len() as u64 + u64::from(listing.offset);
    if all > shown {
        text += &format!("  … {} more: --offset {shown}\n", all - shown);
    }
    text += "\n";
    for state in by_state.values() {
        text += &format!("  {}\n", let_go(*state));
    }
    text
}

fn reason(state: State) -> &'static str {
    match state {
        State::Held(reason) => reason.word(),
        other => other.word(),
    }
}

fn held_by(row: &OwedRow, status: &Status, now: Timestamp, zone: &TimeZone) -> String {
    let sink = status.sinks.iter().find(|sink| sink.name == row.delivery.sink);
    let until = sink.and_then(|sink| until(sink, status, row.delivery.state));
    match until {
        Some(until) => {
            format!("{} until {}", reason(row.delivery.state), clock(until, now, zone))
        }
        None => reason(row.delivery.state).to_owned(),
    }
}

fn until(sink: &SinkStatus, status: &Status, state: State) -> Option<Timestamp> {
    match state {
        State::Held(HeldReason::Paused) => {
            sink.paused.as_ref().or(status.paused.as_ref()).and_then(|pause| pause.until)
        }
        State::Held(_) => sink.hold.as_ref().and_then(|hold| hold.until),
        _ => None,
    }
}

fn let_go(state: State) -> String {
    let words = reason(state);
    let todo = match state {
        State::Held(HeldReason::Paused) => "deskbell resume rings them now",
        State::Held(HeldReason::SinkDown) => {
            "they ring when the sink is well; what it says: deskbell status"
        }
        State::Held(HeldReason::Throttled) => "they ring by themselves when the wait is over",
        State::Held(HeldReason::Disabled) => {
            "its far side is gone: mend the sink, then deskbell resume SINK"
        }
        _ => "configure the sink again, and they ring",
    };
    format!("{}: {todo}", clean(words))
}
