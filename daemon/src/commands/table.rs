//! Job: columns that stand under each other, and words that are painted.
//! Takes: cells with a tone.
//! Gives: text, each line clean for a terminal.
//! Never: pads the last column, or measures what only paints.

use contract::text::clean;

use crate::config::complain::Paint;

/// How a word is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    Plain,
    /// All is well.
    Good,
    /// Look at it.
    Wary,
    /// A person must act.
    Bad,
    /// Read it if you have time.
    Faint,
}

/// Which side of its column a cell stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A word with its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A word, made clean.
    pub(super) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: clean(text.as_ref()), tone }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::new(number.to_string(), Tone::Plain)
    }
}

/// Rows whose cells stand under each other.
pub(super) struct Table {
    head: Vec<(&'static str, Side)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns; a table of empty heads has no head line.
    pub(super) fn new<const N: usize>(head: [(&'static str, Side); N]) -> Self {
        Self { head: head.into(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are left out.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The table as text, each line indented by two.
    pub(super) fn text(&self, paint: Paint) -> String {
        let widths: Vec<usize> = (0..self.head.len()).map(|column| self.width(column)).collect();
        let mut text = String::new();
        if self.head.iter().any(|(name, _)| !name.is_empty()) {
            let head = self.head.iter().map(|(name, _)| Cell::new(name, Tone::Faint));
            text += &self.line(&head.collect::<Vec<_>>(), &widths, paint);
        }
        for row in &self.rows {
            text += &self.line(row, &widths, paint);
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width);
        cells.chain([self.head[column].0.chars().count()]).max().unwrap_or(0)
    }

    fn line(&self, row: &[Cell], widths: &[usize], paint: Paint) -> String {
        let filled = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
        let mut line = String::new();
        for (index, ((cell, width), (_, side))) in
            row.iter().zip(widths).zip(&self.head).take(filled).enumerate()
        {
            let room = " ".repeat(width - cell.width());
            line += "  ";
            if *side == Side::Right {
                line += &room;
            }
            line += &painted(&cell.text, cell.tone, paint);
            if *side == Side::Left && index + 1 < filled {
                line += &room;
            }
        }
        line + "\n"
    }
}

/// Words in their tone; clean already, or ours.
pub(super) fn painted(text: &str, tone: Tone, paint: Paint) -> String {
    let code = match (paint, tone) {
        (Paint::Plain, _) | (_, Tone::Plain) => return text.to_owned(),
        (Paint::Colours, Tone::Good) => "32",
        (Paint::Colours, Tone::Wary) => "33",
        (Paint::Colours, Tone::Bad) => "1;31",
        (Paint::Colours, Tone::Faint) => "2",
    };
    if text.is_empty() { String::new() } else { format!("\u{1b}[{code}m{text}\u{1b}[0m") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table =
            Table::new([("sink", Side::Left), ("waiting", Side::Right), ("", Side::Left)]);
        table.row(vec!["console.log".into(), 7.into(), "".into()]);
        let bad = Cell::new("DOWN\u{1b}[2J", Tone::Bad);
        table.row(vec!["crm".into(), 12_345.into(), bad]);
        table
    }

    #[test]
    fn cells_stand_under_each_other_and_are_clean() {
        insta::assert_snapshot!(table().text(Paint::Plain), @r"
          sink         waiting
          console.log        7
          crm            12345  DOWN[2J
        ");
    }

    #[test]
    fn paint_takes_no_room() {
        let painted = table().text(Paint::Colours);
        assert!(painted.contains("\u{1b}[1;31mDOWN[2J\u{1b}[0m\n"), "{painted:?}");
        let mut plain = painted;
        for code in ["\u{1b}[1;31m", "\u{1b}[2m", "\u{1b}[0m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, table().text(Paint::Plain));
    }

    #[test]
    fn a_table_without_heads_has_no_head_line() {
        let mut table = Table::new([("", Side::Left)]);
        table.row(vec!["one".into()]);
        assert_eq!(table.text(Paint::Plain), "  one\n");
    }
}
