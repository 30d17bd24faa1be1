//! Job: the JSON Schema of the whole configuration, for editors.
//! Takes: the sections' own schemas, and those of the catalog's plugins.
//! Gives: one schema, the same for the same build.
//! Never: describes a key that is not read.

use contract::Catalog;
use contract::plugin::Update;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::daemon_section::DaemonSection;
use super::delivery::DeliverySection;
use super::history::HistorySection;
use super::intake::IntakeSection;
use super::money::MoneySection;
use super::team::TeamSection;
use super::web::WebSection;
use crate::rules::{Message, Rule};

/// The schema as text, as it stands in `config/deskbell.schema.json`.
pub fn text(catalog: &Catalog) -> String {
    let schema = whole(catalog);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text + "\n"
}

fn whole(catalog: &Catalog) -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let one = &mut generator;
    let sections = json!({
        "include": {
            "description": "Further files, from the folder of this one, in the order of names.",
            "type": "array",
            "items": { "type": "string" }
        },
        "daemon": section::<DaemonSection>(one),
        "money": section::<MoneySection>(one),
        "history": section::<HistorySection>(one),
        "intake": section::<IntakeSection>(one),
        "web": section::<WebSection>(one),
        "source": sources(catalog, one),
        "sink": sinks(catalog, one, Each::Required),
        "team": {
            "description": "People, by the sinks that reach them: [team.NAME].",
            "type": "object",
            "additionalProperties": one.subschema_for::<TeamSection>()
        },
        "rule": {
            "description": "When to ring, and whom; in order.",
            "type": "array",
            "items": one.subschema_for::<Rule>()
        },
        "default": defaults(catalog, one),
        "patch": {
            "description": "Changes rules of earlier files.",
            "type": "object",
            "properties": { "rule": {
                "description": "What changes, by the rule's name: [patch.rule.\"NAME\"].",
                "type": "object",
                "additionalProperties": section::<Rule>(one)
            } },
            "additionalProperties": false
        }
    });
    let definitions = used(generator.take_definitions(true), &sections);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Deskbell",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
        "definitions": definitions
    })
}

/// The definitions that something refers to: plugins' own stand in their tables.
fn used(mut definitions: Map<String, Value>, sections: &Value) -> Map<String, Value> {
    loop {
        let text = sections.to_string() + &Value::Object(definitions.clone()).to_string();
        let before = definitions.len();
        definitions.retain(|name, _| text.contains(&format!("\"#/definitions/{name}\"")));
        if definitions.len() == before {
            return definitions;
        }
    }
}

/// A section need not say what has a default: nothing in it is required.
fn section<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema: Schema = T::json_schema(generator);
    schema.remove("required");
    schema.to_value()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Each {
    /// An instance says what its plugin needs.
    Required,
    /// A default may say any of it.
    Optional,
}

fn sources(catalog: &Catalog, generator: &mut SchemaGenerator) -> Value {
    let plugins = catalog.sources.iter().map(|entry| {
        let own = (entry.schema)(generator);
        (entry.info.name.to_owned(), by_instance(entry.info.summary, own.to_value()))
    });
    let plugins: Map<String, Value> = plugins.collect();
    json!({
        "description": "Where events come from: [source.PLUGIN.NAME].",
        "type": "object",
        "properties": plugins,
        "additionalProperties": false
    })
}

fn sinks(catalog: &Catalog, generator: &mut SchemaGenerator, each: Each) -> Value {
    let mut plugins = Map::new();
    for entry in &catalog.sinks {
        let own = (entry.schema)(generator);
        let sink = with_delivery(own, generator, each);
        let sink = match each {
            Each::Required => by_instance(entry.info.summary, sink),
            Each::Optional => sink,
        };
        plugins.insert(entry.info.name.to_owned(), sink);
    }
    json!({
        "description": "Where notes go: [sink.PLUGIN.NAME].",
        "type": "object",
        "properties": plugins,
        "additionalProperties": false
    })
}

fn by_instance(summary: &str, instance: Value) -> Value {
    json!({ "description": summary, "type": "object", "additionalProperties": instance })
}

/// A plugin's keys, and those that the daemon reads of every sink.
fn with_delivery(own: Schema, generator: &mut SchemaGenerator, each: Each) -> Value {
    let mut keys = resolved(own.to_value(), generator);
    let Some(table) = keys.as_object_mut() else { return keys };
    if each == Each::Optional {
        table.remove("required");
    }
    let properties = table.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(
            "delivery".to_owned(),
            described(
                generator.subschema_for::<DeliverySection>(),
                "How its deliveries are treated.",
            ),
        );
        properties.insert(
            "update".to_owned(),
            described(
                generator.subschema_for::<Update>(),
                "What a later state of a booking becomes; default: the best the sink can do.",
            ),
        );
    }
    keys
}

fn described(schema: Schema, words: &str) -> Value {
    json!({ "description": words, "allOf": [schema.to_value()] })
}

/// A plugin's schema itself, where the generator gave a reference to it.
pub(super) fn resolved(schema: Value, generator: &SchemaGenerator) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name)).cloned().unwrap_or(schema)
}

fn defaults(catalog: &Catalog, generator: &mut SchemaGenerator) -> Value {
    json!({
        "description": "What counts where an instance or a rule says nothing.",
        "type": "object",
        "properties": {
            "sink": sinks(catalog, generator, Each::Optional),
            "delivery": generator.subschema_for::<DeliverySection>(),
            "rule": section::<Rule>(generator),
            "message": generator.subschema_for::<Message>()
        },
        "additionalProperties": false
    })
}
