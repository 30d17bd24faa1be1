//! Job: which event is the same event, and which delivery the same delivery.
//! Takes: an event, the state before it, a sink, an address, a step.
//! Gives: `EventKey` and `NoteKey`: the same after a crash, a replay, and on two instances.
//! Never: uses where or when something was stored.

use std::fmt;

use contract::event::Body;
use contract::{Event, NoteKey, SinkName, Status};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The identity of an event: 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventKey(pub [u8; 16]);

/// What an event says, without when it said it: 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

/// Which of an event's rings at one sink it is. Equal steps of one event to one sink are one ring.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The first, or a following one.
    First,
    /// An alarm that begins.
    Begin,
    /// An alarm that clears.
    Clear,
    /// In place of another sink.
    Fallback(SinkName),
}

impl Digest {
    /// The digest of a body as it is stored.
    pub fn of(body: &[u8]) -> Self {
        Self(half(&Sha256::digest(body)))
    }
}

impl EventKey {
    /// The feed's own event id where there is one; else feed, kind, subject, status and revision;
    /// failing a revision, a digest of what it says and the status before it.
    pub fn of(event: &Event, digest: Digest, before: Option<&Status>) -> Self {
        let mut hash = Hash::new("event");
        hash.part(event.feed.as_str());
        hash.part(event.kind().word());
        if let Some(id) = &event.id {
            hash.part("id");
            hash.part(id);
            return Self(hash.end());
        }
        hash.part(event.subject());
        match &event.body {
            Body::Booking(booking) => {
                hash.part(booking.status.as_ref().map_or("", Status::as_str));
                match booking.revision {
                    Some(revision) => hash.part(&format!("{revision:?}")),
                    None => {
                        hash.bytes(&digest.0);
                        hash.part(before.map_or("", Status::as_str));
                    }
                }
            }
            _ => {
                hash.bytes(&digest.0);
                hash.part(&event.at.as_nanosecond().to_string());
            }
        }
        Self(hash.end())
    }

    /// The identity of what an alarm says: it begins or clears once for each time it began.
    pub fn of_alarm(rule: &str, subject: &str, begun: jiff::Timestamp, step: &Step) -> Self {
        let mut hash = Hash::new("alarm");
        hash.part(rule);
        hash.part(subject);
        hash.part(&begun.as_nanosecond().to_string());
        hash.part(&step.to_string());
        Self(hash.end())
    }
}

/// The id of a delivery, which it keeps over every try.
pub fn note_key(event: EventKey, sink: &SinkName, address: Option<&str>, step: &Step) -> NoteKey {
    let mut hash = Hash::new("note");
    hash.bytes(&event.0);
    hash.part(sink.as_str());
    hash.part(address.unwrap_or(""));
    match step {
        Step::First => hash.part("first"),
        other => hash.part(&other.to_string()),
    }
    NoteKey(hash.end())
}

struct Hash(Sha256);

impl Hash {
    fn new(domain: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.part(domain);
        hash
    }

    fn part(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn end(self) -> [u8; 16] {
        half(&self.0.finalize())
    }
}

fn half(hash: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::Begin => f.write_str("begin"),
            Self::Clear => f.write_str("clear"),
            Self::Fallback(sink) => write!(f, "fallback {sink}"),
        }
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use contract::Booking;
    use jiff::Timestamp;

    use super::*;

    fn event(status: Status) -> Event {
        let mut booking = Booking::of("B1");
        booking.status = Some(status);
        Event {
            id: None,
            source: "websocket.a".into(),
            feed: "a".into(),
            at: Timestamp::UNIX_EPOCH,
            received: Timestamp::UNIX_EPOCH,
            body: Body::Booking(booking),
            extra: Default::default(),
        }
    }

    #[test]
    fn a_booking_s_key_ignores_when_and_by_whom_it_was_read() {
        let digest = Digest::of(b"same");
        let mut other = event(Status::New);
        other.received = Timestamp::now();
        other.at = Timestamp::now();
        other.source = "websocket.b".into();
        assert_eq!(
            EventKey::of(&event(Status::New), digest, None),
            EventKey::of(&other, digest, None)
        );
    }

    #[test]
    fn a_key_changes_with_status_content_feed_and_the_status_before() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let mut elsewhere = event(Status::New);
        elsewhere.feed = "b".into();
        let keys = [
            EventKey::of(&event(Status::New), a, None),
            EventKey::of(&event(Status::Confirmed), a, None),
            EventKey::of(&event(Status::New), b, None),
            EventKey::of(&event(Status::New), a, Some(&Status::Confirmed)),
            EventKey::of(&elsewhere, a, None),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn each_sink_address_and_step_has_an_id_of_its_own() {
        let key = EventKey([7; 16]);
        let (a, b) = (SinkName::from("console.a"), SinkName::from("console.b"));
        let ids = [
            note_key(key, &a, None, &Step::First),
            note_key(key, &b, None, &Step::First),
            note_key(key, &a, Some("x"), &Step::First),
            note_key(key, &a, None, &Step::Clear),
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(ids[0].to_string().len(), 32);
    }
}
