//! Job: serves the web side on one listener until it is told to stop.
//! Takes: a listener, a hub, the settings and a stop.
//! Gives: the feed on its path; pages later.
//! Never: opens to strangers without a token, or leaves a client's task behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONNECTION, HeaderMap, HeaderValue, RETRY_AFTER, UPGRADE};
use axum::http::header::{SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use contract::Complaint;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::gate::{self, Asking};
use super::hub::{FRAME_BYTES_MAX, Hub, Presence};
use super::porch::{Caller, Porch};
use super::settings::WebSettings;
use super::{echo, hub_client};

/// The longest message of a client: a question takes some hundred bytes.
const MESSAGE_BYTES_MAX: usize = 4 << 10;
/// What a client costs in buffers as long as it is here, each way.
const BUFFER_BYTES: usize = 4 << 10;
/// Clients on their way from the handshake to their task; the next one waits.
const ARRIVALS_MAX: usize = 64;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    /// The settings are not safe to serve with.
    #[error("cannot serve: {}", said(.0))]
    Settings(Vec<Complaint>),
    /// The listener is broken.
    #[error("cannot serve")]
    Listener(#[from] std::io::Error),
}

fn said(complaints: &[Complaint]) -> String {
    complaints.iter().map(|complaint| complaint.what.as_str()).collect::<Vec<_>>().join("; ")
}

/// Serves until it is stopped; then parts from every client and returns.
///
/// # Errors
/// Before anything is served: settings that are not safe, or a broken listener.
pub async fn serve(
    listener: TcpListener,
    hub: Hub,
    settings: WebSettings,
    stop: CancellationToken,
) -> Result<(), NotServed> {
    let complaints = settings.complaints(listener.local_addr()?);
    if !complaints.is_empty() {
        return Err(NotServed::Settings(complaints));
    }
    let settings = Arc::new(settings);
    let (arrivals, mut arrived) = mpsc::channel(ARRIVALS_MAX);
    let house = House { hub: hub.clone(), settings: Arc::clone(&settings), arrivals };
    let porch = Porch::new(listener, hub.clone(), Arc::clone(&settings), stop.clone());
    let app = router(house).into_make_service_with_connect_info::<Caller>();
    // axum owns the tasks of connections that still ask: they end by their deadline, by a stop, or
    // by becoming a client, whose task is ours.
    let server = axum::serve(porch, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut server = std::pin::pin!(server.into_future());
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            ended = &mut server => {
                ended?;
                break;
            }
            Some(arrival) = arrived.recv() => {
                clients.spawn(attend(arrival, hub.clone(), Arc::clone(&settings), stop.clone()));
            }
            Some(ended) = clients.join_next() => note(ended),
        }
    }
    while let Some(ended) = clients.join_next().await {
        note(ended);
    }
    Ok(())
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a client's task failed: our mistake");
    }
}

async fn attend(arrival: Arrival, hub: Hub, settings: Arc<WebSettings>, stop: CancellationToken) {
    let Arrival { socket, line, presence } = arrival;
    match line {
        Line::Feed => hub_client::attend((socket, &presence), &hub, settings, stop).await,
        Line::Echo => echo::attend(socket, &hub, &settings, stop).await,
    }
}

/// What stands behind every request.
#[derive(Clone)]
struct House {
    hub: Hub,
    settings: Arc<WebSettings>,
    arrivals: mpsc::Sender<Arrival>,
}

/// A client after its handshake.
struct Arrival {
    socket: WebSocket,
    line: Line,
    presence: Presence,
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Feed,
    Echo,
}

/// Every path that a socket can be opened on.
fn sockets(settings: &WebSettings) -> impl Iterator<Item = (&str, Line)> {
    let echo = settings.echo_path.as_deref().map(|path| (path, Line::Echo));
    std::iter::once((settings.path.as_str(), Line::Feed)).chain(echo)
}

/// All pages and sockets, behind the gate.
fn router(house: House) -> Router {
    let mut router = Router::new();
    for (path, line) in sockets(&house.settings) {
        let answer = move |state, headers, upgrade| connect(line, state, headers, upgrade);
        router = router.route(path, any(answer));
    }
    router.layer(from_fn_with_state(house.clone(), pass_gate)).with_state(house)
}

/// Lets a request in or refuses it, and sets its connection's deadline.
async fn pass_gate(
    State(house): State<House>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    caller.door.open();
    let asking = Asking {
        uri: request.uri(),
        headers: request.headers(),
        peer: caller.peer,
        local: caller.local,
    };
    let answer = match gate::judge(asking, &house.settings) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            house.hub.counts().refused.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(peer = %caller.peer, ?refusal, "refused");
            refusal.into_response()
        }
    };
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        caller.door.shut();
    }
    answer
}

async fn connect(
    line: Line,
    State(house): State<House>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) if has_key(&headers) => upgrade,
        Ok(_) => return StatusCode::BAD_REQUEST.into_response(),
        Err(rejection) => return explain(&rejection),
    };
    let Some(presence) = house.hub.join(house.settings.clients_max) else {
        house.hub.counts().refused.fetch_add(1, Ordering::Relaxed);
        let later = [(RETRY_AFTER, "30")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "too many clients\n").into_response();
    };
    let (message_max, frame_max) = match line {
        Line::Feed => (MESSAGE_BYTES_MAX, FRAME_BYTES_MAX),
        Line::Echo => (echo::MESSAGE_BYTES_MAX, echo::MESSAGE_BYTES_MAX),
    };
    upgrade
        .max_message_size(message_max)
        .max_frame_size(message_max)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        // One frame on top of a full buffer, and room for a pong or a close.
        .max_write_buffer_size(frame_max + 2 * BUFFER_BYTES)
        .on_upgrade(move |socket| async move {
            let arrival = Arrival { socket, line, presence };
            // Refused only when we stop: then the socket is dropped.
            let _ = house.arrivals.send(arrival).await;
        })
}

/// RFC 6455, 4.2.1: the key is 16 bytes in base64.
fn has_key(headers: &HeaderMap) -> bool {
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    key.is_some_and(|key| key.len() == 24 && key.ends_with(b"=="))
}

/// Says what a request that opens no socket should have been.
fn explain(rejection: &WebSocketUpgradeRejection) -> Response {
    use WebSocketUpgradeRejection::{
        InvalidConnectionHeader, InvalidUpgradeHeader, InvalidWebSocketVersionHeader, MethodNotGet,
    };
    let with: &[(HeaderName, &str)] = match rejection {
        InvalidWebSocketVersionHeader(_) => &[(SEC_WEBSOCKET_VERSION, "13")],
        InvalidConnectionHeader(_) | InvalidUpgradeHeader(_) => {
            &[(UPGRADE, "websocket"), (CONNECTION, "upgrade")]
        }
        MethodNotGet(_) => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => return StatusCode::BAD_REQUEST.into_response(),
    };
    let mut answer = (StatusCode::UPGRADE_REQUIRED, "a WebSocket is served here\n").into_response();
    for (name, value) in with {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests;
