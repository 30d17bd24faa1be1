//! Job: `deskbell why`: why a booking rang, or did not.
//! Takes: the store: each stored state with its memory, rules and time; nothing of a daemon.
//! Gives: the judgement, made again and told, then what became of each ring.
//! Never: tells another story than the engine's: it is the same call.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use contract::text::clean;
use contract::{Event, SinkName};
use jiff::Timestamp;
use serde::Serialize;

use super::ago::clock;
use super::cli::WhyOptions;
use super::delivery_line::{mark, stands, whom};
use super::documents::{AttemptDocument, DeliveryDocument, EventDocument};
use super::failure::Failure;
use super::loading::Home;
use super::table::{Tone, painted};
use super::{Caller, loading, looking, near, try_sink};
use crate::app::exit::Exit;
use crate::config;
use crate::config::complain::Paint;
use crate::delivery::{Cause, Digest, Memory};
use crate::outbox::{GenerationId, Reader, Story, body_bytes};
use crate::rules::{Explanation, Plan};

/// The most states of one booking that are told; the newest ones.
const STATES_MAX: u32 = 64;

/// The most states that are shown without being asked for all; the newest ones.
const STATES_SHOWN_MAX: usize = 12;
/// How many events back an id is looked for that is like the one asked for.
const LOOKED_THROUGH: u32 = 5_000;
/// The most such ids that are named.
const NEAREST_MAX: usize = 3;

/// One state of the booking, judged again.
struct Told {
    story: Story,
    judged: Result<Explanation, String>,
    /// How many rules are not shown.
    left_out: usize,
}

#[derive(Serialize)]
struct StateDocument<'a> {
    event: EventDocument<'a>,
    /// The judgement, made again; absent where it cannot be made any more.
    judged: Option<&'a Explanation>,
    /// Why there is no judgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<&'a str>,
    rules_left_out: usize,
    deliveries: Vec<RungDocument<'a>>,
}

#[derive(Serialize)]
struct RungDocument<'a> {
    delivery: DeliveryDocument<'a>,
    attempts: Vec<AttemptDocument<'a>>,
}

/// Tells why.
pub(super) fn run(caller: &Caller, options: &WhyOptions) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let store = looking::open(&home, &caller.doors.clock)?;
    let stories = store.story(&options.booking, STATES_MAX)?;
    if stories.is_empty() {
        return Err(unknown(&store, &options.booking)?);
    }
    let mut plans = Plans::new(caller, options)?;
    let sink = options.sink.as_deref().map(SinkName::from);
    let mut told = Vec::new();
    for mut story in stories {
        if let Some(sink) = &sink {
            story.deliveries.retain(|(delivery, _)| {
                delivery.sink == *sink || delivery.redirected_from.as_ref() == Some(sink)
            });
        }
        let mut judged = plans.judge(&store, &story, options.at);
        let mut left_out = 0;
        if let Ok(explanation) = &mut judged {
            if let Some(sink) = &sink {
                near::keep_sink(explanation, sink);
            }
            if !options.all {
                left_out = near::keep_near(explanation);
            }
        }
        told.push(Told { story, judged, left_out });
    }
    if let Some(sink) = options.sink.as_deref().filter(|_| told.iter().all(is_silent)) {
        // Where the configuration cannot be used here, nobody knows which sinks there are.
        if let Some(usable) = caller.load().usable {
            try_sink::named(&usable.sinks, sink)?;
        }
    }
    match options.output.json {
        true => caller.screen.document(&told.iter().map(document).collect::<Vec<_>>())?,
        false => {
            let text = render(&told, options, (caller.now(), &home), caller.screen.paint);
            caller.screen.say(&text)?;
        }
    }
    Ok(Exit::Ok)
}

/// Whether a state says nothing of the sink that was asked about.
fn is_silent(told: &Told) -> bool {
    let rings = told.judged.as_ref().is_ok_and(|explanation| !explanation.rings.is_empty());
    !rings && told.story.deliveries.is_empty()
}

/// The rules of each generation, compiled when they are first needed.
struct Plans {
    /// The rules of now, where they are asked for.
    now: Option<Plan>,
    then: BTreeMap<GenerationId, Result<Plan, String>>,
}

impl Plans {
    fn new(caller: &Caller, options: &WhyOptions) -> Result<Self, Failure> {
        let now = match options.against {
            None => None,
            Some(_) => Some(loading::usable(caller.load(), &caller.screen)?.plan),
        };
        Ok(Self { now, then: BTreeMap::new() })
    }

    fn judge(
        &mut self,
        store: &Reader,
        story: &Story,
        at: Option<Timestamp>,
    ) -> Result<Explanation, String> {
        let plan = match &self.now {
            Some(plan) => plan,
            None => self.of(store, story.event.generation)?,
        };
        let memory: Memory = match &story.memory {
            None => Memory::default(),
            Some(memory) => serde_json::from_slice(memory)
                .map_err(|wrong| format!("what was remembered cannot be read: {wrong}"))?,
        };
        let now = at.unwrap_or(story.event.received);
        if let Some(wake_up) = &story.event.woken_by {
            return Ok(plan.explain(Cause::WakeUp(wake_up), &memory, now).1);
        }
        let erased = "what it said was erased ([history])";
        let event: &Event = story.event.event.as_ref().ok_or(erased)?;
        let body = body_bytes(event).map_err(|wrong| wrong.to_string())?;
        Ok(plan.explain(Cause::Event(event, Digest::of(&body)), &memory, now).1)
    }

    fn of(&mut self, store: &Reader, id: GenerationId) -> Result<&Plan, String> {
        let plan = self.then.entry(id).or_insert_with(|| {
            let read = store.read_generation(id).map_err(|wrong| wrong.to_string())?;
            let generation = read.ok_or("the rules of its time are not kept any more")?;
            config::plan_of(&generation.text).map_err(|wrong| {
                let what: Vec<&str> =
                    wrong.iter().map(|complaint| complaint.what.as_str()).collect();
                format!("the rules of its time are not understood any more: {}", what.join("; "))
            })
        });
        plan.as_ref().map_err(Clone::clone)
    }
}

/// Nobody remembers twenty digits at night: says which bookings have an id like this.
fn unknown(store: &Reader, booking: &str) -> Result<Failure, Failure> {
    let failure = Failure::failed(format!("no event about {} is kept", clean(booking)));
    let kept = store.subjects(LOOKED_THROUGH)?;
    let near: Vec<String> = nearest(booking, &kept).into_iter().map(clean).collect();
    Ok(match near.is_empty() {
        true => failure.hint("what came: deskbell history"),
        false => failure.hint(format!("the nearest are {}", near.join(", "))),
    })
}

/// The ids that hold what was asked for, else those that differ least from it.
fn nearest<'a>(booking: &str, kept: &'a [String]) -> Vec<&'a str> {
    let wanted = booking.to_lowercase();
    let far = |name: &str| {
        let name = name.to_lowercase();
        let distance = strsim::osa_distance(&wanted, &name);
        let holds = name.contains(&wanted);
        (holds || distance * 2 <= wanted.chars().count()).then_some((!holds, distance))
    };
    let mut near: Vec<_> = kept.iter().filter_map(|name| Some((far(name)?, name))).collect();
    near.sort();
    near.into_iter().take(NEAREST_MAX).map(|(_, name)| name.as_str()).collect()
}

fn document(told: &Told) -> StateDocument<'_> {
    let deliveries = told.story.deliveries.iter().map(|(delivery, attempts)| RungDocument {
        delivery: DeliveryDocument::of(delivery),
        attempts: attempts.iter().map(AttemptDocument::of).collect(),
    });
    StateDocument {
        event: EventDocument::of(&told.story.event),
        judged: told.judged.as_ref().ok(),
        not_judged: told.judged.as_ref().err().map(String::as_str),
        rules_left_out: told.left_out,
        deliveries: deliveries.collect(),
    }
}

fn render(
    told: &[Told],
    options: &WhyOptions,
    (now, home): (Timestamp, &Home),
    paint: Paint,
) -> String {
    let states = if told.len() == 1 { "1 event".into() } else { format!("{} events", told.len()) };
    let mut text = format!("{}: {states}", clean(&options.booking));
    if options.against.is_some() {
        text += ", judged by the rules of now";
    }
    if let Some(at) = options.at {
        let _ = write!(text, ", judged as of {at}");
    }
    text.push('\n');
    let earlier = match options.all {
        true => 0,
        false => told.len().saturating_sub(STATES_SHOWN_MAX),
    };
    if earlier > 0 {
        let _ = writeln!(text, "  … {earlier} earlier ones: --all");
    }
    for one in &told[earlier..] {
        text.push('\n');
        text += &state(one, (now, home), paint);
        text += &not_told(one, options);
    }
    text
}

/// Somebody asked about one sink, and it was not told.
fn not_told(told: &Told, options: &WhyOptions) -> String {
    match &options.sink {
        Some(sink) if is_silent(told) => {
            format!("  ✗ {}: no rule that matched rings it\n", clean(sink))
        }
        _ => String::new(),
    }
}

fn state(told: &Told, (now, home): (Timestamp, &Home), paint: Paint) -> String {
    let event = &told.story.event;
    let head = format!(
        "── {}  event {}, configuration {} ──",
        clock(event.received, now, &home.zone),
        event.id,
        event.generation.0
    );
    let mut text = painted(&head, Tone::Faint, paint) + "\n";
    match &told.judged {
        Ok(explanation) => {
            text += &explanation.render();
            if explanation.outcome != event.outcome {
                let was = event.outcome.word();
                let note = format!("  it was {was} when it came: time or rules have changed");
                text += &(painted(&note, Tone::Wary, paint) + "\n");
            }
        }
        Err(why) => {
            let _ = writeln!(text, "{}: {}", event.outcome.word(), clean(why));
        }
    }
    if told.left_out > 0 {
        let rules = if told.left_out == 1 { "rule" } else { "rules" };
        let _ = writeln!(text, "  … {} more {rules} did not match: --all", told.left_out);
    }
    for (delivery, attempts) in &told.story.deliveries {
        let (mark, tone) = mark(delivery.state);
        let head = painted(&format!("{mark} {}", clean(&whom(delivery))), tone, paint);
        let _ = writeln!(text, "  {head}  {}", stands(delivery, now, &home.zone));
        for attempt in attempts {
            let at = clock(attempt.answered, now, &home.zone);
            let said = match &attempt.why {
                Some((class, said)) => format!("{class}: {}", said.clean()),
                None => "taken".to_owned(),
            };
            let spent = if attempt.spent { "" } else { " (no attempt spent)" };
            let _ = writeln!(text, "      {at}  {} ms  {said}{spent}", attempt.latency_ms);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use contract::Class;
    use jiff::SignedDuration;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::commands::cli::Output;
    use crate::commands::sample;
    use crate::delivery::{Outcome, State};
    use crate::outbox::AttemptRow;

    fn told(judged: Result<Explanation, String>) -> Told {
        let mut delivery = sample::delivery("webhook.crm", State::Waiting);
        delivery.tries = 2;
        delivery.why = Some((Class::Transient, "503".into()));
        let attempt = |second: i64, why: &str| AttemptRow {
            answered: sample::at("2026-11-23T09:48:00Z") + SignedDuration::from_secs(second),
            latency_ms: 12,
            spent: second > 0,
            why: Some((Class::Transient, why.into())),
        };
        let attempts = vec![attempt(0, "throttled"), attempt(5, "503\u{1b}[2J")];
        let deliveries = vec![(delivery, attempts)];
        let story = Story { event: sample::event_row(), memory: None, deliveries };
        Told { story, judged, left_out: 3 }
    }

    fn shown(told: &[Told], options: &WhyOptions) -> String {
        let home = Home { state_dir: "/var/lib/deskbell".into(), zone: TimeZone::UTC };
        render(told, options, (sample::now(), &home), Paint::Plain)
    }

    fn options(sink: Option<&str>) -> WhyOptions {
        WhyOptions {
            booking: "BK-20261123-0001".into(),
            sink: sink.map(str::to_owned),
            at: None,
            against: None,
            all: false,
            output: Output::default(),
        }
    }

    #[test]
    fn each_ring_says_what_became_of_every_try() {
        let gone = "the rules of its time are not kept any more";
        let told = told(Err(gone.to_owned()));
        insta::assert_snapshot!(shown(&[told], &options(None)), @r"
        BK-20261123-0001: 1 event

        ── 09:48:00  event 7, configuration 3 ──
        routed: the rules of its time are not kept any more
          … 3 more rules did not match: --all
          ↻ webhook.crm  waiting · 2 tries, answered 09:48:01 in 12 ms · transient: 503
              09:48:00  12 ms  transient: throttled (no attempt spent)
              09:48:05  12 ms  transient: 503[2J
        ");
    }

    #[test]
    fn a_sink_that_was_not_told_is_said_as_such() {
        let mut told = told(Ok(Explanation {
            subject: "BK-20261123-0001".into(),
            what: "booking BK-20261123-0001 new".into(),
            now: sample::now(),
            outcome: Outcome::Unmatched,
            because: None,
            rules: Vec::new(),
            rings: Vec::new(),
        }));
        told.story.deliveries.clear();
        let shown = shown(&[told], &options(Some("console.log")));
        assert!(shown.contains("✗ console.log: no rule that matched rings it"), "{shown}");
        assert!(shown.contains("it was routed when it came"), "{shown}");
    }

    #[test]
    fn a_long_story_is_told_from_its_end() {
        let states: Vec<Told> = (0..20).map(|_| told(Err("erased".into()))).collect();
        assert!(shown(&states, &options(None)).contains("… 8 earlier ones: --all"));
        let all = WhyOptions { all: true, ..options(None) };
        assert!(!shown(&states, &all).contains("earlier"));
    }

    #[test]
    fn the_nearest_ids_hold_what_was_asked_or_differ_least() {
        let kept: Vec<String> = ["BK-0001", "BK-0002", "BK-1002", "XX-9"].map(str::to_owned).into();
        let cases: [(&str, &[&str]); 4] = [
            ("bk-0001", &["BK-0001", "BK-0002", "BK-1002"]),
            ("002", &["BK-0002", "BK-1002"]),
            ("KB-0002", &["BK-0002", "BK-0001", "BK-1002"]),
            ("nothing like it", &[]),
        ];
        for (asked, near) in cases {
            assert_eq!(nearest(asked, &kept), near, "{asked}");
        }
    }
}
