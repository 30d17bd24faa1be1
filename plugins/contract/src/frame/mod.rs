//! Job: the dashboard's frames, read into events and written from them.
//! Takes: one JSON object, `{ "type": …, "payload": … }`, perhaps with a `seq`.
//! Gives: an `Event` or a word of the protocol; else `Unreadable` with its reason.
//! Never: crashes on a frame, or changes a digit of an amount.

mod read;
mod write;

mod booking;
mod metrics;
mod parts;

mod pass;
mod seeds;
mod word;

pub use read::Reader;
pub use word::{Word, write_word};
pub use write::write;

use crate::{Event, Text};

/// The longest frame that is read unless a reader is told otherwise, bytes.
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// How deep a frame may nest, its own braces included.
pub const DEPTH_MAX: usize = 64;
/// How many keys a frame may have, those of nested objects included.
pub const KEYS_MAX: usize = 256;
/// How many items the lists of a frame may have, all together.
pub const ITEMS_MAX: usize = 4096;
/// The longest text field, bytes.
pub const TEXT_BYTES_MAX: usize = 16 << 10;
/// The longest id, type, status or name of a field, bytes.
pub const ID_BYTES_MAX: usize = 256;
/// How much is kept of a frame that cannot be read, bytes.
pub const KEPT_BYTES_MAX: usize = 64 << 10;

/// A frame that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameRead {
    /// Its number, where the feed numbers its frames.
    pub seq: Option<u64>,
    /// What it says.
    pub said: Said,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly every frame is an event")]
pub enum Said {
    /// Something happened at the dashboard.
    Event(Event),
    /// A word between server and client.
    Word(Word),
}

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

impl Unreadable {
    /// The longest `said`, bytes.
    pub const SAID_BYTES_MAX: usize = 512;

    /// A frame that could not be read. Keeps at most 64 KiB of it, and makes `said` printable.
    pub fn new(reason: Reason, said: &str, frame: &[u8]) -> Self {
        let kept = frame.get(..KEPT_BYTES_MAX).unwrap_or(frame);
        Self {
            reason,
            said: crate::text::cut(&crate::text::clean(said), Self::SAID_BYTES_MAX).into(),
            bytes: kept.into(),
            length: frame.len() as u64,
        }
    }
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
