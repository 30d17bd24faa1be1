//! Job: streams within memory.
//! Takes: a script of refusals, and a test that plays the far side.
//! Gives: `MemoryDial`, the simulated `Dial` door, and the far end of each stream.
//! Never: opens a socket.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::DuplexStream;
use tokio::sync::Notify;

use crate::Dial;
use crate::doors::{DialFault, Endpoint, Stream};

/// How much either side may write before the other reads, bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// What becomes of one dial.
#[derive(Clone, Debug)]
pub enum DialPlay {
    /// There is a stream.
    Accept,
    /// There is none.
    Refuse(DialFault),
    /// Nothing happens; only the caller's time-out ends it.
    Never,
}

/// The far end of one stream.
pub struct FarEnd {
    /// What was dialled.
    pub endpoint: Endpoint,
    /// What the plugin writes is read here, and the other way round.
    pub stream: DuplexStream,
}

/// Streams whose far ends a test holds. Accepts unless told otherwise.
#[derive(Default)]
pub struct MemoryDial {
    plays: Mutex<VecDeque<DialPlay>>,
    ends: Mutex<VecDeque<FarEnd>>,
    dialled: Notify,
}

impl MemoryDial {
    /// A dial that accepts all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does this with the next dial that has no play yet.
    pub fn then(&self, play: DialPlay) {
        lock(&self.plays).push_back(play);
    }

    /// Waits for the next stream that is dialled and gives its far end.
    pub async fn far_end(&self) -> FarEnd {
        loop {
            let dialled = self.dialled.notified();
            if let Some(end) = lock(&self.ends).pop_front() {
                return end;
            }
            dialled.await;
        }
    }

    /// How many streams wait for a test to take their far end.
    pub fn untaken(&self) -> usize {
        lock(&self.ends).len()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Dial for MemoryDial {
    async fn dial(&self, to: &Endpoint, _: Duration) -> Result<Box<dyn Stream>, DialFault> {
        let play = lock(&self.plays).pop_front().unwrap_or(DialPlay::Accept);
        match play {
            DialPlay::Refuse(fault) => return Err(fault),
            DialPlay::Never => std::future::pending::<()>().await,
            DialPlay::Accept => {}
        }
        let (near, far) = tokio::io::duplex(BUFFER_BYTES);
        lock(&self.ends).push_back(FarEnd { endpoint: to.clone(), stream: far });
        self.dialled.notify_one();
        Ok(Box::new(near))
    }
}
