//! Job: `deskbell status`: how the daemon stands, on one screen.
//! Takes: the running daemon's document; where there is none, what the store says.
//! Gives: the screen, and 0 when all is well, 1 when not, 4 when no daemon runs.
//! Never: says LIVE while something needs a person.

use std::fmt::Write as _;

use contract::text::clean;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Caller;
use super::ago::{ago, clock, since, until};
use super::asking;
use super::cli::Output;
use super::failure::Failure;
use super::loading::Home;
use super::table::{Cell, Side, Table, Tone, painted};
use crate::app::exit::Exit;
use crate::app::status::{SinkLine, StatusDocument, TodayLine};
use crate::config::complain::Paint;
use crate::intake::{Link, Standing};
use crate::outbox::{LookError, Reader, Status};
use crate::web::control::{Ask, ControlError};

/// A due ring that has waited longer is worth a word.
const BEHIND_S: i64 = 60;

/// Shows how the daemon stands.
pub(super) async fn run(caller: &Caller, output: Output) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let document: StatusDocument = match asking::ask(&home, &Ask::Status).await {
        Ok(document) => asking::understood(document)?,
        Err(ControlError::NotRunning(place)) => return not_running(caller, &home, output, &place),
        Err(wrong) => return Err(wrong.into()),
    };
    match output.json {
        true => caller.screen.document(&document)?,
        false => caller.screen.say(&render(&document, &home.zone, caller.screen.paint))?,
    }
    Ok(if document.is_well() { Exit::Ok } else { Exit::Failed })
}

/// What waits does not depend on whether somebody is there to ring it.
fn not_running(
    caller: &Caller,
    home: &Home,
    output: Output,
    place: &std::path::Path,
) -> Result<Exit, Failure> {
    let now = caller.now();
    let kept = match Reader::open(&home.state_dir, caller.doors.clock.clone(), home.zone.clone()) {
        Ok(store) => store.status().map(Some).map_err(|wrong| wrong.to_string()),
        Err(LookError::Nothing(_)) => Ok(None),
        Err(wrong) => Err(wrong.to_string()),
    };
    if output.json {
        let waiting = kept.as_ref().ok().map(|kept| kept.as_ref().map_or(0, waiting));
        let document = serde_json::json!({
            "state": "NOT RUNNING", "socket": place, "now": now, "waiting": waiting,
        });
        caller.screen.document(&document)?;
        return Ok(Exit::NotRunning);
    }
    let head = painted("○ NOT RUNNING", Tone::Bad, caller.screen.paint);
    let mut text = format!("{head}   no answer on {}\n", clean(&place.display().to_string()));
    let _ = writeln!(text, "  {}", waits(kept.as_ref().map(Option::as_ref)));
    text += "  start it: deskbell run, or: systemctl start deskbell\n";
    text += "  why it ended: the log on its standard error, or: journalctl -u deskbell -n 50\n";
    caller.screen.say(&text)?;
    Ok(Exit::NotRunning)
}

/// How many rings nobody has taken yet.
fn waiting(kept: &Status) -> u64 {
    kept.sinks.iter().map(|sink| sink.waiting + sink.held).sum()
}

/// What is in the store, where it can be read.
fn waits(kept: Result<Option<&Status>, &String>) -> String {
    match kept.map(|kept| kept.map(waiting)) {
        Err(wrong) => format!("whether a ring waits is not known: {}", clean(wrong)),
        Ok(None) => "nothing was ever stored in this folder".to_owned(),
        Ok(Some(0)) => "no ring waits; nothing that was accepted is lost".to_owned(),
        Ok(Some(1)) => "1 ring waits in the store and goes when it runs".to_owned(),
        Ok(Some(many)) => format!("{many} rings wait in the store and go when it runs"),
    }
}

/// The document as a screen.
fn render(document: &StatusDocument, zone: &TimeZone, paint: Paint) -> String {
    let now = document.now;
    let mut text = head(document, zone, paint);
    for feed in &document.feeds {
        text += &feed_trouble(feed, now, zone, paint);
    }
    text += &today(&document.today);
    text += &unsure(document);
    if !document.sinks.is_empty() {
        text += "\n";
        text += &sinks(document, zone, paint);
    }
    if !document.troubles.is_empty() {
        let word = painted("needs a person", Tone::Bad, paint);
        let _ = writeln!(text, "\n  {word}");
        for trouble in &document.troubles {
            let _ = writeln!(text, "  - {}", clean(trouble));
        }
    }
    text
}

fn head(document: &StatusDocument, zone: &TimeZone, paint: Paint) -> String {
    let now = document.now;
    let (sign, tone) = match document.state.as_str() {
        "LIVE" if document.troubles.is_empty() => ("●", Tone::Good),
        "LIVE" => ("●", Tone::Wary),
        "PAUSED" => ("‖", Tone::Wary),
        _ => ("○", Tone::Bad),
    };
    let state = painted(&format!("{sign} {}", clean(&document.state)), tone, paint);
    let age = format!(
        "up {}, config of {}",
        since(document.started, now),
        clock(document.generation_since, now, zone)
    );
    let mut text = match document.feeds.as_slice() {
        [] => format!("{state}   no source is configured   {age}\n"),
        [one] => format!("{state} • {}   {age}\n", feed_words(one, now)),
        several => {
            let lines = several.iter().map(|feed| {
                let word = painted(feed.link.word(), link_tone(feed.link), paint);
                format!("  {word} • {}\n", feed_words(feed, now))
            });
            format!("{state}   {age}\n{}", lines.collect::<String>())
        }
    };
    if let Some(pause) = &document.paused {
        let until = match pause.until {
            Some(until) => format!("until {}", clock(until, now, zone)),
            None => "until `deskbell resume`".to_owned(),
        };
        let (since, by) = (clock(pause.since, now, zone), pause.by.clean());
        let _ = writeln!(text, "  nothing rings since {since}, by {by}, {until}; all is kept");
    }
    text
}

fn feed_words(feed: &Standing, now: Timestamp) -> String {
    let last = match (feed.last_event, feed.last_booking) {
        (None, _) => "no event yet".to_owned(),
        (Some(event), None) => format!("last event {}, no booking yet", ago(event, now)),
        (Some(event), Some(booking)) => {
            format!("last event {}, last booking {}", ago(event, now), ago(booking, now))
        }
    };
    format!("{}   {}   {last}", clean(feed.source.as_str()), clean(&feed.place))
}

fn link_tone(link: Link) -> Tone {
    match link {
        Link::Live => Tone::Good,
        Link::Connecting => Tone::Wary,
        Link::Denied | Link::Down => Tone::Bad,
    }
}

fn feed_trouble(feed: &Standing, now: Timestamp, zone: &TimeZone, paint: Paint) -> String {
    let name = clean(feed.source.as_str());
    if feed.link == Link::Live {
        return match feed.resumes {
            Some(false) => format!(
                "  {name} cannot resume: what it sends while we are away is lost, \
                 and recorded as a gap\n"
            ),
            Some(true) | None => String::new(),
        };
    }
    let word = painted(feed.link.word(), link_tone(feed.link), paint);
    let mut text = format!("  {name} {word} since {}", clock(feed.since, now, zone));
    if feed.failures > 0 {
        let tries = if feed.failures == 1 { "try" } else { "tries" };
        let _ = write!(text, ", {} {tries} failed", feed.failures);
    }
    if let Some(next) = feed.next_try {
        let _ = write!(text, ", next in {}", until(next, now));
    }
    if let Some(said) = &feed.said {
        let _ = write!(text, ": {}", said.clean());
    }
    let todo = match feed.link {
        Link::Denied => "   ← check its token",
        Link::Down => "   ← deskbell resume",
        Link::Live | Link::Connecting => "",
    };
    text + &painted(todo, Tone::Bad, paint) + "\n"
}

fn today(today: &TodayLine) -> String {
    let always = [(today.bookings, "bookings"), (today.rang, "rang"), (today.held, "held")];
    let seldom = [
        (today.failed, "failed"),
        (today.shadow, "in shadow"),
        (today.repeats, "repeats"),
        (today.quarantined, "unreadable"),
        (today.gaps, if today.gaps == 1 { "gap" } else { "gaps" }),
    ];
    let seldom = seldom.into_iter().filter(|(count, _)| *count > 0);
    let counts = always.into_iter().chain(seldom).map(|(count, what)| format!("{count} {what}"));
    format!("  today  {}\n", counts.collect::<Vec<_>>().join(" · "))
}

/// What could not be decided today, by rule.
fn unsure(document: &StatusDocument) -> String {
    let told = document.counts.iter().filter_map(|count| {
        let words = match count.what.as_str() {
            "unknown" => "could not decide: a field not said, or a currency without a rate",
            "nobody" => "had nobody to ring for the value",
            "template" => "had a message that failed; the built-in words rang",
            _ => return None,
        };
        let times = if count.count == 1 { "time" } else { "times" };
        Some(format!("  rule \"{}\" {words}, {} {times}\n", clean(&count.name), count.count))
    });
    told.collect()
}

fn sinks(document: &StatusDocument, zone: &TimeZone, paint: Paint) -> String {
    let mut table = Table::new([
        ("sink", Side::Left),
        ("state", Side::Left),
        ("waiting", Side::Right),
        ("held", Side::Right),
        ("failed", Side::Right),
        ("last rang", Side::Left),
        ("", Side::Left),
        ("", Side::Left),
    ]);
    for sink in &document.sinks {
        table.row(sink_row(sink, document.now, zone));
    }
    table.text(paint)
}

fn sink_row(sink: &SinkLine, now: Timestamp, zone: &TimeZone) -> Vec<Cell> {
    let failed = if sink.failed > 0 { Tone::Bad } else { Tone::Plain };
    let act = if must_act(sink) { "← act" } else { "" };
    vec![
        sink.name.as_str().into(),
        state_cell(sink, now, zone),
        sink.waiting.into(),
        sink.held.into(),
        Cell::new(sink.failed.to_string(), failed),
        sink.last_rang.map_or_else(|| "never".to_owned(), |then| ago(then, now)).into(),
        reason(sink, now).into(),
        Cell::new(act, Tone::Bad),
    ]
}

fn state_cell(sink: &SinkLine, now: Timestamp, zone: &TimeZone) -> Cell {
    let for_so_long = sink.since.map(|then| since(then, now)).unwrap_or_default();
    match (sink.state.as_str(), sink.until) {
        ("ok", _) => Cell::new("ok", Tone::Good),
        ("waits", Some(then)) => Cell::new(format!("waits {}", until(then, now)), Tone::Wary),
        ("paused", Some(then)) => {
            Cell::new(format!("paused until {}", clock(then, now, zone)), Tone::Wary)
        }
        (state @ ("down" | "disabled"), _) => {
            Cell::new(format!("{} {for_so_long}", state.to_uppercase()), Tone::Bad)
        }
        (state, _) => Cell::new(format!("{state} {for_so_long}").trim_end(), Tone::Wary),
    }
}

fn reason(sink: &SinkLine, now: Timestamp) -> String {
    let behind = sink.oldest_due.filter(|due| now.duration_since(*due).as_secs() > BEHIND_S);
    let again = sink.until.filter(|_| sink.state == "down");
    let again = again.map(|then| format!(", asked again in {}", until(then, now)));
    match (&sink.said, behind) {
        (Some(said), _) => said.clean() + &again.unwrap_or_default(),
        (None, Some(due)) => format!("oldest ring due for {}", since(due, now)),
        (None, None) => String::new(),
    }
}

fn must_act(sink: &SinkLine) -> bool {
    match sink.state.as_str() {
        "down" | "disabled" => true,
        "parked" => sink.waiting + sink.held > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
