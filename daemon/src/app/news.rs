//! Job: passes on what was committed, to the hub and to those who watch.
//! Takes: the outbox's news.
//! Gives: frames for the hub, lines for `deskbell watch`.
//! Never: slows the outbox: who falls behind is told so, or catches up from the store.

use std::sync::Arc;

use contract::Event;
use serde_json::json;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::outbox::{Answered, Committed, HistoryFilter, News, Outbox, Page, StoreError, StoredId};
use crate::web::hub::Hub;

/// How many events are read at once by a hub that has fallen behind.
const CATCH_UP: u32 = 1024;

/// Publishes every event that is committed from now on, in order, until stopped. Now is when it
/// is called, not when it is first polled.
///
/// # Errors
/// When the outbox cannot be read.
pub(super) fn feed_hub(
    outbox: Outbox,
    hub: Hub,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()> + Send, StoreError> {
    let news = outbox.news();
    let newest = outbox.history(&HistoryFilter::default(), Page { limit: 1, offset: 0 })?;
    let last = newest.first().map_or(StoredId(0), |row| row.event.id);
    Ok(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = publish(&outbox, &hub, news, last) => {}
        }
    })
}

async fn publish(
    outbox: &Outbox,
    hub: &Hub,
    mut news: broadcast::Receiver<Arc<Committed>>,
    mut last: StoredId,
) {
    loop {
        match news.recv().await {
            Ok(committed) => {
                for one in &committed.events {
                    if one.id > last && is_the_feeds(&one.event) {
                        hub.publish(&one.event);
                    }
                    last = last.max(one.id);
                }
            }
            Err(RecvError::Lagged(_)) => match catch_up(outbox, hub, last) {
                Ok(reached) => last = reached,
                Err(wrong) => tracing::warn!(%wrong, "the hub could not catch up"),
            },
            Err(RecvError::Closed) => return,
        }
    }
}

fn catch_up(outbox: &Outbox, hub: &Hub, after: StoredId) -> Result<StoredId, StoreError> {
    let mut last = after;
    loop {
        let events = outbox.events_after(last, CATCH_UP)?;
        let Some((id, _)) = events.last() else { return Ok(last) };
        last = *id;
        for (_, event) in &events {
            if is_the_feeds(event) {
                hub.publish(event);
            }
        }
    }
}

/// What happened at the dashboard; not what happened to a feed or a sink of ours.
fn is_the_feeds(event: &Event) -> bool {
    use contract::Kind::{Booking, Metrics, Other};
    matches!(event.kind(), Booking | Metrics | Other)
}

/// Sends the lines of `deskbell watch` until nobody takes them any more.
pub(super) async fn watch(
    mut news: broadcast::Receiver<Arc<Committed>>,
    lines: mpsc::Sender<serde_json::Value>,
) {
    loop {
        let committed = tokio::select! {
            () = lines.closed() => return,
            committed = news.recv() => committed,
        };
        let batch: Vec<serde_json::Value> = match committed {
            Ok(committed) => {
                let events = committed.events.iter().map(event_line);
                events.chain(committed.answered.iter().map(answered_line)).collect()
            }
            Err(RecvError::Lagged(commits)) => {
                vec![json!({ "watch": "behind", "commits_left_out": commits })]
            }
            Err(RecvError::Closed) => return,
        };
        for line in batch {
            if lines.send(line).await.is_err() {
                return;
            }
        }
    }
}

fn event_line(news: &News) -> serde_json::Value {
    json!({
        "watch": "event",
        "id": news.id.0,
        "outcome": news.outcome,
        "rings": news.rings,
        "event": *news.event,
    })
}

fn answered_line(answered: &Answered) -> serde_json::Value {
    json!({
        "watch": "delivery",
        "id": answered.id.to_string(),
        "event": answered.id.event().0,
        "sink": answered.sink,
        "state": answered.state.to_string(),
        "why": answered.why.as_ref().map(ToString::to_string),
    })
}
