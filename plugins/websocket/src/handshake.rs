//! Job: one connection, from a name to an open WebSocket, under one deadline.
//! Takes: the settings, the doors, and the token as it is now.
//! Gives: the socket, or `Lost` by the reaction to each refusal.
//! Never: follows a redirect, or sends the token anywhere but to the configured server.

use std::time::Duration;

use contract::doors::{DialFault, Stream};
use contract::values::Span;
use contract::{Clock, Dial, Lost, LostKind};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::settings::Settings;

/// An open WebSocket over whatever the dialler gave.
pub(crate) type Socket = WebSocketStream<Box<dyn Stream>>;

/// The longest time a server may ask us to stay away.
const AFTER_MAX: Duration = Duration::from_secs(3600);

/// Dials and shakes hands, all within `handshake_timeout`.
///
/// # Errors
/// `Lost`, by what the server or the network did.
pub(crate) async fn connect(
    settings: &Settings,
    dial: &dyn Dial,
    clock: &dyn Clock,
) -> Result<Socket, Lost> {
    let request = request(settings)?;
    let deadline = settings.handshake_timeout;
    let until = clock.boot() + deadline;
    tokio::select! {
        biased;
        connected = dial_and_shake(settings, dial, clock, request) => connected,
        () = clock.sleep_until(until) => {
            let said = format!("no WebSocket handshake within {}", Span(deadline));
            Err(Lost::new(LostKind::Unreachable, said))
        }
    }
}

async fn dial_and_shake(
    settings: &Settings,
    dial: &dyn Dial,
    clock: &dyn Clock,
    request: Request,
) -> Result<Socket, Lost> {
    let stream = dial
        .dial(&settings.endpoint, settings.handshake_timeout)
        .await
        .map_err(|fault| not_dialled(&fault))?;
    let limits = limits(settings.frame_bytes_max);
    let shaken = tokio_tungstenite::client_async_with_config(request, stream, Some(limits)).await;
    shaken.map(|(socket, _)| socket).map_err(|error| refused(error, clock.now()))
}

/// The library's own defaults leave the write buffer unbounded and allow 64 MiB a message.
fn limits(frame_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(64 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(16 << 10)
        .max_message_size(Some(frame_bytes_max))
        .max_frame_size(Some(frame_bytes_max))
}

fn request(settings: &Settings) -> Result<Request, Lost> {
    let config = |said: &str| Lost::new(LostKind::Config, said);
    let mut request = settings
        .url
        .as_str()
        .into_client_request()
        .map_err(|_| config("the URL cannot be asked for"))?;
    request.headers_mut().extend(settings.headers.clone());
    if let Some(token) = &settings.token {
        let token = token.reveal().map_err(|not| config(&not.0))?;
        let text = token.text().map_err(|_| config("the token is not text"))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {text}"))
            .map_err(|_| config("the token has characters that a header cannot carry"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(request)
}

fn not_dialled(fault: &DialFault) -> Lost {
    let kind = match fault {
        DialFault::Resolve { .. } | DialFault::Connect(_) | DialFault::Timeout(_) => {
            LostKind::Unreachable
        }
        DialFault::Tls(_) | DialFault::Config(_) => LostKind::Config,
        DialFault::Proxy(said) if said.starts_with('4') => LostKind::Config,
        DialFault::Proxy(_) => LostKind::Unreachable,
    };
    Lost::new(kind, fault.to_string())
}

/// Why the handshake failed, by the reaction it calls for.
fn refused(error: Error, now: Timestamp) -> Lost {
    match error {
        Error::Http(answer) => answered(&answer, now),
        Error::Io(error) => {
            Lost::new(LostKind::Unreachable, format!("the handshake broke off: {error}"))
        }
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            Lost::new(LostKind::Unreachable, "closed during the handshake")
        }
        Error::Protocol(fault) => {
            Lost::new(LostKind::Config, format!("no WebSocket there: {fault}"))
        }
        Error::Capacity(_) | Error::AttackAttempt => {
            Lost::new(LostKind::Offence, "the answer to the handshake is larger than allowed")
        }
        _ => Lost::new(LostKind::Config, "the answer to the handshake is no HTTP"),
    }
}

fn answered(answer: &Response, now: Timestamp) -> Lost {
    let status = answer.status();
    let said = format!("the server answered {status}");
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Lost::new(LostKind::Denied, said),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let written = answer.headers().get(header::RETRY_AFTER);
            let after = written.and_then(|value| value.to_str().ok());
            let after = after.and_then(|after| retry_after(after, now));
            Lost { after, ..Lost::new(LostKind::Busy, said) }
        }
        _ if status.is_redirection() => {
            let said =
                format!("{said}: a redirect, which is never followed; put its target into `url`");
            Lost::new(LostKind::Config, said)
        }
        _ if status.is_server_error() => Lost::new(LostKind::Unreachable, said),
        _ => Lost::new(LostKind::Config, said),
    }
}

/// Reads Retry-After, seconds or a date, up to an hour (RFC 9110, 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(AFTER_MAX));
    }
    let until = rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    let wait = until.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default().min(AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_an_hour() {
        let now = "2026-11-23T02:00:00Z".parse().unwrap();
        let cases = [
            ("7", Some(7)),
            ("99999999", Some(3600)),
            ("Mon, 23 Nov 2026 02:01:00 GMT", Some(60)),
            ("Mon, 23 Nov 2026 01:00:00 GMT", Some(0)),
            ("soon", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
