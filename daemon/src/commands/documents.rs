//! Job: what `--json` says of events and deliveries.
//! Takes: rows of the outbox.
//! Gives: documents whose field names stay.
//! Never: loses what a row says, or shows an event's memory.

use contract::frame::Reason;
use contract::{Class, Level};
use jiff::Timestamp;
use serde::Serialize;

use crate::delivery::{Outcome, WakeUp, Way};
use crate::outbox::{AttemptRow, DeliveryRow, EventRow, HistoryRow, OwedRow, QuarantinedRow};

/// An event, and with it its deliveries.
#[derive(Debug, Serialize)]
pub(super) struct EventDocument<'a> {
    /// Its place in the order of receipt.
    pub(super) id: i64,
    /// Its identity, 32 hexadecimal digits.
    pub(super) key: String,
    pub(super) source: &'a str,
    pub(super) feed: &'a str,
    /// `booking`, `metrics`, `feed`, `sink` or `other`.
    pub(super) kind: &'static str,
    /// The booking's id, or what else it is about.
    pub(super) subject: &'a str,
    /// `routed`, `unmatched`, `ignored`, `stale`.
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
    pub(super) received: Timestamp,
    /// The configuration that judged it.
    pub(super) generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) woken_by: Option<&'a WakeUp>,
    /// What it says; absent once erased.
    pub(super) event: Option<&'a contract::Event>,
}

/// A delivery.
#[derive(Debug, Serialize)]
pub(super) struct DeliveryDocument<'a> {
    /// The id that `failed retry` takes.
    pub(super) id: String,
    /// The id that receivers see; the same over every try.
    pub(super) key: String,
    pub(super) sink: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<&'a str>,
    /// `pending`, `claimed`, `waiting`, `held`, `sent`, `dead`, `expired`, `withdrawn`, `parked`.
    pub(super) state: &'static str,
    /// The state in words, with its reason.
    pub(super) stands: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Timestamp>,
    /// Waits behind an earlier delivery of the same booking.
    pub(super) behind: bool,
    pub(super) way: Way,
    pub(super) rule: &'a str,
    pub(super) level: Level,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    pub(super) tries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latency_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<WhyDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirected_from: Option<&'a str>,
}

/// What was said against a try.
#[derive(Debug, Serialize)]
pub(super) struct WhyDocument<'a> {
    pub(super) class: &'static str,
    pub(super) said: &'a str,
}

/// An event with its deliveries.
#[derive(Debug, Serialize)]
pub(super) struct HistoryDocument<'a> {
    pub(super) event: EventDocument<'a>,
    pub(super) deliveries: Vec<DeliveryDocument<'a>>,
}

/// A delivery with its event.
#[derive(Debug, Serialize)]
pub(super) struct OwedDocument<'a> {
    pub(super) delivery: DeliveryDocument<'a>,
    pub(super) event: EventDocument<'a>,
}

/// A try.
#[derive(Debug, Serialize)]
pub(super) struct AttemptDocument<'a> {
    pub(super) answered: Timestamp,
    pub(super) latency_ms: u32,
    /// Whether it counts against `attempts`.
    pub(super) spent: bool,
    /// What was said against it; absent where the sink took it.
    pub(super) why: Option<WhyDocument<'a>>,
}

/// A frame that could not be read.
#[derive(Debug, Serialize)]
pub(super) struct QuarantinedDocument<'a> {
    pub(super) id: i64,
    pub(super) source: &'a str,
    pub(super) feed: &'a str,
    pub(super) received: Timestamp,
    pub(super) reason: Reason,
    pub(super) said: &'a str,
    /// How long the frame was.
    pub(super) bytes: u64,
    /// Its beginning as text; what is no UTF-8 is replaced.
    pub(super) frame: String,
}

impl<'a> EventDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a EventRow) -> Self {
        Self {
            id: row.id.0,
            key: row.key.to_string(),
            source: row.source.as_str(),
            feed: row.feed.as_str(),
            kind: row.kind.word(),
            subject: row.subject.as_str(),
            outcome: row.outcome,
            at: row.at,
            received: row.received,
            generation: row.generation.0,
            woken_by: row.woken_by.as_ref(),
            event: row.event.as_ref(),
        }
    }
}

impl<'a> DeliveryDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a DeliveryRow) -> Self {
        Self {
            id: row.id.to_string(),
            key: row.key.to_string(),
            sink: row.sink.as_str(),
            address: row.address.as_deref(),
            state: row.state.word(),
            stands: row.state.to_string(),
            due: row.due,
            behind: row.behind,
            way: row.way,
            rule: row.rule.as_str(),
            level: row.level,
            title: row.title.as_str(),
            body: row.body.as_str(),
            tries: row.tries,
            answered: row.answered,
            latency_ms: row.latency_ms,
            why: row.why.as_ref().map(WhyDocument::of),
            redirected_from: row.redirected_from.as_ref().map(contract::SinkName::as_str),
        }
    }
}

impl<'a> WhyDocument<'a> {
    fn of((class, said): &'a (Class, contract::Text)) -> Self {
        Self { class: class.word(), said: said.as_str() }
    }
}

impl<'a> HistoryDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a HistoryRow) -> Self {
        let deliveries = row.deliveries.iter().map(DeliveryDocument::of).collect();
        Self { event: EventDocument::of(&row.event), deliveries }
    }
}

impl<'a> OwedDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a OwedRow) -> Self {
        let delivery = DeliveryDocument::of(&row.delivery);
        Self { delivery, event: EventDocument::of(&row.event) }
    }
}

impl<'a> AttemptDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a AttemptRow) -> Self {
        Self {
            answered: row.answered,
            latency_ms: row.latency_ms,
            spent: row.spent,
            why: row.why.as_ref().map(WhyDocument::of),
        }
    }
}

impl<'a> QuarantinedDocument<'a> {
    /// The document of a row.
    pub(super) fn of(row: &'a QuarantinedRow) -> Self {
        Self {
            id: row.id,
            source: row.source.as_str(),
            feed: row.feed.as_str(),
            received: row.received,
            reason: row.frame.reason,
            said: row.frame.said.as_str(),
            bytes: row.frame.length,
            frame: String::from_utf8_lossy(&row.frame.bytes).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Class;
    use serde_json::Value;

    use super::*;
    use crate::commands::sample;
    use crate::delivery::{DeadReason, State};

    fn names(document: &impl Serialize) -> String {
        let mut document = serde_json::to_value(document).unwrap();
        document["event"]["event"] = Value::Null;
        serde_json::to_string_pretty(&document).unwrap()
    }

    #[test]
    fn the_field_names_of_json_stay() {
        let mut row = sample::owed("webhook.crm", State::Dead(DeadReason::Attempts));
        row.delivery.why = Some((Class::Ambiguous, "no answer in time".into()));
        insta::assert_snapshot!(names(&OwedDocument::of(&row)), @r#"
        {
          "delivery": {
            "answered": "2026-11-23T09:48:01Z",
            "behind": false,
            "body": "BK-20261123-0001",
            "id": "7-1",
            "key": "01010101010101010101010101010101",
            "latency_ms": 12,
            "level": "info",
            "rule": "Big tours",
            "sink": "webhook.crm",
            "stands": "dead (every try failed)",
            "state": "dead",
            "title": "New tour · Phi Phi Islands Day Tour",
            "tries": 1,
            "way": "ring",
            "why": {
              "class": "ambiguous",
              "said": "no answer in time"
            }
          },
          "event": {
            "at": "2026-11-23T09:47:59Z",
            "event": null,
            "feed": "dashboard",
            "generation": 3,
            "id": 7,
            "key": "07070707070707070707070707070707",
            "kind": "booking",
            "outcome": "routed",
            "received": "2026-11-23T09:48:00Z",
            "source": "websocket.dashboard",
            "subject": "BK-20261123-0001"
          }
        }
        "#);
    }

    #[test]
    fn what_one_row_says_is_what_the_other_says() {
        let row = sample::history(&[("console.log", State::Sent)]);
        let history = serde_json::to_value(HistoryDocument::of(&row)).unwrap();
        let owed = sample::owed("console.log", State::Sent);
        let owed = serde_json::to_value(OwedDocument::of(&owed)).unwrap();
        assert_eq!(history["event"], owed["event"]);
        assert_eq!(history["deliveries"][0], owed["delivery"]);
    }
}
