//! Job: how the daemon stands, as one document.
//! Takes: the feeds' standings, the outbox's status and health.
//! Gives: `StatusDocument`, which `deskbell status` prints and `--json` shows as it is.
//! Never: shows a secret, or says LIVE while something needs a person.

use contract::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::HeldReason;
use crate::intake::{Link, Standing};
use crate::outbox::{Health, Pause, SinkStatus, Status, TroubleKind};

/// How the daemon stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusDocument {
    /// The dashboard's word: `LIVE`, `CONNECTING…` or `PAUSED`.
    pub state: String,
    /// What needs a person, worst first; empty is well.
    pub troubles: Vec<String>,
    /// When the daemon started.
    pub started: Timestamp,
    /// When this was true.
    pub now: Timestamp,
    /// The number of the configuration in force.
    pub generation: i64,
    /// Since when it is in force.
    pub generation_since: Timestamp,
    /// A person paused all ringing.
    pub paused: Option<PauseLine>,
    /// The feeds.
    pub feeds: Vec<Standing>,
    /// Today's counts.
    pub today: TodayLine,
    /// The sinks.
    pub sinks: Vec<SinkLine>,
    /// What could not be decided, and the like, today: by rule.
    pub counts: Vec<CountLine>,
}

/// A pause by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PauseLine {
    /// Since when.
    pub since: Timestamp,
    /// Until when; absent is until resumed.
    pub until: Option<Timestamp>,
    /// Who.
    pub by: Text,
}

/// Today's counts, in the daemon's time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodayLine {
    /// Events about bookings.
    pub bookings: u64,
    /// Events of any kind.
    pub events: u64,
    /// Repeats.
    pub repeats: u64,
    /// Notes that a sink took.
    pub rang: u64,
    /// Rings kept back now.
    pub held: u64,
    /// Deliveries given up or expired.
    pub failed: u64,
    /// Frames that could not be read.
    pub quarantined: u64,
    /// Times of which we do not know what the feed sent.
    pub gaps: u64,
    /// Rings recorded but not rung.
    pub shadow: u64,
}

/// How a sink stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SinkLine {
    /// Its name.
    pub name: String,
    /// `ok`, `down`, `waits`, `disabled`, `paused` or `parked`.
    pub state: String,
    /// Since when it is not ok.
    pub since: Option<Timestamp>,
    /// Until when it waits.
    pub until: Option<Timestamp>,
    /// Why, in the sink's words.
    pub said: Option<Text>,
    /// Rings that go as soon as they are due, those in flight included.
    pub waiting: u64,
    /// Rings kept back.
    pub held: u64,
    /// Rings given up or expired.
    pub failed: u64,
    /// When it last took a note.
    pub last_rang: Option<Timestamp>,
    /// When the oldest due ring became due.
    pub oldest_due: Option<Timestamp>,
}

/// One of today's counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountLine {
    /// What was counted, such as `unknown`.
    pub what: String,
    /// Of whom.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// What a status is made of.
pub(super) struct Parts {
    pub(super) started: Timestamp,
    pub(super) now: Timestamp,
    pub(super) generation: (i64, Timestamp),
    pub(super) feeds: Vec<Standing>,
    pub(super) status: Status,
    pub(super) health: Health,
    pub(super) counts: Vec<CountLine>,
    pub(super) warnings: Vec<String>,
}

impl StatusDocument {
    pub(super) fn of(parts: Parts) -> Self {
        let Parts { started, now, generation, feeds, status, health, counts, warnings } = parts;
        let paused = status.paused.as_ref().map(PauseLine::of);
        let live = !feeds.is_empty() && feeds.iter().all(|feed| feed.link == Link::Live);
        let state = match (&paused, live) {
            (Some(_), _) => "PAUSED",
            (None, true) => "LIVE",
            (None, false) => "CONNECTING…",
        };
        let sinks: Vec<SinkLine> = status.sinks.iter().map(SinkLine::of).collect();
        let mut troubles = troubles(&health, &feeds, &sinks);
        troubles.extend(warnings);
        Self {
            state: state.to_owned(),
            troubles,
            started,
            now,
            generation: generation.0,
            generation_since: generation.1,
            paused,
            feeds,
            today: TodayLine::of(&status),
            sinks,
            counts,
        }
    }

    /// Says whether all is well: what exit code 0 of `deskbell status` means.
    pub fn is_well(&self) -> bool {
        self.state == "LIVE" && self.troubles.is_empty()
    }
}

fn troubles(health: &Health, feeds: &[Standing], sinks: &[SinkLine]) -> Vec<String> {
    let mut troubles = Vec::new();
    if let Some(trouble) = &health.trouble {
        let todo = match trouble.kind {
            TroubleKind::DiskFull => "make room, and it goes on by itself",
            TroubleKind::Unwritable => "once it may be written, it goes on by itself",
            TroubleKind::Fatal => "the daemon ends, and a new start recovers",
        };
        let (since, said) = (trouble.since, &trouble.said);
        troubles.push(format!("nothing is stored since {since:.0}: {said}; {todo}"));
    }
    if let Some(path) = &health.set_aside {
        troubles.push(format!("the state was damaged; it was set aside as {}", path.display()));
    }
    for feed in feeds {
        match feed.link {
            Link::Denied => troubles.push(format!(
                "{}: the server refuses us; its token is read anew at each try",
                feed.source
            )),
            Link::Down => {
                troubles.push(format!("{}: given up; to try again: deskbell resume", feed.source))
            }
            Link::Live | Link::Connecting => {}
        }
    }
    for sink in sinks {
        let name = &sink.name;
        match sink.state.as_str() {
            "down" => troubles.push(format!(
                "{name} is down and asked again by itself; mended, at once: deskbell resume {name}"
            )),
            "disabled" => troubles.push(format!(
                "{name} is disabled, its far side is gone; once it is back: deskbell resume {name}"
            )),
            "parked" if sink.waiting + sink.held > 0 => {
                troubles.push(format!("{name} is not configured any more, but is owed rings"));
            }
            _ => {}
        }
        if sink.failed > 0 {
            let failed = sink.failed;
            troubles.push(format!("{name}: {failed} given up; which, and why: deskbell failed"));
        }
    }
    troubles
}

impl PauseLine {
    fn of(pause: &Pause) -> Self {
        Self { since: pause.since, until: pause.until, by: pause.by.clone() }
    }
}

impl TodayLine {
    fn of(status: &Status) -> Self {
        let today = &status.today;
        Self {
            bookings: today.bookings,
            events: today.events,
            repeats: today.repeats,
            rang: today.rang,
            held: today.held,
            failed: today.failed,
            quarantined: today.quarantined,
            gaps: today.gaps,
            shadow: today.shadow,
        }
    }
}

impl SinkLine {
    fn of(sink: &SinkStatus) -> Self {
        let hold = sink.hold.as_ref();
        let (state, since, until) = match (sink.configured, &sink.paused, hold) {
            (false, _, _) => ("parked", None, None),
            (true, Some(pause), _) => ("paused", Some(pause.since), pause.until),
            (true, None, Some(hold)) => {
                let word = match hold.reason {
                    HeldReason::SinkDown => "down",
                    HeldReason::Throttled => "waits",
                    HeldReason::Disabled => "disabled",
                    HeldReason::Paused => "paused",
                };
                (word, Some(hold.since), hold.until)
            }
            (true, None, None) => ("ok", None, None),
        };
        Self {
            name: sink.name.to_string(),
            state: state.to_owned(),
            since,
            until,
            said: hold.and_then(|hold| hold.said.clone()),
            waiting: sink.waiting,
            held: sink.held,
            failed: sink.failed,
            last_rang: sink.last_rang,
            oldest_due: sink.oldest_due,
        }
    }
}
