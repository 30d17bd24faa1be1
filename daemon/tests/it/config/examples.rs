//! Job: every file under `config/` is what it says.
//! Takes: `config/deskbell.toml` and `config/examples`.
//! Gives: a failure where one of them is not read, or a key is told that is not there.
//! Never: leaves a file out: the folder is walked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::complaint::WrittenFile;
use contract::written::{Table, Value, parse};
use deskbell::config::{BUILT_IN, LoadRequest, load};

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

/// Every path of keys that the built-in file names, whether in use or commented.
pub(super) fn named() -> Vec<String> {
    let file = WrittenFile { path: "deskbell.toml".to_owned(), text: uncommented() };
    let mut named = Vec::new();
    if let Value::Table(table) = parse(&Arc::new(file)).written.value {
        collect("", &table, &mut named);
    }
    named
}

fn collect(path: &str, table: &Table, named: &mut Vec<String>) {
    for (key, _, value) in &table.entries {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &value.value {
            Value::Table(inside) => collect(&path, inside, named),
            Value::List(list) => {
                for each in list.iter().filter_map(|each| each.table()) {
                    collect(&path, each, named);
                }
            }
            _ => {}
        }
        named.push(path);
    }
}
