//! Job: measures reading and judging alone: frame, event, decision, and nothing after it.
//! Takes: numbers of rules, the same rules and frames as the other scenarios.
//! Gives: events judged a second by one thread, with the median of several runs.
//! Never: stores, sends, or lets the memory of one event reach another.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use contract::Event;
use contract::frame::{Reader, Said};
use contract::trial::{House, Play, TableVault};
use deskbell::app::catalog::catalog;
use deskbell::config::{self, LoadRequest};
use deskbell::delivery::{Cause, Digest, Memory};
use deskbell::outbox::body_bytes;
use deskbell::rules::Plan;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::frames::{Asked, Frames, Ids};
use crate::rules;

/// What is to be matched.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// Numbers of rules.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000, 10_000])]
    rules: Vec<usize>,
    /// Frames of a run.
    #[arg(long, default_value_t = 200_000)]
    frames: usize,
    /// Runs, in turn; the figure is their median.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
}

/// Measures and prints, a line a number of rules.
#[allow(clippy::print_stdout, reason = "what a measuring program says")]
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let asked = Asked { seed: 7, count: settings.frames, ids: Ids::Sequential, numbered: false };
    let frames = Frames::write(asked)?;
    let plans: Vec<(usize, Plan)> = settings
        .rules
        .iter()
        .map(|count| Ok((*count, plan(*count)?)))
        .collect::<anyhow::Result<_>>()?;
    println!("{:>7} {:>14} {:>14} {:>12}", "rules", "judged/s", "read+judged/s", "load ms");
    let mut judged: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut whole: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for _ in 0..settings.repeat {
        for (count, plan) in &plans {
            let run = once(plan, &frames)?;
            judged.entry(*count).or_default().push(run.judged);
            whole.entry(*count).or_default().push(run.whole);
        }
    }
    for (count, _) in &plans {
        let begun = Instant::now();
        drop(plan(*count)?);
        let load = begun.elapsed().as_secs_f64() * 1e3;
        let (judged, whole) = (median(&mut judged, *count), median(&mut whole, *count));
        println!("{count:>7} {judged:>14.0} {whole:>14.0} {load:>12.0}");
    }
    Ok(())
}

/// Events a second: judged alone, and with the reading of their frames.
struct Rates {
    judged: f64,
    whole: f64,
}

fn once(plan: &Plan, frames: &Frames) -> anyhow::Result<Rates> {
    let reader = Reader::new("websocket.bench".into(), "bench".into());
    let now = Timestamp::now();
    let begun = Instant::now();
    let mut rings = 0;
    let mut events: Vec<(Event, Digest)> = Vec::with_capacity(frames.texts.len());
    for text in &frames.texts {
        let read = reader.read(text.as_bytes(), now);
        let read = read.map_err(|unreadable| anyhow::anyhow!("{}", unreadable.said))?;
        let Said::Event(event) = read.said else { anyhow::bail!("a frame is no event") };
        let digest = Digest::of(&body_bytes(&event)?);
        events.push((event, digest));
    }
    let reading = begun.elapsed();
    let begun = Instant::now();
    for (event, digest) in &events {
        let cause = Cause::Event(event, *digest);
        rings += plan.judge(cause, &Memory::default(), now).planned.len();
    }
    let judging = begun.elapsed();
    anyhow::ensure!(rings == Frames::bookings(events.len()), "{rings} rings: not one a booking");
    let count = events.len() as f64;
    Ok(Rates {
        judged: count / judging.as_secs_f64(),
        whole: count / (reading + judging).as_secs_f64(),
    })
}

fn plan(count: usize) -> anyhow::Result<Plan> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.toml");
    let head = format!(
        "[daemon]\nstate_dir = \"{}\"\n[money]\nbase = \"USD\"\n\
         [source.simulator.bench]\n[sink.console.log]\n",
        folder.path().display()
    );
    std::fs::write(&file, head + &rules::toml(&rules::write(count), "console.log"))?;
    let request = LoadRequest {
        files: vec![file],
        sets: Vec::new(),
        environment: BTreeMap::new(),
        system_file: "/nonexistent".into(),
        zone: TimeZone::UTC,
    };
    let loaded = config::load(
        &request,
        &catalog(),
        &House::new(TableVault::default(), Play::Never).context(""),
    );
    let complaints = loaded.complaints;
    let said = || config::complain::show(&complaints, config::complain::Paint::Plain);
    loaded.usable.map(|usable| usable.plan).with_context(said)
}

fn median(rates: &mut BTreeMap<usize, Vec<f64>>, count: usize) -> f64 {
    let rates = rates.entry(count).or_default();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}
