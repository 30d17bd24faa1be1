//! Job: reads TOML so that every value keeps its place.
//! Takes: a file.
//! Gives: `Parsed`: its table, syntax errors, and warnings about TOML that is too new.
//! Never: stops at the first syntax error.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Parsed, Table, Value, Written, newer, path};
use crate::complaint::WrittenFile;
use crate::{Complaint, Place};

/// More syntax errors than this are not told: most of them follow from the first.
const ERRORS_MAX: usize = 10;

/// Reads a file. What could not be read is left out of the table and told.
pub fn parse(file: &Arc<WrittenFile>) -> Parsed {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut reading = Reading { file, complaints: Vec::new() };
    let top = reading.table(table.get_ref());
    let written = Written { value: Value::Table(top), place: Some(reading.place(0..0)) };
    let mut complaints = syntax_errors(file, &errors);
    complaints.append(&mut reading.complaints);
    if complaints.is_empty() {
        complaints = newer::warnings(file);
    }
    Parsed { written, complaints }
}

struct Reading<'a> {
    file: &'a Arc<WrittenFile>,
    complaints: Vec<Complaint>,
}

impl Reading<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: Arc::clone(self.file), span }
    }

    fn table(&mut self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let written = self.value(key.get_ref(), value);
            (key.get_ref().to_string(), Some(self.place(key.span())), written)
        });
        Table { entries: entries.collect() }
    }

    fn value(&mut self, key: &str, spanned: &Spanned<DeValue<'_>>) -> Written {
        let span = spanned.span();
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Datetime(datetime) => Value::Datetime(*datetime),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Array(list) => {
                Value::List(list.iter().map(|element| self.value(key, element)).collect())
            }
            DeValue::Integer(digits) => {
                let number = i64::from_str_radix(digits.as_str(), digits.radix());
                Value::Integer(self.number(key, &span, number.ok()).unwrap_or_default())
            }
            DeValue::Float(digits) => {
                let number: Option<f64> = digits.as_str().parse().ok();
                let fits = number.filter(|n| n.is_finite() || digits.as_str().contains("inf"));
                let fits = fits.or(number.filter(|n| n.is_nan()));
                Value::Float(self.number(key, &span, fits).unwrap_or_default())
            }
        };
        Written { value, place: Some(self.place(span)) }
    }

    fn number<T>(&mut self, key: &str, span: &Range<usize>, number: Option<T>) -> Option<T> {
        if number.is_none() {
            let complaint = Complaint::error("this number is too large").key(path::quoted(key));
            self.complaints.push(complaint.at(self.place(span.clone())));
        }
        number
    }
}

fn syntax_errors(file: &Arc<WrittenFile>, errors: &[toml::de::Error]) -> Vec<Complaint> {
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let mut errors: Vec<_> = errors.iter().collect();
    errors.sort_by_key(|error| start(error));
    let mut complaints: Vec<Complaint> = Vec::new();
    let mut last_line = 0;
    for error in errors {
        let place = Place { file: Arc::clone(file), span: error.span().unwrap_or(0..0) };
        let (line, _) = place.line_column();
        if line == last_line {
            continue;
        }
        last_line = line;
        complaints.push(syntax_error(error.message(), place));
        let runs_on = error.message().starts_with("missing comma between")
            || error.message().starts_with("unclosed");
        if runs_on || complaints.len() == ERRORS_MAX {
            break;
        }
    }
    complaints
}

fn syntax_error(said: &str, place: Place) -> Complaint {
    match said {
        "duplicate key" => said_twice(place),
        "string values must be quoted, expected literal string" => {
            Complaint::error("a value is missing, or is text without quotes")
                .at(place)
                .hint("text stands in quotes: key = \"text\"")
        }
        _ => Complaint::error(said).at(place),
    }
}

/// The first key of that name is the nearest one before: a table is one piece of a file.
fn said_twice(place: Place) -> Complaint {
    let text = &place.file.text;
    let name = text.get(place.span.clone()).unwrap_or("").to_owned();
    let before = text.get(..place.span.start).unwrap_or("");
    let first = key_before(before, &name)
        .map(|start| Place { file: Arc::clone(&place.file), span: start..start + name.len() });
    let complaint =
        Complaint::error(format!("the key `{name}` is said twice")).key(&name).at(place);
    match first {
        Some(first) => complaint.and(first, "first said here"),
        None => complaint,
    }
}

fn key_before(text: &str, name: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '\'');
    let found = text.rmatch_indices(name).find(|(start, _)| {
        let line = text[..*start].rsplit('\n').next().unwrap_or("");
        let after = text[start + name.len()..].trim_start_matches([' ', '\t']);
        let whole = !line.ends_with(is_word) && after.starts_with(['=', ']', '.']);
        whole && !line.contains(['#', '"'])
    });
    found.map(|(start, _)| start)
}
