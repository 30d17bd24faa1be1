//! Job: `[intake]` as written.
//! Takes: the table.
//! Gives: `IntakeSection`.
//! Never: drops an event: what is ignored is kept in history.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::rules::When;

/// What is known of the feed before any rule.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Intake")]
pub struct IntakeSection {
    /// Events that never ring; they are kept in history. Each is a condition as in `when`.
    pub ignore: Vec<When>,
    /// Statuses of our own beside new, confirmed and cancelled.
    pub statuses: Vec<String>,
    /// Categories of our own beside property, car, transfer and tour.
    pub categories: Vec<String>,
}
