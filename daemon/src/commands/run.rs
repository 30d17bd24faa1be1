//! Job: `deskbell run`: the daemon, until it is told to stop.
//! Takes: the configuration's layers, the environment.
//! Gives: a running daemon, an exit code.
//! Never: starts with a configuration in which anything is wrong.

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::cli::Layers;
use super::loading;
use crate::app::doors::Doors;
use crate::app::environment::Environment;
use crate::app::exit::Exit;
use crate::app::running::{App, AppError};
use crate::app::signals::Signals;
use crate::app::telemetry;

/// Runs the daemon until SIGTERM or Ctrl-C. SIGHUP reloads.
pub(super) async fn run(layers: &Layers, environment: &Environment) -> Exit {
    let doors = Doors::real(environment);
    let loader = loading::loader(layers, environment, &doors);
    let loaded = loader();
    loading::complain(&loaded.complaints, environment);
    let Some(usable) = loaded.usable else { return Exit::Configuration };
    telemetry::start(environment, usable.daemon.log.word());
    match live(usable, doors, loader).await {
        Ok(()) => Exit::Ok,
        Err(wrong) => {
            tracing::error!(error = %chain(&wrong), "deskbell ends");
            Exit::Failed
        }
    }
}

async fn live(
    usable: crate::config::Usable,
    doors: Doors,
    loader: crate::app::running::Loader,
) -> Result<(), AppError> {
    let stop = CancellationToken::new();
    let (reload, reloads) = mpsc::channel(1);
    let signals = Signals::take().map_err(AppError::Signals)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(signals.pass_on(stop.clone(), reload));
    let state = usable.daemon.state_dir.display().to_string();
    let app = App::open(usable, doors, loader).await?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), state, "deskbell runs");
    let ended = app.run(stop.clone(), reloads).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    ended
}

/// An error with what caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        said = format!("{said}: {deeper}");
        cause = deeper.source();
    }
    said
}
