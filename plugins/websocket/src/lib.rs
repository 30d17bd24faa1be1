//! Job: source: a dashboard's live feed over WebSocket.
//! Takes: `[source.websocket.NAME]`.
//! Gives: `WebSocket`, a source that keeps the connection and says what it missed.
//! Never: decides when to connect again, or hides a hole.

mod source;

mod config;
mod settings;

mod handshake;
mod session;

mod closing;
mod continuity;

pub use config::{Attempts, ClientKeys, Config, PingKeys, ReconnectKeys};
pub use source::WebSocket;
