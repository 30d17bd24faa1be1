//! Job: keeps one source connected and passes on what it brings.
//! Takes: a source, the cursor and the last sign of life that the outbox kept.
//! Gives: `Brought`, in order; the feed's own comings and goings are events among them.
//! Never: reads on while the outbox cannot commit: the channel is full, and so the socket waits.

use std::sync::Arc;
use std::time::Duration;

use contract::event::Body;
use contract::{
    Ack, Clock, Cursor, Entropy, Event, FeedChange, FeedName, FeedState, Gap, GapReason, Incoming,
    Lost, LostKind, Session, Source, SourceName, Text, Unreadable,
};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::reconnect::{Again, Failures};
use super::standing::{Link, Standing};

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
    /// When the far side last showed that it is there.
    pub(crate) alive: Timestamp,
}

/// A source with what is known of it from before.
pub(crate) struct Feed {
    pub(crate) name: SourceName,
    pub(crate) feed: FeedName,
    pub(crate) source: Arc<dyn Source>,
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
        let hole = feed.last_alive;
        (Self { feed, clock, entropy, out, standing, told: None, hole }, watched)
    }

    /// Connects, passes on, connects again, until stopped. `again` ends a wait at once.
    pub(crate) async fn run(mut self, again: Arc<Notify>, stop: CancellationToken) {
        let mut failures = Failures::default();
        loop {
            let opened = self.clock.boot();
            let lost = match self.connect(&stop).await {
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
        let opening = self.feed.source.open(cursor.as_ref());
        let mut session = tokio::select! {
            () = stop.cancelled() => return End::Stopped,
            opened = opening => match opened {
                Ok(session) => session,
                Err(lost) => return End::Lost(lost),
            },
        };
        self.rejoice();
        let end = self.listen(session.as_mut(), stop).await;
        session.close().await;
        end
    }

    async fn listen(&mut self, session: &mut dyn Session, stop: &CancellationToken) -> End {
        let opened = self.clock.now();
        if self.told != Some(FeedState::Live) {
            self.tell(FeedState::Live, opened, None, None).await;
        }
        loop {
            let incoming = tokio::select! {
                biased;
                () = stop.cancelled() => return End::Stopped,
                incoming = session.next() => incoming,
            };
            let now = self.clock.now();
            match incoming {
                Err(lost) => return End::Lost(lost),
                Ok(Incoming::Alive) => self.alive(now, None),
                Ok(Incoming::Events { read, ack, cursor }) => {
                    self.alive(now, Some(&read));
                    if let Some(cursor) = &cursor {
                        self.feed.cursor = Some(cursor.clone());
                    }
                    self.pass(read, ack, cursor, now).await;
                }
                Ok(Incoming::Resumed { replayed }) => self.resumed(replayed, opened).await,
                Ok(Incoming::Missed { reason, missed, gap }) => {
                    self.missed(reason, missed, gap, opened).await;
                }
            }
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
        let hole = self.hole.take().map(|from| Gap { from, to: opened, reason, missed });
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
        tracing::warn!(source = %self.feed.name, kind = ?lost.kind, said = %lost.said.clean(),
            failures, "feed lost");
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
        self.pass(vec![Ok(event)], Ack::none(), None, now).await;
    }

    async fn pass(
        &self,
        read: Vec<Result<Event, Unreadable>>,
        ack: Ack,
        cursor: Option<Cursor>,
        alive: Timestamp,
    ) {
        let alive = self.standing.borrow().last_alive.unwrap_or(alive);
        let (source, feed) = (self.feed.name.clone(), self.feed.feed.clone());
        let brought = Brought { source, feed, read, ack, cursor, alive };
        // A closed channel means that the daemon stops: the batch is refused by its dropped ack.
        let _ = self.out.send(brought).await;
    }
}
