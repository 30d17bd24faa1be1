//! Job: what people and commands read.
//! Takes: nothing; plain rows.
//! Gives: `Status`, `HistoryRow`, `Story` and their parts.
//! Never: borrows from the store.

use std::path::PathBuf;

use contract::{
    Address, Class, Cursor, Event, FeedName, Kind, Level, NoteKey, RuleName, SinkName, SourceName,
    Text, Unreadable,
};
use jiff::Timestamp;

use super::{DeliveryId, GenerationId, Hold, Pause, StoredId};
use crate::delivery::{EventKey, Outcome, State, WakeUp, Way};

/// Which part of a long list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

impl Default for Page {
    /// The first fifty.
    fn default() -> Self {
        Self { limit: 50, offset: 0 }
    }
}

/// How everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Each sink that is configured or still owed something, by name.
    pub sinks: Vec<SinkStatus>,
    /// Each source ever heard of, by name.
    pub sources: Vec<SourceStatus>,
    /// A person holds all sinks.
    pub paused: Option<Pause>,
    /// Today's counts.
    pub today: Today,
    /// When the newest booking was received.
    pub last_booking: Option<Timestamp>,
}

/// How a sink stands.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkStatus {
    /// Its name.
    pub name: SinkName,
    /// Whether it is configured; where not, its rows are parked.
    pub configured: bool,
    /// A person holds it.
    pub paused: Option<Pause>,
    /// It is down, throttled or disabled.
    pub hold: Option<Hold>,
    /// Rows that ring as soon as they are due; those in hand are not counted.
    pub waiting: u64,
    /// Rows that a closed gate keeps back.
    pub held: u64,
    /// Rows that are dead or expired.
    pub failed: u64,
    /// When it last took a note.
    pub last_rang: Option<Timestamp>,
    /// When the oldest row that is due became due.
    pub oldest_due: Option<Timestamp>,
}

/// What is kept of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its name.
    pub name: SourceName,
    /// Where it resumes.
    pub cursor: Option<Cursor>,
    /// When it last showed that it is there.
    pub last_alive: Option<Timestamp>,
}

/// Today's counts, in the daemon's time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// Events about bookings.
    pub bookings: u64,
    /// Events of any kind.
    pub events: u64,
    /// Repeats.
    pub repeats: u64,
    /// Notes that a sink took.
    pub rang: u64,
    /// Rows that a closed gate keeps back now.
    pub held: u64,
    /// Deliveries given up or expired.
    pub failed: u64,
    /// Frames that could not be read.
    pub quarantined: u64,
    /// Gaps that were recorded.
    pub gaps: u64,
    /// Rings recorded but not rung.
    pub shadow: u64,
}

/// One count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The day, as `2026-11-23`.
    pub day: jiff::civil::Date,
    /// What was counted, such as `matched`.
    pub what: String,
    /// Of whom: a rule, a sink, a source, a reason.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// What to look for in history. Every part that is given must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryFilter {
    /// This subject.
    pub booking: Option<String>,
    /// A delivery to this sink.
    pub sink: Option<SinkName>,
    /// A delivery in a state of this word, such as `dead`.
    pub state: Option<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// This text somewhere in what the event says, folding ASCII case.
    pub text: Option<String>,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Its place.
    pub id: StoredId,
    /// Its identity.
    pub key: EventKey,
    /// The source that read it.
    pub source: SourceName,
    /// The feed it belongs to.
    pub feed: FeedName,
    /// What it is about.
    pub kind: Kind,
    /// The booking's id, or what else it is about.
    pub subject: Text,
    /// What became of it.
    pub outcome: Outcome,
    /// When it happened.
    pub at: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// The rules that judged it.
    pub generation: GenerationId,
    /// The wake-up that was judged, where it was no event.
    pub woken_by: Option<WakeUp>,
    /// What it says; absent once erased.
    pub event: Option<Event>,
}

/// A delivery as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    /// Its place.
    pub id: DeliveryId,
    /// Its identity.
    pub key: NoteKey,
    /// Where to.
    pub sink: SinkName,
    /// Which of its addresses.
    pub address: Option<Address>,
    /// How it stands; `Held` and `Parked` where the gate or the configuration says so now.
    pub state: State,
    /// When it is tried next.
    pub due: Option<Timestamp>,
    /// Behind an earlier delivery of its lane.
    pub behind: bool,
    /// Why this sink was told.
    pub way: Way,
    /// The rule that gave the message.
    pub rule: RuleName,
    /// How loud.
    pub level: Level,
    /// One line; empty once erased.
    pub title: Text,
    /// A few lines; empty once erased.
    pub body: Text,
    /// How many tries there were.
    pub tries: u32,
    /// When it was last answered.
    pub answered: Option<Timestamp>,
    /// How long the last try took, ms.
    pub latency_ms: Option<u32>,
    /// What was last said against it.
    pub why: Option<(Class, Text)>,
    /// The sink it was meant for, where it was sent elsewhere.
    pub redirected_from: Option<SinkName>,
}

/// A delivery with the event it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct OwedRow {
    /// The event.
    pub event: EventRow,
    /// The delivery.
    pub delivery: DeliveryRow,
}

/// An event with its deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The event.
    pub event: EventRow,
    /// Its deliveries.
    pub deliveries: Vec<DeliveryRow>,
}

/// One try, kept from a delivery's first failure on.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    /// When it was answered.
    pub answered: Timestamp,
    /// How long it took, ms.
    pub latency_ms: u32,
    /// Whether an attempt was spent.
    pub spent: bool,
    /// What was said against it; absent where the sink took it.
    pub why: Option<(Class, Text)>,
}

/// All that is known of one event, for `why`.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The event.
    pub event: EventRow,
    /// The memory that its judgement read, as JSON; absent where it was empty, or once erased.
    pub memory: Option<Vec<u8>>,
    /// Its deliveries, each with its tries.
    pub deliveries: Vec<(DeliveryRow, Vec<AttemptRow>)>,
}

/// A generation of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub id: GenerationId,
    /// Since when it judged.
    pub since: Timestamp,
    /// The effective configuration: rule texts, lists, rates.
    pub text: String,
}

/// A frame in quarantine.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantinedRow {
    /// Its number.
    pub id: i64,
    /// The source that read it.
    pub source: SourceName,
    /// The feed it belongs to.
    pub feed: FeedName,
    /// When it was received.
    pub received: Timestamp,
    /// Why, and its bytes.
    pub frame: Unreadable,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Text,
    /// What, such as `retry`.
    pub what: String,
    /// To what.
    pub detail: String,
}

/// Where the store lies and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSize {
    /// The file.
    pub path: PathBuf,
    /// Its bytes, the log included.
    pub bytes: u64,
}
