//! Job: what was sent and what came back, by booking, in one process and so on one clock.
//! Takes: places from the feed, ids from the receiver or from the console's file.
//! Gives: counts, times, and what was lost or came twice.
//! Never: locks; the feed and the receiver write to it at full speed.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::frames::{ID_MARK, Ids};

/// Sent and received, by a frame's place. A time of zero means never.
pub(crate) struct Ledger {
    origin: Instant,
    ids: Ids,
    entries: Vec<Entry>,
    first_sent: AtomicU64,
    last_received: AtomicU64,
    rung: AtomicU64,
    again: AtomicU64,
    unknown: AtomicU64,
}

#[derive(Default)]
struct Entry {
    sent: AtomicU64,
    received: AtomicU64,
    times: AtomicU32,
    key: AtomicU64,
}

/// What came back of what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Bookings that rang at least once.
    pub(crate) rung: u64,
    /// Bookings that should have rung and did not.
    pub(crate) lost: u64,
    /// Receipts beyond the first of a booking.
    pub(crate) twice: u64,
    /// Bookings that share their idempotency key with another: never right.
    pub(crate) shared_keys: u64,
    /// Receipts that named no booking of this feed.
    pub(crate) unknown: u64,
}

impl Ledger {
    /// Opens a ledger for `count` frames, named by `ids`.
    pub(crate) fn open(count: usize, ids: Ids) -> Ledger {
        Ledger {
            origin: Instant::now(),
            ids,
            entries: std::iter::repeat_with(Entry::default).take(count).collect(),
            first_sent: AtomicU64::new(0),
            last_received: AtomicU64::new(0),
            rung: AtomicU64::new(0),
            again: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
        }
    }

    /// Notes that the first frame is about to be sent; later calls change nothing.
    pub(crate) fn begin(&self) {
        let _ = self.first_sent.compare_exchange(0, self.now(), Relaxed, Relaxed);
    }

    /// Notes that the frame at `place` is about to be sent.
    pub(crate) fn send(&self, place: usize) {
        self.entries[place].sent.store(self.now(), Relaxed);
    }

    /// Notes a receipt: `text` holds the booking's id somewhere, `key` is its idempotency key.
    pub(crate) fn receive(&self, text: &[u8], key: Option<&[u8]>) {
        let now = self.now();
        let place = after_mark(text)
            .and_then(|after| self.ids.place(after))
            .and_then(|place| usize::try_from(place).ok());
        let Some(entry) = place.and_then(|place| self.entries.get(place)) else {
            self.unknown.fetch_add(1, Relaxed);
            return;
        };
        self.last_received.store(now, Relaxed);
        if entry.times.fetch_add(1, Relaxed) > 0 {
            self.again.fetch_add(1, Relaxed);
            return;
        }
        entry.received.store(now, Relaxed);
        entry.key.store(key.map_or(0, digest), Relaxed);
        self.rung.fetch_add(1, Relaxed);
    }

    /// Counts the bookings that have rung at least once.
    pub(crate) fn rung(&self) -> u64 {
        self.rung.load(Relaxed)
    }

    /// Measures from the first frame sent to the last receipt; `None` before there is one.
    pub(crate) fn took(&self) -> Option<Duration> {
        let (first, last) = (self.first_sent.load(Relaxed), self.last_received.load(Relaxed));
        (first > 0 && last > first).then(|| Duration::from_nanos(last - first))
    }

    /// Lists the time from send to first receipt of each booking, in milliseconds, sorted.
    pub(crate) fn latencies_ms(&self) -> Vec<f64> {
        let mut found: Vec<f64> = self
            .entries
            .iter()
            .map(|entry| (entry.sent.load(Relaxed), entry.received.load(Relaxed)))
            .filter(|&(sent, received)| sent > 0 && received > 0)
            .map(|(sent, received)| received.saturating_sub(sent) as f64 / 1e6)
            .collect();
        found.sort_by(f64::total_cmp);
        found
    }

    /// Adds up what came of `expected` bookings.
    pub(crate) fn tally(&self, expected: u64) -> Tally {
        let mut keys: Vec<u64> = self
            .entries
            .iter()
            .map(|entry| entry.key.load(Relaxed))
            .filter(|&key| key != 0)
            .collect();
        keys.sort_unstable();
        let keyed = keys.len();
        keys.dedup();
        Tally {
            rung: self.rung(),
            lost: expected.saturating_sub(self.rung()),
            twice: self.again.load(Relaxed),
            shared_keys: (keyed - keys.len()) as u64,
            unknown: self.unknown.load(Relaxed),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

/// Gives what follows the first mark of an id.
fn after_mark(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        let at = rest.iter().position(|&byte| byte == ID_MARK[0])?;
        rest = &rest[at..];
        match rest.strip_prefix(ID_MARK) {
            Some(after) => return Some(after),
            None => rest = &rest[1..],
        }
    }
}

/// Shortens a key to 64 bits (FNV-1a): a collision among a million keys is one in 37 million.
fn digest(key: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for &byte in key {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally_of(receipts: &[(&str, Option<&str>)]) -> Tally {
        let ledger = Ledger::open(4, Ids::Sequential);
        for (text, key) in receipts {
            ledger.receive(text.as_bytes(), key.map(str::as_bytes));
        }
        ledger.tally(3)
    }

    #[test]
    fn a_ledger_tells_lost_from_twice_from_unknown() {
        let one = r#"{"id":"BK-20261123-00000001","status":"new"}"#;
        let two = "09:12 BBC BK-20261123-00000002 tour";
        let found = tally_of(&[(one, Some("a")), (two, Some("b")), (one, Some("a"))]);
        assert_eq!(found, Tally { rung: 2, lost: 1, twice: 1, ..Tally::default() });
        let found = tally_of(&[("no BB booking here", None), ("BK-20261123-00000009", None)]);
        assert_eq!(found, Tally { lost: 3, unknown: 2, ..Tally::default() });
    }

    #[test]
    fn two_bookings_with_one_key_are_told() {
        let found =
            tally_of(&[("BK-20261123-00000001", Some("a")), ("BK-20261123-00000002", Some("a"))]);
        assert_eq!(found.shared_keys, 1);
    }

    #[test]
    fn a_latency_needs_both_ends() {
        let ledger = Ledger::open(3, Ids::Sequential);
        ledger.begin();
        ledger.send(0);
        ledger.send(1);
        ledger.receive(b"BK-20261123-00000001", None);
        ledger.receive(b"BK-20261123-00000002", None);
        assert_eq!(ledger.latencies_ms().len(), 1);
        assert!(ledger.took().is_some());
    }
}
