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
