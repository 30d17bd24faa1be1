//! Job: the only look at the process's signals.
//! Takes: SIGTERM, SIGINT, SIGHUP.
//! Gives: a stop, and wishes to reload.
//! Never: stops anything by itself.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The signals of the process, from the moment they are taken.
pub struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    /// Takes the signals: from now on none of them ends the process by itself.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn take() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Stops at any of them: for a program with nothing to reload, a terminal that closes is the
    /// end.
    pub async fn stop_on_any(self, stop: CancellationToken) {
        let (reload, mut reloads) = mpsc::channel(1);
        tokio::select! {
            () = self.pass_on(stop.clone(), reload) => {}
            Some(()) = reloads.recv() => stop.cancel(),
        }
    }

    /// Passes them on until a stop is asked for. Reloads asked for while one waits are one.
    pub async fn pass_on(mut self, stop: CancellationToken, reload: mpsc::Sender<()>) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = self.term.recv() => break,
                _ = self.int.recv() => break,
                // A full channel holds a reload that has not begun: it will see this change too.
                _ = self.hup.recv() => drop(reload.try_send(())),
            }
        }
        stop.cancel();
    }
}
