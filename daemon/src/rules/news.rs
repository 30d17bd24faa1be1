//! Job: whether an event is news: a repeat and an older state are not.
//! Takes: an event, its identity and digest, and what is remembered of its subject.
//! Gives: `News`.
//! Never: compares what two feeds said.

use contract::{Event, Revision};
use jiff::Timestamp;

use crate::delivery::memory::LastState;
use crate::delivery::{Digest, EventKey, SubjectMemory};

/// Whether an event is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It is.
    Fresh,
    /// It was seen before, and how that is known.
    Seen(&'static str),
    /// It is older than what is known, and how that is known.
    Stale(&'static str),
}

impl News {
    pub(crate) fn of(
        event: &Event,
        digest: Digest,
        key: EventKey,
        before: Option<&SubjectMemory>,
    ) -> Self {
        let Some(before) = before else { return Self::Fresh };
        if before.seen.iter().any(|seen| seen.key == key) {
            return Self::Seen("the same event was seen before");
        }
        let Some(booking) = event.booking() else { return Self::Fresh };
        if event.id.is_none() && booking.revision.is_none() {
            if before.last.digest == digest && before.last.status == booking.status {
                return Self::Seen("it repeats the current state");
            }
            if before.seen.iter().any(|seen| seen.digest == digest && seen.at >= event.at) {
                return Self::Seen("it repeats an earlier state, as a replayed history does");
            }
        }
        Self::age(event.at, booking.revision, booking.status != before.last.status, &before.last)
    }

    fn age(at: Timestamp, revision: Option<Revision>, turns: bool, last: &LastState) -> Self {
        match (revision, last.revision) {
            (Some(Revision::Number(now)), Some(Revision::Number(last))) if now < last => {
                Self::Stale("its revision is lower than the one that is known")
            }
            (Some(Revision::Updated(now)), Some(Revision::Updated(last))) if now < last => {
                Self::Stale("it was updated before the state that is known")
            }
            (Some(Revision::Number(_)), Some(Revision::Number(_)))
            | (Some(Revision::Updated(_)), Some(Revision::Updated(_))) => Self::Fresh,
            _ if turns && at < last.at => Self::Stale("it happened before the state that is known"),
            _ => Self::Fresh,
        }
    }
}
