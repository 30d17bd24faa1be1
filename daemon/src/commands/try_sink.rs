//! Job: `deskbell try`: one note through one sink, with its transcript.
//! Takes: the configuration, a sink's name, perhaps an event.
//! Gives: what was sent, what was said, how long it took.
//! Never: goes through the outbox: nothing is stored, tried again or counted.

use std::sync::Arc;
use std::time::Duration;

use contract::frame::{Reader, Said};
use contract::text::clean;
use contract::{Event, Level, Note, NoteKey, Verdict};
use jiff::Timestamp;
use serde_json::json;

use super::cli::TryOptions;
use super::failure::Failure;
use super::table::{Tone, painted};
use super::{Caller, event_line, explain, listening, loading, looking};
use crate::app::exit::Exit;
use crate::config::SinkInstance;
use crate::config::complain::Paint;

/// A booking that nobody made.
const MADE_UP: &str = r#"{ "type": "booking:new", "payload": {
    "id": "TEST-1", "type": "tour", "status": "new", "title": "A test by deskbell try",
    "customerName": "Nobody", "amount": 1250.00, "currency": "USD", "country": "TH" } }"#;

/// What became of the note.
struct Tried<'a> {
    note: &'a Note,
    sink: &'a str,
    place: String,
    heard: Vec<String>,
    /// Absent where the sink did not answer in time.
    verdict: Option<Verdict>,
    within: Duration,
    took: Duration,
}

/// Sends one note.
pub(super) async fn run(caller: &Caller, options: &TryOptions) -> Result<Exit, Failure> {
    let (doors, heard) = listening::doors(&caller.doors);
    let loaded = loading::load(&caller.layers, &caller.environment, &doors);
    let usable = loading::usable(loaded, &caller.screen)?;
    let instance = named(&usable.sinks, &options.sink)?;
    let now = caller.now();
    let event = match &options.event {
        Some(path) => explain::event_of(path, None, now)?,
        None => made_up(now)?,
    };
    let note = note(event, key(caller));
    let within = instance.delivery.timeout;
    let clock = &caller.doors.clock;
    let begun = clock.boot();
    let verdict = tokio::time::timeout(within, instance.sink.send(&note)).await.ok();
    let took = clock.boot().saturating_sub(begun);
    let place = instance.sink.place();
    let heard = heard.lines();
    let tried = Tried { note: &note, sink: &options.sink, place, heard, verdict, within, took };
    match options.output.json {
        true => caller.screen.document(&document(&tried))?,
        false => caller.screen.say(&render(&tried, caller.screen.paint))?,
    }
    Ok(if matches!(tried.verdict, Some(Verdict::Sent { .. })) { Exit::Ok } else { Exit::Failed })
}

/// The sink of a name.
///
/// # Errors
/// When there is none, with the name that may be meant.
pub(super) fn named<'a>(
    sinks: &'a [SinkInstance],
    name: &str,
) -> Result<&'a SinkInstance, Failure> {
    if let Some(found) = sinks.iter().find(|sink| sink.name.as_str() == name) {
        return Ok(found);
    }
    let names: Vec<&str> = sinks.iter().map(|sink| sink.name.as_str()).collect();
    Err(looking::no_sink(name, &names))
}

fn made_up(now: Timestamp) -> Result<Event, Failure> {
    let reader = Reader::new("deskbell.try".into(), "try".into());
    match reader.read(MADE_UP.as_bytes(), now).map(|frame| frame.said) {
        Ok(Said::Event(event)) => Ok(event),
        _ => Err(Failure::failed("the made-up booking cannot be read, which is our mistake")),
    }
}

/// Each test is a note of its own: a receiver that knows repeats by their id must not drop it.
fn key(caller: &Caller) -> NoteKey {
    let entropy = &caller.doors.entropy;
    let bits = u128::from(entropy.draw()) << 64 | u128::from(entropy.draw());
    NoteKey(bits.to_be_bytes())
}

fn note(event: Event, key: NoteKey) -> Note {
    let subject = event.subject().to_owned();
    Note {
        key,
        title: format!("Test: {subject}").into(),
        body: event_line::says(&event).into(),
        level: Level::Info,
        events: vec![Arc::new(event)],
        rule: "deskbell try".into(),
        also: Vec::new(),
        address: None,
        attempt: 1,
        previous: None,
        timeline: Vec::new(),
        plain: false,
        link: None,
        redirected_from: None,
    }
}

fn verdict_words(tried: &Tried<'_>) -> (Tone, &'static str, String) {
    let after = |after: &Option<Duration>| match after {
        Some(after) => format!("; wait {} s", after.as_secs()),
        None => String::new(),
    };
    let why = |why: &contract::Why| format!("{}: {}", why.class, why.said.clean());
    match &tried.verdict {
        None => (Tone::Bad, "no answer", format!("none within {} s", tried.within.as_secs())),
        Some(Verdict::Sent { receipt }) => {
            let receipt = receipt.as_ref().map(|receipt| clean(&receipt.0));
            (Tone::Good, "sent", receipt.map(|it| format!("receipt {it}")).unwrap_or_default())
        }
        Some(Verdict::Retry { why: said, after: wait }) => {
            (Tone::Wary, "retry", format!("{}{}", why(said), after(wait)))
        }
        Some(Verdict::Reject { why: said }) => (Tone::Bad, "reject", why(said)),
        Some(Verdict::Down { why: said, after: wait }) => {
            (Tone::Bad, "down", format!("{}{}", why(said), after(wait)))
        }
    }
}

/// What the verdict would mean for a real ring.
fn meaning(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Sent { .. }) => "a real ring would be done",
        Some(Verdict::Retry { .. }) | None => "a real ring would be tried again",
        Some(Verdict::Reject { .. }) => "a real ring would be given up: deskbell failed",
        Some(Verdict::Down { .. }) => "every ring here would be held until this is mended",
    }
}

fn render(tried: &Tried<'_>, paint: Paint) -> String {
    let (tone, word, said) = verdict_words(tried);
    let mut text = format!("{}  {}\n", clean(tried.sink), clean(&tried.place));
    text += &format!("  title    {}\n", tried.note.title.clean());
    text += &format!("  body     {}\n", tried.note.body.clean());
    text += &format!("  id       {}\n", tried.note.key);
    for line in &tried.heard {
        text += &format!("  {}\n", clean(line));
    }
    let word = painted(word, tone, paint);
    text += &format!("  verdict  {word} after {} ms", tried.took.as_millis());
    if !said.is_empty() {
        text += &format!(": {said}");
    }
    text + &format!("\n  meaning  {}\n", meaning(tried.verdict.as_ref()))
}

fn document(tried: &Tried<'_>) -> serde_json::Value {
    let (_, word, said) = verdict_words(tried);
    json!({
        "sink": tried.sink,
        "place": tried.place,
        "key": tried.note.key,
        "title": tried.note.title,
        "body": tried.note.body,
        "transcript": tried.heard,
        "verdict": word,
        "said": said,
        "took_ms": u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
    })
}
