//! Job: a dashboard's feed: a WebSocket server that blasts or paces frames written before.
//! Takes: a listener, frames, a ledger for the send times, and a gate that lets it begin.
//! Gives: the frames, once each; and, to who asks, when a client came and when all was sent.
//! Never: sends a frame again: a client that comes back goes on where the last one was cut.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::frames::Frames;
use crate::ledger::Ledger;

const HANDSHAKE: Duration = Duration::from_secs(10);

type Client = WebSocketStream<TcpStream>;

/// How fast frames are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as the client reads.
    Blast,
    /// This many a second, each with its send time in the ledger.
    PerSecond(u32),
}

/// What a feed sends, and where it writes the send times down.
pub(crate) struct Feed {
    /// In this order.
    pub(crate) frames: Arc<Frames>,
    /// How many of them.
    pub(crate) count: usize,
    /// Of at least as many places as frames are sent.
    pub(crate) ledger: Arc<Ledger>,
    /// How fast.
    pub(crate) pace: Pace,
}

impl Feed {
    fn texts(&self) -> impl Iterator<Item = (usize, &Utf8Bytes)> {
        self.frames.texts.iter().take(self.count).enumerate()
    }
}

/// How far a feed is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Handshakes completed so far.
    pub(crate) clients: u32,
    /// When the first of them was completed.
    pub(crate) first_client: Option<Instant>,
    /// Frames handed to the socket, whole ones only.
    pub(crate) sent: usize,
}

/// Serves one client after the other, until it is dropped; sends once `gate` is true.
///
/// # Errors
/// When the listener fails; a client's failure ends only that client.
pub(crate) async fn serve(
    listener: TcpListener,
    feed: Feed,
    gate: watch::Receiver<bool>,
    progress: watch::Sender<Progress>,
) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let handshake = timeout(HANDSHAKE, tokio_tungstenite::accept_async(stream));
        let Ok(Ok(client)) = handshake.await else { continue };
        progress.send_modify(|progress| {
            progress.clients += 1;
            progress.first_client.get_or_insert_with(Instant::now);
        });
        let (sink, stream) = client.split();
        tokio::select! {
            () = listen(stream) => {}
            _ = send_then_wait(sink, &feed, gate.clone(), &progress) => {}
        }
    }
}

/// Reads until the client is gone; reading is also what answers its pings.
async fn listen(mut stream: SplitStream<Client>) {
    while let Some(Ok(message)) = stream.next().await {
        if message.is_close() {
            return;
        }
    }
}

async fn send_then_wait(
    mut sink: SplitSink<Client, Message>,
    feed: &Feed,
    mut gate: watch::Receiver<bool>,
    progress: &watch::Sender<Progress>,
) -> Result<(), Error> {
    if gate.wait_for(|open| *open).await.is_ok() {
        match feed.pace {
            Pace::Blast => blast(&mut sink, feed, progress).await?,
            Pace::PerSecond(rate) => pace(&mut sink, feed, rate, progress).await?,
        }
    }
    std::future::pending().await
}

async fn blast(
    sink: &mut SplitSink<Client, Message>,
    feed: &Feed,
    progress: &watch::Sender<Progress>,
) -> Result<(), Error> {
    feed.ledger.begin();
    let start = progress.borrow().sent;
    for (place, text) in feed.texts().skip(start) {
        sink.feed(Message::Text(text.clone())).await?;
        progress.send_if_modified(|progress| {
            progress.sent = place + 1;
            false
        });
    }
    sink.flush().await?;
    progress.send_modify(|_| ());
    Ok(())
}

async fn pace(
    sink: &mut SplitSink<Client, Message>,
    feed: &Feed,
    rate: u32,
    progress: &watch::Sender<Progress>,
) -> Result<(), Error> {
    feed.ledger.begin();
    let start = progress.borrow().sent;
    let begun = tokio::time::Instant::now();
    for (place, text) in feed.texts().skip(start) {
        let due = Duration::from_secs_f64((place - start) as f64 / f64::from(rate));
        sleep_until(begun + due).await;
        feed.ledger.send(place);
        sink.send(Message::Text(text.clone())).await?;
        progress.send_modify(|progress| progress.sent = place + 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Ids;

    const COUNT: usize = 40;

    async fn read_some(url: &str, count: usize) -> Vec<String> {
        let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut found = Vec::new();
        while found.len() < count {
            found.push(client.next().await.unwrap().unwrap().into_text().unwrap().to_string());
        }
        found
    }

    #[tokio::test]
    async fn a_feed_sends_every_frame_once_and_in_order() {
        for pace in [Pace::Blast, Pace::PerSecond(100_000)] {
            let frames = Arc::new(Frames::write(1, COUNT, Ids::Sequential).unwrap());
            let ledger = Arc::new(Ledger::open(COUNT, Ids::Sequential));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}/", listener.local_addr().unwrap());
            let (_open, gate) = watch::channel(true);
            let (progress, mut seen) = watch::channel(Progress::default());
            let feed = Feed { frames: frames.clone(), count: COUNT, ledger, pace };
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn(serve(listener, feed, gate, progress));

            let found = read_some(&url, COUNT).await;
            let sent: Vec<&str> = frames.texts.iter().map(|text| text.as_str()).collect();
            assert_eq!(found, sent);
            let last = *seen.wait_for(|progress| progress.sent == COUNT).await.unwrap();
            assert_eq!(last.clients, 1);
            assert!(last.first_client.is_some());
            tasks.shutdown().await;
        }
    }
}
