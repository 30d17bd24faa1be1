//! Job: the last frames, kept for clients that are behind.
//! Takes: frames in the order of their numbers.
//! Gives: what comes after a number, or that it is gone.
//! Never: holds more than its limits; the oldest frame gives way.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;

/// The last frames. It is the queue of every client at once: a client is a place in it.
pub(super) struct Ring {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    /// The number of the newest frame, kept or not.
    seq: u64,
    frames_max: usize,
    bytes_max: usize,
}

/// What was asked for has given way to newer frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PassedBy;

impl Ring {
    /// An empty ring; the next frame has the number after `seq`.
    pub(super) fn new(seq: u64, frames_max: usize, bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, seq, frames_max, bytes_max }
    }

    /// The number of the newest frame.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of the oldest frame that is kept; where none is, that of the next one.
    pub(super) fn oldest(&self) -> u64 {
        self.seq + 1 - self.frames.len() as u64
    }

    /// Numbers a frame and keeps it.
    pub(super) fn push(&mut self, frame: impl FnOnce(u64) -> String) -> u64 {
        self.seq += 1;
        let frame = Utf8Bytes::from(frame(self.seq));
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.frames.len() > self.frames_max || self.bytes > self.bytes_max {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.len();
        }
        self.seq
    }

    /// The frames after a number: as many as asked, but no more than 64 KiB after the first.
    ///
    /// # Errors
    /// `PassedBy`, when the next one is no longer kept.
    pub(super) fn after(&self, seq: u64, frames_max: usize) -> Result<Vec<Utf8Bytes>, PassedBy> {
        let skip = (seq + 1).checked_sub(self.oldest()).ok_or(PassedBy)?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.frames.len());
        let mut bytes = 0;
        let batch = self.frames.range(skip..).take(frames_max).take_while(|frame| {
            let fits = bytes == 0 || bytes + frame.len() <= BATCH_BYTES_MAX;
            bytes += frame.len();
            fits
        });
        Ok(batch.cloned().collect())
    }
}

const BATCH_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(seq: u64, frames: u64, frames_max: usize, bytes_max: usize) -> Ring {
        let mut ring = Ring::new(seq, frames_max, bytes_max);
        for _ in 0..frames {
            ring.push(|seq| format!("frame {seq:04}"));
        }
        ring
    }

    fn after(ring: &Ring, seq: u64) -> Result<Vec<String>, PassedBy> {
        let frames = ring.after(seq, usize::MAX)?;
        Ok(frames.iter().map(|frame| frame.as_str().to_owned()).collect())
    }

    #[test]
    fn what_comes_after_a_number_is_exact() {
        let ring = filled(100, 5, 3, usize::MAX);
        assert_eq!((ring.oldest(), ring.seq()), (103, 105));
        let cases: [(u64, Result<&[&str], PassedBy>); 5] = [
            (101, Err(PassedBy)),
            (102, Ok(&["frame 0103", "frame 0104", "frame 0105"])),
            (104, Ok(&["frame 0105"])),
            (105, Ok(&[])),
            (900, Ok(&[])),
        ];
        for (seq, expected) in cases {
            let expected = expected.map(|frames| frames.iter().map(|f| (*f).to_owned()).collect());
            assert_eq!(after(&ring, seq), expected, "after {seq}");
        }
    }

    #[test]
    fn an_empty_ring_has_passed_by_what_was_before_it() {
        let ring = filled(100, 0, 3, 100);
        assert_eq!((ring.oldest(), ring.seq()), (101, 100));
        assert_eq!(after(&ring, 99), Err(PassedBy));
        assert_eq!(after(&ring, 100), Ok(vec![]));
    }

    #[test]
    fn bytes_are_bounded_as_frames_are() {
        for (bytes_max, kept) in [(30, 3), (29, 2), (9, 0)] {
            let ring = filled(0, 10, usize::MAX, bytes_max);
            assert_eq!(ring.frames.len(), kept, "{bytes_max}");
            assert_eq!(ring.bytes, kept * "frame 0001".len());
        }
    }

    #[test]
    fn a_batch_has_at_least_one_frame_and_then_at_most_64_kib() {
        let mut ring = Ring::new(0, 100, usize::MAX);
        for _ in 0..5 {
            ring.push(|_| "x".repeat(30 << 10));
        }
        assert_eq!(ring.after(0, 100).unwrap().len(), 2);
        assert_eq!(ring.after(0, 1).unwrap().len(), 1);
        ring.push(|_| "x".repeat(100 << 10));
        assert_eq!(ring.after(5, 100).unwrap().len(), 1);
    }
}
