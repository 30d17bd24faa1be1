//! Job: `deskbell held`: what is kept back, by what, and until when.
//! Takes: the store.
//! Gives: a list, oldest first, and how to let it go.
//! Never: needs a running daemon.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::{ago, clock};
use super::cli::Listing;
use super::delivery_line::whom;
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
    let shown = Shown { status: &status, now: caller.now(), zone: &home.zone };
    let text = shown.text(&rows, listing.offset, caller.screen.paint);
    caller.screen.say(&text)?;
    Ok(Exit::Ok)
}

/// What is shown beside the rows.
struct Shown<'a> {
    status: &'a Status,
    now: Timestamp,
    zone: &'a TimeZone,
}

impl Shown<'_> {
    fn text(&self, rows: &[OwedRow], offset: u32, paint: Paint) -> String {
        if rows.is_empty() {
            return match offset {
                0 => "nothing is held\n".to_owned(),
                offset => format!("nothing more is held after the first {offset}\n"),
            };
        }
        let columns = ["came", "sink", "about", "held by", "rings"];
        let mut table = Table::new(columns.map(|name| (name, Side::Left)));
        let mut by_reason: BTreeMap<&'static str, State> = BTreeMap::new();
        for row in rows {
            let state = row.delivery.state;
            by_reason.insert(reason(state), state);
            table.row(vec![
                ago(row.event.received, self.now).into(),
                whom(&row.delivery).into(),
                row.event.subject.as_str().into(),
                Cell::new(self.held_by(row), Tone::Wary),
                row.delivery.title.as_str().into(),
            ]);
        }
        let mut text = table.text(paint);
        let all: u64 = self.status.sinks.iter().map(|sink| sink.held).sum();
        let shown = rows.len() as u64 + u64::from(offset);
        if all > shown {
            text += &format!("  … {} more: --offset {shown}\n", all - shown);
        }
        text += "\n";
        for state in by_reason.values() {
            text += &format!("  {}: {}\n", reason(*state), let_go(*state));
        }
        text
    }

    fn held_by(&self, row: &OwedRow) -> String {
        let sink = self.status.sinks.iter().find(|sink| sink.name == row.delivery.sink);
        let state = row.delivery.state;
        match sink.and_then(|sink| self.until(sink, state)) {
            Some(until) => {
                format!("{} until {}", reason(state), clock(until, self.now, self.zone))
            }
            None => reason(state).to_owned(),
        }
    }

    fn until(&self, sink: &SinkStatus, state: State) -> Option<Timestamp> {
        let everywhere = self.status.paused.as_ref();
        match state {
            State::Held(HeldReason::Paused) => {
                sink.paused.as_ref().or(everywhere).and_then(|pause| pause.until)
            }
            State::Held(_) => sink.hold.as_ref().and_then(|hold| hold.until),
            _ => None,
        }
    }
}

fn reason(state: State) -> &'static str {
    match state {
        State::Held(reason) => reason.word(),
        other => other.word(),
    }
}

/// What lets a ring go that is held in this state.
fn let_go(state: State) -> &'static str {
    match state {
        State::Held(HeldReason::Paused) => "deskbell resume rings them now",
        State::Held(HeldReason::SinkDown) => {
            "they ring when the sink is well; what it says: deskbell status; \
             once it is mended, at once: deskbell resume SINK"
        }
        State::Held(HeldReason::Throttled) => "they ring by themselves when the wait is over",
        State::Held(HeldReason::Disabled) => {
            "its far side is gone: mend the sink, then deskbell resume SINK"
        }
        _ => "configure the sink again, and they ring",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::sample;
    use crate::outbox::Pause;

    #[test]
    fn what_is_held_says_by_what_until_when_and_what_lets_it_go() {
        let until = Some(sample::at("2026-11-23T10:30:00Z"));
        let pause = Pause { since: sample::now(), until, by: "uid 0".into() };
        let mut sinks = vec![sample::sink("webhook.crm"), sample::sink("console.log")];
        sinks[0].paused = Some(pause);
        sinks[0].held = 9;
        let status = Status { sinks, ..Status::default() };
        let rows = [
            sample::owed("webhook.crm", State::Held(HeldReason::Paused)),
            sample::owed("console.log", State::Held(HeldReason::SinkDown)),
            sample::owed("webhook.old", State::Parked),
        ];
        let shown = Shown { status: &status, now: sample::now(), zone: &TimeZone::UTC };
        insta::assert_snapshot!(shown.text(&rows, 0, Paint::Plain), @r"
        came        sink         about             held by                rings
        12 min ago  webhook.crm  BK-20261123-0001  paused until 10:30:00  New tour · Phi Phi Islands Day Tour
        12 min ago  console.log  BK-20261123-0001  sink down              New tour · Phi Phi Islands Day Tour
        12 min ago  webhook.old  BK-20261123-0001  parked                 New tour · Phi Phi Islands Day Tour
        … 7 more: --offset 3

        parked: configure the sink again, and they ring
        paused: deskbell resume rings them now
        sink down: they ring when the sink is well; what it says: deskbell status; once it is mended, at once: deskbell resume SINK
        ");
        assert_eq!(shown.text(&[], 0, Paint::Plain), "nothing is held\n");
        let past_the_end = shown.text(&[], 50, Paint::Plain);
        assert_eq!(past_the_end, "nothing more is held after the first 50\n");
    }
}
