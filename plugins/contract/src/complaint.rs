//! Job: a mistake of the person who wrote the configuration, told so that it can be mended.
//! Takes: where it stands, what is wrong, what would be right.
//! Gives: `Complaint`; `deskbell check` prints all of them at once.
//! Never: is used for a fault of ours, or of the network.

use std::ops::Range;
use std::sync::Arc;

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Whether it stops the daemon from starting.
    pub severity: Severity,
    /// Where it stands; absent for what stands nowhere, such as a missing table.
    pub place: Option<Place>,
    /// The key, as in `rule."Big tours".when.status`; empty at the top.
    pub key: String,
    /// What is wrong: lower case, no full stop.
    pub what: String,
    /// What would be right.
    pub hint: Option<String>,
    /// A second place the mistake is about, such as where a name was first given.
    pub other: Option<(Place, String)>,
    /// A piece that may be a secret; it is masked wherever its line is shown.
    pub hidden: Option<Place>,
}

/// Whether a complaint stops the daemon from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth mending; `check --strict` fails on it.
    Warning,
    /// The configuration is not used.
    Error,
}

/// A piece of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<WrittenFile>,
    /// The bytes.
    pub span: Range<usize>,
}

/// A file as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its path, or what stands for it: `--set`, `DESKBELL_DAEMON__SHADOW`, `built-in`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Place {
    /// Line and column, both from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let start = self.span.start.min(self.file.text.len());
        let before = self.file.text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.path)
    }
}

impl Complaint {
    /// A mistake that stops the daemon from starting.
    pub fn error(what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place: None,
            key: String::new(),
            what: what.into(),
            hint: None,
            other: None,
            hidden: None,
        }
    }

    /// A mistake worth mending.
    pub fn warning(what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what) }
    }

    /// At this place.
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// For this key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// With what would be right.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With a second place.
    pub fn and(mut self, place: Place, said: impl Into<String>) -> Self {
        self.other = Some((place, said.into()));
        self
    }

    /// With a piece that may be a secret, to be masked wherever its line is shown.
    pub fn hidden(mut self, place: impl Into<Option<Place>>) -> Self {
        self.hidden = place.into();
        self
    }
}
