//! Job: one command, from its arguments to its exit code.
//! Takes: the command line and the environment.
//! Gives: text or JSON on standard output, complaints on standard error, an exit code.
//! Never: does a station's work; it asks the app, the outbox, or the running daemon.

pub mod cli;
mod demo;
mod keys;
mod receiver;
mod run;
pub mod simulate;

mod check;
mod config_show;
mod init;
mod keys_shown;
mod plugin;
mod questions;
mod read_back;
mod schema;

mod explain;
mod near;
mod why;

mod delivery_line;
mod documents;
mod event_line;
mod failed;
mod held;
mod history;
mod looking;
mod status;
mod watch;

mod asking;
mod listening;
mod pause;
mod reload;
mod try_sink;

mod ago;

mod failure;
mod loading;
mod printing;
#[cfg(test)]
mod sample;
mod table;

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::cli::{Cli, Command, ConfigAct, Layers, Listing, PluginAct};
use self::failure::Failure;
use self::loading::Home;
use self::printing::Screen;
use self::simulate::SimulateOptions;
use crate::app::doors::Doors;
use crate::app::environment::Environment;
use crate::app::exit::Exit;
use crate::app::signals::Signals;
use crate::config::Loaded;
use crate::outbox::Page;

/// How many threads work beside the outbox's own.
const THREADS_MAX: usize = 2;

/// Whoever called: with which configuration, in which environment, at which screen.
struct Caller {
    layers: Layers,
    environment: Environment,
    doors: Doors,
    screen: Screen,
}

/// Carries out one command.
pub fn run(cli: Cli, environment: Environment) -> Exit {
    // A second one in the same process, as in tests, finds the first in place, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let caller = Caller {
        layers: cli.layers,
        doors: Doors::real(&environment),
        screen: Screen::of_process(&environment),
        environment,
    };
    let done = match runtime() {
        Ok(runtime) => {
            let done = runtime.block_on(caller.carry_out(cli.command));
            // What is still stuck on a disk that does not answer ends with the process.
            runtime.shutdown_background();
            done
        }
        Err(wrong) => Err(Failure::failed(format!("no threads to work with: {wrong}"))),
    };
    done.unwrap_or_else(|failure| {
        caller.screen.remark(&failure.lines());
        failure.exit()
    })
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(THREADS_MAX).enable_all().build()
}

impl Caller {
    async fn carry_out(&self, command: Command) -> Result<Exit, Failure> {
        match command {
            Command::Run => Ok(run::run(&self.layers, &self.environment).await),
            Command::Demo(options) => demo::demo(options, &self.environment).await,
            Command::Simulate(options) => self.simulate(&options).await,
            Command::Init(options) => init::run(self, &options).await,
            Command::Check(options) => check::run(self, options).await,
            Command::Explain(options) => explain::run(self, &options),
            Command::Why(options) => why::run(self, &options),
            Command::Status(output) => status::run(self, output).await,
            Command::Watch(options) => watch::run(self, options).await,
            Command::History(options) => history::run(self, &options),
            Command::Held(listing) => held::run(self, listing),
            Command::Failed(options) => failed::run(self, options).await,
            Command::Try(options) => try_sink::run(self, &options).await,
            Command::Config(options) => match options.act {
                ConfigAct::Show { origin, output } => config_show::run(self, origin, output),
            },
            Command::Pause(options) => pause::pause(self, options).await,
            Command::Resume(options) => pause::resume(self, options).await,
            Command::Reload(options) => reload::run(self, options).await,
            Command::Plugin(options) => match options.act {
                PluginAct::List(output) => plugin::list(self, output),
                PluginAct::Show { name, output } => plugin::show(self, &name, output),
            },
            Command::Schema => schema::run(self),
        }
    }

    async fn simulate(&self, options: &SimulateOptions) -> Result<Exit, Failure> {
        let cx = self.doors.open_context("simulator.dashboard");
        let stop = CancellationToken::new();
        let signals = Signals::take().map_err(|wrong| Failure::failed(wrong.to_string()))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(signals.stop_on_any(stop.clone()));
        let print = |line: String| printing::say(&line);
        let simulated = simulate::simulate(options, &cx, stop.clone(), print).await;
        stop.cancel();
        while tasks.join_next().await.is_some() {}
        simulated.map_err(Failure::chain)?;
        Ok(Exit::Ok)
    }

    fn now(&self) -> Timestamp {
        self.doors.clock.now()
    }

    fn load(&self) -> Loaded {
        loading::load(&self.layers, &self.environment, &self.doors)
    }

    /// Where the daemon lives.
    fn home(&self) -> Result<Home, Failure> {
        loading::home(&self.load(), &self.environment, &self.screen)
    }
}

fn page(listing: Listing) -> Page {
    Page { limit: listing.limit, offset: listing.offset }
}
