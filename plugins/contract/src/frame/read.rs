//! Job: one frame's bytes, read once.
//! Takes: bytes as they came, and when.
//! Gives: `FrameRead`, or `Unreadable` with the first thing that is wrong.
//! Never: recurses without a limit, or keeps a part of a frame it refuses as if it were whole.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::booking::BookingPayload;
use super::metrics::MetricsPayload;
use super::pass::Pass;
use super::seeds::{Name, Open, Whole};
use super::{DEPTH_MAX, FRAME_BYTES_MAX, FrameRead, ID_BYTES_MAX, Reason, Said, Unreadable, Word};
use crate::event::Other;
use crate::{Body, Event, EventId, FeedName, SourceName, Status};

/// Reads the frames of one source.
#[derive(Clone, Debug)]
pub struct Reader {
    source: SourceName,
    feed: FeedName,
    frame_bytes_max: usize,
}

impl Reader {
    /// A reader for one source of one feed.
    pub fn new(source: SourceName, feed: FeedName) -> Self {
        Self { source, feed, frame_bytes_max: FRAME_BYTES_MAX }
    }

    /// With another limit on a frame's length, bytes.
    pub fn frame_bytes_max(mut self, bytes: usize) -> Self {
        self.frame_bytes_max = bytes;
        self
    }

    /// Reads one frame.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with at most 64 KiB of its bytes.
    pub fn read(&self, bytes: &[u8], received: Timestamp) -> Result<FrameRead, Unreadable> {
        self.parse(bytes, received).map_err(|(reason, said)| Unreadable::new(reason, &said, bytes))
    }

    fn parse(&self, bytes: &[u8], received: Timestamp) -> Result<FrameRead, (Reason, String)> {
        if bytes.len() > self.frame_bytes_max {
            let (length, most) = (bytes.len(), self.frame_bytes_max);
            let said = format!("the frame has {length} bytes, at most {most} are read");
            return Err((Reason::TooLarge, said));
        }
        if is_too_deep(bytes) {
            let said = format!("nested deeper than {DEPTH_MAX} levels");
            return Err((Reason::TooDeep, said));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            (Reason::NotUtf8, format!("no UTF-8 from byte {} on", error.valid_up_to()))
        })?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(no_object(text));
        }
        let mut pass = Pass::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let top = Top(&mut pass).deserialize(&mut json).and_then(|top| json.end().map(|()| top));
        let top = top.map_err(|error| fault(&mut pass, &error))?;
        self.finish(top, pass, received)
    }

    fn finish(
        &self,
        top: Frame<'_>,
        mut pass: Pass,
        received: Timestamp,
    ) -> Result<FrameRead, (Reason, String)> {
        let Some(name) = top.name else {
            return Err((Reason::NotAFrame, "an object without a `type`".to_owned()));
        };
        let payload = match (top.payload, top.held) {
            (Some(payload), _) => payload,
            (None, held) => {
                let held = held.map_or("null", RawValue::get);
                let mut json = serde_json::Deserializer::from_str(held);
                let seed = PayloadSeed { name: &name, pass: &mut pass };
                seed.deserialize(&mut json).map_err(|error| fault(&mut pass, &error))?
            }
        };
        let (at, id, body) = match payload {
            Payload::Booking(mut booking, status) => {
                let (at, id) = (booking.at, booking.event_id.take());
                let Some(booking) = booking.finish(status, &mut pass.extra) else {
                    return Err((Reason::NoId, "a booking without an `id`".to_owned()));
                };
                (at, id, Body::Booking(booking))
            }
            Payload::Metrics(read) => (read.at, read.event_id, Body::Metrics(read.metrics)),
            Payload::Open(payload) => {
                if let Some(word) = Word::of(&name, &payload) {
                    return Ok(FrameRead { seq: top.seq, said: Said::Word(word) });
                }
                let (at, id) = (time_of(&payload), id_of(&payload));
                (at, id, Body::Other(Other { name: name.into(), payload }))
            }
        };
        let event = Event {
            id,
            source: self.source.clone(),
            feed: self.feed.clone(),
            at: at.unwrap_or(received),
            received,
            body,
            extra: pass.extra,
        };
        Ok(FrameRead { seq: top.seq, said: Said::Event(event) })
    }
}

/// A frame of unknown type may still say when it happened.
fn time_of(payload: &Value) -> Option<Timestamp> {
    payload.get("timestamp")?.as_str()?.parse().ok()
}

/// A frame of unknown type may still have an id of its own.
fn id_of(payload: &Value) -> Option<EventId> {
    let id = payload.get("eventId").or_else(|| payload.get("event_id"))?.as_str()?;
    let fits = !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control);
    fits.then(|| id.into())
}

/// Says whether the bytes nest too deep. Most frames have fewer brackets than that altogether.
fn is_too_deep(bytes: &[u8]) -> bool {
    // Counted in bytes, 255 at a time, which the compiler turns into vector instructions.
    let opening = |part: &[u8]| part.iter().map(|byte| u8::from(*byte | 0x20 == b'{')).sum::<u8>();
    if bytes.chunks(255).map(|part| usize::from(opening(part))).sum::<usize>() <= DEPTH_MAX {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in bytes {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

fn no_object(text: &str) -> (Reason, String) {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => (Reason::NotAFrame, "JSON, but no object".to_owned()),
        Err(error) => (Reason::NotJson, error.to_string()),
    }
}

/// What went wrong, in our words; serde's name the value, which may be a guest's.
fn fault(pass: &mut Pass, error: &serde_json::Error) -> (Reason, String) {
    if let Some(fault) = pass.fault.take() {
        return fault;
    }
    let said = error.to_string();
    if error.is_data() {
        let wanted = said.rsplit(", expected ").next().unwrap_or("another type");
        return (Reason::WrongType, format!("expected {wanted}"));
    }
    if said.starts_with("number out of range") {
        return (Reason::BadValue, said);
    }
    (Reason::NotJson, said)
}

/// A frame while it is read.
#[derive(Default)]
struct Frame<'de> {
    name: Option<Cow<'de, str>>,
    seq: Option<u64>,
    payload: Option<Payload<'de>>,
    /// A payload that came before its type.
    held: Option<&'de RawValue>,
}

/// Reads the frame's own keys.
struct Top<'p>(&'p mut Pass);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = Frame<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Frame<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let pass = self.0;
        let mut frame = Frame::default();
        let (mut has_type, mut has_payload, mut has_seq) = (false, false, false);
        while let Some(key) = map.next_key_seed(Name)? {
            pass.count_key()?;
            let seen = match &*key {
                "type" => {
                    frame.name = pass.name(&mut map, "the frame's type")?;
                    &mut has_type
                }
                "payload" => {
                    match &frame.name {
                        Some(name) => {
                            let seed = PayloadSeed { name, pass: &mut *pass };
                            frame.payload = Some(map.next_value_seed(seed)?);
                        }
                        None => frame.held = Some(map.next_value()?),
                    }
                    &mut has_payload
                }
                "seq" => {
                    frame.seq = pass.count(&mut map, "seq")?;
                    &mut has_seq
                }
                _ => {
                    let value = map.next_value_seed(Open(&mut *pass))?;
                    pass.keep("frame", &key, value)?;
                    continue;
                }
            };
            if std::mem::replace(seen, true) {
                return Err(pass.twice("", &key));
            }
        }
        Ok(frame)
    }
}

/// What a frame carries, by its type.
#[allow(clippy::large_enum_variant, reason = "lives for one frame, and most are bookings")]
enum Payload<'de> {
    Booking(BookingPayload<'de>, Status),
    Metrics(MetricsPayload),
    Open(Value),
}

/// Reads a payload of a known type.
struct PayloadSeed<'p> {
    name: &'p str,
    pass: &'p mut Pass,
}

impl<'de> DeserializeSeed<'de> for PayloadSeed<'_> {
    type Value = Payload<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let pass = self.pass;
        let status = match self.name {
            "booking:new" => Status::New,
            "booking:confirmed" => Status::Confirmed,
            "booking:cancelled" | "booking:canceled" => Status::Cancelled,
            "metrics:update" => {
                let mut object = MetricsPayload::default();
                Whole { object: &mut object, pass }.deserialize(from)?;
                return Ok(Payload::Metrics(object));
            }
            _ => return Open(pass).deserialize(from).map(Payload::Open),
        };
        let mut object = BookingPayload::default();
        Whole { object: &mut object, pass }.deserialize(from)?;
        Ok(Payload::Booking(object, status))
    }
}
