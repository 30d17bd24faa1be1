//! Job: `deskbell pause` and `deskbell resume`: rings are kept back, and let go.
//! Takes: a sink or none, for how long.
//! Gives: what the daemon did, and how to undo it.
//! Never: drops a ring.

use contract::text::clean;
use contract::values::Span;
use serde_json::json;

use super::Caller;
use super::ago::clock;
use super::asking::{self, Done};
use super::cli::{PauseOptions, ResumeOptions};
use super::failure::Failure;
use crate::app::exit::Exit;
use crate::web::control::Ask;

/// Keeps rings back.
pub(super) async fn pause(caller: &Caller, options: PauseOptions) -> Result<Exit, Failure> {
    if options.during.is_none() && !options.until_resumed {
        let failure = Failure::usage("for how long?");
        return Err(failure.hint("--for 30m, or --until-resumed"));
    }
    let home = caller.home()?;
    let during_ms = options.during.map(milliseconds).transpose()?;
    let ask = Ask::Pause { sink: options.sink.clone(), during_ms };
    let done: Done = asking::understood(asking::ask(&home, &ask).await?)?;
    let now = caller.now();
    let until = options.during.and_then(|during| now.checked_add(during.0).ok());
    if options.output.json {
        let changed = done.changed;
        let document = json!({ "paused": options.sink, "until": until, "changed": changed });
        caller.screen.document(&document)?;
        return Ok(Exit::Ok);
    }
    let whom = options.sink.as_deref().map_or_else(|| "every sink".to_owned(), clean);
    let until = match until {
        Some(until) => format!("until {}", clock(until, now, &home.zone)),
        None => "until resumed".to_owned(),
    };
    let again = options.sink.as_deref().map(|sink| format!(" {}", clean(sink)));
    let again = again.unwrap_or_default();
    let mut text = format!("‖ paused: {whom}, {until}\n");
    text += "  the feed is still read and every ring is kept: deskbell held\n";
    text += &format!("  to ring them: deskbell resume{again}\n");
    caller.screen.say(&text)?;
    Ok(Exit::Ok)
}

fn milliseconds(span: Span) -> Result<u64, Failure> {
    let ms = u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 { Err(Failure::usage("a pause of no time does nothing")) } else { Ok(ms) }
}

/// Rings what was kept back.
pub(super) async fn resume(caller: &Caller, options: ResumeOptions) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let ask = Ask::Resume { sink: options.sink.clone() };
    let done: Done = asking::understood(asking::ask(&home, &ask).await?)?;
    if options.output.json {
        caller.screen.document(&json!({ "resumed": options.sink, "changed": done.changed }))?;
        return Ok(Exit::Ok);
    }
    let whom = options.sink.as_deref().map_or_else(|| "every sink".to_owned(), clean);
    caller.screen.say(&match done.changed {
        0 if options.sink.is_some() => {
            format!("▶ {whom}: not held by itself; where all are paused: deskbell resume\n")
        }
        0 => format!("▶ {whom}: nothing was paused or disabled\n"),
        _ => format!("▶ resumed: {whom}; what was kept back rings now\n"),
    })?;
    Ok(Exit::Ok)
}
