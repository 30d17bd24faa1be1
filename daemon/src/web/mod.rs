//! Job: looks and tells: the hub, the control socket.
//! Takes: clients' questions.
//! Gives: answers from the outbox, acts through it.
//! Never: touches a rule or a sink by itself.

pub mod control;
pub mod hub;
pub mod serve;
pub mod settings;

mod echo;
mod farewell;
mod gate;
mod hub_client;
mod porch;
mod resume;
mod ring;

pub use hub::{Census, Hub, HubLimits};
pub use serve::{NotServed, serve};
pub use settings::WebSettings;
