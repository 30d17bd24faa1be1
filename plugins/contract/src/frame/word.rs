//! Job: the words by which a server and a client agree on what was missed.
//! Takes: `hello`, `resume`, `resumed` and `gap` frames.
//! Gives: `Word`, and its frame.
//! Never: takes a stranger's frame of the same type for a word: each word carries an `epoch`.

use serde_json::{Value, json};

use crate::{GapReason, Text};

/// A word between server and client. An epoch names one count of frames: numbers of two epochs
/// have nothing to do with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The server's first: it numbers its frames, and can send them again.
    Hello {
        /// The count it is in.
        epoch: Text,
        /// The number of the last frame it sent to anyone; 0 before the first.
        seq: u64,
    },
    /// The client's: send what came after.
    Resume {
        /// The count the client knows.
        epoch: Text,
        /// The last number the client has.
        after: u64,
    },
    /// The server's: everything after that number has been or is being sent.
    Resumed {
        /// The count.
        epoch: Text,
        /// How many frames are sent again.
        replayed: u64,
    },
    /// The server's: not everything can be had.
    Gap {
        /// The count from now on.
        epoch: Text,
        /// Why.
        reason: GapReason,
        /// How many frames are lost, where it knows.
        missed: Option<u64>,
    },
}

impl Word {
    /// The word that a frame's type and payload make; none where they make none.
    pub(super) fn of(name: &str, payload: &Value) -> Option<Self> {
        let epoch = Text::from(payload.get("epoch")?.as_str()?);
        let number = |key: &str| payload.get(key).and_then(Value::as_u64);
        match name {
            "hello" => Some(Self::Hello { epoch, seq: number("seq").unwrap_or(0) }),
            "resume" => Some(Self::Resume { epoch, after: number("after")? }),
            "resumed" => Some(Self::Resumed { epoch, replayed: number("replayed").unwrap_or(0) }),
            "gap" => {
                let reason = payload.get("reason").cloned().unwrap_or(Value::Null);
                let reason = serde_json::from_value(reason).unwrap_or(GapReason::TooOld);
                Some(Self::Gap { epoch, reason, missed: number("missed") })
            }
            _ => None,
        }
    }
}

/// Writes a word as a frame.
pub fn write_word(word: &Word) -> String {
    let (name, payload) = match word {
        Word::Hello { epoch, seq } => ("hello", json!({ "epoch": epoch, "seq": seq })),
        Word::Resume { epoch, after } => ("resume", json!({ "after": after, "epoch": epoch })),
        Word::Resumed { epoch, replayed } => {
            ("resumed", json!({ "epoch": epoch, "replayed": replayed }))
        }
        Word::Gap { epoch, reason, missed } => {
            ("gap", json!({ "epoch": epoch, "reason": reason, "missed": missed }))
        }
    };
    format!(r#"{{"type":"{name}","payload":{payload}}}"#)
}
