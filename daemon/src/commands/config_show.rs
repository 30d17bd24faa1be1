//! Job: `deskbell config show`: the values that count, and where each came from.
//! Takes: the configuration.
//! Gives: TOML, or JSON.
//! Never: shows a secret; only where it is kept.

use contract::written::{Table, Value, joined, quoted};
use serde_json::{Map, json};

use super::cli::Output;
use super::failure::Failure;
use super::{Caller, loading};
use crate::app::exit::Exit;
use crate::config::origin::{self, Origin};

/// Shows the effective configuration, even one in which something is wrong.
pub(super) fn run(caller: &Caller, with_origin: bool, output: Output) -> Result<Exit, Failure> {
    let loaded = caller.load();
    let exit = if loaded.usable.is_some() { Exit::Ok } else { Exit::Configuration };
    if exit != Exit::Ok {
        loading::complain(&loaded.complaints, &caller.environment);
    }
    if output.json {
        caller.screen.document(&document(&loaded.effective, with_origin)?)?;
    } else {
        let wanted = if with_origin { Origin::Shown } else { Origin::Hidden };
        caller.screen.say(&origin::show(&loaded.effective, wanted))?;
    }
    Ok(exit)
}

/// What is shown as text is masked already, and it is TOML: so it is read again.
fn document(effective: &Table, with_origin: bool) -> Result<serde_json::Value, Failure> {
    let text = origin::show(effective, Origin::Hidden);
    let values: toml::Table = toml::from_str(&text)
        .map_err(|wrong| Failure::failed(format!("our mistake: {}", wrong.message())))?;
    if !with_origin {
        return Ok(json!({ "values": values }));
    }
    let mut origins = Map::new();
    collect("", effective, &mut origins);
    Ok(json!({ "values": values, "origin": origins }))
}

fn collect(path: &str, table: &Table, origins: &mut Map<String, serde_json::Value>) {
    for (key, _, written) in &table.entries {
        let path = joined(path, &quoted(key));
        match &written.value {
            Value::Table(inner) => collect(&path, inner, origins),
            Value::List(list) if list.iter().all(|each| each.table().is_some()) => {
                for (index, inner) in list.iter().enumerate() {
                    if let Some(inner) = inner.table() {
                        collect(&format!("{path}[{index}]"), inner, origins);
                    }
                }
            }
            _ => {
                if let Some(place) = &written.place {
                    let (line, column) = place.line_column();
                    let told = json!({ "file": place.file.path, "line": line, "column": column });
                    origins.insert(path, told);
                }
            }
        }
    }
}
