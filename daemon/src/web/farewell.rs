//! Job: how a client and we part.
//! Takes: why we part, and the socket.
//! Gives: the close frame that RFC 6455 asks for, and the wait for its answer.
//! Never: waits longer than the farewell may take.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;

/// Why we part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// The client said good-bye; the answer is on its way.
    Left,
    /// The connection is broken.
    Gone,
    /// The line is cut, as if it were broken.
    Cut,
    /// It does not answer.
    Dead,
    /// It does not take what it is sent. It has everything up to this number.
    Slow(u64),
    /// It sent what may not be sent.
    Offence(u16, &'static str),
    /// We stop.
    GoingAway,
}

/// What makes every client leave.
pub(super) struct Leave {
    stop: CancellationToken,
    cut: watch::Receiver<Option<Instant>>,
}

impl Leave {
    pub(super) fn new(stop: CancellationToken, hub: &Hub) -> Self {
        Self { stop, cut: hub.watch_cut() }
    }

    /// Waits until clients must leave. Cancel-safe.
    pub(super) async fn wanted(&mut self) -> Parting {
        tokio::select! {
            () = self.stop.cancelled() => Parting::GoingAway,
            // The hub lives as long as its clients, so a change is the only answer.
            _ = self.cut.changed() => Parting::Cut,
        }
    }
}

/// Parts from a client.
pub(super) async fn part(mut socket: WebSocket, parting: Parting, hub: &Hub, within: Duration) {
    let close = match parting {
        Parting::Gone | Parting::Cut => return,
        Parting::Dead => {
            hub.counts().dead.fetch_add(1, Ordering::Relaxed);
            return;
        }
        Parting::Left => None,
        Parting::Slow(seq) => {
            hub.counts().slow.fetch_add(1, Ordering::Relaxed);
            // 1012, not 1013: the client is to come back at once for what it missed.
            Some((close_code::RESTART, format!("too slow: resume after {seq}")))
        }
        Parting::Offence(code, said) => {
            hub.counts().offending.fetch_add(1, Ordering::Relaxed);
            Some((code, said.to_owned()))
        }
        Parting::GoingAway => Some((close_code::AWAY, "going away: resume later".to_owned())),
    };
    let farewell = async {
        if let Some((code, reason)) = close {
            let close = CloseFrame { code, reason: reason.into() };
            // A client that is gone already needs no word.
            let _ = socket.send(Message::Close(Some(close))).await;
        }
        // A socket dropped with bytes unread is reset, and a reset may overtake the close.
        while let Some(Ok(_)) = socket.recv().await {}
    };
    // Who does not take the word in time does without.
    let _ = tokio::time::timeout(within, farewell).await;
}

/// Why we part from a client whose bytes could not be read.
pub(super) fn parting_for(error: axum::Error) -> Parting {
    use tungstenite::Error::{Capacity, Protocol, Utf8};
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;

    let error = error.into_inner();
    match error.downcast_ref::<tungstenite::Error>() {
        Some(Capacity(_)) => Parting::Offence(close_code::SIZE, "message too long"),
        Some(Utf8(_)) => Parting::Offence(close_code::INVALID, "text is not UTF-8"),
        Some(Protocol(ResetWithoutClosingHandshake)) => Parting::Gone,
        Some(Protocol(_)) => Parting::Offence(close_code::PROTOCOL, "protocol error"),
        _ => Parting::Gone,
    }
}
