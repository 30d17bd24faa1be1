//! Job: `[history]` as written.
//! Takes: the table.
//! Gives: `HistorySection`.
//! Never: deletes anything; the outbox does.

use contract::values::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How long events are kept. Their bodies are erased first; ids and outcomes stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "History")]
pub struct HistorySection {
    /// Events that a rule matched.
    pub matched: Span,
    /// Events that no rule matched.
    pub unmatched: Span,
}
