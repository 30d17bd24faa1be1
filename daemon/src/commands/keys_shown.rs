//! Job: the keys of a plugin, read off the configuration's schema.
//! Takes: the schema, a role, a plugin's name.
//! Gives: each key with its type, default and meaning; nested tables as dotted keys.
//! Never: follows a schema deeper than tables are written.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// A table in a table in a table is as deep as anybody writes.
const DEPTH_MAX: usize = 3;

/// More words than this are told apart from the type.
const WORDS_IN_LINE_MAX: usize = 6;

/// A key of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Key {
    /// As it is written: `url`, `delivery.attempts`.
    pub(super) name: String,
    /// What it takes: `text`, `a length of time, such as "90s"`, `"a" or "b"`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The words it takes, where these are many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) words: Vec<String>,
    /// Whether it must be there; in a table that may be absent, once the table is there.
    pub(super) required: bool,
    /// What counts without it, as it would be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<String>,
    /// What it means.
    pub(super) meaning: String,
}

/// The keys of a plugin in a role, in the order of the schema.
pub(super) fn keys(whole: &Value, role: &str, plugin: &str) -> Vec<Key> {
    let pointer = format!("/properties/{role}/properties/{plugin}/additionalProperties");
    let mut keys = Vec::new();
    if let Some(table) = whole.pointer(&pointer) {
        collect(whole, "", table, DEPTH_MAX, &mut keys);
    }
    keys
}

fn collect(whole: &Value, path: &str, table: &Value, depth: usize, keys: &mut Vec<Key>) {
    let table = resolved(whole, table);
    let required: BTreeSet<&str> = table["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for (name, schema) in table["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let inner = resolved(whole, schema);
        if inner["properties"].is_object() && depth > 1 {
            collect(whole, &path, inner, depth - 1, keys);
            continue;
        }
        keys.push(Key {
            kind: kind(whole, schema),
            words: words(whole, schema),
            required: required.contains(name.as_str()),
            default: schema.get("default").filter(|d| !d.is_null()).map(Value::to_string),
            meaning: meaning(whole, schema),
            name: path,
        });
    }
}

/// What a schema refers to; a reference may stand alone, in a list of one, or beside `null`.
fn resolved<'a>(whole: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..8 {
        let named = schema["$ref"].as_str().and_then(|named| named.strip_prefix('#'));
        let only = |list: &str| match schema[list].as_array().map(Vec::as_slice) {
            Some([one]) => Some(one),
            Some([one, null]) if null["type"] == "null" => Some(one),
            _ => None,
        };
        schema = match named.and_then(|pointer| whole.pointer(pointer)) {
            Some(named) => named,
            None => match only("allOf").or_else(|| only("anyOf")) {
                Some(one) => one,
                None => return schema,
            },
        };
    }
    schema
}

fn meaning(whole: &Value, schema: &Value) -> String {
    let own = schema["description"].as_str();
    let said = own.or_else(|| resolved(whole, schema)["description"].as_str());
    said.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(whole: &Value, schema: &Value) -> String {
    let schema = resolved(whole, schema);
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    let several = |list: &[Value]| {
        let kinds: Vec<String> =
            list.iter().filter(|one| one["type"] != "null").map(|one| kind(whole, one)).collect();
        kinds.join(" or ")
    };
    if schema["enum"].is_array() {
        let words = enumerated(schema);
        return match words.len() {
            0..=WORDS_IN_LINE_MAX => words.join(" or "),
            many => format!("one of {many} words"),
        };
    }
    for list in ["anyOf", "oneOf"] {
        if let Some(list) = schema[list].as_array() {
            return several(list);
        }
    }
    match type_of(schema) {
        Some("array") => format!("a list of {}", kind(whole, &schema["items"])),
        Some("string") => text_kind(schema),
        Some("integer") => "a whole number".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("object") => table_kind(schema),
        _ => "any value".to_owned(),
    }
}

fn enumerated(schema: &Value) -> Vec<String> {
    let words = schema["enum"].as_array().into_iter().flatten();
    words.filter(|word| !word.is_null()).map(Value::to_string).collect()
}

/// The words of a key, or of the items of its list, where they are too many for its type's line.
fn words(whole: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(whole, schema);
    let words = match schema.get("items") {
        Some(items) => enumerated(resolved(whole, items)),
        None => enumerated(schema),
    };
    if words.len() > WORDS_IN_LINE_MAX { words } else { Vec::new() }
}

/// Text of a known form says so by an example in its description.
fn text_kind(schema: &Value) -> String {
    let said = schema["description"].as_str().unwrap_or_default();
    match (schema["pattern"].is_string(), said.split_once("such as ")) {
        (true, Some((_, example))) => format!("text such as {}", example.trim_end_matches('.')),
        _ => "text".to_owned(),
    }
}

fn table_kind(schema: &Value) -> String {
    let names: Vec<&str> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    match names.as_slice() {
        [] => "a table".to_owned(),
        [one] => format!("{{ {one} = … }}"),
        several => format!("a table of {}", several.join(", ")),
    }
}

fn type_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Value {
        json!({
            "properties": { "sink": { "properties": { "bell": { "additionalProperties": {
                "required": ["url"],
                "properties": {
                    "url": { "type": "string", "description": "Where\n to." },
                    "form": { "anyOf": [{ "$ref": "#/definitions/Form" }, { "type": "null" }] },
                    "fields": { "type": ["array", "null"], "items": { "type": "string" },
                        "default": ["id"], "description": "What." },
                    "delivery": { "description": "How.", "allOf": [{ "$ref": "#/definitions/D" }] },
                    "secret": { "oneOf": [
                        { "properties": { "env": { "type": "string" } }, "type": "object" },
                        { "properties": { "file": { "type": "string" } }, "type": "object" } ] },
                }
            } } } } },
            "definitions": {
                "Form": { "enum": ["a", "b"], "description": "Which form." },
                "D": { "properties": { "timeout": { "$ref": "#/definitions/Span" } } },
                "Span": { "type": "string", "pattern": "x",
                    "description": "A length of time, such as \"90s\"." },
            }
        })
    }

    #[test]
    fn every_key_is_told_with_type_default_and_meaning() {
        let told = keys(&whole(), "sink", "bell").into_iter().map(|key| {
            let Key { name, kind, required, default, meaning, .. } = key;
            format!("{name} | {kind} | {required} | {} | {meaning}", default.unwrap_or_default())
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
        delivery.timeout | text such as "90s" | false |  | A length of time, such as "90s".
        fields | a list of text | false | ["id"] | What.
        form | "a" or "b" | false |  | Which form.
        secret | { env = … } or { file = … } | false |  | 
        url | text | true |  | Where to.
        "#);
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_an_end() {
        let whole = json!({ "properties": { "sink": { "properties": { "loop": {
            "additionalProperties": { "$ref": "#/definitions/Loop" } } } } },
            "definitions": { "Loop": { "$ref": "#/definitions/Loop" } } });
        assert!(keys(&whole, "sink", "loop").is_empty());
    }
}
