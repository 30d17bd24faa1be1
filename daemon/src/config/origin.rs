//! Job: shows the effective values and where each came from.
//! Takes: the tree after every layer.
//! Gives: TOML, with file and line behind each value where asked.
//! Never: shows a secret: only where it is kept.

use contract::text;
use contract::written::{Table, Value, Written, joined, quoted};

use super::masks::masked;

/// Whether each value says where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Values only.
    Hidden,
    /// With file and line behind each.
    Shown,
}

/// The effective values as TOML. Tables inside a section are written as dotted keys, so that each
/// value has a line, and an origin, of its own.
pub fn show(effective: &Table, origin: Origin) -> String {
    let mut shown = Shown { origin, text: String::new() };
    for (key, _, value) in &effective.entries {
        // What stands in these two has gone where it belongs.
        if !matches!(key.as_str(), "default" | "patch") {
            shown.section(&quoted(key), value, levels(key));
        }
    }
    shown.text.trim_start().to_owned()
}

/// How many keys make the header of a section: `[sink.PLUGIN.NAME]` has three.
fn levels(section: &str) -> usize {
    match section {
        "source" | "sink" => 3,
        "team" => 2,
        _ => 1,
    }
}

struct Shown {
    origin: Origin,
    text: String,
}

impl Shown {
    fn section(&mut self, header: &str, written: &Written, levels: usize) {
        match &written.value {
            Value::Table(table) if levels > 1 => {
                for (key, _, value) in &table.entries {
                    self.section(&joined(header, &quoted(key)), value, levels - 1);
                }
            }
            Value::Table(table) => {
                self.text += &format!("\n[{}]\n", text::clean(header));
                self.lines("", table);
            }
            Value::List(list) if list.iter().all(|each| each.table().is_some()) => {
                for table in list.iter().filter_map(Written::table) {
                    self.text += &format!("\n[[{}]]\n", text::clean(header));
                    self.lines("", table);
                }
            }
            _ => self.line(header, written),
        }
    }

    fn lines(&mut self, path: &str, table: &Table) {
        for (key, _, value) in &table.entries {
            let path = joined(path, &quoted(key));
            match &value.value {
                Value::Table(table) if table.entries.len() > 1 => self.lines(&path, table),
                _ => self.line(&path, value),
            }
        }
    }

    fn line(&mut self, key: &str, written: &Written) {
        let line = masked(&format!("{key} = {}", inline(written)));
        self.text += &text::clean(&line);
        if let (Origin::Shown, Some(place)) = (self.origin, written.place.as_ref()) {
            let (line, _) = place.line_column();
            self.text += &format!("  # {}:{line}", text::clean(&place.file.path));
        }
        self.text.push('\n');
    }
}

fn inline(written: &Written) -> String {
    match &written.value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => toml::Value::Float(*number).to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Datetime(datetime) => datetime.to_string(),
        Value::List(list) => {
            format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pairs = table.entries.iter();
            let pairs = pairs.map(|(key, _, value)| format!("{} = {}", quoted(key), inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
