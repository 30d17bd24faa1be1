//! Job: what both batteries share: the doors, the checks that need no role, and the verdict.
//! Takes: a plugin's `Info`, its keys, and checks.
//! Gives: `House`, the simulated doors of one plugin, and `Findings`, which name each failure.
//! Never: stops at the first failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;

use super::{CANARY, FakeClock, MemoryDial, Play, ScriptedPost, SeededEntropy, TableVault};
use crate::complaint::WrittenFile;
use crate::plugin::DeliveryDefaults;
use crate::written::{self, Value, Written};
use crate::{Complaint, Info, OpenContext, Severity, Vault};

/// What a check found: nothing, or what is wrong.
pub(super) type Found = Result<(), String>;

/// Real time, and far more than any check needs: only a plugin that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The simulated doors of one plugin.
#[derive(Clone)]
pub struct House {
    /// The clock that a test moves.
    pub clock: Arc<FakeClock>,
    /// The streams.
    pub dial: Arc<MemoryDial>,
    /// The HTTP requests.
    pub post: Arc<ScriptedPost>,
    /// The secrets.
    pub vault: Arc<dyn Vault>,
}

impl House {
    /// Doors with these secrets; HTTP requests are answered with this play.
    pub fn new(vault: TableVault, play: Play) -> Self {
        Self {
            clock: Arc::new(FakeClock::default()),
            dial: Arc::new(MemoryDial::new()),
            post: Arc::new(ScriptedPost::playing([play])),
            vault: Arc::new(vault),
        }
    }

    /// What an instance of that name is handed.
    pub fn context(&self, name: &str) -> OpenContext {
        OpenContext {
            name: name.to_owned(),
            timeout: DeliveryDefaults::NETWORK.timeout,
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::new(SeededEntropy::new(7)),
            dial: Arc::clone(&self.dial) as _,
            post: Arc::clone(&self.post) as _,
            vault: Arc::clone(&self.vault),
        }
    }
}

impl Default for House {
    /// Doors behind which all goes well.
    fn default() -> Self {
        Self::new(TableVault::canaries(), Play::status(200))
    }
}

/// The table that a TOML text is.
///
/// # Panics
/// Where it is no TOML: a mistake of the test.
pub fn written(toml: &str) -> Written {
    let file = Arc::new(WrittenFile { path: "trial.toml".to_owned(), text: toml.to_owned() });
    let parsed = written::parse(&file);
    let wrong: Vec<_> =
        parsed.complaints.iter().filter(|c| c.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "no TOML: {wrong:?}");
    parsed.written
}

/// All that was found, by check.
pub(super) struct Findings {
    plugin: &'static str,
    checks: usize,
    failures: Vec<String>,
}

impl Findings {
    pub(super) fn of(plugin: &'static str) -> Self {
        Self { plugin, checks: 0, failures: Vec::new() }
    }

    /// Runs one check. A panic and a hang are failures like any other.
    pub(super) async fn check(&mut self, name: &str, work: impl Future<Output = Found>) {
        self.checks += 1;
        let caught = AssertUnwindSafe(work).catch_unwind();
        let found = match tokio::time::timeout(PATIENCE, caught).await {
            Ok(Ok(found)) => found,
            Ok(Err(panic)) => Err(format!("it panicked: {}", words(&*panic))),
            Err(_) => Err("it hangs".to_owned()),
        };
        if let Err(why) = found {
            self.failures.push(format!("  {name}: {why}"));
        }
    }

    /// Ends the trial.
    ///
    /// # Panics
    /// Where a check has failed; the message names each.
    pub(super) fn end(self) {
        let Self { plugin, checks, failures } = self;
        let failed = failures.len();
        assert!(failed == 0, "{plugin}: {failed} of {checks} checks\n{}", failures.join("\n"));
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

/// Fails with `what` unless it is so.
pub(super) fn so(is: bool, what: impl FnOnce() -> String) -> Found {
    if is { Ok(()) } else { Err(what()) }
}

/// Fails where a secret shows.
pub(super) fn silent(what: &str, text: &str) -> Found {
    so(!text.contains(CANARY), || format!("{what} shows a secret: {text}"))
}

/// Fails where a complaint shows a secret or tells nothing.
pub(super) fn good_complaints(complaints: &[Complaint]) -> Found {
    so(!complaints.is_empty(), || "it was refused without a complaint".to_owned())?;
    for complaint in complaints {
        silent("a complaint", &format!("{complaint:?}"))?;
        so(!complaint.what.is_empty() && !complaint.what.ends_with('.'), || {
            format!("a complaint says what is wrong, without a full stop: {:?}", complaint.what)
        })?;
    }
    Ok(())
}

/// Fails where the plugin does not introduce itself as the others do.
pub(super) fn good_info(info: &Info) -> Found {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    so(!info.name.is_empty() && info.name.chars().all(plain), || {
        format!("a name is lower case, digits and dashes: {:?}", info.name)
    })?;
    let summary = info.summary;
    so(!summary.is_empty() && summary.len() <= 100 && !summary.contains('\n'), || {
        format!("a summary is one line of at most 100 bytes: {summary:?}")
    })?;
    so(!summary.ends_with('.'), || format!("a summary has no full stop: {summary:?}"))?;
    let delivery = info.delivery;
    so(!delivery.timeout.is_zero() && delivery.in_flight > 0, || {
        "a try needs time, and one at least in flight".to_owned()
    })?;
    so(delivery.attempts != Some(0), || "no attempt is no delivery".to_owned())
}

/// The one instance that an example shows.
pub(super) fn example(role: &str, info: &Info) -> Result<Written, String> {
    let top = written(info.example);
    let inner = |written: &Written, key: &str| written.table()?.value(key).cloned();
    let missing = || format!("the example shows no [{role}.{}.NAME]", info.name);
    let plugin = inner(&top, role).and_then(|role| inner(&role, info.name)).ok_or_else(missing)?;
    let instances = plugin.table().ok_or_else(missing)?;
    let (_, _, first) = instances.entries.first().ok_or_else(missing)?;
    Ok(first.clone())
}

/// Reads a plugin's keys.
pub(super) fn read<Config: DeserializeOwned>(table: &Written) -> Result<Config, Vec<Complaint>> {
    written::read(table)
}

/// Fails where an unknown key is taken, or refused without its name.
pub(super) fn refuses_unknown<Config: DeserializeOwned>(table: &Written) -> Found {
    let mut more = table.clone();
    let odd = Written { value: Value::Bool(true), place: None };
    if let Some(table) = more.table_mut() {
        table.entries.push(("no_such_key".to_owned(), None, odd));
    }
    match read::<Config>(&more) {
        Ok(_) => Err("a key that it does not know is taken".to_owned()),
        Err(said) => so(said.iter().any(|c| format!("{c:?}").contains("no_such_key")), || {
            format!("the complaint does not name the key: {said:?}")
        }),
    }
}

/// Fails where a value of another type makes it panic, or is told with a secret.
pub(super) fn survives_wrong_types<Config: DeserializeOwned>(table: &Written) -> Found {
    let keys = table.table().map_or(0, |table| table.entries.len());
    let values = [
        Value::Integer(-1),
        Value::Float(f64::NAN),
        Value::Text(String::new()),
        Value::Text(format!("{CANARY}\u{1b}[31m")),
        Value::List(Vec::new()),
        Value::Table(written::Table::default()),
    ];
    for (key, value) in (0..keys).flat_map(|key| values.iter().map(move |value| (key, value))) {
        let mut wrong = table.clone();
        if let Some(table) = wrong.table_mut() {
            table.entries[key].2.value = value.clone();
        }
        if let Err(complaints) = read::<Config>(&wrong) {
            so(!complaints.is_empty(), || "it was refused without a complaint".to_owned())?;
        }
    }
    Ok(())
}

/// Fails where a key stands without words, or other keys are let in.
pub(super) fn good_schema<Config: JsonSchema>() -> Found {
    let mut generator = SchemaGenerator::default();
    let schema = Config::json_schema(&mut generator);
    let closed = schema.get("additionalProperties").and_then(serde_json::Value::as_bool);
    so(closed == Some(false), || "the schema lets in other keys: deny_unknown_fields".to_owned())?;
    let keys = schema.get("properties").and_then(serde_json::Value::as_object);
    for (key, schema) in keys.into_iter().flatten() {
        let words = schema.get("description").and_then(serde_json::Value::as_str);
        so(words.is_some_and(|words| words.len() > 5), || format!("`{key}` has no doc comment"))?;
    }
    Ok(())
}

/// Opens an instance where neither a runtime nor a door may be used, as `check` does.
pub(super) fn opened_apart<Role: Send + ?Sized>(
    house: &House,
    open: impl FnOnce() -> Result<Box<Role>, Vec<Complaint>> + Send,
) -> Result<Result<Box<Role>, Vec<Complaint>>, String> {
    let apart = std::thread::scope(|scope| scope.spawn(open).join());
    let opened = apart.map_err(|panic| format!("it panicked: {}", words(&*panic)))?;
    so(house.post.asked().is_empty(), || "it sent a request while opening".to_owned())?;
    so(house.dial.untaken() == 0, || "it dialled while opening".to_owned())?;
    Ok(opened)
}

/// Fails where a place is empty, not one clean line, or shows a secret.
pub(super) fn good_place(place: &str) -> Found {
    silent("place()", place)?;
    so(!place.is_empty() && crate::text::clean(place) == place, || {
        format!("place() is one clean line: {place:?}")
    })
}
