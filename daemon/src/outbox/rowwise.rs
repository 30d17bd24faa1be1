//! Job: inserts many rows with few statements.
//! Takes: values, column by column and row by row, and how many rows there will be.
//! Gives: rows; `MANY` of them at a time as long as there are so many left.
//! Never: holds a value; each is bound where it stands.

use rusqlite::{CachedStatement, Connection, ToSql};

/// How many rows one statement inserts: opening a table and its indices costs as much as a row.
const MANY: usize = 16;

pub(super) struct Rowwise<'a> {
    many: CachedStatement<'a>,
    one: CachedStatement<'a>,
    left: usize,
    /// Rows bound in `many`; unused while `one` serves.
    bound: usize,
    column: usize,
    by_many: bool,
}

impl<'a> Rowwise<'a> {
    /// For `rows` rows of `width` columns each.
    pub(super) fn new(
        store: &'a Connection,
        insert: &str,
        width: usize,
        rows: usize,
    ) -> rusqlite::Result<Self> {
        let row = format!("({})", vec!["?"; width].join(", "));
        let many = store
            .prepare_cached(&format!("{insert} VALUES {}", [row.as_str(); MANY].join(", ")))?;
        let one = store.prepare_cached(&format!("{insert} VALUES {row}"))?;
        Ok(Self { many, one, left: rows, bound: 0, column: 0, by_many: rows >= MANY })
    }

    /// Binds the next column of this row.
    pub(super) fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.column += 1;
        let rows = if self.by_many { &mut self.many } else { &mut self.one };
        rows.raw_bind_parameter(self.column, value)
    }

    /// Ends this row.
    pub(super) fn end(&mut self) -> rusqlite::Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.by_many {
            self.bound += 1;
            if self.bound < MANY {
                return Ok(());
            }
            self.many.raw_execute()?;
        } else {
            self.one.raw_execute()?;
        }
        (self.bound, self.column) = (0, 0);
        self.by_many = self.left >= MANY;
        Ok(())
    }
}
