//! Job: `deskbell failed`: what was given up, to be rung again or taken back.
//! Takes: the store to list, the running daemon to act.
//! Gives: a list, newest first, with the ids that `retry` and `drop` take.
//! Never: acts on what it was not told to act on.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ago::clock;
use super::asking::{self, Done};
use super::cli::{Chosen, FailedAct, FailedOptions, Listing};
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
        Some(FailedAct::Retry(chosen)) => act(caller, chosen, Act::Retry).await,
        Some(FailedAct::Drop(chosen)) => act(caller, chosen, Act::Drop).await,
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

async fn act(caller: &Caller, chosen: Chosen, act: Act) -> Result<Exit, Failure> {
    let ids = chosen.which.ids;
    let named = !ids.is_empty();
    let ask = match act {
        Act::Retry => Ask::Retry { ids },
        Act::Drop => Ask::Drop { ids },
    };
    let home = caller.home()?;
    let answer = asking::ask(&home, &ask).await?;
    if chosen.output.json {
        caller.screen.document(&answer)?;
    }
    let done: Done = asking::understood(answer)?;
    if !chosen.output.json {
        caller.screen.say(&acted(done, act))?;
    }
    Ok(if named && done.changed == 0 { Exit::Failed } else { Exit::Ok })
}

/// What an action came to.
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

#[cfg(test)]
mod tests {
    use contract::Class;

    use super::*;
    use crate::commands::sample;
    use crate::delivery::{DeadReason, State};

    #[test]
    fn what_was_given_up_says_why_and_how_to_ring_it_again() {
        let mut rejected =
            sample::owed("webhook.crm", State::Dead(DeadReason::Rejected(Class::Payload)));
        rejected.delivery.why = Some((Class::Payload, "422: \u{1b}[2J no such field".into()));
        let rows = [rejected, sample::owed("console.log", State::Expired)];
        let listing = Listing::default();
        let when = (sample::now(), &TimeZone::UTC);
        insta::assert_snapshot!(render(&rows, 40, listing, when, Paint::Plain), @r"
         id  given up  sink         booking           tries  why                       said
        7-1  09:48:01  webhook.crm  BK-20261123-0001      1  dead (rejected: payload)  422: [2J no such field
        7-1  09:48:01  console.log  BK-20261123-0001      1  expired
        … 38 more: --offset 2

        ring again: deskbell failed retry ID … (or --all)   take back: deskbell failed drop ID … (or --all)
        ");
        assert_eq!(render(&[], 0, listing, when, Paint::Plain), "nothing was given up\n");
    }

    #[test]
    fn what_an_action_came_to_is_said_in_numbers() {
        let cases = [
            (1, 0, Act::Retry, "1 ring will be tried again from the start\n"),
            (2, 0, Act::Drop, "2 rings taken back; history keeps them\n"),
            (0, 0, Act::Retry, "nothing was changed: no such ring is given up\n"),
            (
                0,
                2,
                Act::Retry,
                "nothing was changed: no such ring is given up\n\
                 2 rings cannot ring any more: what they say was erased\n",
            ),
        ];
        for (changed, erased, act, said) in cases {
            assert_eq!(acted(Done { changed, erased }, act), said);
        }
    }
}
