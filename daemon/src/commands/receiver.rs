//! Job: the demo's webhook receiver, which a person can break.
//! Takes: POSTs of the webhook sink.
//! Gives: a line for each, and 204; or 503 while it is broken.
//! Never: is part of the daemon.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::demo::say;

/// A receiver that can be broken.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    broken: Arc<AtomicBool>,
    seen: Arc<Mutex<HashSet<String>>>,
}

impl Receiver {
    /// Breaks it, or mends it. Says whether it is broken now.
    pub(super) fn toggle(&self) -> bool {
        !self.broken.fetch_xor(true, Ordering::Relaxed)
    }

    /// Answers until stopped.
    pub(super) async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let app = Router::new().route("/hook", post(receive)).with_state(self);
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(wrong) = served.await {
            tracing::error!(%wrong, "the demo's receiver ended");
        }
    }

    fn is_first(&self, id: &str) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    let title = contract::text::clean(document["title"].as_str().unwrap_or("?"));
    if receiver.broken.load(Ordering::Relaxed) {
        say(&format!("  ⇠ webhook receiver  503     {title}"));
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let attempt = document["attempt"].as_u64().unwrap_or(1);
    let again = if receiver.is_first(text("webhook-id")) { "" } else { "  (seen before)" };
    let signed = if text("webhook-signature").starts_with("v1,") { "signed" } else { "unsigned" };
    say(&format!("  ⇠ webhook receiver  204     {title}  [{signed}, try {attempt}]{again}"));
    StatusCode::NO_CONTENT
}
