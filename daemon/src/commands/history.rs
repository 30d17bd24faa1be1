//! Job: `deskbell history`: what came and what became of it.
//! Takes: filters, the store.
//! Gives: a list, newest first.
//! Never: needs a running daemon.

use contract::text::{clean, cut};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::clock;
use super::cli::HistoryOptions;
use super::delivery_line::{brief, mark};
use super::documents::{HistoryDocument, QuarantinedDocument};
use super::event_line;
use super::failure::Failure;
use super::table::{Cell, Side, Table, Tone};
use super::{Caller, looking, page};
use crate::app::exit::Exit;
use crate::config::complain::Paint;
use crate::delivery::{Outcome, State};
use crate::outbox::{HistoryFilter, HistoryRow, QuarantinedRow};

/// The words that `--state` takes.
const STATES: [&str; 9] =
    ["pending", "claimed", "waiting", "held", "sent", "dead", "expired", "withdrawn", "parked"];
/// What `--help` says beyond the options: examples, and what each of these words means.
pub(super) const HELP: &str = "For example:
  deskbell history --since 2h --sink webhook.crm
  deskbell history --state dead
  deskbell history --quarantined

A ring is:
  pending    due at its time, never tried
  claimed    in its sink's hands; the answer is not recorded yet
  waiting    tried in vain, tried again at its time
  held       kept back: paused, or its sink is down, throttled or disabled
  sent       its sink took it
  dead       given up: refused, tried too often, or too old; see deskbell failed
  expired    too old to ring when its turn came; see deskbell failed
  withdrawn  not to ring: taken back by a person, or in shadow
  parked     its sink is no longer configured; it rings once that is back";
/// How much is shown of a frame that could not be read, bytes.
const FRAME_BYTES_MAX: usize = 120;

/// Lists what came.
pub(super) fn run(caller: &Caller, options: &HistoryOptions) -> Result<Exit, Failure> {
    let filter = filter(options, caller.now())?;
    let home = caller.home()?;
    let store = looking::open(&home, &caller.doors.clock)?;
    let (listing, screen) = (options.listing, &caller.screen);
    let when = (caller.now(), &home.zone);
    if options.quarantined {
        let rows = store.quarantine(page(listing))?;
        match listing.output.json {
            true => {
                screen.document(&rows.iter().map(QuarantinedDocument::of).collect::<Vec<_>>())?
            }
            false => screen.say(&quarantined(&rows, when))?,
        }
        return Ok(Exit::Ok);
    }
    let rows = store.history(&filter, page(listing))?;
    if let (true, Some(sink)) = (rows.is_empty(), &options.sink) {
        looking::sink_is_known(&store, sink)?;
    }
    match listing.output.json {
        true => screen.document(&rows.iter().map(HistoryDocument::of).collect::<Vec<_>>())?,
        false => screen.say(&render(&rows, when, screen.paint))?,
    }
    Ok(Exit::Ok)
}

fn filter(options: &HistoryOptions, now: Timestamp) -> Result<HistoryFilter, Failure> {
    if let Some(state) = options.state.as_deref().filter(|state| !STATES.contains(state)) {
        let failure = Failure::usage(format!("\"{state}\" is no state of a delivery"));
        return Err(match contract::written::nearest(state, STATES) {
            Some(meant) => failure.hint(format!("did you mean {meant}?")),
            None => failure.hint(format!("one of {}", STATES.join(", "))),
        });
    }
    Ok(HistoryFilter {
        booking: options.booking.clone(),
        sink: options.sink.as_deref().map(Into::into),
        state: options.state.clone(),
        since: options.since.map(|span| now.checked_sub(span.0).unwrap_or(Timestamp::MIN)),
        text: None,
    })
}

fn render(rows: &[HistoryRow], (now, zone): (Timestamp, &TimeZone), paint: Paint) -> String {
    if rows.is_empty() {
        return "nothing came that fits\n".to_owned();
    }
    let columns = ["came", "about", "what", "rang"];
    let mut table = Table::new(columns.map(|name| (name, Side::Left)));
    for HistoryRow { event, deliveries } in rows {
        let says = match &event.event {
            Some(event) => event_line::says(event),
            None => format!("({}, erased)", event.kind),
        };
        let rang: Vec<String> = deliveries.iter().map(brief).collect();
        let ill = |state: State| mark(state).1 == Tone::Bad;
        let tone = match deliveries.iter().any(|delivery| ill(delivery.state)) {
            true => Tone::Bad,
            false => Tone::Plain,
        };
        let rang = match (rang.is_empty(), event.outcome) {
            (false, _) => Cell::new(rang.join("  "), tone),
            (true, Outcome::Routed) => Cell::new("nobody", Tone::Faint),
            (true, outcome) => Cell::new(outcome.word(), Tone::Faint),
        };
        table.row(vec![
            clock(event.received, now, zone).into(),
            event.subject.as_str().into(),
            says.into(),
            rang,
        ]);
    }
    table.text(paint)
}

fn quarantined(rows: &[QuarantinedRow], (now, zone): (Timestamp, &TimeZone)) -> String {
    if rows.is_empty() {
        return "every frame could be read\n".to_owned();
    }
    let mut text = String::new();
    for row in rows {
        let frame = String::from_utf8_lossy(&row.frame.bytes);
        text += &format!(
            "  {}  {}  {}, {} bytes\n      {}\n",
            clock(row.received, now, zone),
            clean(row.source.as_str()),
            row.frame.said.clean(),
            row.frame.length,
            cut(&clean(&frame), FRAME_BYTES_MAX),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::sample;
    use crate::delivery::{DeadReason, HeldReason};

    #[test]
    fn history_shows_what_came_and_what_became_of_it() {
        let mut rows = vec![
            sample::history(&[("console.log", State::Sent), ("webhook.crm", State::Waiting)]),
            sample::history(&[("webhook.crm", State::Dead(DeadReason::Attempts))]),
            sample::history(&[("webhook.crm", State::Held(HeldReason::Paused))]),
            sample::history(&[]),
            sample::history(&[]),
        ];
        rows[3].event.outcome = Outcome::Unmatched;
        rows[4].event.event = None;
        insta::assert_snapshot!(render(&rows, (sample::now(), &TimeZone::UTC), Paint::Plain), @r"
        came      about             what                                                                      rang
        09:48:00  BK-20261123-0001  new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH  ✓ console.log  ↻ webhook.crm waiting
        09:48:00  BK-20261123-0001  new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH  ✗ webhook.crm dead (every try failed)
        09:48:00  BK-20261123-0001  new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH  ‖ webhook.crm held (paused)
        09:48:00  BK-20261123-0001  new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH  unmatched
        09:48:00  BK-20261123-0001  (booking, erased)                                                         nobody
        ");
    }

    #[test]
    fn the_help_says_what_each_state_means() {
        let told = HELP.split_once("A ring is:\n").unwrap().1;
        let words: Vec<_> = told.lines().map(|line| line.split_whitespace().next()).collect();
        assert_eq!(words, STATES.map(Some));
    }

    #[test]
    fn a_word_that_is_no_state_is_answered_with_one() {
        let options =
            |state: &str| HistoryOptions { state: Some(state.into()), ..Default::default() };
        let wrong = filter(&options("daed"), sample::now()).unwrap_err();
        assert!(wrong.lines().contains("did you mean dead?"), "{}", wrong.lines());
        assert!(filter(&options("dead"), sample::now()).is_ok());
    }
}
