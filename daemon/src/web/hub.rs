//! Job: the feed that others can read: numbers frames and keeps the last of them.
//! Takes: events, from whatever source.
//! Gives: `Hub`, a cheap handle; clients take frames from it at their own pace.
//! Never: waits for a client, or keeps a frame more than once for all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use contract::{Entropy, Event};
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::Instant;

use super::resume::{self, Asked, Replay, Standing};
use super::ring::{PassedBy, Ring};

/// A feed that others can read. Clones are handles to the same feed.
#[derive(Clone)]
pub struct Hub(Arc<Feed>);

/// How much of the feed is kept for clients that are behind. At a limit the oldest frame gives
/// way; a client that has not had it is told to resume, and then of the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubLimits {
    /// The most frames.
    pub frames_max: usize,
    /// The most bytes of frames.
    pub bytes_max: usize,
}

impl Default for HubLimits {
    /// 16,384 frames and 8 MiB: some ten minutes at 25 frames a second.
    fn default() -> Self {
        Self { frames_max: 16_384, bytes_max: 8 << 20 }
    }
}

/// The longest frame. In place of a longer one a `gap` stands under its number, since the buffer
/// a client grows for a frame is kept as long as the client.
pub const FRAME_BYTES_MAX: usize = 64 << 10;

/// What became of the clients so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Clients that are here.
    pub clients: usize,
    /// Clients that were sent away for being slow.
    pub slow: u64,
    /// Clients that did not answer a ping.
    pub dead: u64,
    /// Clients that were sent away for what they sent.
    pub offending: u64,
    /// Requests and connections that were refused.
    pub refused: u64,
    /// Messages of clients that meant nothing to us.
    pub ignored: u64,
}

struct Feed {
    epoch: Box<str>,
    ring: Mutex<Ring>,
    /// Wakes clients; its value is the newest number.
    latest: watch::Sender<u64>,
    clients: watch::Sender<usize>,
    /// Until when nobody is let in; each change drops all clients.
    cut: watch::Sender<Option<Instant>>,
    connections: Mutex<Connections>,
    counts: Counts,
}

#[derive(Default)]
struct Connections {
    all: usize,
    of_address: HashMap<IpAddr, usize>,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) slow: AtomicU64,
    pub(super) dead: AtomicU64,
    pub(super) offending: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) ignored: AtomicU64,
}

impl Hub {
    /// A feed whose next frame has the number after `seq`. An epoch names one count of frames: the
    /// same epoch must not give a number to two frames.
    pub fn new(epoch: impl Into<Box<str>>, seq: u64, limits: HubLimits) -> Self {
        Self(Arc::new(Feed {
            epoch: epoch.into(),
            ring: Mutex::new(Ring::new(seq, limits.frames_max, limits.bytes_max)),
            latest: watch::Sender::new(seq),
            clients: watch::Sender::new(0),
            cut: watch::Sender::new(None),
            connections: Mutex::default(),
            counts: Counts::default(),
        }))
    }

    /// A feed of an epoch of its own, which begins with frame 1.
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self::new(format!("{:016x}", entropy.draw()), 0, HubLimits::default())
    }

    /// The name of the count of frames.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// The number of the newest frame.
    pub fn seq(&self) -> u64 {
        self.ring().seq()
    }

    /// How many clients are here.
    pub fn clients(&self) -> usize {
        *self.0.clients.borrow()
    }

    /// How many clients are here, to wait for a change of it.
    pub fn watch_clients(&self) -> watch::Receiver<usize> {
        self.0.clients.subscribe()
    }

    /// What became of the clients so far.
    pub fn census(&self) -> Census {
        let counts = &self.0.counts;
        Census {
            clients: self.clients(),
            slow: counts.slow.load(Ordering::Relaxed),
            dead: counts.dead.load(Ordering::Relaxed),
            offending: counts.offending.load(Ordering::Relaxed),
            refused: counts.refused.load(Ordering::Relaxed),
            ignored: counts.ignored.load(Ordering::Relaxed),
        }
    }

    /// Shows an event to every client, and says its number. Waits for nobody.
    pub fn publish(&self, event: &Event) -> u64 {
        self.push(contract::frame::write(event, None))
    }

    /// Shows a frame of any type to every client, and says its number. Waits for nobody.
    pub fn publish_frame(&self, kind: &str, payload: &RawValue) -> u64 {
        let kind = serde_json::Value::from(kind);
        self.push(format!(r#"{{"type":{kind},"payload":{payload}}}"#))
    }

    /// Drops every client without a word and lets nobody in for a while, as a broken line would.
    /// A later call counts in place of an earlier one.
    pub fn cut(&self, lasting: Duration) {
        self.0.cut.send_replace(Instant::now().checked_add(lasting));
    }

    /// Says whether the line is cut at the moment.
    pub(super) fn is_cut(&self) -> bool {
        self.0.cut.borrow().is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn watch_cut(&self) -> watch::Receiver<Option<Instant>> {
        self.0.cut.subscribe()
    }

    pub(super) fn watch_latest(&self) -> watch::Receiver<u64> {
        self.0.latest.subscribe()
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// What a client is first told, and the number its news begin after.
    /// The first word to a client that hears everything after `since`.
    pub(super) fn hello(&self, since: u64) -> Utf8Bytes {
        resume::hello(Standing { seq: since, ..self.standing() }).into()
    }

    pub(super) fn plan(&self, asked: &Asked) -> Replay {
        resume::plan(asked, self.standing())
    }

    /// The frames after a number, at most so many.
    pub(super) fn after(&self, seq: u64, frames_max: usize) -> Result<Vec<Utf8Bytes>, PassedBy> {
        self.ring().after(seq, frames_max)
    }

    /// Says whether the frame after a number is gone.
    pub(super) fn has_passed_by(&self, seq: u64) -> bool {
        self.ring().oldest() > seq.saturating_add(1)
    }

    /// Numbers a frame that is whole but for its number.
    fn push(&self, mut frame: String) -> u64 {
        debug_assert!(frame.ends_with('}'), "a frame is an object");
        frame.pop();
        // 32: the longest number with its key.
        let too_long = frame.len() + 32 > FRAME_BYTES_MAX;
        let seq = self.ring().push(|seq| {
            use std::fmt::Write;
            if too_long {
                return resume::left_out(&self.0.epoch, seq);
            }
            write!(frame, r#","seq":{seq}}}"#).expect("a String takes every write");
            frame
        });
        self.0.latest.send_if_modified(|latest| {
            let newer = *latest < seq;
            *latest = seq.max(*latest);
            newer
        });
        seq
    }

    fn standing(&self) -> Standing<'_> {
        let ring = self.ring();
        Standing { epoch: &self.0.epoch, oldest: ring.oldest(), seq: ring.seq() }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Whatever panicked, each push leaves the ring whole but for the frame that failed.
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a connection; none where there are too many, in all or of this address.
    pub(super) fn seat(&self, peer: IpAddr, all_max: usize, address_max: usize) -> Option<Seat> {
        let address = counted_as(peer);
        let mut connections = self.connections();
        let of_address = address.and_then(|a| connections.of_address.get(&a)).copied().unwrap_or(0);
        if connections.all >= all_max || of_address >= address_max {
            return None;
        }
        connections.all += 1;
        if let Some(address) = address {
            connections.of_address.insert(address, of_address + 1);
        }
        Some(Seat { hub: self.clone(), address })
    }

    /// Counts a client as long as it is here; none where there are too many.
    pub(super) fn join(&self, clients_max: usize) -> Option<Presence> {
        // Before it is counted: whatever is published to a client that is here, it hears.
        let since = self.seq();
        let joined = self.0.clients.send_if_modified(|clients| {
            let room = *clients < clients_max;
            *clients += usize::from(room);
            room
        });
        joined.then(|| Presence { hub: self.clone(), since })
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a peer is counted as: IPv6 peers own a whole /64; loopback is not counted.
fn counted_as(peer: IpAddr) -> Option<IpAddr> {
    match peer.to_canonical() {
        peer if peer.is_loopback() => None,
        IpAddr::V6(peer) => Some(IpAddr::V6((u128::from(peer) >> 64 << 64).into())),
        peer => Some(peer),
    }
}

/// A connection's place.
pub(super) struct Seat {
    hub: Hub,
    address: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut connections = self.hub.connections();
        connections.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(of_address) = connections.of_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                connections.of_address.remove(&address);
            }
        }
    }
}

/// A client's being here.
pub(super) struct Presence {
    hub: Hub,
    since: u64,
}

impl Presence {
    /// The number after which the client hears everything.
    pub(super) fn since(&self) -> u64 {
        self.since
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.hub.0.clients.send_modify(|clients| *clients -= 1);
    }
}

#[cfg(test)]
mod tests;
