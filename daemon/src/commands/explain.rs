//! Job: `deskbell explain`: what the rules would do with an event from a file.
//! Takes: one frame of the feed, from a file or standard input.
//! Gives: the judgement from an empty memory, told.
//! Never: rings anybody, or stores anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use contract::frame::{FRAME_BYTES_MAX, Reader, Said};
use contract::{Event, FeedName, SourceName};
use jiff::Timestamp;
use serde_json::json;

use super::cli::ExplainOptions;
use super::failure::Failure;
use super::{Caller, loading, near};
use crate::app::exit::Exit;
use crate::delivery::{Cause, Digest, Memory};
use crate::outbox::body_bytes;

/// Explains what would become of an event.
pub(super) fn run(caller: &Caller, options: &ExplainOptions) -> Result<Exit, Failure> {
    let usable = loading::usable(caller.load(), &caller.screen)?;
    let now = options.at.unwrap_or_else(|| caller.now());
    let source = usable.sources.first().map(|source| (source.name.clone(), source.feed.clone()));
    let event = event_of(&options.event, source, now)?;
    let body = body_bytes(&event).map_err(Failure::failed)?;
    let cause = Cause::Event(&event, Digest::of(&body));
    let (_, mut explanation) = usable.plan.explain(cause, &Memory::default(), now);
    let left_out = if options.all { 0 } else { near::keep_near(&mut explanation) };
    if options.output.json {
        let document = json!({
            "memory": "empty", "judged": explanation, "rules_left_out": left_out,
        });
        caller.screen.document(&document)?;
        return Ok(Exit::Ok);
    }
    let mut text = explanation.render();
    if left_out > 0 {
        let rules = if left_out == 1 { "rule" } else { "rules" };
        text += &format!("  … {left_out} more {rules} did not match: --all\n");
    }
    text += "\n  judged from an empty memory: as the first that is heard of this booking\n";
    caller.screen.say(&text)?;
    Ok(Exit::Ok)
}

/// The event of a frame in a file; `-` is standard input.
///
/// # Errors
/// When the file cannot be read, or what it holds is no event.
pub(super) fn event_of(
    path: &Path,
    source: Option<(SourceName, FeedName)>,
    now: Timestamp,
) -> Result<Event, Failure> {
    let shown = path.display();
    let bytes = read(path).map_err(|wrong| Failure::failed(format!("{shown}: {wrong}")))?;
    let (source, feed) = source.unwrap_or_else(|| ("file.event".into(), "event".into()));
    let hint = "one frame of the feed: { \"type\": \"booking:new\", \"payload\": { \"id\": … } }";
    match Reader::new(source, feed).read(&bytes, now) {
        Ok(frame) => match frame.said {
            Said::Event(event) => Ok(event),
            Said::Word(_) => {
                Err(Failure::failed(format!("{shown}: a word of the protocol")).hint(hint))
            }
        },
        Err(wrong) => Err(Failure::failed(format!("{shown}: {}", wrong.said)).hint(hint)),
    }
}

/// Reads a little more than a frame may have: the reader then says what is too long.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let most = FRAME_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
