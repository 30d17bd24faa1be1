//! Job: what is measured: each scenario is one run on a stage, and the readings it gives.
//! Takes: a contestant, the frames, and the sizes chosen on the command line.
//! Gives: readings and remarks.
//! Never: reads a rate off anything but what came out at the other end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tokio::time::sleep;

use crate::contestant::{Contestant, Ring};
use crate::feed::{Offers, Pace};
use crate::figures::{Figures, Measure, percentile};
use crate::frames::Frames;
use crate::machine::sync_times_ms;
use crate::rules::Rule;
use crate::stage::{End, Play, Stage};
use crate::{process, rules};

const REST: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_secs(2);
const LATENCY_RATE: u32 = 500;
const PENDING: u64 = 100_000;
const SYNCS: usize = 200;

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// From its start to the feed's handshake, and its memory while nothing happens.
    Start,
    /// Events a second into the console's file, for each number of rules.
    Console,
    /// Deliveries a second to the receiver.
    Webhook,
    /// From send to receipt at 500 events a second, beside the disk's own sync time.
    Latency,
    /// Memory with 100,000 deliveries pending, and what becomes of them.
    Pending,
}

impl Scenario {
    /// Says whether `contestant` can take part: what keeps nothing has nothing pending.
    pub(crate) fn is_for(self, contestant: &Contestant) -> bool {
        self != Scenario::Pending || matches!(contestant, Contestant::Deskbell(_))
    }
}

/// How much is measured.
pub(crate) struct Sizes {
    /// Frames of a run into the console.
    pub(crate) console: usize,
    /// Frames of a run to the receiver.
    pub(crate) webhook: usize,
    /// How long frames are paced.
    pub(crate) latency: Duration,
    /// When a run is cut.
    pub(crate) limit: Duration,
    /// What the feed offers to a client that comes back.
    pub(crate) offers: Offers,
    /// How long a receiver that came back is watched.
    pub(crate) drain: Duration,
}

impl Sizes {
    /// Counts the frames of the largest run.
    pub(crate) fn frames(&self) -> usize {
        let paced = self.latency_frames();
        self.console.max(self.webhook).max(paced).max(pending_frames())
    }

    fn latency_frames(&self) -> usize {
        (self.latency.as_secs_f64() * f64::from(LATENCY_RATE)) as usize
    }
}

fn pending_frames() -> usize {
    (PENDING as usize * 10).div_ceil(9)
}

/// One run, about to be made.
pub(crate) struct Run<'a> {
    /// Of whom.
    pub(crate) contestant: &'a Contestant,
    /// With which frames.
    pub(crate) frames: &'a Arc<Frames>,
    /// How large.
    pub(crate) sizes: &'a Sizes,
    /// Where the run's folder is made.
    pub(crate) dir: &'a Path,
}

impl Run<'_> {
    /// Makes the run and notes what it gave.
    ///
    /// # Errors
    /// When the contestant does not start, ends in the middle, or must be killed.
    pub(crate) async fn make(
        &self,
        scenario: Scenario,
        rule_count: usize,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        match scenario {
            Scenario::Start => self.start(rule_count, figures).await,
            Scenario::Console => self.flood(Ring::Console, rule_count, figures).await,
            Scenario::Webhook => self.flood(Ring::Webhook, rule_count, figures).await,
            Scenario::Latency => self.latency(rule_count, figures).await,
            Scenario::Pending => self.pending(rule_count, figures).await,
        }
    }

    fn name(&self) -> String {
        self.contestant.to_string()
    }

    fn play<'a>(&'a self, rules: &'a [Rule], ring: Ring, count: usize, pace: Pace) -> Play<'a> {
        let Run { contestant, frames, sizes, .. } = *self;
        Play { contestant, rules, ring, frames, count, pace, offers: sizes.offers }
    }

    async fn start(&self, rule_count: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let rules = rules::write(rule_count);
        let play = self.play(&rules, Ring::Console, 1, Pace::Blast);
        let mut stage = Stage::open(&play, self.dir).await?;
        let live = stage.live().await?;
        let said = stage.says_live(self.contestant).await;
        sleep(IDLE).await;
        let memory = process::memory(stage.id)?;
        stage.close().await?;
        let name = self.name();
        let measure = Measure::less("start to the feed's handshake", "ms").floor(100.0);
        figures.read(&name, measure, milliseconds(live));
        if let Some(said) = said {
            let measure = Measure::less("start to `status` saying LIVE, asked over and over", "ms");
            figures.read(&name, measure, milliseconds(said));
        }
        figures.read(&name, Measure::less("memory, idle", "MB").floor(25.0), memory.now_mb);
        Ok(())
    }

    async fn flood(
        &self,
        ring: Ring,
        rule_count: usize,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let rules = rules::write(rule_count);
        let count = if ring == Ring::Console { self.sizes.console } else { self.sizes.webhook };
        let play = self.play(&rules, ring, count, Pace::Blast);
        let mut stage = Stage::open(&play, self.dir).await?;
        stage.open_receiver()?;
        stage.live().await?;
        sleep(REST).await;
        let cpu_before = process::cpu_seconds(stage.id)?;
        stage.begin();
        let end = stage.finish(Frames::bookings(count) as u64, self.sizes.limit).await?;
        sleep(REST).await;
        // A cut run has a batch in the works that is not among what rang.
        let cpu_after = match end {
            End::Complete => process::cpu_seconds(stage.id)?,
            End::Cut | End::Stalled => stage.cpu_when_rang,
        };
        let cpu = cpu_after - cpu_before;
        let memory = process::memory(stage.id)?;
        let title = title(ring, rule_count);
        figures.remark(&format!("{}, {title}", self.name()), shortcomings(&stage, count, end));
        let (rung, took) = (stage.ledger.rung(), stage.ledger.took());
        stage.close().await?;

        let Some(took) = took else { return Ok(()) };
        let (name, seconds, rung) = (self.name(), took.as_secs_f64(), rung as f64);
        let events = rung * count as f64 / Frames::bookings(count) as f64;
        let rings = Measure::more(format!("{title}: rings"), "1/s");
        let rings = match (ring, rule_count) {
            (Ring::Console, 10) => rings.floor(80_000.0),
            (Ring::Webhook, _) => rings.floor(15_000.0),
            _ => rings,
        };
        figures.read(&name, rings, rung / seconds);
        figures.read(&name, Measure::more(format!("{title}: events"), "1/s"), events / seconds);
        let measure = Measure::less(format!("{title}: CPU for 100,000 events"), "s");
        figures.read(&name, measure, cpu / events * 1e5);
        let measure = Measure::less(format!("{title}: memory, peak"), "MB");
        figures.read(&name, measure, memory.peak_mb);
        Ok(())
    }

    async fn latency(&self, rule_count: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let rules = rules::write(rule_count);
        let count = self.sizes.latency_frames();
        let play = self.play(&rules, Ring::Webhook, count, Pace::PerSecond(LATENCY_RATE));
        let mut syncs = self.sync_times().await?;
        let mut stage = Stage::open(&play, self.dir).await?;
        stage.open_receiver()?;
        stage.live().await?;
        sleep(REST).await;
        stage.begin();
        let limit = self.sizes.latency + self.sizes.limit;
        let end = stage.finish(Frames::bookings(count) as u64, limit).await?;
        let latencies = stage.ledger.latencies_ms();
        figures.remark(&format!("{}, latency", self.name()), shortcomings(&stage, count, end));
        stage.close().await?;
        syncs.extend(self.sync_times().await?);
        syncs.sort_by(f64::total_cmp);

        let cases = [
            ("send to receipt at 500 events/s", &latencies, [50.0, 99.0, 99.9].as_slice()),
            ("one sync of this disk, before and after", &syncs, [50.0, 99.0].as_slice()),
        ];
        for (title, times, percents) in cases {
            for percent in percents {
                let Some(value) = percentile(times, *percent) else { continue };
                let measure = Measure::less(format!("{title}, p{percent}"), "ms");
                figures.read(&self.name(), measure, value);
            }
        }
        Ok(())
    }

    async fn pending(&self, rule_count: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let rules = rules::write(rule_count);
        let count = pending_frames();
        let play = self.play(&rules, Ring::Webhook, count, Pace::Blast);
        let mut stage = Stage::open(&play, self.dir).await?;
        stage.live().await?;
        stage.begin();
        stage.sent_all(self.sizes.limit * 3).await?;
        await_calm(stage.id).await?;
        let memory = process::memory(stage.id)?;
        let name = self.name();
        let title = "receiver down, 100,000 pending";
        figures.read(&name, Measure::less(format!("{title}: memory"), "MB"), memory.now_mb);
        let measure = Measure::less(format!("{title}: memory, peak"), "MB");
        figures.read(&name, measure, memory.peak_mb);
        if !self.sizes.drain.is_zero() {
            let back = Instant::now();
            stage.open_receiver()?;
            let end = self.drain(&mut stage, count).await?;
            figures.remark(&format!("{}, {title}", self.name()), shortcomings(&stage, count, end));
            if end == End::Complete {
                let measure = Measure::less(format!("{title}: drained after its return"), "s");
                figures.read(&name, measure, back.elapsed().as_secs_f64());
            }
        }
        stage.close().await
    }

    /// The schedule may be waiting when the receiver returns: a pause is no end here.
    async fn drain(&self, stage: &mut Stage, count: usize) -> anyhow::Result<End> {
        let deadline = Instant::now() + self.sizes.drain;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let end = stage.finish(Frames::bookings(count) as u64, left).await?;
            if end != End::Stalled {
                return Ok(end);
            }
        }
    }

    async fn sync_times(&self) -> anyhow::Result<Vec<f64>> {
        let dir = self.dir.to_owned();
        tokio::task::spawn_blocking(move || sync_times_ms(&dir, SYNCS)).await?
    }
}

/// Says all that makes a run less than complete, once and exactly; `None` if there is nothing.
fn shortcomings(stage: &Stage, count: usize, end: End) -> Option<String> {
    let expected = Frames::bookings(count) as u64;
    let tally = stage.ledger.tally(expected);
    let mut words = Vec::new();
    match end {
        End::Complete => {}
        End::Cut => words.push(format!("cut with {} of {expected}", tally.rung)),
        End::Stalled => words.push(format!("lost {} of {expected}", tally.lost)),
    }
    let counts = [
        (tally.twice, "came twice"),
        (tally.shared_keys, "share an idempotency key"),
        (tally.unknown, "name no booking of the feed"),
        (u64::from(stage.clients()).saturating_sub(1), "breaks of the feed's connection"),
    ];
    words.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    (!words.is_empty()).then(|| words.join("; "))
}

fn title(ring: Ring, rule_count: usize) -> String {
    match ring {
        Ring::Console => format!("console, {rule_count} rules"),
        Ring::Webhook => "webhook, 64 in flight".to_owned(),
    }
}

/// Waits until the process uses less than a tenth of a core for a second, at most half a minute.
async fn await_calm(id: u32) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut before = process::cpu_seconds(id)?;
    while Instant::now() < deadline {
        sleep(Duration::from_secs(1)).await;
        let now = process::cpu_seconds(id)?;
        if now - before < 0.1 {
            return Ok(());
        }
        before = now;
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
