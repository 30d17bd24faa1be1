//! Job: a note as the one JSON document that every sink of machines sends.
//! Takes: a note, and which fields of a booking may leave the house.
//! Gives: `NoteDocument`, versioned: fields are only ever added to a version.
//! Never: writes an amount as a float, or lets a field leave that is not listed.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use crate::event::Other;
use crate::{Body, Booking, Event, Note, Revision, text};

/// The document's version: raised when a field changes its meaning or goes, not when one comes.
pub const VERSION: u32 = 1;

/// A note as JSON.
///
/// `version`, `key`, `title`, `body`, `level`, `rule`, `also`, `attempt`, `link`,
/// `redirected_from`, `timeline`, and `events`, the newest last. What is not known is left out.
/// An event has `kind`, `feed`, `source`, `event_id`, `at`, `received`, and: a booking its fields
/// by the names that rules and templates use, `amount` as a string of exact digits beside
/// `currency`; the dashboard's figures `metrics`; a feed or a sink `change`; any other frame
/// `type` and `payload`. What else the feed said is `extra`.
#[derive(Clone, Copy, Debug)]
pub struct NoteDocument<'a> {
    note: &'a Note,
    fields: Option<&'a [Field]>,
    trim: Trim,
}

/// What may leave the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The note's own title, body and timeline, in the words of the rule's message.
    Message,
    /// The booking's id.
    Id,
    /// What people say on the phone.
    Reference,
    /// What is booked.
    Category,
    /// How it stands.
    Status,
    /// What is booked, in words.
    Title,
    /// Who booked.
    Customer,
    /// For how much.
    Amount,
    /// The amount's currency.
    Currency,
    /// Where.
    Country,
    /// Which state of the booking this is.
    Revision,
    /// One order of several bookings.
    Group,
    /// The booking that this one replaces.
    PreviousId,
    /// What the feed says has changed.
    Changes,
    /// When it begins.
    Starts,
    /// When it ends.
    Ends,
    /// How many people.
    Party,
    /// Through whom it came.
    Channel,
    /// The guest.
    Guest,
    /// False for a test booking.
    Live,
    /// Everything else that the feed said.
    Extra,
}

/// What is left out where a document would be too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// The most that is kept of one text, bytes.
    pub text_bytes_max: usize,
    /// Whether `extra`, `changes` and the payload of unknown frames are kept.
    pub extra: bool,
    /// The most events that are kept, the newest; `events_left_out` counts the others.
    pub events_max: usize,
}

impl Trim {
    /// Nothing is left out.
    pub const NOTHING: Self =
        Self { text_bytes_max: usize::MAX, extra: true, events_max: usize::MAX };
}

impl<'a> NoteDocument<'a> {
    /// The document of a note. Where fields are listed, no other field of a booking leaves, and
    /// the message only if it is listed too: it may repeat any field in words.
    pub fn of(note: &'a Note, fields: Option<&'a [Field]>) -> Self {
        Self { note, fields, trim: Trim::NOTHING }
    }

    /// The same with less in it; it says `"cut": true`.
    pub fn trimmed(self, trim: Trim) -> Self {
        Self { trim, ..self }
    }

    fn tells(&self, field: Field) -> bool {
        self.fields.is_none_or(|fields| fields.contains(&field))
    }

    fn text<'t>(&self, whole: &'t str) -> Cow<'t, str> {
        match whole.len() > self.trim.text_bytes_max {
            true => text::cut(whole, self.trim.text_bytes_max).into(),
            false => whole.into(),
        }
    }
}

impl Serialize for NoteDocument<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let note = self.note;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("key", &note.key)?;
        if self.tells(Field::Message) {
            map.serialize_entry("title", &self.text(&note.title))?;
            map.serialize_entry("body", &self.text(&note.body))?;
        }
        map.serialize_entry("level", &note.level)?;
        map.serialize_entry("rule", &note.rule)?;
        if !note.also.is_empty() {
            map.serialize_entry("also", &note.also)?;
        }
        map.serialize_entry("attempt", &note.attempt)?;
        entry(&mut map, "link", note.link.as_ref())?;
        entry(&mut map, "redirected_from", note.redirected_from.as_ref())?;
        if self.tells(Field::Message) && !note.timeline.is_empty() && self.trim.extra {
            map.serialize_entry("timeline", &note.timeline)?;
        }
        let left_out = note.events.len().saturating_sub(self.trim.events_max);
        map.serialize_entry("events", &Events { document: self, left_out })?;
        if left_out > 0 {
            map.serialize_entry("events_left_out", &left_out)?;
        }
        if self.trim != Trim::NOTHING {
            map.serialize_entry("cut", &true)?;
        }
        map.end()
    }
}

struct Events<'a> {
    document: &'a NoteDocument<'a>,
    left_out: usize,
}

impl Serialize for Events<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let events = &self.document.note.events[self.left_out..];
        let mut list = to.serialize_seq(Some(events.len()))?;
        for event in events {
            list.serialize_element(&EventDocument { document: self.document, event })?;
        }
        list.end()
    }
}

struct EventDocument<'a> {
    document: &'a NoteDocument<'a>,
    event: &'a Event,
}

impl Serialize for EventDocument<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let event = self.event;
        let with_extra = self.document.trim.extra && self.document.tells(Field::Extra);
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("kind", event.kind().word())?;
        map.serialize_entry("feed", &event.feed)?;
        map.serialize_entry("source", &event.source)?;
        entry(&mut map, "event_id", event.id.as_ref())?;
        map.serialize_entry("at", &event.at)?;
        map.serialize_entry("received", &event.received)?;
        match &event.body {
            Body::Booking(booking) => self.booking(&mut map, booking)?,
            Body::Metrics(metrics) => map.serialize_entry("metrics", metrics)?,
            Body::Feed(change) => map.serialize_entry("change", change)?,
            Body::Sink(change) => map.serialize_entry("change", change)?,
            Body::Other(Other { name, payload }) => {
                map.serialize_entry("type", &self.document.text(name))?;
                entry(&mut map, "payload", with_extra.then_some(payload))?;
            }
        }
        entry(&mut map, "extra", (with_extra && !event.extra.is_empty()).then_some(&event.extra))?;
        map.end()
    }
}

impl EventDocument<'_> {
    fn booking<M: SerializeMap>(&self, map: &mut M, booking: &Booking) -> Result<(), M::Error> {
        self.field(map, Field::Id, "id", Some(&booking.id))?;
        self.words(map, Field::Reference, "reference", booking.reference.as_deref())?;
        let category = booking.category.as_ref().map(crate::Category::as_str);
        self.words(map, Field::Category, "category", category)?;
        let status = booking.status.as_ref().map(crate::Status::as_str);
        self.words(map, Field::Status, "status", status)?;
        self.words(map, Field::Title, "title", booking.title.as_deref())?;
        self.words(map, Field::Customer, "customer", booking.customer.as_deref())?;
        let money = booking.amount;
        self.field(map, Field::Amount, "amount", money.map(|m| m.amount).as_ref())?;
        self.field(map, Field::Currency, "currency", money.and_then(|m| m.currency).as_ref())?;
        self.field(map, Field::Country, "country", booking.country.as_ref())?;
        match booking.revision {
            Some(Revision::Number(n)) => self.field(map, Field::Revision, "revision", Some(&n))?,
            Some(Revision::Updated(at)) => {
                self.field(map, Field::Revision, "revision", Some(&at))?;
            }
            None => {}
        }
        self.words(map, Field::Group, "group", booking.group.as_deref())?;
        self.field(map, Field::PreviousId, "previous_id", booking.previous_id.as_ref())?;
        let with_changes = self.document.trim.extra && !booking.changes.is_empty();
        self.field(map, Field::Changes, "changes", with_changes.then_some(&booking.changes))?;
        self.field(map, Field::Starts, "starts", booking.starts.as_ref())?;
        self.field(map, Field::Ends, "ends", booking.ends.as_ref())?;
        self.field(map, Field::Party, "party", booking.party.as_ref())?;
        let whole = self.document.trim.extra;
        self.field(map, Field::Channel, "channel", booking.channel.as_ref().filter(|_| whole))?;
        self.field(map, Field::Guest, "guest", booking.guest.as_ref().filter(|_| whole))?;
        self.field(map, Field::Live, "live", booking.live.as_ref())
    }

    fn field<M: SerializeMap, T: Serialize>(
        &self,
        map: &mut M,
        field: Field,
        name: &'static str,
        value: Option<&T>,
    ) -> Result<(), M::Error> {
        entry(map, name, value.filter(|_| self.document.tells(field)))
    }

    fn words<M: SerializeMap>(
        &self,
        map: &mut M,
        field: Field,
        name: &'static str,
        words: Option<&str>,
    ) -> Result<(), M::Error> {
        self.field(map, field, name, words.map(|words| self.document.text(words)).as_ref())
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &'static str,
    value: Option<T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial;

    fn json(document: &NoteDocument<'_>) -> serde_json::Value {
        serde_json::to_value(document).unwrap()
    }

    #[test]
    fn a_note_is_one_documented_object() {
        let note = trial::note();
        let document = serde_json::to_string_pretty(&NoteDocument::of(&note, None)).unwrap();
        insta::assert_snapshot!(document, @r#"
        {
          "version": 1,
          "key": "0123456789abcdef0123456789abcdef",
          "title": "New tour: Phi Phi Islands Day Tour",
          "body": "BK-20261123-0001 · Anna Lindqvist · 1,250.00 USD",
          "level": "info",
          "rule": "Big tours",
          "attempt": 1,
          "events": [
            {
              "kind": "booking",
              "feed": "dashboard",
              "source": "websocket.dashboard",
              "at": "2026-11-23T02:14:05.12Z",
              "received": "2026-11-23T02:14:05.12Z",
              "id": "BK-20261123-0001",
              "category": "tour",
              "status": "new",
              "title": "Phi Phi Islands Day Tour",
              "customer": "Anna Lindqvist",
              "amount": "1250.00",
              "currency": "USD",
              "country": "TH",
              "guest": {
                "email": "anna@example.com"
              },
              "extra": {
                "guests": 4
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn only_the_listed_fields_leave_and_no_words_that_may_repeat_others() {
        let note = trial::note();
        let fields = [Field::Id, Field::Category, Field::Amount];
        let document = NoteDocument::of(&note, Some(&fields));
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
        {
          "version": 1,
          "key": "0123456789abcdef0123456789abcdef",
          "level": "info",
          "rule": "Big tours",
          "attempt": 1,
          "events": [
            {
              "kind": "booking",
              "feed": "dashboard",
              "source": "websocket.dashboard",
              "at": "2026-11-23T02:14:05.12Z",
              "received": "2026-11-23T02:14:05.12Z",
              "id": "BK-20261123-0001",
              "category": "tour",
              "amount": "1250.00"
            }
          ]
        }
        "#);
        let with_words = [Field::Message];
        let document = json(&NoteDocument::of(&note, Some(&with_words)));
        assert_eq!(document["title"], "New tour: Phi Phi Islands Day Tour");
        assert_eq!(document["events"][0].get("customer"), None);
    }

    #[test]
    fn every_kind_of_event_has_its_own_facts() {
        let facts = ["customer", "id", "metrics", "change", "change", "payload"];
        for (event, fact) in trial::events().into_iter().zip(facts) {
            let note = trial::note_of(event);
            let document = json(&NoteDocument::of(&note, None));
            assert!(document["events"][0].get(fact).is_some(), "{fact}: {document}");
        }
    }

    #[test]
    fn a_trimmed_document_is_short_and_says_so() {
        let mut note = trial::note();
        note.title = "x".repeat(5000).into();
        note.events = vec![note.events[0].clone(); 10];
        let trim = Trim { text_bytes_max: 100, extra: false, events_max: 3 };
        let document = json(&NoteDocument::of(&note, None).trimmed(trim));
        assert_eq!(document["title"].as_str().unwrap().len(), 100);
        assert_eq!(document["events"].as_array().unwrap().len(), 3);
        assert_eq!(document["events_left_out"], 7);
        assert_eq!(document["cut"], true);
        assert_eq!(document["events"][0].get("extra"), None);
    }
}
