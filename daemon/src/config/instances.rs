//! Job: opens the sources and sinks of a tree.
//! Takes: `[source.PLUGIN.NAME]` and `[sink.PLUGIN.NAME]`, the catalog, the doors.
//! Gives: opened instances, each with a digest by which a reload tells what has changed.
//! Never: touches a network or starts a task; neither do plugins when they are opened.

use std::sync::Arc;

use contract::plugin::{SinkEntry, SourceEntry, Update};
use contract::written::{self, Table, Unknown, Value, Written, joined, nearest, quoted};
use contract::{
    Catalog, Complaint, FeedName, OpenContext, Place, Sink, SinkName, Source, SourceName,
};
use schemars::SchemaGenerator;

use super::defaults::table_at;
use super::delivery::{DeliveryPolicy, DeliverySection};
use super::effective::ContentDigest;
use super::mistakes::{Inside, advice};
use super::schema;
use super::sections::under;

/// A source that is ready to be connected.
pub struct SourceInstance {
    /// `plugin.instance`.
    pub name: SourceName,
    /// The feed it brings; sources of one feed share it.
    pub feed: FeedName,
    /// The source.
    pub source: Box<dyn Source>,
    /// Changes where anything that is written of it changes.
    pub digest: ContentDigest,
}

/// A sink that is ready to be rung.
pub struct SinkInstance {
    /// `plugin.instance`.
    pub name: SinkName,
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// How its deliveries are treated.
    pub delivery: DeliveryPolicy,
    /// Changes where anything that is written of it changes.
    pub digest: ContentDigest,
}

/// Plugins that are planned: asking for one is no slip of the fingers.
const LATER: [&str; 11] = [
    "slack", "email", "desktop", "sound", "ntfy", "telegram", "discord", "apprise", "exec", "desk",
    "socketio",
];
/// An instance's name is shown everywhere, and stands in ids.
const NAME_BYTES_MAX: usize = 64;

/// Opens every source of a tree.
pub(super) fn open_sources(
    tree: &Table,
    catalog: &Catalog,
    doors: &OpenContext,
    complaints: &mut Vec<Complaint>,
) -> Vec<SourceInstance> {
    let plugins: Vec<&str> = catalog.sources.iter().map(|entry| entry.info.name).collect();
    let mut opened = Vec::new();
    for written in instances(tree, "source", &plugins, complaints) {
        let entry = catalog.sources.iter().find(|entry| entry.info.name == written.plugin);
        let Some(entry) = entry else { continue };
        match open_source(&written, entry, doors) {
            Ok(source) => opened.push(source),
            Err(more) => complaints.extend(under(&written.path, more)),
        }
    }
    opened
}

fn open_source(
    written: &Instance<'_>,
    entry: &SourceEntry,
    doors: &OpenContext,
) -> Result<SourceInstance, Vec<Complaint>> {
    let cx = OpenContext { name: written.name.clone(), ..doors.clone() };
    let source = (entry.open)(written.table, &cx)?;
    let feed = written.table.table().and_then(|table| table.value("feed")).and_then(Written::text);
    Ok(SourceInstance {
        name: cx.source(),
        feed: feed.map_or_else(|| cx.feed(), FeedName::from),
        source,
        digest: ContentDigest::of(written.table),
    })
}

/// Keys that a sink takes from the house where nothing is written of them, by name.
pub(super) type HouseKeys = Vec<(&'static str, String)>;

/// Gives every sink whose plugin has one of the house's keys that key, unless it has its own.
pub(super) fn apply_house_keys(tree: &mut Table, catalog: &Catalog, keys: &HouseKeys) {
    let plugins = tree.value_mut("sink").and_then(Written::table_mut);
    for (plugin, _, instances) in plugins.into_iter().flat_map(|table| &mut table.entries) {
        let Some(entry) = catalog.sinks.iter().find(|entry| entry.info.name == *plugin) else {
            continue;
        };
        let mut generator = SchemaGenerator::default();
        let schema = (entry.schema)(&mut generator);
        let schema = schema::resolved(schema.to_value(), &generator);
        let wanted: Vec<_> =
            keys.iter().filter(|(key, _)| schema["properties"].get(*key).is_some()).collect();
        let sinks = instances.table_mut().into_iter().flat_map(|table| &mut table.entries);
        for sink in sinks.filter_map(|(_, _, sink)| sink.table_mut()) {
            for (key, value) in &wanted {
                if sink.value(key).is_none() {
                    let value = Written { value: Value::Text(value.clone()), place: None };
                    sink.entries.push(((*key).to_owned(), None, value));
                }
            }
        }
    }
}

/// Opens every sink of a tree.
pub(super) fn open_sinks(
    tree: &Table,
    catalog: &Catalog,
    doors: &OpenContext,
    complaints: &mut Vec<Complaint>,
) -> Vec<SinkInstance> {
    let plugins: Vec<&str> = catalog.sinks.iter().map(|entry| entry.info.name).collect();
    let defaults = table_at(tree, &["default", "sink"]);
    for (plugin, place, _) in defaults.iter().flat_map(|table| &table.entries) {
        if !plugins.contains(&plugin.as_str()) {
            complaints.push(no_plugin("default.sink", plugin, place.as_ref(), &plugins));
        }
    }
    let mut opened = Vec::new();
    for written in instances(tree, "sink", &plugins, complaints) {
        let entry = catalog.sinks.iter().find(|entry| entry.info.name == written.plugin);
        let Some(entry) = entry else { continue };
        match open_sink(&written, entry, doors) {
            Ok(sink) => opened.push(sink),
            Err(more) => complaints.extend(under(&written.path, more)),
        }
    }
    opened
}

/// `delivery` and `update` are the daemon's: the plugin sees its own keys only.
fn open_sink(
    written: &Instance<'_>,
    entry: &SinkEntry,
    doors: &OpenContext,
) -> Result<SinkInstance, Vec<Complaint>> {
    let mut own = written.table.clone();
    let mut complaints = Vec::new();
    let said = |unknown: &Unknown<'_>| advice(Inside::Delivery, unknown);
    let mut lift = |key: &str| own.table_mut().and_then(|table| table.take(key));
    let delivery = match lift("delivery") {
        None => DeliverySection::default(),
        Some((_, delivery)) => {
            let read = written::read_advised(&delivery, &said);
            let read = read.and_then(|section: DeliverySection| match section.complaints() {
                none if none.is_empty() => Ok(section),
                wrong => Err(written::locate(wrong, &delivery)),
            });
            read.unwrap_or_else(|more| {
                complaints.extend(under("delivery", more));
                DeliverySection::default()
            })
        }
    };
    let update = lift("update").and_then(|(_, update)| {
        written::read::<Update>(&update)
            .map_err(|more| complaints.extend(under("update", more)))
            .ok()
    });
    let delivery = DeliveryPolicy::of(&delivery, update, &entry.info.delivery);
    let (name, timeout) = (written.name.clone(), delivery.timeout);
    let cx = OpenContext { name, timeout, ..doors.clone() };
    match (entry.open)(&own, &cx) {
        Ok(sink) if complaints.is_empty() => Ok(SinkInstance {
            name: written.name.as_str().into(),
            sink: Arc::from(sink),
            delivery,
            digest: ContentDigest::of(written.table),
        }),
        Ok(_) => Err(complaints),
        Err(more) => {
            complaints.extend(more);
            Err(complaints)
        }
    }
}

/// The names of every sink that is written, whether it could be opened or not.
pub(super) fn sink_names(tree: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (plugin, _, instances) in table_at(tree, &["sink"]).iter().flat_map(|t| &t.entries) {
        for (name, _, _) in instances.table().iter().flat_map(|table| &table.entries) {
            names.push(format!("{plugin}.{name}"));
        }
    }
    names
}

struct Instance<'t> {
    plugin: &'t str,
    /// `plugin.instance`.
    name: String,
    /// As in `sink.webhook.crm`.
    path: String,
    table: &'t Written,
}

/// The instances of a role whose plugin exists.
fn instances<'t>(
    tree: &'t Table,
    role: &str,
    plugins: &[&str],
    complaints: &mut Vec<Complaint>,
) -> Vec<Instance<'t>> {
    let mut found = Vec::new();
    for (plugin, place, written) in table_at(tree, &[role]).iter().flat_map(|t| &t.entries) {
        let path = joined(role, &quoted(plugin));
        if !plugins.contains(&plugin.as_str()) {
            complaints.push(no_plugin(role, plugin, place.as_ref(), plugins));
            continue;
        }
        let entries = written.table().map_or(&[][..], |table| &table.entries);
        if entries.is_empty() {
            complaints.push(nameless(&path, written.place.as_ref()));
        }
        for (instance, place, table) in entries {
            let path = joined(&path, &quoted(instance));
            let complaint = match table.value {
                Value::Table(_) => bad_name(instance),
                _ => Some(nameless(&joined(role, plugin), None)),
            };
            match complaint {
                Some(complaint) => complaints.push(complaint.key(&path).at(place.clone())),
                None => {
                    let name = format!("{plugin}.{instance}");
                    found.push(Instance { plugin, name, path, table });
                }
            }
        }
    }
    found
}

fn nameless(path: &str, place: Option<&Place>) -> Complaint {
    Complaint::error("an instance needs a name of its own")
        .key(path)
        .at(place.cloned())
        .hint(format!("[{path}.NAME]"))
}

fn bad_name(instance: &str) -> Option<Complaint> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let good =
        !instance.is_empty() && instance.len() <= NAME_BYTES_MAX && instance.chars().all(letter);
    let hint = format!("letters, digits, - and _, at most {NAME_BYTES_MAX}");
    (!good).then(|| Complaint::error("this cannot be a name").hint(hint))
}

fn no_plugin(role: &str, plugin: &str, place: Option<&Place>, plugins: &[&str]) -> Complaint {
    let hint = match nearest(plugin, plugins.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if LATER.contains(&plugin) => {
            format!("`{plugin}` is planned, and not built in this version")
        }
        None => format!("plugins: {}", plugins.join(", ")),
    };
    let kind = role.rsplit('.').next().unwrap_or(role);
    Complaint::error(format!("there is no {kind} plugin `{plugin}`"))
        .key(joined(role, &quoted(plugin)))
        .at(place.cloned())
        .hint(hint)
}
