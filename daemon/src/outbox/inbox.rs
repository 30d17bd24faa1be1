//! Job: what waits for the writer.
//! Takes: at most one group, settlements, gates and commands.
//! Gives: all of it at once to the writer, which commits it together.
//! Never: grows without bound: a second group waits outside, settlements are bounded by the claims
//! handed out, gates by the sinks, commands by `COMMANDS_MAX`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::SinkName;
use tokio::sync::{Notify, Semaphore};

use super::command::Command;
use super::{Gate, Group, Refused, Settlement, Ticket};

const COMMANDS_MAX: usize = 64;

pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    /// One permit while no group waits.
    room: Semaphore,
    commands: Semaphore,
    nudge: Notify,
}

#[derive(Default)]
pub(super) struct Waiting {
    pub(super) group: Option<(Ticket, Group)>,
    pub(super) settlements: Vec<Settlement>,
    pub(super) gates: BTreeMap<SinkName, Gate>,
    /// How many gates were put in so far.
    pub(super) gates_told: u64,
    pub(super) commands: Vec<Command>,
    pub(super) stopping: bool,
    last: Ticket,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            room: Semaphore::new(1),
            commands: Semaphore::new(COMMANDS_MAX),
            nudge: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn put_group(&self, group: Group) -> Result<Ticket, Refused> {
        let room = self.room.acquire().await.map_err(|_| Refused::Stopped)?;
        let mut waiting = self.lock();
        if waiting.stopping {
            return Err(Refused::Stopped);
        }
        room.forget();
        waiting.last.0 += 1;
        let ticket = waiting.last;
        waiting.group = Some((ticket, group));
        drop(waiting);
        self.nudge.notify_one();
        Ok(ticket)
    }

    pub(super) async fn put_command(&self, command: Command) -> Result<(), Refused> {
        let room = self.commands.acquire().await.map_err(|_| Refused::Stopped)?;
        let mut waiting = self.lock();
        if waiting.stopping {
            return Err(Refused::Stopped);
        }
        room.forget();
        waiting.commands.push(command);
        drop(waiting);
        self.nudge.notify_one();
        Ok(())
    }

    pub(super) fn put_settlement(&self, settlement: Settlement) {
        self.lock().settlements.push(settlement);
        self.nudge.notify_one();
    }

    pub(super) fn put_settlements(&self, settlements: impl IntoIterator<Item = Settlement>) {
        self.lock().settlements.extend(settlements);
        self.nudge.notify_one();
    }

    /// Says how many gates were put in so far, this one included.
    pub(super) fn put_gate(&self, sink: SinkName, gate: Gate) -> u64 {
        let mut waiting = self.lock();
        waiting.gates.insert(sink, gate);
        waiting.gates_told += 1;
        let told = waiting.gates_told;
        drop(waiting);
        self.nudge.notify_one();
        told
    }

    /// Refuses groups and commands from now on; what waits is still taken, and settlements are.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.room.close();
        self.commands.close();
        self.nudge.notify_one();
    }

    /// Takes what waits; the group and commands only where the writer has none in hand. Buffers are
    /// swapped, so a busy writer allocates nothing here.
    pub(super) fn take(&self, settlements: &mut Vec<Settlement>, fresh: bool) -> Waiting {
        let mut waiting = self.lock();
        std::mem::swap(&mut waiting.settlements, settlements);
        let taken = Waiting {
            group: if fresh { waiting.group.take() } else { None },
            settlements: Vec::new(),
            gates: std::mem::take(&mut waiting.gates),
            gates_told: waiting.gates_told,
            commands: if fresh { std::mem::take(&mut waiting.commands) } else { Vec::new() },
            stopping: waiting.stopping,
            last: waiting.last,
        };
        drop(waiting);
        if taken.group.is_some() {
            self.room.add_permits(1);
        }
        self.commands.add_permits(taken.commands.len());
        taken
    }

    /// Waits until something was put in since it last returned. Cancel-safe.
    pub(super) async fn nudged(&self) {
        self.nudge.notified().await;
    }
}
