//! Job: `deskbell failed`: what was given up, to be rung again or taken back.
//! Takes: the store to list, the running daemon to act.
//! Gives: a list, newest first, with the ids that `retry` and `drop` take.
//! Never: acts on what it was not told to act on.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::clock;
use super::asking::{self, Done};
use super::cli::{FailedAct, FailedOptions, Listing, Which};
use super::delivery_line::whom;
use super::documents::OwedDocument;
use super::failure::Failure;
use super::table::{Cell, Side, Table, Tone};
use super::{Caller, looking, page};
use crate::app::exit::Exit;
use crate::config::complain::Paint;
use crate::outbox::OwedRow;
use crate::web::control::Ask;

/// Lists what was given up, or acts on it.
pub(super) async fn run(caller: &Caller, options: FailedOptions) -> Result<Exit, Failure> {
    match options.act {
        None => list(caller, options.listing),
        Some(FailedAct::Retry(which)) => act(caller, which, options.listing, Act::Retry).await,
        Some(FailedAct::Drop(which)) => act(caller, which, options.listing, Act::Drop).await,
    }
}

#[derive(Clone, Copy)]
enum Act {
    Retry,
    Drop,
}

fn list(caller: &Caller, listing: Listing) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let store = looking::open(&home, &caller.doors.clock)?;
    let rows = store.failed(None, page(listing))?;
    if listing.output.json {
        let documents: Vec<_> = rows.iter().map(OwedDocument::of).collect();
        caller.screen.document(&documents)?;
        return Ok(Exit::Ok);
    }
    let all = store.status()?.sinks.iter().map(|sink| sink.failed).sum();
    let shown = render(&rows, all, listing, (caller.now(), &home.zone), caller.screen.paint);
    caller.screen.say(&shown)?;
    Ok(Exit::Ok)
}

fn render(
    rows: &[OwedRow],
    all: u64,
    listing: Listing,
    (now, zone): (Timestamp, &TimeZone),
    paint: Paint,
) -> String {
    if rows.is_empty() {
        return match listing.offset {
            0 => "nothing was given up\n".to_owned(),
            offset => format!("nothing more was given up after the first {offset}\n"),
        };
    }
    let mut table = Table::new([
        ("id", Side::Right),
        ("given up", Side::Left),
        ("sink", Side::Left),
        ("booking", Side::Left),
        ("tries", Side::Right),
        ("why", Side::Left),
        ("said", Side::Left),
    ]);
    for OwedRow { event, delivery } in rows {
        let said = delivery.why.as_ref().map(|(_, said)| said.clean()).unwrap_or_default();
        table.row(vec![
            delivery.id.to_string().into(),
            clock(delivery.answered.unwrap_or(event.received), now, zone).into(),
            whom(delivery).into(),
            event.subject.as_str().into(),
            u64::from(delivery.tries).into(),
            Cell::new(delivery.state.to_string(), Tone::Bad),
            said.into(),
        ]);
    }
    let mut text = table.text(paint);
    let shown = rows.len() as u64 + u64::from(listing.offset);
    if all > shown {
        text += &format!("  … {} more: --offset {shown}\n", all - shown);
    }
    text + "\n  ring again: deskbell failed retry ID … (or --all)   \
            take back: deskbell failed drop ID … (or --all)\n"
}

async fn act(caller: &Caller, which: Which, listing: Listing, act: Act) -> Result<Exit, Failure> {
    let ids = which.ids;
    let named = !ids.is_empty();
    let ask = match act {
        Act::Retry => Ask::Retry { ids },
        Act::Drop => Ask::Drop { ids },
    };
    let home = caller.home()?;
    let answer = asking::ask(&home, &ask).await?;
    if listing.output.json {
        caller.screen.document(&answer)?;
    }
    let done: Done = asking::understood(answer)?;
    if !listing.output.json {
        caller.screen.say(&acted(done, act))?;
    }
    Ok(if named && done.changed == 0 { Exit::Failed } else { Exit::Ok })
}

fn acted(done: Done, act: Act) -> String {
    let rings = |count: u64| if count == 1 { "1 ring".into() } else { format!("{count} rings") };
    let mut text = match (done.changed, act) {
        (0, _) => "nothing was changed: no such ring is given up\n".to_owned(),
        (count, Act::Retry) => format!("{} will be tried again from the start\n", rings(count)),
        (count, Act::Drop) => format!("{} taken back; history keeps them\n", rings(count)),
    };
    if done.erased > 0 {
        let erased = rings(done.erased);
        text += &format!("{erased} cannot ring any more: what they say was erased\n");
    }
    text
}
