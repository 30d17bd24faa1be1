//! Job: the figures, made to be read.
//! Takes: figures and the machine.
//! Gives: an aligned table for a terminal, the same as Markdown, and JSON.
//! Never: hides a remark.

use std::io::Write as _;

use serde_json::Value;

use crate::figures::{Figure, Figures};
use crate::machine::Machine;

const OURS: &str = "deskbell";
const PEER: &str = "node";
const HEAD: [&str; 6] = ["measure", "unit", OURS, "floor", PEER, "times better"];

/// Says on standard error what is being run.
pub(crate) fn progress(line: &str) {
    // A closed standard error must not end a measurement.
    let _ = writeln!(std::io::stderr(), "· {line}");
}

/// Writes a text to standard output.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    std::io::stdout().write_all(text.as_bytes())
}

/// Renders the table for a terminal.
pub(crate) fn text(figures: &Figures) -> String {
    let rows = rows(figures);
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| match column {
                0 | 1 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    for remark in &figures.remarks {
        text.push_str(&format!("! {remark}\n"));
    }
    text
}

/// Renders the machine, the table and the remarks as Markdown.
pub(crate) fn markdown(figures: &Figures, machine: &Machine) -> String {
    let mut text = String::new();
    for (name, value) in machine {
        text.push_str(&format!("- {name}: {value}\n"));
    }
    text.push('\n');
    for (at, row) in rows(figures).iter().enumerate() {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
        if at == 0 {
            text.push_str("|---|---|--:|--:|--:|--:|\n");
        }
    }
    if !figures.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &figures.remarks {
        text.push_str(&format!("- {remark}\n"));
    }
    text
}

/// Renders everything for a program.
pub(crate) fn json(figures: &Figures, machine: &Machine) -> Value {
    let machine =
        machine.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    let mut all = figures.json();
    all["machine"] = Value::Object(machine.collect());
    all["command"] = std::env::args().skip(1).collect();
    all
}

fn rows(figures: &Figures) -> Vec<[String; 6]> {
    let head = HEAD.map(str::to_owned);
    std::iter::once(head).chain(figures.all.iter().map(row)).collect()
}

fn row(figure: &Figure) -> [String; 6] {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let floor = match (figure.measure.floor, figure.is_met(OURS)) {
        (None, _) => String::new(),
        (Some(floor), None) => number(floor),
        (Some(floor), Some(true)) => format!("{} met", number(floor)),
        (Some(floor), Some(false)) => format!("{} MISSED", number(floor)),
    };
    [
        figure.measure.name.clone(),
        figure.measure.unit.to_owned(),
        shown(figure.median(OURS)),
        floor,
        shown(figure.median(PEER)),
        figure.ratio(OURS, PEER).map_or_else(String::new, |ratio| format!("{ratio:.2}")),
    ]
}

/// Writes a number with three or four digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => grouped(value.round() as i64),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn grouped(number: i64) -> String {
    let digits = number.abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Measure;

    fn figures() -> Figures {
        let mut figures = Figures::default();
        let rate = || Measure::more("console, 10 rules: rings", "1/s").floor(80_000.0);
        figures.read(OURS, rate(), 151_234.4);
        figures.read(PEER, rate(), 75_600.0);
        figures.read(OURS, Measure::less("memory, idle", "MB").floor(25.0), 31.25);
        figures.remarks.push("node, webhook: lost 3 of 90,000".into());
        figures
    }

    #[test]
    fn the_table_is_aligned_and_ends_with_the_remarks() {
        let expected = "\
measure                   unit  deskbell        floor    node  times better
console, 10 rules: rings  1/s    151,234   80,000 met  75,600          2.00
memory, idle              MB        31.2  25.0 MISSED       –
! node, webhook: lost 3 of 90,000
";
        assert_eq!(text(&figures()), expected);
    }

    #[test]
    fn markdown_has_the_machine_first() {
        let machine = vec![("cores", "2".to_owned())];
        let expected = "\
- cores: 2

| measure | unit | deskbell | floor | node | times better |
|---|---|--:|--:|--:|--:|
| console, 10 rules: rings | 1/s | 151,234 | 80,000 met | 75,600 | 2.00 |
| memory, idle | MB | 31.2 | 25.0 MISSED | – |  |

- node, webhook: lost 3 of 90,000
";
        assert_eq!(markdown(&figures(), &machine), expected);
    }

    #[test]
    fn numbers_keep_the_digits_that_mean_something() {
        let cases = [
            (0.104, "0.10"),
            (12.34, "12.3"),
            (999.4, "999"),
            (1_000.0, "1,000"),
            (1_234_567.8, "1,234,568"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }
}
