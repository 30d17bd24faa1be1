//! Job: `deskbell watch`: what happens, as it happens.
//! Takes: the running daemon's lines.
//! Gives: one line an event and one a delivery, until enough have come or Ctrl-C.
//! Never: slows the daemon: who falls behind is told what was left out.

use std::collections::VecDeque;

use contract::{Event, Level};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;

use super::Caller;
use super::ago::clock;
use super::cli::WatchOptions;
use super::event_line;
use super::failure::Failure;
use super::table::{Tone, painted};
use crate::app::exit::Exit;
use crate::config::complain::Paint;
use crate::delivery::Outcome;
use crate::web::control::{self, Answer, Ask, ControlError};

/// How many events are remembered, so that a delivery can be shown with its booking.
const REMEMBERED_MAX: usize = 4096;

/// What the daemon says to those who watch.
#[derive(Debug, Deserialize)]
#[serde(tag = "watch", rename_all = "lowercase")]
enum Line {
    Event { id: i64, outcome: Outcome, rings: usize, event: Box<Event> },
    Delivery { event: i64, sink: String, state: String, why: Option<String> },
    Behind { commits_left_out: u64 },
}

/// Shows what happens.
pub(super) async fn run(caller: &Caller, options: WatchOptions) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let mut lines = control::asked(&home.state_dir, &Ask::Watch).await?.lines();
    let mut left = options.count;
    let mut watched = Watched::default();
    while left != Some(0) {
        let read = lines.next_line().await;
        let Some(line) =
            read.map_err(|wrong| Failure::failed(format!("control socket: {wrong}")))?
        else {
            caller.screen.remark("the daemon has ended\n");
            return Ok(Exit::NotRunning);
        };
        let value: Value = serde_json::from_str(&line).map_err(ControlError::from)?;
        let is_event = value["watch"] == "event";
        if options.output.json {
            caller.screen.document_line(&value)?;
        } else {
            let line = understood(value)?;
            let (now, paint) = (caller.now(), caller.screen.paint);
            caller.screen.say(&(watched.show(&line, now, &home.zone, paint) + "\n"))?;
        }
        left = left.map(|left| left - u64::from(is_event));
    }
    Ok(Exit::Ok)
}

fn understood(value: Value) -> Result<Line, Failure> {
    if let Ok(Answer::Refused { said }) = serde_json::from_value(value.clone()) {
        return Err(ControlError::Refused(said).into());
    }
    serde_json::from_value(value).map_err(|wrong| ControlError::NotUnderstood(wrong).into())
}

/// The newest events by their number, to name what a delivery is about.
#[derive(Default)]
struct Watched(VecDeque<(i64, String)>);

impl Watched {
    fn show(&mut self, line: &Line, now: Timestamp, zone: &TimeZone, paint: Paint) -> String {
        let at = painted(&clock(now, now, zone), Tone::Faint, paint);
        match line {
            Line::Event { id, outcome, rings, event } => {
                let subject = contract::text::clean(event.subject());
                self.remember(*id, subject.clone());
                let tone = match event_line::level(event) {
                    Level::Success => Tone::Good,
                    Level::Error => Tone::Bad,
                    Level::Warning => Tone::Wary,
                    Level::Info => Tone::Plain,
                };
                let says = painted(&event_line::says(event), tone, paint);
                let rings = match (outcome, rings) {
                    (Outcome::Routed, 1) => "rings 1 sink".to_owned(),
                    (Outcome::Routed, rings) => format!("rings {rings} sinks"),
                    (outcome, _) => outcome.word().to_owned(),
                };
                format!("{at}  {subject}  {says}  → {rings}")
            }
            Line::Delivery { event, sink, state, why } => {
                let about = self.0.iter().rev().find(|(id, _)| id == event);
                let about = about.map_or_else(|| format!("#{event}"), |(_, name)| name.clone());
                let (mark, tone) = match state.split(' ').next() {
                    Some("sent") => ("✓", Tone::Good),
                    Some("dead" | "expired") => ("✗", Tone::Bad),
                    _ => ("↻", Tone::Wary),
                };
                let sink = contract::text::clean(sink);
                let state = contract::text::clean(state);
                let state = painted(&format!("{mark} {sink} {state}"), tone, paint);
                let why = why.as_deref().map(contract::text::clean);
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                format!("{at}  {about}  {state}{why}")
            }
            Line::Behind { commits_left_out } => {
                let words = format!("… fell behind: {commits_left_out} commits are not shown");
                painted(&words, Tone::Wary, paint)
            }
        }
    }

    fn remember(&mut self, id: i64, subject: String) {
        if self.0.len() == REMEMBERED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, subject));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::sample;

    #[test]
    fn each_line_says_what_happened_to_which_booking() {
        let event = sample::event();
        let lines = [
            json!({ "watch": "event", "id": 7, "outcome": "routed", "rings": 2, "event": event }),
            json!({ "watch": "delivery", "id": "7-0", "event": 7, "sink": "console.log",
                "state": "sent", "why": null }),
            json!({ "watch": "delivery", "id": "7-1", "event": 7, "sink": "webhook.crm",
                "state": "waiting", "why": "transient: 503\u{1b}[2J" }),
            json!({ "watch": "delivery", "id": "3-1", "event": 3, "sink": "webhook.crm",
                "state": "dead (every try failed)", "why": null }),
            json!({ "watch": "behind", "commits_left_out": 4 }),
        ];
        let mut watched = Watched::default();
        let shown = lines.map(|line| {
            let line = understood(line).unwrap();
            watched.show(&line, sample::now(), &TimeZone::UTC, Paint::Plain)
        });
        insta::assert_snapshot!(shown.join("\n"), @r"
        10:00:00  BK-20261123-0001  new tour · Phi Phi Islands Day Tour · Anna Lindqvist · 1,250.00 USD · TH  → rings 2 sinks
        10:00:00  BK-20261123-0001  ✓ console.log sent
        10:00:00  BK-20261123-0001  ↻ webhook.crm waiting: transient: 503[2J
        10:00:00  #3  ✗ webhook.crm dead (every try failed)
        … fell behind: 4 commits are not shown
        ");
    }

    #[test]
    fn only_the_newest_events_are_remembered() {
        let mut watched = Watched::default();
        (0..10_000).for_each(|id| watched.remember(id, String::new()));
        assert_eq!(watched.0.len(), REMEMBERED_MAX);
        assert_eq!(watched.0.back().map(|(id, _)| *id), Some(9_999));
    }

    #[test]
    fn a_refusal_and_another_version_are_told_as_such() {
        let refused = json!({ "answer": "refused", "said": "only user 7 may ask" });
        assert!(understood(refused).unwrap_err().lines().contains("only user 7"));
        let newer = understood(json!({ "watch": "dance" })).unwrap_err();
        assert!(newer.lines().contains("another version"), "{}", newer.lines());
    }
}
