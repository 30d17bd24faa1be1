//! Job: reads what overrides single keys.
//! Takes: `--set daemon.shadow=true`, `DESKBELL_DAEMON__SHADOW=true`.
//! Gives: tables of one key each, to be laid over the files.
//! Never: reads the environment; it is handed in.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{self, Table, Value, Written, quoted};
use contract::{Complaint, Place};

/// Variables that begin so and have a double underscore override a key.
const PREFIX: &str = "DESKBELL_";

/// The keys that the environment says, in the order of the variables' names.
pub(super) fn of_environment(
    environment: &BTreeMap<String, String>,
    tree: &Table,
    complaints: &mut Vec<Complaint>,
) -> Vec<Table> {
    let mut tables = Vec::new();
    for (variable, said) in environment {
        let Some(path) = variable.strip_prefix(PREFIX).filter(|path| path.contains("__")) else {
            continue;
        };
        let keys = keys_meant(path, tree);
        let text = format!("{} = {said}", keys.join("."));
        tables.extend(table_of(variable, &keys.join("."), said, text, complaints));
    }
    tables
}

/// The keys that `--set` says, in its order.
pub(super) fn of_sets(sets: &[String], complaints: &mut Vec<Complaint>) -> Vec<Table> {
    let mut tables = Vec::new();
    for set in sets {
        match set.split_once('=') {
            Some((path, said)) => {
                tables.extend(table_of("--set", path, said, set.clone(), complaints));
            }
            None => {
                let file = WrittenFile { path: "--set".to_owned(), text: set.clone() };
                let place = Place { file: Arc::new(file), span: 0..set.len() };
                let complaint = Complaint::error("a value is missing").at(place);
                complaints.push(complaint.hint("--set daemon.shadow=true"));
            }
        }
    }
    tables
}

/// Reads `key = value`. A value that is no TOML is text: nobody wants to quote twice in a shell.
fn table_of(
    origin: &str,
    path: &str,
    said: &str,
    text: String,
    complaints: &mut Vec<Complaint>,
) -> Option<Table> {
    let file = Arc::new(WrittenFile { path: origin.to_owned(), text });
    let mut parsed = written::parse(&file);
    if let Some(first) = parsed.complaints.first().cloned() {
        let start = file.text.len() - said.len();
        let plain = format!("{path} = {}", toml::Value::String(said.trim().to_owned()));
        parsed = written::parse(&Arc::new(WrittenFile { path: origin.to_owned(), text: plain }));
        let place = Place { file: Arc::clone(&file), span: start..file.text.len() };
        place_all(&mut parsed.written, &place);
        if !parsed.complaints.is_empty() {
            complaints.push(first);
            return None;
        }
    }
    match parsed.written.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn place_all(written: &mut Written, place: &Place) {
    written.place = Some(place.clone());
    if let Some(table) = written.table_mut() {
        for (_, key_place, value) in &mut table.entries {
            *key_place = Some(place.clone());
            place_all(value, place);
        }
    }
}

/// Variables know no lower case and no hyphen: an existing key of either spelling is meant.
fn keys_meant(path: &str, tree: &Table) -> Vec<String> {
    let mut at = Some(tree);
    let mut keys = Vec::new();
    for part in path.split("__") {
        let folded = part.to_lowercase();
        let same = |key: &&str| key.to_lowercase().replace('-', "_") == folded;
        let names = at.iter().flat_map(|table| &table.entries).map(|(key, _, _)| key.as_str());
        let key = names.into_iter().find(same).unwrap_or(&folded).to_owned();
        at = at.and_then(|table| table.value(&key)).and_then(Written::table);
        keys.push(quoted(&key));
    }
    keys
}
