//! Job: what a sink says of a note it was handed.
//! Takes: the medium's answer.
//! Gives: `Verdict`; the daemon decides what follows from it.
//! Never: asks for a second try by itself; a sink neither retries nor sleeps.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Receipt, Text};

/// What became of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The medium took it. The receipt lets the thread's next note edit this one.
    Sent {
        /// What the medium returned.
        receipt: Option<Receipt>,
    },
    /// This note, later.
    Retry {
        /// What went wrong.
        why: Why,
        /// Not before this has passed, as the medium asked.
        after: Option<Duration>,
    },
    /// This note, never.
    Reject {
        /// What went wrong.
        why: Why,
    },
    /// Not the note's fault: hold the sink, spend no attempt.
    Down {
        /// What went wrong.
        why: Why,
        /// Not before this has passed, as the medium asked.
        after: Option<Duration>,
    },
}

impl Verdict {
    /// Taken, without a receipt.
    pub fn sent() -> Self {
        Self::Sent { receipt: None }
    }

    /// The reason, where it is not `Sent`.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Sent { .. } => None,
            Self::Retry { why, .. } | Self::Reject { why } | Self::Down { why, .. } => Some(why),
        }
    }
}

/// Why a note did not go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The kind of failure, from which the daemon decides.
    pub class: Class,
    /// What the medium said, redacted, at most 2 KiB; for people, never parsed.
    pub said: Text,
}

impl Why {
    /// A reason, its words cut to 2 KiB.
    pub fn new(class: Class, said: impl AsRef<str>) -> Self {
        Self { class, said: crate::text::cut(said.as_ref(), Self::SAID_BYTES_MAX).into() }
    }

    /// The most that is kept of what a medium said.
    pub const SAID_BYTES_MAX: usize = 2048;
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.said)
    }
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It may pass by itself.
    Transient,
    /// It may have arrived; the next try carries the same id.
    Ambiguous,
    /// The medium asked us to wait: the whole sink.
    Throttled,
    /// This message can never pass.
    Payload,
    /// A person must act: a credential, an address, a permission.
    Config,
    /// The far side is gone for good.
    Gone,
}

impl Class {
    /// The word shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Ambiguous => "ambiguous",
            Self::Throttled => "throttled",
            Self::Payload => "payload",
            Self::Config => "config",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
