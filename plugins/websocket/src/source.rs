//! Job: the plugin, and one instance of it.
//! Takes: `Config` and the doors.
//! Gives: a `Source` that opens one connection at a time.
//! Never: keeps a secret between two connects.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use contract::frame::Reader;
use contract::plugin::{DeliveryDefaults, Opened};
use contract::{
    Clock, Cursor, Dial, Info, Lost, OpenContext, Reconnect, Session, Source, SourcePlugin,
};

use crate::config::Config;
use crate::continuity::Continuity;
use crate::handshake;
use crate::session::Connection;
use crate::settings::Settings;

/// A dashboard's live feed over WebSocket.
pub struct WebSocket;

impl SourcePlugin for WebSocket {
    const INFO: Info = Info {
        name: "websocket",
        summary: "reads a dashboard's live feed over WebSocket",
        example: "[source.websocket.dashboard]\n\
                  url = \"wss://admin.example.com/admin/dashboard\"\n",
        delivery: DeliveryDefaults::NETWORK,
    };
    type Config = Config;

    fn open(config: Config, cx: &OpenContext) -> Opened<dyn Source> {
        let settings = config.check(cx)?;
        let reader = Reader::new(cx.source(), settings.feed.clone())
            .frame_bytes_max(settings.frame_bytes_max);
        Ok(Box::new(Dashboard {
            settings,
            reader,
            clock: Arc::clone(&cx.clock),
            dial: Arc::clone(&cx.dial),
            was_connected: AtomicBool::new(false),
        }))
    }
}

/// One configured feed.
struct Dashboard {
    settings: Settings,
    reader: Reader,
    clock: Arc<dyn Clock>,
    dial: Arc<dyn Dial>,
    /// Whether a connection has been had: the next one may have missed something.
    was_connected: AtomicBool,
}

#[async_trait]
impl Source for Dashboard {
    async fn open(&self, resume: Option<&Cursor>) -> Result<Box<dyn Session>, Lost> {
        let socket = handshake::connect(&self.settings, &*self.dial, &*self.clock).await?;
        let again = self.was_connected.swap(true, Ordering::Relaxed);
        let continuity = Continuity::new(resume, again);
        let reader = self.reader.clone();
        let clock = Arc::clone(&self.clock);
        Ok(Box::new(Connection::new(socket, reader, clock, continuity, &self.settings)))
    }

    fn reconnect(&self) -> Reconnect {
        self.settings.reconnect.clone()
    }

    fn place(&self) -> String {
        let url = &self.settings.url;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or("?"), url.path())
    }
}
