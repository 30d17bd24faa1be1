//! Job: the simulator as a source plugin.
//! Takes: `[source.simulator.NAME]`, and the clock.
//! Gives: a session that tells its story at the story's own pace.
//! Never: loses its place when a wait is given up, and never ends by itself.

use std::iter::{Peekable, Take};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::plugin::{DeliveryDefaults, Opened};
use contract::values::Rate;
use contract::{
    Ack, Clock, Complaint, Cursor, FeedName, Incoming, Info, Lost, OpenContext, Reconnect, Session,
    Source, SourceName, SourcePlugin,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::story::{Pace, Plot, Story};

/// The keys of `[source.simulator.NAME]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which story is told: the same number, start and pace tell the same one. Default: drawn.
    pub seed: Option<u64>,
    /// When the story begins, such as "2026-11-23T02:15:00Z": the ids begin with it, and its
    /// events are dated from it. Default: when the source connects.
    pub start: Option<String>,
    /// How many times as fast as a real dashboard: 0.01 to 100000. Default: 1.
    pub speed: Option<f64>,
    /// Events at an even rate in place of `speed`, such as "5000/s".
    pub rate: Option<Rate>,
    /// Falls silent after this many events; the connection stays. Default: never.
    pub count: Option<u64>,
    /// The feed it belongs to. Default: the instance's name.
    pub feed: Option<String>,
}

/// The plugin.
pub struct Simulator;

impl SourcePlugin for Simulator {
    const INFO: Info = Info {
        name: "simulator",
        summary: "a seeded stream of plausible bookings and metrics, for trying things out",
        example: "[source.simulator.demo]\nseed  = 7\nspeed = 10.0\n",
        delivery: DeliveryDefaults::NETWORK,
    };
    type Config = Config;

    fn open(config: Config, cx: &OpenContext) -> Opened<dyn Source> {
        let mut complaints = Vec::new();
        let start = config.start.as_deref().and_then(|text| match text.parse() {
            Ok(start) => Some(start),
            Err(_) => {
                complaints.push(
                    Complaint::error(format!("\"{text}\" is no instant"))
                        .key("start")
                        .hint("write it with its zone, such as \"2026-11-23T02:15:00Z\""),
                );
                None
            }
        });
        if let Some(speed) = config.speed.filter(|speed| !(0.01..=100_000.0).contains(speed)) {
            complaints.push(
                Complaint::error(format!("{speed} is no speed"))
                    .key("speed")
                    .hint("from 0.01 to 100000"),
            );
        }
        if config.speed.is_some() && config.rate.is_some() {
            complaints.push(
                Complaint::error("`speed` and `rate` cannot both be set")
                    .key("rate")
                    .hint("`rate` alone paces evenly; `speed` hastens a natural pace"),
            );
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        Ok(Box::new(Stage {
            seed: config.seed.unwrap_or_else(|| cx.entropy.draw() % 1_000_000),
            start,
            pace: config.rate.map_or(Pace::Speed(config.speed.unwrap_or(1.0)), Pace::Rate),
            count: config.count.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            source: cx.source(),
            feed: config.feed.map_or_else(|| cx.feed(), FeedName::from),
            clock: Arc::clone(&cx.clock),
        }))
    }
}

/// An instance: everything a story needs but its start.
struct Stage {
    seed: u64,
    start: Option<Timestamp>,
    pace: Pace,
    count: usize,
    source: SourceName,
    feed: FeedName,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for Stage {
    /// Begins the story. It keeps no cursor: a story with a fixed start is told from its beginning
    /// again, with the same ids, and what was seen of it stays seen.
    async fn open(&self, _resume: Option<&Cursor>) -> Result<Box<dyn Session>, Lost> {
        let plot = Plot {
            seed: self.seed,
            start: self.start.unwrap_or_else(|| self.clock.now()),
            pace: self.pace,
            source: self.source.clone(),
            feed: self.feed.clone(),
        };
        Ok(Box::new(Telling {
            story: Story::new(plot).take(self.count).peekable(),
            began: self.clock.boot(),
            clock: Arc::clone(&self.clock),
        }))
    }

    fn reconnect(&self) -> Reconnect {
        Reconnect::default()
    }

    fn place(&self) -> String {
        match self.start {
            Some(start) => format!("simulated, seed {}, start {start}", self.seed),
            None => format!("simulated, seed {}", self.seed),
        }
    }
}

/// The most events handed over at once.
const BATCH_MAX: usize = 1_024;

/// One telling. A listener who is late gets what has become due in the meantime, in batches.
struct Telling {
    story: Peekable<Take<Story>>,
    began: Duration,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Session for Telling {
    /// Waits for the next event that is due; after the last one, for ever. An event leaves the
    /// story only after the wait, so a call given up loses nothing.
    async fn next(&mut self) -> Result<Incoming, Lost> {
        let Some(&(due, _)) = self.story.peek() else {
            return std::future::pending().await;
        };
        self.clock.sleep_until(self.began.saturating_add(due)).await;
        let passed = self.clock.boot().saturating_sub(self.began).max(due);
        let received = self.clock.now();
        let mut read = Vec::new();
        while read.len() < BATCH_MAX
            && let Some((_, mut event)) = self.story.next_if(|(due, _)| *due <= passed)
        {
            event.received = received;
            read.push(Ok(event));
        }
        Ok(Incoming::Events { read, ack: Ack::none(), cursor: None })
    }
}

#[cfg(test)]
mod tests;
