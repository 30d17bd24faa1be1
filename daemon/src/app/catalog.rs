//! Job: names every plugin of this build, once.
//! Takes: nothing.
//! Gives: the catalog that the daemon is handed.
//! Never: opens a plugin.

use contract::Catalog;
use contract::plugin::{SinkEntry, SourceEntry};

/// Every plugin of this build.
pub fn catalog() -> Catalog {
    Catalog {
        sources: vec![
            SourceEntry::of::<websocket::WebSocket>(),
            SourceEntry::of::<simulator::Simulator>(),
        ],
        sinks: vec![SinkEntry::of::<console::Console>(), SinkEntry::of::<webhook::Webhook>()],
    }
}
