//! Job: the body of a request.
//! Takes: a note and the fields that may leave.
//! Gives: the note's document as JSON, at most 256 KiB.
//! Never: drops a note because it is long: it says less, and says that it does.

use contract::note_document::{Field, NoteDocument, Trim};
use contract::{Note, note_document};

/// The most a body is long, bytes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// What is left out step by step until a body fits: first long texts, then `extra`, changes and
/// payloads, then all but the newest events.
const STEPS: [Trim; 5] = [
    Trim { text_bytes_max: 4096, ..Trim::NOTHING },
    Trim { text_bytes_max: 1024, extra: false, ..Trim::NOTHING },
    Trim { text_bytes_max: 512, extra: false, events_max: 100 },
    Trim { text_bytes_max: 256, extra: false, events_max: 10 },
    Trim { text_bytes_max: 128, extra: false, events_max: 1 },
];

/// The body.
pub(crate) fn of(note: &Note, fields: Option<&[Field]>) -> Vec<u8> {
    let whole = NoteDocument::of(note, fields);
    let mut body = json(&whole);
    for trim in STEPS {
        if body.len() <= BODY_BYTES_MAX {
            break;
        }
        body = json(&whole.trimmed(trim));
    }
    body
}

fn json(document: &note_document::NoteDocument<'_>) -> Vec<u8> {
    serde_json::to_vec(document).expect("a note has only text for keys, and memory takes it all")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::trial;

    use super::*;

    fn crowded(text_bytes: usize, events: usize) -> Note {
        let mut event = trial::event(contract::Body::Booking(contract::Booking {
            title: Some("x".repeat(text_bytes).into()),
            customer: Some("\u{1}".repeat(text_bytes).into()),
            ..trial::booking()
        }));
        event.extra.insert("long".into(), "y".repeat(text_bytes).into());
        let mut note = trial::note();
        let event = Arc::new(event);
        note.events = vec![event; events];
        note
    }

    #[test]
    fn a_body_is_never_longer_than_the_limit_and_always_a_document() {
        for (text_bytes, events) in [(10, 1), (16_384, 1), (16_384, 64), (300_000, 1), (100, 9999)]
        {
            let note = crowded(text_bytes, events);
            let body = of(&note, None);
            assert!(body.len() <= BODY_BYTES_MAX, "{text_bytes} × {events}: {}", body.len());
            let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(document["events"][0]["id"], "BK-20261123-0001");
        }
    }

    #[test]
    fn texts_are_cut_before_anything_is_left_out() {
        let body = of(&crowded(40_000, 1), None);
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["cut"], true);
        assert_eq!(document["events"][0]["title"].as_str().unwrap().len(), 4096);
        assert!(document["events"][0].get("extra").is_some());
    }
}
