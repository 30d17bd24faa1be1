//! Job: a dashboard's feed: a WebSocket server that blasts or paces frames written before.
//! Takes: a listener, frames, a ledger for the send times, and a gate that lets it begin.
//! Gives: the frames, once each; and, to who asks, when a client came and when all was sent.
//! Never: sends a frame again, unless it offered to: a client goes on where the last was cut.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::frames::Frames;
use crate::ledger::Ledger;

const HANDSHAKE: Duration = Duration::from_secs(10);
const RESUME: Duration = Duration::from_secs(1);
const EPOCH: &str = "bench";

type Client = WebSocketStream<TcpStream>;

/// How fast frames are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as the client reads.
    Blast,
    /// This many a second, each with its send time in the ledger.
    PerSecond(u32),
}

/// What a client is offered that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offers {
    /// What was sent meanwhile is gone, as with a plain WebSocket.
    Nothing,
    /// A `hello` first, and all that came after the number in a client's `resume`.
    Resume,
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
    /// Resuming needs numbered frames.
    pub(crate) offers: Offers,
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
        let (mut sink, mut stream) = client.split();
        if feed.offers == Offers::Resume {
            let sent = progress.borrow().sent;
            let Ok(after) = greet(&mut sink, &mut stream, sent).await else { continue };
            progress.send_modify(|progress| progress.sent = after);
        }
        tokio::select! {
            () = listen(stream) => {}
            _ = send_then_wait(sink, &feed, gate.clone(), &progress) => {}
        }
    }
}

/// Says hello; gives the number after which this client is sent frames.
async fn greet(
    sink: &mut SplitSink<Client, Message>,
    stream: &mut SplitStream<Client>,
    sent: usize,
) -> Result<usize, Error> {
    let hello = json!({ "type": "hello", "payload": { "epoch": EPOCH, "seq": sent } });
    sink.send(Message::text(hello.to_string())).await?;
    if sent == 0 {
        return Ok(0);
    }
    let Ok(Some(message)) = timeout(RESUME, stream.next()).await else { return Ok(sent) };
    let Some(after) = asked_after(message?.to_text()?).filter(|after| *after <= sent) else {
        return Ok(sent);
    };
    let payload = json!({ "epoch": EPOCH, "replayed": sent - after });
    let resumed = json!({ "type": "resumed", "payload": payload });
    sink.send(Message::text(resumed.to_string())).await?;
    Ok(after)
}

fn asked_after(message: &str) -> Option<usize> {
    let message: Value = serde_json::from_str(message).ok()?;
    let ours = message["type"] == "resume" && message["payload"]["epoch"] == EPOCH;
    let after = ours.then(|| message["payload"]["after"].as_u64())??;
    usize::try_from(after).ok()
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
    use tokio::task::JoinSet;

    use super::*;
    use crate::frames::{Asked, Ids};

    const COUNT: usize = 40;

    struct Served {
        url: String,
        sent: Vec<String>,
        seen: watch::Receiver<Progress>,
        _gate: watch::Sender<bool>,
        _tasks: JoinSet<anyhow::Result<()>>,
    }

    async fn serve_some(pace: Pace, offers: Offers) -> Served {
        let ids = Ids::Sequential;
        let numbered = offers == Offers::Resume;
        let frames = Frames::write(Asked { seed: 1, count: COUNT, ids, numbered }).unwrap();
        let sent = frames.texts.iter().map(|text| text.to_string()).collect();
        let ledger = Arc::new(Ledger::open(COUNT, ids));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let (open, gate) = watch::channel(true);
        let (progress, seen) = watch::channel(Progress::default());
        let feed = Feed { frames: Arc::new(frames), count: COUNT, ledger, pace, offers };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, feed, gate, progress));
        Served { url, sent, seen, _gate: open, _tasks: tasks }
    }

    async fn read_some(url: &str, first: Option<Message>, count: usize) -> Vec<String> {
        let (mut client, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        if let Some(message) = first {
            client.send(message).await.unwrap();
        }
        let mut found = Vec::new();
        while found.len() < count {
            found.push(client.next().await.unwrap().unwrap().into_text().unwrap().to_string());
        }
        found
    }

    #[tokio::test]
    async fn a_feed_sends_every_frame_once_and_in_order() {
        for pace in [Pace::Blast, Pace::PerSecond(100_000)] {
            let mut served = serve_some(pace, Offers::Nothing).await;
            assert_eq!(read_some(&served.url, None, COUNT).await, served.sent);
            let last = *served.seen.wait_for(|progress| progress.sent == COUNT).await.unwrap();
            assert_eq!(last.clients, 1);
            assert!(last.first_client.is_some());
        }
    }

    #[tokio::test]
    async fn a_client_that_returns_gets_what_came_after_its_number() {
        let served = serve_some(Pace::Blast, Offers::Resume).await;
        let found = read_some(&served.url, None, 1 + COUNT).await;
        assert_eq!(found[0], r#"{"payload":{"epoch":"bench","seq":0},"type":"hello"}"#);
        assert_eq!(found[1..], served.sent);

        let resume = r#"{"type":"resume","payload":{"after":30,"epoch":"bench"}}"#;
        let found = read_some(&served.url, Some(Message::text(resume)), 2 + COUNT - 30).await;
        assert_eq!(found[0], r#"{"payload":{"epoch":"bench","seq":40},"type":"hello"}"#);
        assert_eq!(found[1], r#"{"payload":{"epoch":"bench","replayed":10},"type":"resumed"}"#);
        assert_eq!(found[2..], served.sent[30..]);
    }
}
