//! Job: one open connection: frames in, pings out, until it is over.
//! Takes: the socket, a reader for its frames, the clock.
//! Gives: batches of events, what was missed, and at last `Lost`.
//! Never: waits for a second frame while it holds a first, or buffers past its limits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::frame::{Reader, Said, Unreadable, write_word};
use contract::source::Ack;
use contract::values::Span;
use contract::{Clock, Cursor, Event, Incoming, Lost, LostKind, Session};
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, SinkExt, StreamExt};
use jiff::Timestamp;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::closing::{broken, closed};
use crate::continuity::{Continuity, Step};
use crate::handshake::Socket;
use crate::settings::Settings;

/// How many messages make a batch at most.
const BATCH_MESSAGES_MAX: usize = 1024;
/// After how many bytes a batch takes no further message.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// How long a server may take for its hello before it counts as one that offers no resume.
const HELLO_WAIT: Duration = Duration::from_secs(2);
/// How long a server may be silent about a resume it was asked for.
const RESUME_WAIT: Duration = Duration::from_secs(30);
/// How long a good-bye may take.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// One connection.
pub(crate) struct Connection {
    socket: Socket,
    reader: Reader,
    clock: Arc<dyn Clock>,
    continuity: Continuity,
    /// Until when the server may still say hello or answer `resume`.
    decide_by: Option<Duration>,
    pulse: Pulse,
    /// What was read and not yet handed out: at most one batch, cut where something was missed.
    ready: VecDeque<Incoming>,
    over: Option<Lost>,
}

/// Our pings.
struct Pulse {
    every: Duration,
    answer: Duration,
    ping_at: Duration,
    /// Until when the far side must have shown that it is there.
    answer_by: Option<Duration>,
}

/// What one turn has read so far.
struct Batch {
    received: Timestamp,
    read: Vec<Result<Event, Unreadable>>,
    bytes: usize,
}

impl Connection {
    /// A connection whose handshake is done.
    pub(crate) fn new(
        socket: Socket,
        reader: Reader,
        clock: Arc<dyn Clock>,
        continuity: Continuity,
        settings: &Settings,
    ) -> Self {
        let now = clock.boot();
        let (every, answer) = (settings.ping_every, settings.ping_answer);
        Self {
            socket,
            reader,
            clock,
            continuity,
            decide_by: Some(now + HELLO_WAIT),
            pulse: Pulse { every, answer, ping_at: now + every, answer_by: None },
            ready: VecDeque::new(),
            over: None,
        }
    }

    /// Takes a message and whatever else is there already, without waiting for more.
    fn take(&mut self, first: Option<Result<Message, Error>>) {
        let mut batch = Batch { received: self.clock.now(), read: Vec::new(), bytes: 0 };
        let mut next = Some(first);
        let mut messages = 0;
        while let Some(came) = next {
            match came {
                Some(Ok(message)) => self.message(message, &mut batch),
                Some(Err(error)) => self.fail(&error, &mut batch),
                None => self.end(Lost::new(LostKind::Dropped, "the connection ended")),
            }
            messages += 1;
            let is_full = messages >= BATCH_MESSAGES_MAX || batch.bytes >= BATCH_BYTES_MAX;
            if is_full || self.socket.is_terminated() {
                break;
            }
            next = self.socket.next().now_or_never();
        }
        self.pulse.answer_by = None;
        let now = self.clock.boot();
        if !self.continuity.is_open() {
            self.decide_by = None;
        } else if self.decide_by.is_none_or(|by| by < now + RESUME_WAIT) && !batch.read.is_empty() {
            self.decide_by = Some(now + RESUME_WAIT);
        }
        self.hand_out(&mut batch);
        if self.ready.is_empty() && self.over.is_none() {
            self.ready.push_back(Incoming::Alive);
        }
    }

    fn message(&mut self, message: Message, batch: &mut Batch) {
        match message {
            Message::Text(text) => self.frame(text.as_bytes(), batch),
            Message::Binary(bytes) => self.frame(&bytes, batch),
            Message::Close(frame) => self.end(closed(frame.as_ref())),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    fn frame(&mut self, bytes: &[u8], batch: &mut Batch) {
        batch.bytes += bytes.len();
        let (seq, event) = match self.reader.read(bytes, batch.received) {
            Ok(read) => match read.said {
                Said::Event(event) => (read.seq, Ok(event)),
                Said::Word(word) => {
                    let steps = self.continuity.word(word);
                    steps.into_iter().for_each(|step| self.step(step, batch));
                    return;
                }
            },
            Err(unreadable) => (None, Err(unreadable)),
        };
        if let Some(step) = self.continuity.frame(seq) {
            self.step(step, batch);
        }
        batch.read.push(event);
    }

    fn step(&mut self, step: Step, batch: &mut Batch) {
        if let Step::Send(word) = &step {
            self.decide_by = Some(self.clock.boot() + RESUME_WAIT);
            self.send(Message::text(write_word(word)));
        }
        if let Some(incoming) = step.incoming() {
            // The cursor may already stand at the frame that told of the hole: it goes with that.
            self.put(std::mem::take(&mut batch.read), None);
            self.ready.push_back(incoming);
        }
    }

    /// Makes what was read ready, with the cursor after it.
    fn hand_out(&mut self, batch: &mut Batch) {
        let cursor = self.continuity.cursor();
        self.put(std::mem::take(&mut batch.read), cursor);
    }

    fn put(&mut self, read: Vec<Result<Event, Unreadable>>, cursor: Option<Cursor>) {
        if !read.is_empty() || cursor.is_some() {
            self.ready.push_back(Incoming::Events { read, ack: Ack::none(), cursor });
        }
    }

    fn fail(&mut self, error: &Error, batch: &mut Batch) {
        let ending = broken(error);
        batch.read.extend(ending.offender.map(Err));
        if let Some(code) = ending.code {
            let reason = "".into();
            self.send(Message::Close(Some(CloseFrame { code, reason })));
        }
        self.end(ending.lost);
    }

    fn end(&mut self, lost: Lost) {
        self.over.get_or_insert(lost);
    }

    /// Sends without waiting: what the far side does not take now stands in the write buffer, and
    /// when that is full our ping goes unanswered and the connection ends.
    fn send(&mut self, message: Message) {
        let sent = self.socket.start_send_unpin(message);
        let flushed = sent.and_then(|()| self.socket.flush().now_or_never().unwrap_or(Ok(())));
        match flushed {
            Ok(()) | Err(Error::WriteBufferFull(_)) => {}
            Err(error) => self.end(broken(&error).lost),
        }
    }

    /// When there is something to do though nothing came.
    fn wake_at(&self) -> Duration {
        let times = [Some(self.pulse.ping_at), self.pulse.answer_by, self.decide_by];
        times.into_iter().flatten().min().unwrap_or(self.pulse.ping_at)
    }

    fn wake(&mut self) {
        let now = self.clock.boot();
        if self.pulse.answer_by.is_some_and(|by| by <= now) {
            let said = format!("no answer to our ping within {}", Span(self.pulse.answer));
            return self.end(Lost::new(LostKind::Dropped, said));
        }
        if self.decide_by.is_some_and(|by| by <= now) {
            self.decide_by = None;
            let missed = self.continuity.give_up().and_then(Step::incoming);
            self.ready.extend(missed);
            let mut nothing = Batch { received: self.clock.now(), read: Vec::new(), bytes: 0 };
            self.hand_out(&mut nothing);
        }
        if self.pulse.ping_at <= now {
            self.pulse.ping_at = now + self.pulse.every;
            self.pulse.answer_by.get_or_insert(now + self.pulse.answer);
            self.send(Message::Ping(Bytes::new()));
        }
    }
}

#[async_trait]
impl Session for Connection {
    async fn next(&mut self) -> Result<Incoming, Lost> {
        loop {
            if let Some(incoming) = self.ready.pop_front() {
                return Ok(incoming);
            }
            if let Some(lost) = &self.over {
                return Err(lost.clone());
            }
            let wake_at = self.wake_at();
            // Cancel-safe: a message is in the socket until it is in `ready`, with no wait between.
            tokio::select! {
                biased;
                first = self.socket.next() => self.take(first),
                () = self.clock.sleep_until(wake_at) => self.wake(),
            }
        }
    }

    async fn close(&mut self) {
        if self.over.is_some() {
            return;
        }
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.send(Message::Close(Some(frame)));
        let until = self.clock.boot() + CLOSE_WAIT;
        let answered = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if message.is_close() {
                    break;
                }
            }
        };
        tokio::select! {
            () = answered => {}
            () = self.clock.sleep_until(until) => {}
        }
    }
}
