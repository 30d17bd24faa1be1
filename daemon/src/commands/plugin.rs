//! Job: `deskbell plugin`: the plugins of this build, and every key of each.
//! Takes: the catalog, and the schema that the configuration is checked by.
//! Gives: a list; for one plugin its keys with type, default and meaning, and an example.
//! Never: describes a key in words of its own.

use contract::plugin::Info;
use contract::text::clean;
use serde::Serialize;
use serde_json::Value;

use super::Caller;
use super::cli::Output;
use super::failure::Failure;
use super::keys_shown::{Key, keys};
use super::table::{Side, Table, Tone, painted};
use crate::app::catalog::catalog;
use crate::app::exit::Exit;
use crate::config::complain::Paint;
use crate::config::schema;

#[derive(Serialize)]
struct PluginDocument {
    name: &'static str,
    /// `source` or `sink`.
    role: &'static str,
    summary: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'static str>,
}

fn plugins() -> Vec<(&'static str, Info)> {
    let catalog = catalog();
    let sources = catalog.sources.iter().map(|entry| ("source", entry.info));
    let sinks = catalog.sinks.iter().map(|entry| ("sink", entry.info));
    sources.chain(sinks).collect()
}

/// Lists the plugins.
pub(super) fn list(caller: &Caller, output: Output) -> Result<Exit, Failure> {
    let plugins = plugins();
    if output.json {
        let brief = |(role, info): &(&'static str, Info)| PluginDocument {
            name: info.name,
            role,
            summary: info.summary,
            keys: Vec::new(),
            example: None,
        };
        caller.screen.document(&plugins.iter().map(brief).collect::<Vec<_>>())?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["plugin", "plays", ""].map(|name| (name, Side::Left)));
    for (role, info) in &plugins {
        table.row(vec![info.name.into(), (*role).into(), info.summary.into()]);
    }
    let text = table.text(caller.screen.paint);
    caller.screen.say(&(text + "\n  every key of one: deskbell plugin show NAME\n"))?;
    Ok(Exit::Ok)
}

/// Shows one plugin with all its keys.
pub(super) fn show(caller: &Caller, name: &str, output: Output) -> Result<Exit, Failure> {
    let plugins = plugins();
    let found: Vec<_> = plugins.iter().filter(|(_, info)| info.name == name).collect();
    if found.is_empty() {
        let names: Vec<&str> = plugins.iter().map(|(_, info)| info.name).collect();
        let failure = Failure::failed(format!("there is no plugin \"{}\"", clean(name)));
        return Err(match contract::written::nearest(name, names.iter().copied()) {
            Some(meant) => failure.hint(format!("did you mean {meant}?")),
            None => failure.hint(format!("there are: {}", names.join(", "))),
        });
    }
    let whole: Value = serde_json::from_str(&schema::text(&catalog())).map_err(Failure::failed)?;
    let documents = found.into_iter().map(|(role, info)| PluginDocument {
        name: info.name,
        role,
        summary: info.summary,
        keys: keys(&whole, role, info.name),
        example: Some(info.example),
    });
    let documents: Vec<PluginDocument> = documents.collect();
    match output.json {
        true => caller.screen.document(&documents)?,
        false => {
            let text = documents.iter().map(|one| render(one, caller.screen.paint));
            caller.screen.say(&text.collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(Exit::Ok)
}

fn render(plugin: &PluginDocument, paint: Paint) -> String {
    let head = format!("[{}.{}.NAME]", plugin.role, plugin.name);
    let head = painted(&head, Tone::Good, paint);
    let mut text = format!("{head}  {}\n\n", plugin.summary);
    for key in &plugin.keys {
        let standing = match (&key.default, key.required) {
            (Some(default), _) => format!("default {default}"),
            (None, true) => match key.name.rsplit_once('.') {
                Some((table, _)) => format!("required in {table}"),
                None => painted("required", Tone::Wary, paint),
            },
            (None, false) => "optional".to_owned(),
        };
        text += &format!("  {}  {} · {standing}\n", key.name, key.kind);
        let words = key.words.join(", ");
        for line in [&key.meaning, &words].into_iter().flat_map(|said| wrapped(said, 84)) {
            text += &format!("      {line}\n");
        }
    }
    text += "\n  for example\n\n";
    for line in plugin.example.unwrap_or_default().lines() {
        text += format!("      {line}").trim_end();
        text += "\n";
    }
    text
}

/// The words over lines of at most so many characters.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 3), ["unbreakable"]);
        assert!(wrapped(" ", 3).is_empty());
    }

    #[test]
    fn every_plugin_of_the_build_shows_its_keys_and_an_example() {
        let whole: Value = serde_json::from_str(&schema::text(&catalog())).unwrap();
        for (role, info) in plugins() {
            let keys = keys(&whole, role, info.name);
            assert!(!keys.is_empty(), "{}", info.name);
            for key in &keys {
                assert!(!key.meaning.is_empty(), "{}: {} means nothing", info.name, key.name);
                assert!(!key.kind.is_empty(), "{}: {} is of no type", info.name, key.name);
            }
            assert!(!info.example.is_empty(), "{}", info.name);
        }
    }
}
