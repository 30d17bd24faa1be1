//! Job: keeps one source connected and passes on what it brings.
//! Takes: a source, the cursor and the last sign of life that the outbox kept.
//! Gives: `Brought`, in order; the feed's own comings and goings are events among them.
//! Never: reads on while the outbox cannot commit: the channel is full, and so the socket waits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use contract::event::Body;
use contract::{
    Ack, Clock, Cursor, Entropy, Event, FeedChange, FeedName, FeedState, Gap, GapReason, Incoming,
    Lost, LostKind, Session, Source, SourceName, Text, Unreadable,
};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::reconnect::{Again, Failures};
use super::standing::{Link, Standing};

/// How far the stored sign of life of an idle feed may be behind: by so much a gap may begin too
/// early after a crash.
const ALIVE_STORED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What a connection hands on to be judged.
#[derive(Debug)]
pub(crate) struct Brought {
    /// Which source.
    pub(crate) source: SourceName,
    /// The feed it belongs to.
    pub(crate) feed: FeedName,
    /// What was read.
    pub(crate) read: Vec<Result<Event, Unreadable>>,
    /// Settled when all of it is committed.
    pub(crate) ack: Ack,
    /// Where to resume after it.
    pub(crate) cursor: Option<Cursor>,
    /// Up to when all that the feed sent is known; absent where it never answered.
    pub(crate) alive: Option<Timestamp>,
}

/// A source with what is known of it from before.
pub(crate) struct Feed {
    pub(crate) name: SourceName,
    pub(crate) feed: FeedName,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) last_alive: Option<Timestamp>,
}

/// What is known of a source when its connection ends for good, committed or on its way there.
#[derive(Clone)]
pub(crate) struct Left {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) last_alive: Option<Timestamp>,
}

pub(crate) struct Connection {
    feed: Feed,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    out: mpsc::Sender<Brought>,
    standing: watch::Sender<Standing>,
    told: Option<FeedState>,
    /// Since when a hole is open: the last sign of life before the loss.
    hole: Option<Timestamp>,
    /// The last sign of life that was handed on to be stored.
    stored_alive: Option<Timestamp>,
}

/// Why a connection's task ends.
enum End {
    Stopped,
    Lost(Lost),
}

impl Connection {
    pub(crate) fn new(
        feed: Feed,
        doors: (Arc<dyn Clock>, Arc<dyn Entropy>),
        out: mpsc::Sender<Brought>,
    ) -> (Self, watch::Receiver<Standing>) {
        let (clock, entropy) = doors;
        let fresh = Standing::fresh(feed.name.clone(), feed.source.place(), clock.now());
        let (standing, watched) = watch::channel(fresh);
        // Without a cursor no connection has lasted long enough to miss anything.
        let hole = feed.cursor.as_ref().and(feed.last_alive);
        let (told, stored_alive) = (None, None);
        let new = Self { feed, clock, entropy, out, standing, told, hole, stored_alive };
        (new, watched)
    }

    /// Connects, passes on, connects again, until stopped. `again` ends a wait at once.
    pub(crate) async fn run(mut self, again: Arc<Notify>, stop: CancellationToken) -> Left {
        self.keep_connected(&again, &stop).await;
        let last_alive = self.known_until();
        Left { cursor: self.feed.cursor, last_alive }
    }

    async fn keep_connected(&mut self, again: &Notify, stop: &CancellationToken) {
        let mut failures = Failures::default();
        loop {
            let opened = self.clock.boot();
            let lost = match self.connect(stop).await {
                End::Stopped => return,
                End::Lost(lost) => lost,
            };
            let lived = match self.standing.borrow().link {
                Link::Live => self.clock.boot().saturating_sub(opened),
                _ => Duration::ZERO,
            };
            let kind = (lost.kind, lost.after);
            let reconnect = self.feed.source.reconnect();
            let next = failures.next(&reconnect, kind, lived, self.entropy.unit());
            self.mourn(lost, next, failures.count()).await;
            let wait = async {
                match next {
                    Again::After(wait) => self.clock.sleep_until(self.clock.boot() + wait).await,
                    Again::GivenUp => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = again.notified() => failures = Failures::default(),
                () = wait => {}
            }
        }
    }

    async fn connect(&mut self, stop: &CancellationToken) -> End {
        let cursor = self.feed.cursor.clone();
        let opening = survive(self.feed.source.open(cursor.as_ref()));
        let mut session = tokio::select! {
            () = stop.cancelled() => return End::Stopped,
            opened = opening => match opened {
                Ok(session) => session,
                Err(lost) => return End::Lost(lost),
            },
        };
        self.rejoice();
        let end = self.listen(session.as_mut(), stop).await;
        // The good-bye is a courtesy: where it panics there is none.
        let _ = AssertUnwindSafe(session.close()).catch_unwind().await;
        end
    }

    async fn listen(&mut self, session: &mut dyn Session, stop: &CancellationToken) -> End {
        let opened = self.clock.now();
        loop {
            let incoming = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.store_alive(SignedDuration::ZERO).await;
                    return End::Stopped;
                }
                incoming = survive(session.next()) => match incoming {
                    Ok(incoming) => incoming,
                    Err(lost) => return End::Lost(lost),
                },
            };
            // Not before: a server that hangs up after the handshake was never live.
            if self.told != Some(FeedState::Live) {
                tracing::info!(source = %self.feed.name, "feed live");
                self.tell(FeedState::Live, opened, None, None).await;
            }
            self.take(incoming, opened).await;
        }
    }

    async fn take(&mut self, incoming: Incoming, opened: Timestamp) {
        let now = self.clock.now();
        match incoming {
            Incoming::Alive => {
                self.alive(now, None);
                self.store_alive(ALIVE_STORED_EVERY).await;
            }
            Incoming::Events { read, ack, cursor } => {
                self.alive(now, Some(&read));
                if let Some(cursor) = &cursor {
                    self.feed.cursor = Some(cursor.clone());
                }
                self.pass(read, ack, cursor).await;
            }
            Incoming::Resumed { replayed } => self.resumed(replayed, opened).await,
            Incoming::Missed { reason, missed, gap } => {
                self.missed(reason, missed, gap, opened).await;
            }
        }
    }

    /// Up to when all is known: while a hole is open its beginning, so that a crash before it is
    /// told does not hide it.
    fn known_until(&self) -> Option<Timestamp> {
        self.hole.or(self.standing.borrow().last_alive)
    }

    /// Stores the last sign of life where the stored one is older by so much.
    async fn store_alive(&mut self, behind: SignedDuration) {
        let Some(known) = self.known_until() else { return };
        if self.stored_alive.is_none_or(|stored| known.duration_since(stored) > behind) {
            self.pass(Vec::new(), Ack::none(), None).await;
        }
    }

    async fn resumed(&mut self, replayed: u64, opened: Timestamp) {
        self.standing.send_modify(|s| s.resumes = Some(true));
        let Some(from) = self.hole.take() else { return };
        let said = format!("resumed: nothing missed since {from}, {replayed} frames sent again");
        self.tell(FeedState::Live, opened, Some(said.into()), None).await;
    }

    async fn missed(
        &mut self,
        reason: GapReason,
        missed: Option<u64>,
        gap: Option<Gap>,
        opened: Timestamp,
    ) {
        if reason == GapReason::NotOffered {
            self.standing.send_modify(|s| s.resumes = Some(false));
        }
        let hole = match (self.hole.take(), reason) {
            (Some(from), _) => Some((from, opened)),
            // Nothing was known before, so nothing is known to be missing.
            (None, GapReason::NotOffered) => None,
            // While connected: between the last sign of life and now.
            (None, _) => {
                let last_alive = self.standing.borrow().last_alive;
                Some((last_alive.unwrap_or(opened), self.clock.now()))
            }
        };
        let hole = hole.map(|(from, to)| Gap { from, to, reason, missed });
        if let Some(gap) = gap.or(hole) {
            let said = match missed {
                Some(count) => format!("{count} frames missed"),
                None => "what the feed sent meanwhile is unknown".to_owned(),
            };
            self.tell(FeedState::Gap, gap.to, Some(said.into()), Some(gap)).await;
        }
    }

    fn rejoice(&self) {
        let now = self.clock.now();
        self.standing.send_modify(|s| {
            s.link = Link::Live;
            s.since = now;
            s.last_alive = Some(now);
            s.next_try = None;
        });
    }

    fn alive(&self, now: Timestamp, read: Option<&[Result<Event, Unreadable>]>) {
        let booking = read.is_some_and(|read| {
            read.iter().any(|one| one.as_ref().is_ok_and(|event| event.booking().is_some()))
        });
        self.standing.send_if_modified(|s| {
            s.last_alive = Some(now);
            if read.is_some() {
                s.last_event = Some(now);
            }
            if booking {
                s.last_booking = Some(now);
            }
            false
        });
    }

    async fn mourn(&mut self, lost: Lost, next: Again, failures: u32) {
        let now = self.clock.now();
        let was_live = self.standing.borrow().link == Link::Live;
        if was_live && self.hole.is_none() {
            self.hole = self.standing.borrow().last_alive.or(Some(now));
        }
        let link = match (next, lost.kind) {
            (Again::GivenUp, _) => Link::Down,
            (_, LostKind::Denied) => Link::Denied,
            _ => Link::Connecting,
        };
        let state = if lost.kind == LostKind::Denied { FeedState::Denied } else { FeedState::Down };
        let (source, said) = (&self.feed.name, lost.said.clean());
        // A feed that stays away must not fill the log.
        if failures.is_power_of_two() {
            tracing::warn!(%source, kind = ?lost.kind, %said, failures, "feed lost");
        } else {
            tracing::debug!(%source, kind = ?lost.kind, %said, failures, "feed lost");
        }
        self.standing.send_modify(|s| {
            if s.link != link {
                s.since = now;
            }
            s.link = link;
            s.said = Some(lost.said.clone());
            s.failures = failures;
            s.next_try = match next {
                Again::After(wait) => now.checked_add(wait).ok(),
                Again::GivenUp => None,
            };
        });
        if self.told != Some(state) {
            self.tell(state, now, Some(lost.said), None).await;
        }
    }

    /// Makes the feed's own change an event.
    async fn tell(
        &mut self,
        state: FeedState,
        since: Timestamp,
        said: Option<Text>,
        gap: Option<Gap>,
    ) {
        if state != FeedState::Gap {
            self.told = Some(state);
        }
        let now = self.clock.now();
        let event = Event {
            id: None,
            source: self.feed.name.clone(),
            feed: self.feed.feed.clone(),
            at: now,
            received: now,
            body: Body::Feed(FeedChange { state, since, said, gap }),
            extra: contract::Fields::default(),
        };
        self.pass(vec![Ok(event)], Ack::none(), None).await;
    }

    async fn pass(
        &mut self,
        read: Vec<Result<Event, Unreadable>>,
        ack: Ack,
        cursor: Option<Cursor>,
    ) {
        let alive = self.known_until();
        self.stored_alive = alive;
        let (source, feed) = (self.feed.name.clone(), self.feed.feed.clone());
        let brought = Brought { source, feed, read, ack, cursor, alive };
        // A closed channel means that the daemon stops: the batch is refused by its dropped ack.
        let _ = self.out.send(brought).await;
    }
}

/// A panic in a source costs a connection, not the feed.
async fn survive<T>(work: impl Future<Output = Result<T, Lost>>) -> Result<T, Lost> {
    let panicked = |_| {
        // Three in a row slow the tries down: it would fill the log.
        Err(Lost::new(LostKind::Offence, "the source panicked: please report this"))
    };
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(panicked)
}

#[cfg(test)]
mod tests;
