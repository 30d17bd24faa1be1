//! Job: the runner: every scenario with every contestant, in turn, several times.
//! Takes: the command line.
//! Gives: a table on standard output, and JSON or Markdown where asked for.
//! Never: stops at one failed run: it is a remark, and the exit tells.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::contestant::Contestant;
use crate::feed::Offers;
use crate::figures::Figures;
use crate::frames::{Asked, Frames, Ids};
use crate::scenarios::{Run, Scenario, Sizes};
use crate::{machine, report};

/// What the runner is asked to do.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// The daemon's binary; by default the one beside this program.
    #[arg(long, value_name = "FILE")]
    daemon: Option<PathBuf>,
    /// Who is measured, with the same feed and receiver.
    #[arg(long, value_enum, default_value = "both")]
    peers: Peers,
    /// The folder of the peers.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    peers_folder: PathBuf,
    /// Runs of each scenario; the figures are their medians.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Only these scenarios.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Numbers of rules for the console; the other scenarios have 10.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000, 10_000])]
    rules: Vec<usize>,
    /// Frames of a run into the console.
    #[arg(long, default_value_t = 300_000)]
    console_frames: usize,
    /// Frames of a run to the receiver.
    #[arg(long, default_value_t = 100_000)]
    webhook_frames: usize,
    /// Seconds for which frames are paced.
    #[arg(long, default_value_t = 20)]
    latency_seconds: u64,
    /// Seconds after which a run is cut.
    #[arg(long, default_value_t = 20)]
    limit_seconds: u64,
    /// Seconds for which a receiver that came back is watched; 0: it does not come back.
    #[arg(long, default_value_t = 90)]
    drain_seconds: u64,
    /// Booking ids without any order, in place of ids that grow.
    #[arg(long)]
    random_ids: bool,
    /// A feed that says hello, numbers its frames and offers to resume.
    #[arg(long)]
    hello: bool,
    /// The seed of the frames.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The folder for state and files, on the disk to be measured; by default beside this program.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Write everything here as JSON, each run included.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write machine and table here as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Peers {
    /// The daemon, and what one would write instead.
    Both,
    /// The daemon alone.
    Without,
    /// The peers alone.
    Only,
}

const ALL: [Scenario; 5] =
    [Scenario::Start, Scenario::Console, Scenario::Webhook, Scenario::Latency, Scenario::Pending];
const RULES: usize = 10;

/// Runs everything; true if every run of every contestant could be made.
///
/// # Errors
/// When the frames, the folder or a report cannot be written.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<bool> {
    let folder = settings.folder()?;
    std::fs::create_dir_all(&folder)?;
    let folder = std::path::absolute(folder)?;
    let sizes = settings.sizes();
    let ids = Ids::chosen(settings.random_ids, settings.seed);
    let asked = Asked { seed: settings.seed, count: sizes.frames(), ids, numbered: settings.hello };
    let frames = Arc::new(Frames::write(asked)?);
    let contestants = settings.contestants()?;

    let mut figures = Figures::default();
    let mut all_made = true;
    for (scenario, rule_count, contestant) in settings.turns(&contestants) {
        let what = format!("{contestant}, {scenario:?}, {rule_count} rules");
        report::progress(&what);
        let run = Run { contestant, frames: &frames, sizes: &sizes, dir: &folder };
        if let Err(error) = run.make(scenario, rule_count, &mut figures).await {
            all_made = false;
            figures.remarks.push(format!("{what}: {error:#}"));
        }
    }
    settings.report(&figures, &machine::describe(&folder))?;
    Ok(all_made)
}

impl Settings {
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("bench-runs")),
        }
    }

    fn contestants(&self) -> anyhow::Result<Vec<Contestant>> {
        let mut found = Vec::new();
        if self.peers != Peers::Only {
            let beside = std::env::current_exe()?.with_file_name("deskbell");
            found.push(Contestant::Deskbell(self.daemon.clone().unwrap_or(beside)));
        }
        if self.peers != Peers::Without {
            found.push(Contestant::Node(std::path::absolute(self.peers_folder.join("node.js"))?));
        }
        Ok(found)
    }

    /// Lists the runs in the order in which they are made: contestants take turns, so that a
    /// disturbance of the machine meets them all.
    fn turns<'a>(&self, contestants: &'a [Contestant]) -> Vec<(Scenario, usize, &'a Contestant)> {
        let scenarios = if self.only.is_empty() { ALL.as_slice() } else { &self.only };
        let mut turns = Vec::new();
        for &scenario in scenarios {
            let rule_counts = match scenario {
                Scenario::Console => self.rules.as_slice(),
                _ => &[RULES],
            };
            for &rule_count in rule_counts {
                let able = contestants.iter().filter(|who| scenario.is_for(who));
                let round: Vec<_> = able.map(|who| (scenario, rule_count, who)).collect();
                turns.extend(round.repeat(self.repeat));
            }
        }
        turns
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            console: self.console_frames,
            webhook: self.webhook_frames,
            latency: Duration::from_secs(self.latency_seconds),
            limit: Duration::from_secs(self.limit_seconds),
            offers: if self.hello { Offers::Resume } else { Offers::Nothing },
            drain: Duration::from_secs(self.drain_seconds),
        }
    }

    fn report(&self, figures: &Figures, machine: &machine::Machine) -> anyhow::Result<()> {
        report::print(&report::text(figures))?;
        if let Some(path) = &self.json {
            std::fs::write(path, format!("{:#}\n", report::json(figures, machine)))?;
        }
        if let Some(path) = &self.markdown {
            std::fs::write(path, report::markdown(figures, machine))?;
        }
        Ok(())
    }
}
