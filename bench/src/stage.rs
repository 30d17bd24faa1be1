//! Job: one run of one contestant: the feed before it, the receiver behind it, and its process.
//! Takes: a contestant, its work, and the frames.
//! Gives: the ledger of the run, what the process cost, and how the run ended.
//! Never: waits without a bound, or leaves a process behind: it ends by its id on every path.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::contestant::{Contestant, Ring, Work, console_path};
use crate::feed::{self, Feed, Offers, Pace, Progress};
use crate::frames::Frames;
use crate::ledger::Ledger;
use crate::rules::Rule;
use crate::{console, process, receiver};

const LIVE_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(25);
const STALLED_AFTER: Duration = Duration::from_secs(10);
const SILENT_AFTER: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const BACKLOG: u32 = 1_024;
const STDERR_SHOWN_BYTES: usize = 2_000;

/// What is played on a stage.
pub(crate) struct Play<'a> {
    /// Who plays.
    pub(crate) contestant: &'a Contestant,
    /// Which rules it runs.
    pub(crate) rules: &'a [Rule],
    /// Where they ring.
    pub(crate) ring: Ring,
    /// What the feed sends.
    pub(crate) frames: &'a Arc<Frames>,
    /// How many of those frames.
    pub(crate) count: usize,
    /// How fast.
    pub(crate) pace: Pace,
    /// What a client is offered that comes back.
    pub(crate) offers: Offers,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Every booking rang.
    Complete,
    /// The time was up while bookings still rang.
    Cut,
    /// Nothing rang any more for a while.
    Stalled,
}

/// A run under way.
pub(crate) struct Stage {
    /// What was sent and received.
    pub(crate) ledger: Arc<Ledger>,
    /// The contestant's process.
    pub(crate) id: u32,
    /// The CPU seconds it had used when the last ring was seen.
    pub(crate) cpu_when_rang: f64,
    count: usize,
    dir: TempDir,
    child: Child,
    spawned: Instant,
    gate: watch::Sender<bool>,
    progress: watch::Receiver<Progress>,
    tasks: JoinSet<anyhow::Result<()>>,
    stop_following: Arc<AtomicBool>,
    closed_receiver: Option<TcpSocket>,
}

impl Stage {
    /// Opens the feed, reserves the receiver's port, and starts the contestant.
    ///
    /// # Errors
    /// When a port, a file or the program cannot be had.
    pub(crate) async fn open(play: &Play<'_>, parent: &Path) -> anyhow::Result<Stage> {
        let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(parent)?;
        let ledger = Arc::new(Ledger::open(play.count, play.frames.ids));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let work = Work {
            rules: play.rules,
            ring: play.ring,
            feed: listener.local_addr()?,
            receiver: socket.local_addr()?,
        };
        let mut command = play.contestant.prepare(dir.path(), &work)?;
        let stderr = std::fs::File::create(dir.path().join("stderr"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).kill_on_drop(true);

        let (gate, gate_seen) = watch::channel(false);
        let (progress_sent, progress) = watch::channel(Progress::default());
        let frames = play.frames.clone();
        let feed = Feed {
            frames,
            count: play.count,
            ledger: ledger.clone(),
            pace: play.pace,
            offers: play.offers,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(feed::serve(listener, feed, gate_seen, progress_sent));
        let stop_following = Arc::new(AtomicBool::new(false));
        if play.ring == Ring::Console {
            let (path, ledger) = (console_path(dir.path()), ledger.clone());
            let stop = stop_following.clone();
            tasks.spawn_blocking(move || console::follow(&path, &ledger, &stop));
        }
        let spawned = Instant::now();
        let child = command.spawn().context("the contestant does not start")?;
        let id = child.id().context("the contestant ended at once")?;
        let closed_receiver = Some(socket);
        Ok(Stage {
            ledger,
            id,
            cpu_when_rang: 0.0,
            count: play.count,
            dir,
            child,
            spawned,
            gate,
            progress,
            tasks,
            stop_following,
            closed_receiver,
        })
    }

    /// Lets the receiver listen; until then its port refuses connections.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub(crate) fn open_receiver(&mut self) -> anyhow::Result<()> {
        if let Some(socket) = self.closed_receiver.take() {
            let listener = socket.listen(BACKLOG)?;
            self.tasks.spawn(receiver::receive(listener, self.ledger.clone(), Duration::ZERO));
        }
        Ok(())
    }

    /// Waits for the contestant's handshake and gives the time since its start.
    ///
    /// # Errors
    /// When it ends instead, or takes more than a minute.
    pub(crate) async fn live(&mut self) -> anyhow::Result<Duration> {
        let (child, progress) = (&mut self.child, &mut self.progress);
        let handshake = timeout(LIVE_WITHIN, progress.wait_for(|seen| seen.clients > 0));
        let seen = tokio::select! {
            status = child.wait() => {
                let said = complaint(&self.dir);
                anyhow::bail!("ended before it was live, {}: {said}", status?);
            }
            seen = handshake => seen.context("not live within a minute")??.first_client,
        };
        Ok(seen.context("a client without a time")?.duration_since(self.spawned))
    }

    /// Waits until its own status command says live, and gives the time since its start.
    /// `None` where it has no such command or does not say so within five seconds.
    pub(crate) async fn says_live(&self, contestant: &Contestant) -> Option<Duration> {
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            let mut command = contestant.status(self.dir.path())?;
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let status = timeout(STALLED_AFTER, command.kill_on_drop(true).status()).await;
            if status.ok()?.ok()?.success() {
                return Some(self.spawned.elapsed());
            }
            sleep(LOOK_EVERY).await;
        }
        None
    }

    /// Lets the feed send.
    pub(crate) fn begin(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until the feed has handed over its last frame, at most for `limit`.
    ///
    /// # Errors
    /// When that takes longer, or the feed is gone.
    pub(crate) async fn sent_all(&mut self, limit: Duration) -> anyhow::Result<()> {
        let count = self.count;
        let sent = timeout(limit, self.progress.wait_for(|seen| seen.sent >= count)).await;
        sent.context("the contestant does not read the feed to its end")??;
        Ok(())
    }

    /// Waits until `expected` bookings have rung, at most for `limit`.
    ///
    /// # Errors
    /// When the contestant ends, or the feed or the receiver fails.
    pub(crate) async fn finish(&mut self, expected: u64, limit: Duration) -> anyhow::Result<End> {
        let begun = Instant::now();
        let (mut rung, mut rang_at) = (0, begun);
        loop {
            let now = self.ledger.rung();
            if now > rung {
                (rung, rang_at) = (now, Instant::now());
                self.cpu_when_rang = process::cpu_seconds(self.id)?;
            }
            if rung >= expected {
                return Ok(End::Complete);
            }
            // Who has not read all may be busy with a batch, however long nothing rings.
            let silent = match self.progress.borrow().sent < self.count {
                true => Duration::ZERO,
                false => rang_at.elapsed(),
            };
            if begun.elapsed() >= limit {
                return Ok(if silent < SILENT_AFTER { End::Cut } else { End::Stalled });
            }
            if silent >= STALLED_AFTER {
                return Ok(End::Stalled);
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("ended in the middle, {status}: {}", complaint(&self.dir));
            }
            if let Some(ended) = self.tasks.try_join_next() {
                ended??;
                anyhow::bail!("the feed, the receiver or the console's reader ended too early");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Counts the handshakes so far: more than one means that the connection broke.
    pub(crate) fn clients(&self) -> u32 {
        self.progress.borrow().clients
    }

    /// Asks the contestant to stop, makes it stop if it does not, and closes the stage.
    ///
    /// # Errors
    /// When it had to be killed.
    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.stop_following.store(true, Relaxed);
        let id = i32::try_from(self.id).ok().and_then(Pid::from_raw).context("no process id")?;
        if self.child.try_wait()?.is_none() {
            kill_process(id, Signal::TERM)?;
        }
        let stopped = timeout(STOP_WITHIN, self.child.wait()).await;
        if stopped.is_err() {
            self.child.kill().await?;
        }
        self.tasks.shutdown().await;
        stopped.context("did not stop when asked")??;
        Ok(())
    }
}

/// Reads the end of what the contestant said on its standard error.
fn complaint(dir: &TempDir) -> String {
    let said = std::fs::read(dir.path().join("stderr")).unwrap_or_default();
    let start = said.len().saturating_sub(STDERR_SHOWN_BYTES);
    String::from_utf8_lossy(&said[start..]).trim().to_owned()
}

impl Drop for Stage {
    /// The console's reader blocks a thread, which no abort ends.
    fn drop(&mut self) {
        self.stop_following.store(true, Relaxed);
    }
}
