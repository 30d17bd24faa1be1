//! Job: measures the daemon from outside, beside what one would write instead.
//! Takes: a command: `run`, or one of its parts alone.
//! Gives: figures, and an exit of 0 only if every run could be made.
//! Never: shares code with what it measures, but where `match` measures that code itself.

mod console;
mod contestant;
mod feed;
mod figures;
mod frames;
mod ledger;
mod machine;
mod matching;
mod process;
mod receiver;
mod report;
mod rules;
mod run;
mod scenarios;
mod stage;

mod alone;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Measures Deskbell from outside.
#[derive(Parser)]
#[command(name = "bench")]
struct Line {
    /// Without one, everything is run with its defaults.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every scenario and prints the figures.
    Run(Box<run::Settings>),
    /// Serves seeded frames to one client after the other, until interrupted.
    Feed(alone::FeedSettings),
    /// Reads and judges alone, in this process: no daemon, no store, no sink.
    Match(matching::Settings),
    /// Counts what is posted, until interrupted.
    Receiver(alone::ReceiverSettings),
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<ExitCode> {
    let line = match Line::parse() {
        Line { command: None } => Line::parse_from(["bench", "run"]),
        line => line,
    };
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Dropping the work kills what it started.
    tokio::select! {
        done = work(line) => done,
        _ = interrupt.recv() => Ok(ExitCode::from(130)),
        _ = terminate.recv() => Ok(ExitCode::from(143)),
    }
}

async fn work(line: Line) -> anyhow::Result<ExitCode> {
    match line.command.context("a command")? {
        Command::Run(settings) => {
            let all_made = run::run(&settings).await?;
            Ok(if all_made { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Feed(settings) => alone::feed(&settings).await.map(|()| ExitCode::SUCCESS),
        Command::Match(settings) => matching::run(&settings).map(|()| ExitCode::SUCCESS),
        Command::Receiver(settings) => alone::receiver(&settings).await.map(|()| ExitCode::SUCCESS),
    }
}
