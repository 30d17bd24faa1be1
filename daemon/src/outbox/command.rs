//! Job: what is asked of the writer beside groups and settlements.
//! Takes: a person's actions, the sinks that are configured, generations.
//! Gives: `Command`, each with a way to answer after the commit.
//! Never: is answered before it is committed.

use contract::{SinkName, Text};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::{DeliveryId, GenerationId, SinkSlot};

/// Who acts, for the record: a user's name, `SIGHUP`, …; at most 256 bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub Text);

/// Which failed deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// One.
    One(DeliveryId),
    /// All of a sink.
    Sink(SinkName),
    /// All.
    All,
}

/// Which sinks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// All of them, those not yet configured included.
    All,
    /// One.
    Sink(SinkName),
}

/// What a person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dead and expired deliveries become pending: same id, a new series of attempts.
    Retry(Which),
    /// Dead and expired deliveries are withdrawn.
    Drop(Which),
    /// Nothing rings until then, or until resumed.
    Pause(Whom, Option<Timestamp>),
    /// What a pause holds may ring; enables a disabled sink. `All` ends every pause.
    Resume(Whom),
}

/// What an action did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// How many deliveries or pauses it changed.
    pub changed: u64,
    /// How many could not be, because what they say was erased.
    pub erased: u64,
}

#[derive(Debug)]
pub(super) enum Command {
    Register(Vec<SinkSlot>, oneshot::Sender<()>),
    Generation(String, oneshot::Sender<GenerationId>),
    Act(Actor, Action, oneshot::Sender<Done>),
}
