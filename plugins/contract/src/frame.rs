//! Job: the dashboard's frames, read into events.
//! Takes: one JSON object, `{ "type": …, "payload": … }`.
//! Gives: an `Event`, or `Unreadable` with its reason.
//! Never: crashes on a frame, or changes a digit of an amount.

use crate::Text;

/// A frame that could not be read: quarantined with its reason, counted by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Why, by kind.
    pub reason: Reason,
    /// Why, in words: names the field and the limit.
    pub said: Text,
    /// The frame's bytes, at most 64 KiB of them.
    pub bytes: Box<[u8]>,
    /// How long the frame was, bytes.
    pub length: u64,
}

/// Why a frame could not be read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    NotJson,
    /// JSON, but no object with a `type`.
    NotAFrame,
    /// A key stands twice.
    DuplicateKey,
    /// A field of the wrong type.
    WrongType,
    /// A number or a time that cannot be read exactly.
    BadValue,
    /// Without the id that a booking must have.
    NoId,
    /// Nested deeper than allowed.
    TooDeep,
    /// Larger than allowed.
    TooLarge,
    /// The rules panicked on it: our mistake.
    OurMistake,
}
