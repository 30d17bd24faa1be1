//! Job: the command line: every command, every flag, and what `--help` says of them.
//! Takes: the arguments.
//! Gives: `Cli`.
//! Never: does anything.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use contract::values::Span;

use super::history;
use super::simulate::SimulateOptions;
use crate::app::exit::EXIT_CODES;

/// Rings the right bell for every booking.
///
/// Deskbell follows a booking dashboard's live feed, runs each event through rules written in
/// TOML, and rings the sinks those rules name. It loses nothing it has accepted, and it can always
/// say why something rang, or did not.
#[derive(Debug, Parser)]
#[command(name = "deskbell", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Which configuration, and what to change in it.
    #[command(flatten)]
    pub layers: Layers,
}

/// Which configuration, and what to change in it.
#[derive(Clone, Debug, Default, Args)]
pub struct Layers {
    /// A configuration file; may be given several times, later ones win. [default:
    /// $DESKBELL_CONFIG, else /etc/deskbell/deskbell.toml, else the user's own, else the built-in]
    #[arg(long = "config", short = 'c', value_name = "FILE", global = true)]
    pub config: Vec<PathBuf>,
    /// One key, as in `--set daemon.shadow=true`; may be given several times, wins over all files.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon until it is told to stop (SIGTERM, Ctrl-C). SIGHUP reloads.
    Run,
    /// Show it all at once: a simulated feed, a daemon, a receiver, and keys to break things.
    Demo(DemoOptions),
    /// Serve the simulated feed alone, on ws://localhost:3001/admin/dashboard.
    Simulate(SimulateOptions),
    /// Ask five questions, write a commented configuration, check it, and ring once.
    Init(InitOptions),
    /// Say everything that is wrong with the configuration, then what was read.
    ///
    /// Touches no network without --online. Ends with 3 when the configuration cannot be used, and
    /// with 1 when --online finds a sink that could not send.
    Check(CheckOptions),
    /// Say what the rules would do with an event from a file, from an empty memory.
    Explain(ExplainOptions),
    /// Say why a booking rang, or did not.
    ///
    /// Each stored state of the booking is judged again, with what was remembered then, by the
    /// rules and the time of then: so it tells what happened. Needs no running daemon.
    #[command(after_help = "For example:\n  deskbell why BK-20261123-0001\n  \
        deskbell why BK-20261123-0001 webhook.crm --against now")]
    Why(WhyOptions),
    /// Say how the daemon stands: the feed, today, and every sink.
    ///
    /// Ends with 0 when it is LIVE and nothing needs a person, with 1 when something does, and with
    /// 4 when no daemon runs.
    Status(Output),
    /// Show what happens, as it happens.
    Watch(WatchOptions),
    /// List what came and what became of it, newest first.
    #[command(after_help = history::HELP)]
    History(HistoryOptions),
    /// List what is kept back, by what, and until when.
    Held(Listing),
    /// List what was given up; ring it again or drop it.
    #[command(after_help = "For example:\n  deskbell failed\n  deskbell failed retry 7-1\n  \
        deskbell failed drop --all")]
    Failed(FailedOptions),
    /// Send one note through one sink, and show what was said.
    ///
    /// The note goes past the rules and the store: nothing is recorded, tried again or counted.
    Try(TryOptions),
    /// Look at the configuration.
    Config(ConfigOptions),
    /// Keep rings back: of one sink, or all of them. The feed is still read and stored.
    #[command(after_help = "For example:\n  deskbell pause --for 30m\n  \
        deskbell pause webhook.crm --until-resumed")]
    Pause(PauseOptions),
    /// Ring what was kept back, and go on. Enables a disabled sink.
    ///
    /// With a SINK also one that is down or was told to wait is tried at once. Without one, sources
    /// that wait for their next try connect at once.
    Resume(ResumeOptions),
    /// Read the configuration anew: all of it, or nothing changes.
    Reload(ReloadOptions),
    /// List the plugins of this build, or show one with all its keys.
    Plugin(PluginOptions),
    /// Print the JSON Schema of the configuration, for editors.
    Schema,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Output {
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Options of `demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoOptions {
    /// How much faster than life the simulated feed runs.
    #[arg(long, default_value_t = 10.0)]
    pub speed: f64,
    /// Repeats the same bookings.
    #[arg(long)]
    pub seed: Option<u64>,
    /// End by itself after this time, such as 30s.
    #[arg(long = "for", value_name = "TIME")]
    pub during: Option<Span>,
}

/// Options of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitOptions {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = "deskbell.toml")]
    pub file: PathBuf,
    /// Ask nothing and take the default answers.
    #[arg(long)]
    pub yes: bool,
}

/// Options of `check`.
#[derive(Clone, Copy, Debug, Args)]
pub struct CheckOptions {
    /// Fail on warnings too.
    #[arg(long)]
    pub strict: bool,
    /// Also ask every sink whether it could send; notifies nobody.
    #[arg(long)]
    pub online: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainOptions {
    /// A file with one frame of the feed, `{ "type": …, "payload": … }`; `-` is standard input.
    #[arg(value_name = "EVENT.json")]
    pub event: PathBuf,
    /// Judge as of this time, such as 2026-11-24T02:00:00+07:00. [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Show every rule, not only those that came near.
    #[arg(long)]
    pub all: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `why`.
#[derive(Clone, Debug, Args)]
pub struct WhyOptions {
    /// The booking's id.
    #[arg(value_name = "BOOKING")]
    pub booking: String,
    /// Only what concerns this sink.
    #[arg(value_name = "SINK")]
    pub sink: Option<String>,
    /// Judge as of this time instead of the time it was judged at.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Judge by today's rules (`now`) instead of those of its time.
    #[arg(long, value_name = "WHICH", value_parser = ["now"])]
    pub against: Option<String>,
    /// Show every rule, not only those that came near.
    #[arg(long)]
    pub all: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `watch`.
#[derive(Clone, Debug, Args)]
pub struct WatchOptions {
    /// Stop after so many events.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `history`.
#[derive(Clone, Debug, Default, Args)]
pub struct HistoryOptions {
    /// Only this booking.
    #[arg(long, value_name = "ID")]
    pub booking: Option<String>,
    /// Only events with a delivery to this sink.
    #[arg(long)]
    pub sink: Option<String>,
    /// Only events with a delivery in this state; see below.
    #[arg(long)]
    pub state: Option<String>,
    /// Only what came within this time, such as 2h or 7d.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Span>,
    /// What could not be read, instead of what could.
    #[arg(long)]
    pub quarantined: bool,
    /// How much of it, and how to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// How much of a list, and how to print it.
#[derive(Clone, Copy, Debug, Args)]
pub struct Listing {
    /// At most so many rows.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: u32,
    /// After so many rows.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub offset: u32,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

impl Default for Listing {
    fn default() -> Self {
        Self { limit: 50, offset: 0, output: Output::default() }
    }
}

/// Options of `failed`.
#[derive(Clone, Debug, Args)]
pub struct FailedOptions {
    /// What to do with them. Without it they are listed.
    #[command(subcommand)]
    pub act: Option<FailedAct>,
    /// How much of it, and how to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// What to do with what was given up.
#[derive(Clone, Debug, Subcommand)]
pub enum FailedAct {
    /// Ring it again: same id, a new series of tries.
    Retry(Chosen),
    /// Take it back for good; it stays in history.
    Drop(Chosen),
}

/// Which deliveries, and how to print what became of them.
#[derive(Clone, Debug, Args)]
pub struct Chosen {
    /// Which deliveries.
    #[command(flatten)]
    pub which: Which,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Which deliveries.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// These, by the id that `deskbell failed` shows.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub all: bool,
}

/// Options of `try`.
#[derive(Clone, Debug, Args)]
pub struct TryOptions {
    /// The sink, such as webhook.crm.
    #[arg(value_name = "SINK")]
    pub sink: String,
    /// A file with one frame of the feed to make the note of. [default: a made-up booking]
    #[arg(long, value_name = "EVENT.json")]
    pub event: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `config`.
#[derive(Clone, Debug, Args)]
pub struct ConfigOptions {
    /// What to look at.
    #[command(subcommand)]
    pub act: ConfigAct,
}

/// What to look at.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigAct {
    /// Print the effective values; secrets by their place only.
    Show {
        /// With the file and line that each value came from.
        #[arg(long)]
        origin: bool,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
}

/// Options of `pause`.
#[derive(Clone, Debug, Args)]
pub struct PauseOptions {
    /// Only this sink.
    #[arg(value_name = "SINK")]
    pub sink: Option<String>,
    /// For how long, such as 30m; then what was kept back rings. Either this or --until-resumed.
    #[arg(long = "for", value_name = "TIME")]
    pub during: Option<Span>,
    /// Until `deskbell resume`.
    #[arg(long, conflicts_with = "during")]
    pub until_resumed: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `resume`.
#[derive(Clone, Debug, Args)]
pub struct ResumeOptions {
    /// Only this sink.
    #[arg(value_name = "SINK")]
    pub sink: Option<String>,
    /// Ring what was kept back (the default).
    #[arg(long)]
    pub ring: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `reload`.
#[derive(Clone, Debug, Args)]
pub struct ReloadOptions {
    /// Only say what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Options of `plugin`.
#[derive(Clone, Debug, Args)]
pub struct PluginOptions {
    /// What to look at.
    #[command(subcommand)]
    pub act: PluginAct,
}

/// What to look at.
#[derive(Clone, Debug, Subcommand)]
pub enum PluginAct {
    /// List the plugins of this build.
    List(Output),
    /// Show one plugin: what it does, every key, an example.
    Show {
        /// The plugin's name, such as webhook.
        name: String,
        /// How to print.
        #[command(flatten)]
        output: Output,
    },
}
