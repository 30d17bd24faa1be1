//! Job: small numbers for names that repeat.
//! Takes: names of sinks, rules, sources, feeds, reasons.
//! Gives: each one's number, the same for ever.
//! Never: forgets a name; there are as many as the configuration ever had.

use std::collections::HashMap;

use rusqlite::Connection;

/// What kind of name; its number stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Sink = 0,
    Rule = 1,
    Source = 2,
    Feed = 3,
    Reason = 4,
}

#[derive(Default)]
pub(super) struct Names {
    known: [HashMap<Box<str>, i64>; 5],
    /// The name asked for last, of each kind: nearly always the next one too.
    last: [(Box<str>, i64); 5],
}

impl Names {
    /// Reads all names: at open, and after a transaction that failed.
    pub(super) fn read(store: &Connection) -> rusqlite::Result<Self> {
        let mut names = Self::default();
        let mut query = store.prepare_cached("SELECT kind, name, id FROM names")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let kind = usize::from(row.get::<_, u8>(0)?);
            if let Some(known) = names.known.get_mut(kind) {
                known.insert(row.get(1)?, row.get(2)?);
            }
        }
        Ok(names)
    }

    pub(super) fn knows(&self, of: Of, name: &str) -> bool {
        self.known[of as usize].contains_key(name)
    }

    /// The name's number; a new one is stored.
    pub(super) fn id(&mut self, store: &Connection, of: Of, name: &str) -> rusqlite::Result<i64> {
        let last = &mut self.last[of as usize];
        if &*last.0 == name && !name.is_empty() {
            return Ok(last.1);
        }
        if let Some(id) = self.known[of as usize].get(name) {
            *last = (name.into(), *id);
            return Ok(*id);
        }
        store
            .prepare_cached("INSERT INTO names (kind, name) VALUES (?1, ?2)")?
            .execute((of as i64, name))?;
        let id = store.last_insert_rowid();
        self.known[of as usize].insert(name.into(), id);
        Ok(id)
    }
}
