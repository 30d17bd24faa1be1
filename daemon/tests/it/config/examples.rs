//! Job: every file under `config/` is what it says.
//! Takes: `config/deskbell.toml` and `config/examples`.
//! Gives: a failure where one of them is not read, or a key is told that is not there.
//! Never: leaves a file out: the folder is walked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{Table, Value as WrittenValue, parse};
use deskbell::config::{BUILT_IN, LoadRequest, load, schema};
use serde_json::Value;

use super::{House, catalog};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// The built-in file with its commented keys and tables in use.
pub(super) fn uncommented() -> String {
    let used = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            key.to_owned()
        }
        _ => line.to_owned(),
    };
    BUILT_IN.lines().map(used).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_example_is_read_without_a_complaint() {
    let mut read = 0;
    for entry in std::fs::read_dir(folder().join("examples")).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let request = LoadRequest { files: vec![path.clone()], ..House::new(&[]).request };
        let loaded = load(&request, &catalog::catalog(), &catalog::doors());
        assert!(loaded.complaints.is_empty(), "{}: {:?}", path.display(), loaded.complaints);
        assert!(loaded.usable.is_some(), "{}", path.display());
        read += 1;
    }
    assert!(read >= 4);
}

#[test]
fn every_key_of_the_built_in_file_is_one_that_is_read_once_its_mark_is_taken_away() {
    let house = House::new(&[("a.toml", &uncommented())]);
    let loaded = house.load();
    let unknown: Vec<_> = loaded
        .complaints
        .iter()
        .filter(|c| c.what.starts_with("unknown") || c.what.starts_with("expected"))
        .filter(|c| !c.what.contains("default.sink"))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let file = WrittenFile { path: "deskbell.toml".to_owned(), text: uncommented() };
    assert_eq!(parse(&Arc::new(file)).complaints, []);
}

/// What the built-in file says where its marks are taken away, as JSON.
fn told(pointer: &str) -> Value {
    let all: toml::Table = toml::from_str(&uncommented()).expect("TOML");
    let all = serde_json::to_value(all).expect("JSON");
    all.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not told")).clone()
}

#[test]
fn the_defaults_of_deliveries_that_the_built_in_file_tells_are_those_that_count() {
    let sinks = "[sink.webhook.crm]\nurl = \"https://a/\"\n[sink.console.log]\n\
                 [[rule]]\nname = \"R\"\nring = [\"webhook.crm\", \"console.log\"]\n";
    let policies = |text: &str| {
        let house = House::new(&[("a.toml", text)]);
        assert_eq!(house.told(), "");
        let usable = house.load().usable.expect("usable");
        usable.sinks.iter().map(|sink| sink.delivery).collect::<Vec<_>>()
    };
    let table: toml::Table = serde_json::from_value(told("/default/delivery")).expect("TOML");
    let all = policies(&format!("{sinks}[default.delivery]\n{table}"));
    let without = policies(sinks);
    assert_eq!(all[0], without[0]);
    let console = without[1];
    assert_eq!(
        (console.attempts, console.timeout.as_secs(), console.in_flight),
        (Some(1), 5, 1024)
    );
}

#[test]
fn the_defaults_that_the_built_in_file_tells_are_those_of_the_schema() {
    let whole: Value = serde_json::from_str(&schema::text(&catalog::catalog())).expect("JSON");
    let source = "/properties/source/properties/websocket/additionalProperties/$ref";
    let source = whole.pointer(source).and_then(Value::as_str).expect("a reference");
    let mut compared = 0;
    for (definition, pointer) in [
        (source.trim_start_matches('#'), "/source/websocket/dashboard"),
        ("/definitions/Rule", "/rule/0"),
    ] {
        let keys = whole.pointer(&format!("{definition}/properties")).expect("keys");
        for (key, schema) in keys.as_object().expect("a table") {
            let default = schema.get("default").filter(|d| d.is_boolean() || d.is_string());
            let default = default.or(schema.get("default").filter(|_| key == "ping"));
            if let Some(default) = default {
                assert_eq!(told(&format!("{pointer}/{key}")), *default, "{pointer}/{key}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 8, "only {compared} defaults were compared");
}

/// Every path of keys that the built-in file names, whether in use or commented.
pub(super) fn named() -> Vec<String> {
    let file = WrittenFile { path: "deskbell.toml".to_owned(), text: uncommented() };
    let mut named = Vec::new();
    if let WrittenValue::Table(table) = parse(&Arc::new(file)).written.value {
        collect("", &table, &mut named);
    }
    named
}

fn collect(path: &str, table: &Table, named: &mut Vec<String>) {
    for (key, _, value) in &table.entries {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &value.value {
            WrittenValue::Table(inside) => collect(&path, inside, named),
            WrittenValue::List(list) => {
                for each in list.iter().filter_map(|each| each.table()) {
                    collect(&path, each, named);
                }
            }
            _ => {}
        }
        named.push(path);
    }
}
