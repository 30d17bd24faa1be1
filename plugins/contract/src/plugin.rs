//! Job: what a plugin is: data.
//! Takes: a plugin's own types.
//! Gives: `Info`, `SinkPlugin`, `SourcePlugin`, and the `Catalog` the daemon is handed.
//! Never: registers itself; `app/catalog.rs` names every plugin, once.

use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::written::{self, Written};
use crate::{
    Clock, Complaint, Dial, Entropy, FeedName, Post, Secret, SecretForm, Sink, Source, SourceName,
    Vault,
};

/// A plugin's instance, or everything that is wrong with its configuration.
pub type Opened<Role> = Result<Box<Role>, Vec<Complaint>>;

/// What a plugin says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Its name, as in `[sink.NAME.…]`.
    pub name: &'static str,
    /// One line for `deskbell plugin list`.
    pub summary: &'static str,
    /// An example table for `deskbell plugin show`; it must be valid.
    pub example: &'static str,
    /// How its deliveries are treated unless the configuration says otherwise (sinks only).
    pub delivery: DeliveryDefaults,
}

/// How a sink's deliveries are treated unless the configuration says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeliveryDefaults {
    /// For one try.
    pub timeout: Duration,
    /// How many tries at once.
    pub in_flight: u32,
    /// How many tries; `None` is unlimited.
    pub attempts: Option<u32>,
    /// How old a note may be and still ring; `None` is any age.
    pub expires: Option<Duration>,
    /// The delays between tries.
    pub schedule: Schedule,
    /// What a later state of a booking becomes, where nothing is said.
    pub update: Update,
}

/// The delays between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// 0, 5 s, 30 s, 2 m, 10 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    Network,
    /// 0, 1, 2, 5, 10, 30 s, and 30 s again.
    Local,
}

/// What a later state of a booking becomes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Update {
    /// The first message is changed.
    Edit,
    /// A reply to the first message.
    Thread,
    /// A message of its own; then only a change to cancelled follows.
    New,
}

impl DeliveryDefaults {
    /// For sinks across a network.
    pub const NETWORK: Self = Self {
        timeout: Duration::from_secs(15),
        in_flight: 4,
        attempts: Some(12),
        expires: None,
        schedule: Schedule::Network,
        update: Update::New,
    };
    /// For a terminal or a pipe: one try.
    pub const TERMINAL: Self = Self {
        timeout: Duration::from_secs(5),
        in_flight: 1024,
        attempts: Some(1),
        expires: None,
        schedule: Schedule::Local,
        update: Update::New,
    };
}

/// What a plugin is handed when an instance of it is opened. Opening touches no network and starts
/// no task.
#[derive(Clone)]
pub struct OpenContext {
    /// The instance's full name, `plugin.instance`.
    pub name: String,
    /// How long one try may take, of a sink: later its answer is not waited for any more.
    pub timeout: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws numbers.
    pub entropy: Arc<dyn Entropy>,
    /// Opens streams.
    pub dial: Arc<dyn Dial>,
    /// Sends HTTP requests.
    pub post: Arc<dyn Post>,
    /// Reads secrets.
    pub vault: Arc<dyn Vault>,
}

impl OpenContext {
    /// How long a sink that needs a deadline of its own should give one try: a little less than
    /// `timeout`, so that the reason is the far side's and not the daemon's.
    pub fn deadline(&self) -> Duration {
        self.timeout.saturating_sub(Self::MARGIN.min(self.timeout / 10))
    }

    const MARGIN: Duration = Duration::from_millis(500);

    /// A secret, after a look that it can be read.
    ///
    /// # Errors
    /// A complaint that names where it was looked for.
    pub fn secret(&self, form: &SecretForm) -> Result<Secret, Complaint> {
        let secret = Secret::new(form.clone(), Arc::clone(&self.vault));
        match secret.reveal() {
            Ok(_) => Ok(secret),
            Err(not) => Err(Complaint::error(not.to_string())),
        }
    }

    /// The source's name, for the events it reads.
    pub fn source(&self) -> SourceName {
        self.name.as_str().into()
    }

    /// The feed's name where the configuration gives none: the instance's.
    pub fn feed(&self) -> FeedName {
        self.name.rsplit('.').next().unwrap_or(&self.name).into()
    }
}

/// A plugin that plays a sink.
pub trait SinkPlugin {
    /// What it says of itself.
    const INFO: Info;
    /// Its keys: `deny_unknown_fields`, doc comments, no flatten, no untagged.
    type Config: DeserializeOwned + JsonSchema;

    /// Opens an instance. Touches no network and starts no task.
    ///
    /// # Errors
    /// All complaints at once; their `key` is relative to the instance's table.
    fn open(config: Self::Config, cx: &OpenContext) -> Opened<dyn Sink>;
}

/// A plugin that plays a source.
pub trait SourcePlugin {
    /// What it says of itself.
    const INFO: Info;
    /// Its keys: `deny_unknown_fields`, doc comments, no flatten, no untagged.
    type Config: DeserializeOwned + JsonSchema;

    /// Opens an instance. Touches no network and starts no task.
    ///
    /// # Errors
    /// All complaints at once; their `key` is relative to the instance's table.
    fn open(config: Self::Config, cx: &OpenContext) -> Opened<dyn Source>;
}

/// Every plugin of this build.
#[derive(Clone, Default)]
pub struct Catalog {
    /// The plugins that play a source.
    pub sources: Vec<SourceEntry>,
    /// The plugins that play a sink.
    pub sinks: Vec<SinkEntry>,
}

/// A plugin that plays a sink, as data.
#[derive(Clone, Copy)]
pub struct SinkEntry {
    /// What it says of itself.
    pub info: Info,
    /// Its keys as JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Reads the instance's table and opens it.
    pub open: fn(&Written, &OpenContext) -> Opened<dyn Sink>,
}

/// A plugin that plays a source, as data.
#[derive(Clone, Copy)]
pub struct SourceEntry {
    /// What it says of itself.
    pub info: Info,
    /// Its keys as JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Reads the instance's table and opens it.
    pub open: fn(&Written, &OpenContext) -> Opened<dyn Source>,
}

impl SinkEntry {
    /// The entry of a plugin.
    pub fn of<P: SinkPlugin>() -> Self {
        Self {
            info: P::INFO,
            schema: |generator| generator.subschema_for::<P::Config>(),
            open: |table, cx| {
                let config = written::read::<P::Config>(table)?;
                P::open(config, cx).map_err(|complaints| written::locate(complaints, table))
            },
        }
    }
}

impl SourceEntry {
    /// The entry of a plugin.
    pub fn of<P: SourcePlugin>() -> Self {
        Self {
            info: P::INFO,
            schema: |generator| generator.subschema_for::<P::Config>(),
            open: |table, cx| {
                let config = written::read::<P::Config>(table)?;
                P::open(config, cx).map_err(|complaints| written::locate(complaints, table))
            },
        }
    }
}
