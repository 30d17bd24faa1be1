//! Job: the daemon as a function: opened, run until told to stop, stopped by named steps.
//! Takes: a usable configuration, the doors, and how to read the configuration anew.
//! Gives: a running daemon; a test runs the same one.
//! Never: exits, reads a signal, or has a second way to start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::controls::{Desk, Wish};
use super::doors::Doors;
use super::news;
use super::reload::{AtStart, Reloading};
use super::wiring;
use crate::config::{self, Loaded, Usable};
use crate::dispatch::Dispatch;
use crate::intake::{Generation, Intake, Standing};
use crate::outbox::{self, Outbox, TroubleKind, Writer, WriterThread};
use crate::web::{control, hub, serve};

/// Reads the configuration anew.
pub type Loader = Arc<dyn Fn() -> Loaded + Send + Sync>;

/// How many wishes of commands wait for the daemon; more wait at the control socket.
const WISHES_MAX: usize = 8;

/// A daemon that is opened: everything is checked and locked, nothing rings yet.
pub struct App {
    doors: Doors,
    loader: Loader,
    usable: Usable,
    outbox: Outbox,
    writer: Writer,
    web: Option<TcpListener>,
    control: UnixListener,
}

/// Why a daemon does not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The state cannot be opened.
    #[error(transparent)]
    Open(#[from] outbox::OpenError),
    /// The outbox cannot be read.
    #[error("the outbox cannot be read")]
    Read(#[from] outbox::StoreError),
    /// The outbox takes nothing any more.
    #[error(transparent)]
    Refused(#[from] outbox::Refused),
    /// The outbox failed while running. What it accepted is kept; a new start recovers it.
    #[error("the outbox failed: {0}")]
    Failed(String),
    /// The outbox's thread cannot be started.
    #[error(transparent)]
    Writer(#[from] outbox::Fatal),
    /// A port is taken, or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The kernel keeps the signals from us.
    #[error("cannot take signals: {0}")]
    Signals(std::io::Error),
    /// The control socket cannot be made.
    #[error(transparent)]
    Control(#[from] control::ControlError),
}

impl App {
    /// Opens the state and every port. Nothing is connected to and nothing rings yet.
    ///
    /// # Errors
    /// When the state is in use or unreadable, or a port is taken.
    pub async fn open(usable: Usable, doors: Doors, loader: Loader) -> Result<Self, AppError> {
        let folder = &usable.daemon.state_dir;
        let settings = wiring::outbox(&usable);
        let (outbox, writer) = Outbox::open(folder, settings, Arc::clone(&doors.clock))?;
        let control = control::listen(folder)?;
        let web = match (usable.web.serves(), usable.web.listen) {
            (false, _) => None,
            (true, address) => {
                let listening = TcpListener::bind(address).await;
                Some(listening.map_err(|source| AppError::Listen { address, source })?)
            }
        };
        Ok(Self { doors, loader, usable, outbox, writer, web, control })
    }

    /// Where the hub listens, if it does; a port 0 has become a real one.
    pub fn web_address(&self) -> Option<SocketAddr> {
        self.web.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Runs until stopped. `reload` asks for a reload, as SIGHUP does.
    ///
    /// # Errors
    /// When the outbox fails. What it accepted is kept; a new start recovers it.
    pub async fn run(
        self,
        stop: CancellationToken,
        reload: mpsc::Receiver<()>,
    ) -> Result<(), AppError> {
        let (wishes, wished) = mpsc::channel(WISHES_MAX);
        let mut running = self.start(wishes).await?;
        let ended = running.serve(wished, reload, stop).await;
        running.stop().await;
        ended
    }

    async fn start(self, wishes: mpsc::Sender<Wish>) -> Result<Running, AppError> {
        let Self { doors, loader, usable, outbox, writer, web, control } = self;
        let writer = writer.on_thread(&tokio::runtime::Handle::current())?;
        let settings = wiring::web(&usable, &doors.vault);
        let at_start = AtStart::of(&usable);
        let Usable { daemon, sources, sinks, plan, ruling: text, .. } = usable;
        let (clock, entropy) = (Arc::clone(&doors.clock), Arc::clone(&doors.entropy));
        let id = outbox.generation(text.clone()).await?;
        let generation = Arc::new(ArcSwap::from_pointee(Generation { id, text, plan }));
        let pair = (Arc::clone(&clock), Arc::clone(&entropy));
        let intake = Intake::start(outbox.clone(), pair, Arc::clone(&generation));
        let dispatch = Dispatch::new(outbox.clone(), Arc::clone(&clock), Arc::clone(&entropy));
        let (standings, _) = watch::channel(Vec::new());
        let rules = Arc::clone(&generation);
        let desk = Desk::new(&doors, outbox.clone(), wishes, standings.subscribe(), rules);
        let quiet = CancellationToken::new();
        let mut web_tasks = JoinSet::new();
        if let (Some(listener), Some(settings)) = (web, settings) {
            let hub = hub::Hub::fresh(doors.entropy.as_ref());
            web_tasks.spawn(news::feed_hub(outbox.clone(), hub.clone()));
            let stop = quiet.clone();
            web_tasks.spawn(async move {
                if let Err(wrong) = serve::serve(listener, hub, settings, stop).await {
                    tracing::error!(%wrong, "the hub ended");
                }
            });
        }
        web_tasks.spawn(control::serve(control, Arc::new(desk), quiet.clone()));
        let grace = daemon.stop_grace.0;
        let reloading = Reloading { loader, outbox: outbox.clone(), generation, at_start };
        let mut running = Running {
            outbox,
            writer,
            intake,
            dispatch,
            standings,
            reloading,
            web_tasks,
            quiet,
            grace,
            clock,
        };
        running.dispatch.replace(&wiring::sinks(&sinks)).await?;
        running.follow(sources).await?;
        Ok(running)
    }
}

/// A daemon that runs.
pub(super) struct Running {
    pub(super) outbox: Outbox,
    writer: WriterThread,
    pub(super) intake: Intake,
    pub(super) dispatch: Dispatch,
    standings: watch::Sender<Vec<watch::Receiver<Standing>>>,
    pub(super) reloading: Reloading,
    web_tasks: JoinSet<()>,
    quiet: CancellationToken,
    pub(super) grace: Duration,
    clock: Arc<dyn contract::Clock>,
}

impl Running {
    /// Follows these sources from now on.
    pub(super) async fn follow(
        &mut self,
        sources: Vec<config::SourceInstance>,
    ) -> Result<(), AppError> {
        self.intake.replace(wiring::sources(sources)).await?;
        self.standings.send_replace(self.intake.standings());
        Ok(())
    }

    async fn serve(
        &mut self,
        mut wished: mpsc::Receiver<Wish>,
        mut reload: mpsc::Receiver<()>,
        stop: CancellationToken,
    ) -> Result<(), AppError> {
        let mut health = self.outbox.health();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                failed = self.intake.failed() => return Err(AppError::Failed(failed)),
                said = fatal(&mut health) => return Err(AppError::Failed(said)),
                Some(()) = reload.recv() => {
                    // Requests that came meanwhile are one.
                    while reload.try_recv().is_ok() {}
                    self.log_reload().await;
                }
                Some(wish) = wished.recv() => match wish {
                    Wish::TryAgain => self.intake.try_again(),
                    Wish::Reload { dry_run, answer } => {
                        // Who asked may have gone; the reload counts all the same.
                        let _ = answer.send(self.reload(dry_run).await);
                    }
                },
            }
        }
    }

    async fn log_reload(&mut self) {
        match self.reload(false).await {
            Ok(reloaded) => tracing::info!(
                generation = reloaded.generation, changes = ?reloaded.changes, "reloaded"),
            Err(said) => tracing::error!(%said, "not reloaded, the old configuration stays"),
        }
    }

    /// Stops by named steps, all of them under the grace given to sinks and a little more.
    async fn stop(self) {
        let begun = self.clock.boot();
        let step = |name: &'static str| {
            let so_far = self.clock.boot().saturating_sub(begun).as_millis();
            tracing::info!(step = name, so_far_ms = so_far, "stopping");
        };
        step("sources quiet, what is in hand is stored");
        self.intake.stop().await;
        step("no new tries, those in hand get their grace");
        self.dispatch.stop(self.grace).await;
        step("web");
        self.quiet.cancel();
        let mut web_tasks = self.web_tasks;
        if tokio::time::timeout(Duration::from_secs(2), async {
            while web_tasks.join_next().await.is_some() {}
        })
        .await
        .is_err()
        {
            web_tasks.shutdown().await;
        }
        step("store");
        self.outbox.stop();
        let writer = self.writer;
        match tokio::task::spawn_blocking(move || writer.join()).await {
            Ok(Ok(())) => {}
            Ok(Err(wrong)) => {
                tracing::error!(%wrong, "not closed in order; the next start recovers")
            }
            Err(wrong) => tracing::error!(%wrong, "not closed in order; the next start recovers"),
        }
        step("stopped");
    }
}

/// Waits until the outbox cannot go on.
async fn fatal(health: &mut watch::Receiver<outbox::Health>) -> String {
    let is_fatal = |health: &outbox::Health| {
        health.trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::Fatal)
    };
    match health.wait_for(is_fatal).await {
        Ok(health) => health.trouble.as_ref().map_or_else(String::new, |t| t.said.clone()),
        Err(_) => "its thread has ended".to_owned(),
    }
}
