//! Job: the feed and the receiver as programs of their own, for trying things by hand.
//! Takes: an address, and what to send or how to answer.
//! Gives: a line on standard output each second in which something happened.
//! Never: ends by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::feed::{self, Feed, Offers, Pace, Progress};
use crate::frames::{Asked, Frames, Ids};
use crate::ledger::Ledger;
use crate::{receiver, report};

/// What the feed sends.
#[derive(Args, Debug)]
pub(crate) struct FeedSettings {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3001")]
    listen: SocketAddr,
    /// How many frames.
    #[arg(long, default_value_t = 100_000)]
    count: usize,
    /// Frames a second; by default as fast as the client reads.
    #[arg(long)]
    rate: Option<u32>,
    /// Booking ids without any order, in place of ids that grow.
    #[arg(long)]
    random_ids: bool,
    /// Say hello, number the frames, and resume a client that comes back.
    #[arg(long)]
    hello: bool,
    /// The seed of the frames.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// How the receiver answers.
#[derive(Args, Debug)]
pub(crate) struct ReceiverSettings {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3002")]
    listen: SocketAddr,
    /// How many frames the feed has.
    #[arg(long, default_value_t = 100_000)]
    count: usize,
    /// Seconds for which every request is answered 503 at first.
    #[arg(long, default_value_t = 0)]
    fail_seconds: u64,
    /// The feed's ids are without any order.
    #[arg(long)]
    random_ids: bool,
    /// The seed of the feed's frames.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Serves frames until it is dropped.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) async fn feed(settings: &FeedSettings) -> anyhow::Result<()> {
    let ids = Ids::chosen(settings.random_ids, settings.seed);
    let offers = if settings.hello { Offers::Resume } else { Offers::Nothing };
    let FeedSettings { seed, count, hello: numbered, .. } = *settings;
    let frames = Arc::new(Frames::write(Asked { seed, count, ids, numbered })?);
    let ledger = Arc::new(Ledger::open(count, ids));
    let pace = settings.rate.map_or(Pace::Blast, Pace::PerSecond);
    let listener = TcpListener::bind(settings.listen).await?;
    report::print(&format!("ws://{}/\n", listener.local_addr()?))?;
    let (_open, gate) = watch::channel(true);
    let (progress, seen) = watch::channel(Progress::default());
    let feed = Feed { frames, count, ledger, pace, offers };
    let told = tell(|| {
        let seen = seen.borrow();
        format!("{} clients, {} frames sent", seen.clients, seen.sent)
    });
    tokio::select! {
        served = feed::serve(listener, feed, gate, progress) => served,
        told = told => told,
    }
}

/// Counts what is posted until it is dropped.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) async fn receiver(settings: &ReceiverSettings) -> anyhow::Result<()> {
    let ids = Ids::chosen(settings.random_ids, settings.seed);
    let ledger = Arc::new(Ledger::open(settings.count, ids));
    let listener = TcpListener::bind(settings.listen).await?;
    report::print(&format!("http://{}/\n", listener.local_addr()?))?;
    let fail_for = Duration::from_secs(settings.fail_seconds);
    let expected = Frames::bookings(settings.count) as u64;
    let told = tell(|| {
        let tally = ledger.tally(expected);
        format!(
            "{} rang, {} twice, {} unknown, {} not yet",
            tally.rung, tally.twice, tally.unknown, tally.lost
        )
    });
    tokio::select! {
        received = receiver::receive(listener, ledger.clone(), fail_for) => received,
        told = told => told,
    }
}

async fn tell(line: impl Fn() -> String) -> anyhow::Result<()> {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = line();
    loop {
        ticks.tick().await;
        let now = line();
        if now != said {
            report::print(&format!("{now}\n"))?;
            said = now;
        }
    }
}
