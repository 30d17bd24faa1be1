//! Job: sends every message back unchanged, so that the protocol can be judged on what ships.
//! Takes: a socket.
//! Gives: its own messages to it.
//! Never: is served unless it is asked for.

use axum::extract::ws::{Message, WebSocket};
use tokio_util::sync::CancellationToken;

use super::farewell::{self, Leave, Parting};
use super::hub::Hub;
use super::settings::WebSettings;

/// The longest message that is sent back.
pub(super) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Stays with a client until one of us goes.
pub(super) async fn attend(
    mut socket: WebSocket,
    hub: &Hub,
    settings: &WebSettings,
    stop: CancellationToken,
) {
    let mut leave = Leave::new(stop, hub);
    let parting = tokio::select! {
        parting = leave.wanted() => parting,
        parting = repeat(&mut socket) => parting,
    };
    farewell::part(socket, parting, hub, settings.farewell).await;
}

async fn repeat(socket: &mut WebSocket) -> Parting {
    loop {
        let message = match socket.recv().await {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => message,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) => return Parting::Left,
            Some(Err(error)) => return farewell::parting_for(error),
            None => return Parting::Gone,
        };
        if socket.send(message).await.is_err() {
            return Parting::Gone;
        }
    }
}
