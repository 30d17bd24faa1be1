//! Job: the thread that the writer runs on.
//! Takes: a writer, a runtime that turns its timers.
//! Gives: `WriterThread`, to be joined.
//! Never: ends by itself while the writer can write.

use tokio::runtime::Handle;

use super::{Fatal, Writer};

impl Writer {
    /// Runs it on a thread of its own; the handle's runtime turns its timers.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn on_thread(self, runtime: &Handle) -> Result<WriterThread, Fatal> {
        let runtime = runtime.clone();
        let thread = std::thread::Builder::new()
            .name("outbox".into())
            .spawn(move || runtime.block_on(self.run()))
            .map_err(|error| Fatal::Thread(error.to_string()))?;
        Ok(WriterThread(thread))
    }
}

/// The thread that the writer runs on.
#[derive(Debug)]
pub struct WriterThread(std::thread::JoinHandle<Result<(), Fatal>>);

impl WriterThread {
    /// Waits for its end, which [`super::Outbox::stop`] brings about. Blocks.
    ///
    /// # Errors
    /// What ended it, where it was no stop.
    pub fn join(self) -> Result<(), Fatal> {
        let ended = self.0.join();
        ended.unwrap_or_else(|_| Err(Fatal::Thread("a panic in the outbox's writer".into())))
    }

    /// Says whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}
