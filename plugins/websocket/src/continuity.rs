//! Job: knows which of the feed's frames have come, and says what has not.
//! Takes: the cursor, the server's words and the frames' numbers.
//! Gives: what to send, what to report, and the cursor to commit.
//! Never: moves the cursor past a frame that may still come.

use contract::frame::Word;
use contract::{Cursor, GapReason, Incoming, Text};
use serde::{Deserialize, Serialize};

/// What follows from a word, a number or a time that has passed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask the server.
    Send(Word),
    /// Tell intake that nothing was missed.
    Resumed {
        /// How many frames the feed sends again.
        replayed: u64,
    },
    /// Tell intake that something was.
    Missed {
        /// Why.
        reason: GapReason,
        /// How many frames, where it is known.
        missed: Option<u64>,
    },
}

impl Step {
    /// What intake is told; nothing for a question to the server.
    pub(crate) fn incoming(self) -> Option<Incoming> {
        match self {
            Self::Send(_) => None,
            Self::Resumed { replayed } => Some(Incoming::Resumed { replayed }),
            Self::Missed { reason, missed } => Some(Incoming::Missed { reason, missed, gap: None }),
        }
    }
}

/// The last frame of which we know that it and all before it have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    epoch: Text,
    seq: u64,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing came yet: the server may still say hello.
    Opening,
    /// The server does not number its frames.
    Plain,
    /// The server was asked for what was missed; the highest number so far.
    Resuming { high: u64, is_reported: bool },
    /// Each number follows the last.
    Following,
    /// After a gap: the next number is the first of a new row.
    Rebasing,
}

/// What is known of one connection's frames.
#[derive(Debug)]
pub(crate) struct Continuity {
    mark: Option<Mark>,
    phase: Phase,
    /// Whether frames may have been missed since the last connection.
    is_again: bool,
    /// Frames without a readable number since the last one with.
    unnumbered: u64,
    /// Whether the cursor is other than what was last given.
    has_moved: bool,
}

impl Continuity {
    /// After a connect: with what the outbox kept, and whether this process was connected before.
    pub(crate) fn new(resume: Option<&Cursor>, was_connected: bool) -> Self {
        let mark = resume.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
        Self {
            mark,
            phase: Phase::Opening,
            is_again: was_connected || resume.is_some(),
            unnumbered: 0,
            has_moved: resume.is_none(),
        }
    }

    /// Whether the server still owes an answer or a hello.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Resuming { .. })
    }

    /// The cursor, where it has changed since it was last asked for. A feed that numbers nothing
    /// has one too, without a number: it says that there was a connection.
    pub(crate) fn cursor(&mut self) -> Option<Cursor> {
        if self.phase == Phase::Opening || !std::mem::take(&mut self.has_moved) {
            return None;
        }
        let text = match &self.mark {
            Some(mark) => serde_json::to_string(mark).ok()?,
            None => "{}".to_owned(),
        };
        Some(Cursor(text.into()))
    }

    /// After a word of the server.
    pub(crate) fn word(&mut self, word: Word) -> Vec<Step> {
        match word {
            Word::Hello { epoch, seq } => self.hello(epoch, seq),
            Word::Resumed { epoch, replayed } => self.resumed(epoch, replayed),
            Word::Gap { epoch, reason, missed } => self.gap(epoch, reason, missed),
            Word::Resume { .. } => Vec::new(),
        }
    }

    fn hello(&mut self, epoch: Text, seq: u64) -> Vec<Step> {
        let Some(mark) = &self.mark else {
            let was_opening = self.phase == Phase::Opening;
            self.follow_from(Mark { epoch, seq });
            let missed = Step::Missed { reason: GapReason::NotOffered, missed: None };
            return if was_opening && self.is_again { vec![missed] } else { Vec::new() };
        };
        if mark.epoch == epoch && mark.seq <= seq {
            let after = mark.seq;
            self.phase = Phase::Resuming { high: after, is_reported: false };
            return vec![Step::Send(Word::Resume { epoch, after })];
        }
        self.follow_from(Mark { epoch: epoch.clone(), seq: 0 });
        self.phase = Phase::Resuming { high: 0, is_reported: true };
        vec![
            Step::Missed { reason: GapReason::NewEpoch, missed: None },
            Step::Send(Word::Resume { epoch, after: 0 }),
        ]
    }

    fn resumed(&mut self, epoch: Text, replayed: u64) -> Vec<Step> {
        let Phase::Resuming { high, is_reported } = self.phase else { return Vec::new() };
        self.settle(epoch, high, Phase::Following);
        if is_reported { Vec::new() } else { vec![Step::Resumed { replayed }] }
    }

    fn gap(&mut self, epoch: Text, reason: GapReason, missed: Option<u64>) -> Vec<Step> {
        let (high, is_reported) = match self.phase {
            Phase::Resuming { high, is_reported } => (high, is_reported),
            _ => (0, false),
        };
        self.settle(epoch, high, Phase::Rebasing);
        if is_reported { Vec::new() } else { vec![Step::Missed { reason, missed }] }
    }

    /// After a frame: with its number, where it has a readable one.
    pub(crate) fn frame(&mut self, seq: Option<u64>) -> Option<Step> {
        if self.phase == Phase::Opening {
            return self.give_up().or_else(|| self.frame(seq));
        }
        let (Some(seq), Some(mark)) = (seq, &mut self.mark) else {
            self.unnumbered = self.unnumbered.saturating_add(1);
            return None;
        };
        let unnumbered = std::mem::take(&mut self.unnumbered);
        if seq <= mark.seq || self.phase == Phase::Plain {
            return None;
        }
        let left_out = (seq - mark.seq - 1).saturating_sub(unnumbered);
        if let Phase::Resuming { high, .. } = &mut self.phase {
            *high = seq.max(*high);
            if left_out > 0 {
                return None;
            }
        }
        mark.seq = seq;
        self.has_moved = true;
        if self.phase == Phase::Rebasing {
            self.phase = Phase::Following;
            return None;
        }
        let missed = Some(left_out);
        (left_out > 0).then_some(Step::Missed { reason: GapReason::Skipped, missed })
    }

    /// After the time that a server has for its hello, or for its answer to `resume`.
    pub(crate) fn give_up(&mut self) -> Option<Step> {
        let is_news = match self.phase {
            Phase::Opening => {
                self.phase = Phase::Plain;
                self.is_again
            }
            Phase::Resuming { high, is_reported } => {
                let epoch = self.mark.as_ref().map(|mark| mark.epoch.clone()).unwrap_or_default();
                self.settle(epoch, high, Phase::Rebasing);
                !is_reported
            }
            _ => false,
        };
        is_news.then_some(Step::Missed { reason: GapReason::NotOffered, missed: None })
    }

    fn follow_from(&mut self, mark: Mark) {
        self.mark = Some(mark);
        self.phase = Phase::Following;
        self.unnumbered = 0;
        self.has_moved = true;
    }

    fn settle(&mut self, epoch: Text, high: u64, phase: Phase) {
        let known = self.mark.take().filter(|mark| mark.epoch == epoch).map_or(0, |mark| mark.seq);
        self.follow_from(Mark { epoch, seq: known.max(high) });
        self.phase = phase;
    }
}

#[cfg(test)]
mod tests;
