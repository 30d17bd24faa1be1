//! Job: one client of the hub, from hello to good-bye.
//! Takes: its socket, and the hub's frames.
//! Gives: every frame in order, what it missed, pings, and a close that says why.
//! Never: holds frames of its own: the hub's ring is its queue, and it is a place in it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::farewell::{self, Leave, Parting};
use super::hub::{Hub, Presence};
use super::resume;
use super::settings::WebSettings;

/// How many frames are written before the client is listened to again.
const BATCH_FRAMES_MAX: usize = 64;

/// Stays with a client until one of us goes.
pub(super) async fn attend(
    (socket, presence): (WebSocket, &Presence),
    hub: &Hub,
    settings: Arc<WebSettings>,
    stop: CancellationToken,
) {
    let farewell = settings.farewell;
    let mut client = Client::new(socket, hub.clone(), settings, stop);
    client.sent = presence.since();
    let parting = client.stay().await;
    farewell::part(client.socket, parting, hub, farewell).await;
}

struct Client {
    socket: WebSocket,
    hub: Hub,
    settings: Arc<WebSettings>,
    latest: watch::Receiver<u64>,
    leave: Leave,
    /// The number of the last frame it was sent.
    sent: u64,
    /// Until when it may still say where it left off; its news wait so long.
    asked_until: Option<Instant>,
    /// The number up to which it is sent again what it missed, and the word that then follows.
    replay: Option<(u64, Utf8Bytes)>,
    next_ping: Instant,
    /// By when a ping must be answered.
    answer_by: Option<Instant>,
}

/// What happens next.
enum Turn {
    Heard(Option<Result<Message, axum::Error>>),
    TimeIsUp,
    News,
}

impl Client {
    fn new(
        socket: WebSocket,
        hub: Hub,
        settings: Arc<WebSettings>,
        stop: CancellationToken,
    ) -> Self {
        let now = Instant::now();
        Self {
            socket,
            latest: hub.watch_latest(),
            leave: Leave::new(stop, &hub),
            sent: 0,
            asked_until: Some(now + settings.resume_wait),
            replay: None,
            next_ping: now + settings.ping_every,
            answer_by: None,
            hub,
            settings,
        }
    }

    async fn stay(&mut self) -> Parting {
        let hello = self.hub.hello(self.sent);
        if let Err(parting) = self.send(vec![Message::Text(hello)]).await {
            return parting;
        }
        loop {
            if let Err(parting) = self.turn().await {
                return parting;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Parting> {
        let has_news = self.asked_until.is_none() && self.hub.seq() > self.sent;
        let alarm = self.alarm();
        let turn = tokio::select! {
            parting = self.leave.wanted() => return Err(parting),
            heard = self.socket.recv() => Turn::Heard(heard),
            () = sleep_until(alarm) => Turn::TimeIsUp,
            () = std::future::ready(()), if has_news => Turn::News,
            // The hub lives as long as its clients, so a change is the only answer.
            _ = self.latest.changed(), if !has_news => Turn::News,
        };
        match turn {
            Turn::Heard(Some(Ok(message))) => self.hear(message).await,
            Turn::Heard(Some(Err(error))) => Err(farewell::parting_for(error)),
            Turn::Heard(None) => Err(Parting::Gone),
            Turn::TimeIsUp => self.look_at_the_clock().await,
            Turn::News => self.tell().await,
        }
    }

    fn alarm(&self) -> Instant {
        let alarm = self.answer_by.unwrap_or(self.next_ping);
        self.asked_until.map_or(alarm, |until| until.min(alarm))
    }

    async fn look_at_the_clock(&mut self) -> Result<(), Parting> {
        let now = Instant::now();
        if self.asked_until.is_some_and(|until| until <= now) {
            self.asked_until = None;
        }
        match self.answer_by {
            Some(by) if by <= now => Err(Parting::Dead),
            None if self.next_ping <= now => {
                self.next_ping = now + self.settings.ping_every;
                self.answer_by = Some(now + self.settings.ping_answer);
                self.send(vec![Message::Ping(Bytes::new())]).await
            }
            _ => Ok(()),
        }
    }

    /// Whatever a client sends shows that it is there. Only one question means more.
    async fn hear(&mut self, message: Message) -> Result<(), Parting> {
        self.answer_by = None;
        let asked = match &message {
            Message::Close(_) => return Err(Parting::Left),
            // The protocol below answers pings.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => None,
            Message::Text(text) => resume::read(text),
        };
        let Some(asked) = asked.filter(|_| self.replay.is_none()) else {
            self.hub.counts().ignored.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        // News that were sent before the question came are sent again, in their place.
        let replay = self.hub.plan(&asked);
        self.asked_until = None;
        self.sent = replay.after;
        self.replay = Some((replay.until, replay.word.into()));
        self.tell().await
    }

    /// Sends a batch of what is due, and the word that ends a replay.
    async fn tell(&mut self) -> Result<(), Parting> {
        if self.asked_until.is_some() {
            return Ok(());
        }
        let most = self.replay.as_ref().map_or(u64::MAX, |(until, _)| until - self.sent);
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(BATCH_FRAMES_MAX);
        let batch = self.hub.after(self.sent, most).map_err(|_| Parting::Slow(self.sent))?;
        let told = self.sent + batch.len() as u64;
        let mut messages: Vec<_> = batch.into_iter().map(Message::Text).collect();
        messages.extend(
            self.replay.take_if(|(until, _)| *until == told).map(|(_, word)| Message::Text(word)),
        );
        self.send(messages).await?;
        self.sent = told;
        Ok(())
    }

    /// Writes messages, unless the client has taken none of them for too long, or what it must get
    /// next has given way to newer frames.
    async fn send(&mut self, messages: Vec<Message>) -> Result<(), Parting> {
        let Self { socket, hub, settings, latest, leave, sent, .. } = self;
        let next = *sent + messages.len() as u64;
        let written = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        tokio::select! {
            biased;
            written = written => written.map_err(|_: axum::Error| Parting::Gone),
            parting = leave.wanted() => Err(parting),
            () = passed_by(hub, next, latest) => Err(Parting::Slow(*sent)),
            () = sleep(settings.patience) => Err(Parting::Slow(*sent)),
        }
    }
}

/// Waits until the frame after a number has given way to newer ones. Cancel-safe.
async fn passed_by(hub: &Hub, seq: u64, latest: &mut watch::Receiver<u64>) {
    while !hub.has_passed_by(seq) {
        // The hub lives as long as its clients, so a change is the only answer.
        let _ = latest.changed().await;
    }
}
