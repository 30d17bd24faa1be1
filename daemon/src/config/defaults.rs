//! Job: fills in what nobody has written.
//! Takes: the written tree, and the built-in `config/deskbell.toml`.
//! Gives: a tree in which `[default…]` and `[patch…]` have gone where they belong.
//! Never: overrides what somebody has written.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{self, Table, Value, Written, joined, nearest, quoted};
use contract::{Complaint, Place};

use super::layers::overlay;

/// Every key with its default, as shipped.
pub const BUILT_IN: &str = include_str!("../../../config/deskbell.toml");

/// The variable that says where the built-in source listens.
const FEED_URL: &str = "DESKBELL_FEED_URL";

/// Lays a tree over the built-in defaults. The built-in source goes where a source is written;
/// the built-in rule goes where a rule or a sink is; the built-in sink goes where a sink is.
pub(super) fn over_built_in(tree: Table, environment: &BTreeMap<String, String>) -> Table {
    let mut under = built_in();
    let has = |key: &str| tree.value(key).is_some_and(|value| !is_empty(value));
    if has("source") {
        under.take("source");
    }
    if has("sink") {
        under.take("sink");
    }
    if has("sink") || has("rule") {
        under.take("rule");
    }
    if let Some(url) = environment.get(FEED_URL).filter(|url| !url.is_empty()) {
        set_feed_url(&mut under, url);
    }
    overlay(&mut under, tree);
    under
}

fn built_in() -> Table {
    let file = WrittenFile { path: "built-in".to_owned(), text: BUILT_IN.to_owned() };
    match written::parse(&Arc::new(file)).written.value {
        Value::Table(table) => table,
        _ => Table::default(),
    }
}

fn set_feed_url(tree: &mut Table, url: &str) {
    let file = WrittenFile { path: FEED_URL.to_owned(), text: url.to_owned() };
    let place = Place { file: Arc::new(file), span: 0..url.len() };
    let written = Written { value: Value::Text(url.to_owned()), place: Some(place) };
    let source = ["source", "websocket", "dashboard"]
        .into_iter()
        .try_fold(tree, |at, key| at.value_mut(key).and_then(Written::table_mut));
    if let Some(here) = source.and_then(|source| source.value_mut("url")) {
        *here = written;
    }
}

fn is_empty(written: &Written) -> bool {
    match &written.value {
        Value::Table(table) => table.entries.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

/// Puts `[default…]` under every sink and rule. `[default.message]` is left to the rules' plan.
pub(super) fn apply_defaults(tree: &mut Table) {
    let Some(default) = table_at(tree, &["default"]).cloned() else { return };
    let delivery = default.value("delivery");
    if let Some(plugins) = tree.value_mut("sink").and_then(Written::table_mut) {
        for (plugin, _, instances) in &mut plugins.entries {
            let of_plugin = table_at(&default, &["sink", plugin]);
            for (_, _, sink) in instances.table_mut().iter_mut().flat_map(|t| &mut t.entries) {
                sink_defaults(sink, delivery, of_plugin);
            }
        }
    }
    let Some(rules) = tree.value_mut("rule") else { return };
    let Value::List(rules) = &mut rules.value else { return };
    let of_rules = table_at(&default, &["rule"]);
    let of_alarms = of_rules.cloned().map(without_conditions);
    for rule in rules {
        let is_alarm = rule.table().is_some_and(|rule| rule.value("alarm").is_some());
        put_under(rule, if is_alarm { of_alarms.as_ref() } else { of_rules });
    }
}

/// What is said for all rules, less what only a rule about bookings has: an alarm refuses it.
fn without_conditions(mut of_rules: Table) -> Table {
    for key in ["when", "ring_by", "otherwise", "stop", "data", "unknown"] {
        of_rules.take(key);
    }
    of_rules
}

fn sink_defaults(sink: &mut Written, delivery: Option<&Written>, of_plugin: Option<&Table>) {
    put_under(sink, of_plugin);
    if let Some(delivery) = delivery {
        put_under(sink, Some(&single("delivery", delivery)));
    }
}

fn put_under(written: &mut Written, defaults: Option<&Table>) {
    if let (Some(table), Some(defaults)) = (written.table_mut(), defaults) {
        let own = std::mem::replace(table, defaults.clone());
        overlay(table, own);
    }
}

fn single(key: &str, value: &Written) -> Table {
    Table { entries: vec![(key.to_owned(), None, value.clone())] }
}

/// Lays each `[patch.rule."NAME"]` over the rule of that name.
pub(super) fn apply_patches(tree: &mut Table, complaints: &mut Vec<Complaint>) {
    let Some(patches) = table_at(tree, &["patch", "rule"]).cloned() else { return };
    let Some(Value::List(rules)) = tree.value_mut("rule").map(|rules| &mut rules.value) else {
        return;
    };
    let names: Vec<String> = rules.iter().filter_map(rule_name).map(str::to_owned).collect();
    for (name, place, patch) in patches.entries {
        let rule = rules.iter_mut().find(|rule| rule_name(rule) == Some(&name));
        let patched = rule.and_then(Written::table_mut);
        match (patched, patch.value) {
            (Some(rule), Value::Table(patch)) => overlay(rule, patch),
            (Some(_), other) => {
                let what = format!("expected a table, found {}", other.word());
                complaints.push(Complaint::error(what).key(patch_key(&name)).at(patch.place));
            }
            (None, _) => {
                let complaint = Complaint::error(format!("there is no rule \"{name}\" to patch"));
                let meant = nearest(&name, names.iter().map(String::as_str));
                let complaint = complaint.key(patch_key(&name)).at(place);
                complaints.push(match meant {
                    Some(meant) => complaint.hint(format!("did you mean \"{meant}\"?")),
                    None => complaint,
                });
            }
        }
    }
}

fn patch_key(name: &str) -> String {
    joined("patch.rule", &quoted(name))
}

/// A rule's name as written.
pub(super) fn rule_name(rule: &Written) -> Option<&str> {
    rule.table()?.value("name")?.text()
}

/// The table at a path of keys.
pub(super) fn table_at<'t>(tree: &'t Table, path: &[&str]) -> Option<&'t Table> {
    path.iter().try_fold(tree, |at, key| at.value(key).and_then(Written::table))
}
