//! Job: lets connections in, few enough and quick enough.
//! Takes: a listener.
//! Gives: connections with a seat and a deadline, and who is calling.
//! Never: waits for a request without end, or lets one address take every seat.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::hub::{Hub, Seat};
use super::settings::WebSettings;

/// Connections that may be here on top of all clients: those that still ask.
const ASKING_MAX: usize = 256;
/// How long no connection is let in when the machine has none to give.
const OUT_OF_SOCKETS_PAUSE: Duration = Duration::from_secs(1);
/// What the kernel holds for a client that does not read. It doubles the figure.
const SEND_BUFFER_BYTES: usize = 64 << 10;

/// A listener that seats its connections.
pub(super) struct Porch {
    listener: TcpListener,
    hub: Hub,
    settings: Arc<WebSettings>,
    stop: CancellationToken,
}

impl Porch {
    pub(super) fn new(
        listener: TcpListener,
        hub: Hub,
        settings: Arc<WebSettings>,
        stop: CancellationToken,
    ) -> Self {
        // Accepted sockets inherit it. Without it the kernel's own limit stands, which is larger.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER_BYTES);
        Self { listener, hub, settings, stop }
    }

    /// Seats a connection; none where the line is cut, or there is no seat.
    fn seat(&self, stream: TcpStream, peer: SocketAddr) -> Option<Doorstep> {
        if self.hub.is_cut() {
            return None;
        }
        let all_max = self.settings.clients_max.saturating_add(ASKING_MAX);
        let Some(seat) = self.hub.seat(peer.ip(), all_max, self.settings.address_max) else {
            self.hub.counts().refused.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        // Only latency is lost without it.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().ok().map(|local| local.ip());
        Some(Doorstep {
            stream,
            caller: Caller { peer: peer.ip(), local, door: Arc::default() },
            waiting: None,
            patience: self.settings.handshake,
            stop: self.stop.clone(),
            _seat: seat,
        })
    }
}

impl Listener for Porch {
    type Io = Doorstep;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Doorstep, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(doorstep) = self.seat(stream, peer) {
                        return (doorstep, peer);
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot take connections");
                    tokio::time::sleep(OUT_OF_SOCKETS_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Who is calling.
#[derive(Clone)]
pub(super) struct Caller {
    /// From which address.
    pub(super) peer: IpAddr,
    /// By which of ours.
    pub(super) local: Option<IpAddr>,
    /// The connection's deadline.
    pub(super) door: Arc<Door>,
}

impl Connected<IncomingStream<'_, Porch>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Porch>) -> Self {
        stream.io().caller.clone()
    }
}

/// Whether a connection is waited for. Even: a request must arrive in time; odd: one is answered.
#[derive(Default)]
pub(super) struct Door(AtomicU64);

impl Door {
    /// A request has arrived: its answer, or its socket, has its own deadlines.
    pub(super) fn open(&self) {
        self.0.fetch_or(1, Ordering::Relaxed);
    }

    /// The request is answered: the next one must arrive in time.
    pub(super) fn shut(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The wait for one request.
struct Waiting {
    /// The door's turn it belongs to.
    turn: u64,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A connection with a seat, and with a deadline as long as its door is shut.
pub(super) struct Doorstep {
    stream: TcpStream,
    caller: Caller,
    waiting: Option<Waiting>,
    patience: Duration,
    stop: CancellationToken,
    _seat: Seat,
}

impl Doorstep {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let turn = self.caller.door.0.load(Ordering::Relaxed);
        if !turn.is_multiple_of(2) {
            self.waiting = None;
            return Ok(());
        }
        if self.waiting.as_ref().is_none_or(|waiting| waiting.turn != turn) {
            let (stop, patience) = (self.stop.clone(), self.patience);
            let over = async move {
                // Who is late, or comes while we go, is hung up on alike.
                let _ = tokio::time::timeout(patience, stop.cancelled_owned()).await;
            };
            self.waiting = Some(Waiting { turn, over: Box::pin(over) });
        }
        match self.waiting.as_mut().map(|waiting| waiting.over.as_mut().poll(cx)) {
            Some(Poll::Ready(())) => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Doorstep {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Doorstep {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
