//! Job: the schema that editors complete from is the one that this build reads.
//! Takes: the generated schema, the committed one, and the built-in file.
//! Gives: a failure that says which command renews it.
//! Never: describes a key that the built-in file does not.

use std::collections::BTreeSet;
use std::path::Path;

use deskbell::config::schema;
use serde_json::Value;

use super::{catalog, examples};

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/deskbell.schema.json")
}

#[test]
fn the_committed_schema_is_what_this_build_generates() {
    let generated = schema::text(&catalog::catalog());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(committed(), &generated).expect("written");
    }
    let same = std::fs::read_to_string(committed()).is_ok_and(|text| text == generated);
    assert!(same, "deskbell schema > config/deskbell.schema.json");
}

#[test]
fn a_key_without_a_line_in_the_built_in_file_does_not_exist() {
    let whole: Value =
        serde_json::from_str(&schema::text(&catalog::catalog())).expect("the schema is JSON");
    let mut keys = BTreeSet::new();
    keys_of("", &whole, &whole, &mut keys);
    assert!(keys.contains("daemon.time_zone") && keys.contains("rule.when.amount"), "{keys:#?}");
    let named: BTreeSet<String> = examples::named().iter().map(|path| generic(path)).collect();
    let missing: Vec<_> = keys.iter().filter(|key| !named.contains(*key)).collect();
    assert!(missing.is_empty(), "without a line in config/deskbell.toml: {missing:#?}");
}

/// A path with `*` in place of the names that an admin chooses.
fn generic(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let star = match parts.as_slice() {
        ["source" | "sink", _, _, ..] => 2,
        ["team", _, ..] => 1,
        _ => return path.to_owned(),
    };
    let starred = parts.iter().enumerate().map(|(at, part)| if at == star { "*" } else { part });
    starred.collect::<Vec<_>>().join(".")
}

/// What is told elsewhere: the same keys again, or the forms of one value.
const AGAIN: [&str; 8] = [
    "default.sink",
    "default.rule",
    "patch",
    "rule.when.any",
    "rule.when.not",
    "rule.ring_by",
    "intake.ignore",
    "money.rates",
];

/// Every path of properties.
fn keys_of(path: &str, schema: &Value, whole: &Value, keys: &mut BTreeSet<String>) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.rsplit('/').next().unwrap_or(name);
        return keys_of(path, &whole["definitions"][name], whole, keys);
    }
    if AGAIN.iter().any(|again| path.starts_with(again)) || path.ends_with("*.delivery") {
        return;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        keys_of(&path, property, whole, keys);
        // The forms of a value are told where its key is.
        let is_form = ["credential", "env", "file", "contains", "starts", "regex", "over", "under"];
        let told_once = path.contains("*.delivery") || path.ends_with("*.update");
        if !told_once && (!is_form.contains(&name.as_str()) || path.matches('.').count() < 3) {
            keys.insert(path);
        }
    }
    if path.matches('.').count() < 2 && schema["additionalProperties"].is_object() {
        keys_of(&format!("{path}.*"), &schema["additionalProperties"], whole, keys);
    }
    for each in ["allOf", "anyOf"] {
        for part in schema[each].as_array().into_iter().flatten() {
            keys_of(path, part, whole, keys);
        }
    }
    if schema["items"].is_object() {
        keys_of(path, &schema["items"], whole, keys);
    }
}
