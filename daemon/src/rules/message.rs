//! Job: the built-in words: always the id and the title, so that what rang can be traced.
//! Takes: the facts of an event, or the beginning and end of an alarm.
//! Gives: `Words`, and how loud a state is.
//! Never: escapes; each sink does, for its own medium.

use contract::event::Body;
use contract::text::cut;
use contract::values::Span;
use contract::{
    Booking, Category, Event, FeedChange, FeedState, Gap, GapReason, Level, Metrics, Status,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::facts::Facts;
use crate::delivery::AlarmMemory;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// The longest title, in bytes; longer ones are cut.
pub const TITLE_BYTES_MAX: usize = 256;
/// The longest body, in bytes; longer ones are cut.
pub const BODY_BYTES_MAX: usize = 4096;

/// How loud an event is where its rule does not say.
pub(crate) fn level(event: &Event) -> Level {
    match event.booking().and_then(|booking| booking.status.as_ref()) {
        Some(Status::Confirmed) => Level::Success,
        Some(Status::Cancelled) => Level::Error,
        Some(Status::New | Status::Own(_)) | None => Level::Info,
    }
}

/// The sign of a category, or of another kind of event.
pub(crate) fn icon(event: &Event) -> &'static str {
    match &event.body {
        Body::Booking(booking) => match booking.category {
            Some(Category::Property) => "🏨",
            Some(Category::Car) => "🚗",
            Some(Category::Transfer) => "🚐",
            Some(Category::Tour) => "🧭",
            Some(Category::Own(_)) | None => "🔔",
        },
        Body::Metrics(_) => "📊",
        Body::Feed(_) | Body::Sink(_) => "⚠️",
        Body::Other(_) => "🔔",
    }
}

/// The built-in words for an event.
pub(crate) fn built_in(facts: &Facts<'_>) -> Words {
    let words = match &facts.event.body {
        Body::Booking(booking) => of_booking(booking),
        Body::Metrics(metrics) => of_metrics(metrics, facts.event),
        Body::Other(other) => Words {
            title: format!("{} from {}", other.name, facts.event.feed),
            body: other.payload.to_string(),
        },
        Body::Feed(change) => Words {
            title: format!("Feed {} is {}", facts.event.feed, change.state),
            body: change.said.as_deref().unwrap_or("").to_owned(),
        },
        Body::Sink(change) => Words {
            title: format!("Sink {} has changed", change.sink),
            body: change.said.as_deref().unwrap_or("").to_owned(),
        },
    };
    words.bounded()
}

/// `New tour · Phi Phi Islands Day Tour` over `BK-1 · Anna Lindqvist · 1,250.00 USD · TH`.
fn of_booking(booking: &Booking) -> Words {
    let category = booking.category.as_ref().map_or("booking", Category::as_str);
    let mut title = String::with_capacity(96);
    match booking.status.as_ref() {
        Some(Status::New) => {
            title.push_str("New ");
            title.push_str(category);
        }
        Some(Status::Confirmed) => {
            push_all(&mut title, &[capital(category).as_str(), " confirmed"])
        }
        Some(Status::Cancelled) => {
            push_all(&mut title, &[capital(category).as_str(), " cancelled"])
        }
        Some(Status::Own(status)) => {
            push_all(&mut title, &[capital(category).as_str(), " ", &status.replace('_', " ")]);
        }
        None => title.push_str(&capital(category)),
    }
    if let Some(what) = booking.title.as_deref() {
        push_all(&mut title, &[" · ", what]);
    }
    let mut body = String::with_capacity(128);
    body.push_str(booking.id.as_str());
    if let Some(customer) = booking.customer.as_deref() {
        push_all(&mut body, &[" · ", customer]);
    }
    if let Some(amount) = &booking.amount {
        push_all(&mut body, &[" · ", &amount.to_string()]);
    }
    if let Some(country) = &booking.country {
        push_all(&mut body, &[" · ", country.as_str()]);
    }
    if let Some(starts) = &booking.starts {
        push_all(&mut body, &[" · starts ", &starts.to_string()]);
    }
    Words { title, body }
}

fn push_all(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn of_metrics(metrics: &Metrics, event: &Event) -> Words {
    let figures = [
        ("active bookings", metrics.active_bookings, ""),
        ("revenue today", metrics.today_revenue, ""),
        ("revenue in all", metrics.total_revenue, ""),
        ("customers", metrics.total_customers, ""),
        ("bookings changed by", metrics.bookings_change, " %"),
        ("revenue changed by", metrics.revenue_change, " %"),
        ("customers changed by", metrics.customers_change, " %"),
    ];
    let told: Vec<String> = figures
        .iter()
        .filter_map(|(name, figure, unit)| figure.map(|figure| format!("{name} {figure}{unit}")))
        .collect();
    Words { title: format!("Figures of {}", event.feed), body: told.join(" · ") }
}

/// The words of an alarm that begins: `Feed dashboard is down since 10:02`.
pub(crate) fn alarm_begins(feed: &str, change: &FeedChange, zone: &TimeZone) -> Words {
    let title = match &change.gap {
        Some(gap) if change.state == FeedState::Gap => gap_title(feed, gap, zone),
        _ => {
            let what = match change.state {
                FeedState::Denied => "refuses our credentials",
                FeedState::Gap => "has missed something",
                FeedState::Live | FeedState::Down | FeedState::Quiet => change.state.word(),
            };
            let is = if change.state == FeedState::Denied || change.state == FeedState::Gap {
                ""
            } else {
                "is "
            };
            format!("Feed {feed} {is}{what} since {}", clock(change.since, zone))
        }
    };
    let mut body = change.said.as_deref().unwrap_or("").to_owned();
    if let Some(gap) = &change.gap {
        let line_end = if body.is_empty() { "" } else { "\n" };
        push_all(&mut body, &[line_end, gap_reason(gap)]);
    }
    Words { title, body }.bounded()
}

/// The words of an alarm that clears: `Feed dashboard is live again after 12m`.
pub(crate) fn alarm_clears(
    feed: &str,
    begun: &AlarmMemory,
    now: &FeedChange,
    zone: &TimeZone,
) -> Words {
    let since = begun.begun;
    let lasted = std::time::Duration::try_from(now.since.duration_since(since)).unwrap_or_default();
    let lasted = Span(std::time::Duration::from_secs(lasted.as_secs()));
    let title = match now.state {
        FeedState::Live => format!("Feed {feed} is live again after {lasted}"),
        other => format!("Feed {feed} is {other} after {lasted} of {}", begun.change.state),
    };
    let body =
        format!("{} from {} to {}", begun.change.state, clock(since, zone), clock(now.since, zone));
    Words { title, body }.bounded()
}

fn gap_title(feed: &str, gap: &Gap, zone: &TimeZone) -> String {
    let (from, to) = (clock(gap.from, zone), clock(gap.to, zone));
    match gap.missed {
        Some(1) => format!("Feed {feed} missed one frame between {from} and {to}"),
        Some(missed) => format!("Feed {feed} missed {missed} frames between {from} and {to}"),
        None => format!("Feed {feed} may have missed something between {from} and {to}"),
    }
}

fn gap_reason(gap: &Gap) -> &'static str {
    match gap.reason {
        GapReason::NotOffered => "the feed cannot repeat what was sent meanwhile",
        GapReason::TooOld => "the feed no longer has what was missed",
        GapReason::NewEpoch => "the feed began to count anew",
        GapReason::Skipped => "the feed left numbers out",
    }
}

/// The time of day where the house is, with the day where it is needed to tell them apart.
pub(crate) fn clock(instant: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(instant);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

impl Words {
    /// The words within their limits, the title on one line.
    pub(crate) fn bounded(mut self) -> Self {
        if self.title.contains(['\n', '\r']) {
            self.title = self.title.replace(['\n', '\r'], " ");
        }
        if self.title.len() > TITLE_BYTES_MAX {
            self.title = cut(&self.title, TITLE_BYTES_MAX);
        }
        if self.body.len() > BODY_BYTES_MAX {
            self.body = cut(&self.body, BODY_BYTES_MAX);
        }
        self
    }
}
