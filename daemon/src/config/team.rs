//! Job: `[team.NAME]` as written.
//! Takes: the table.
//! Gives: `TeamSection`.
//! Never: rings; a team is a name for sinks.

use contract::SinkName;
use schemars::JsonSchema;
use serde::Deserialize;

/// People, by the sinks that reach them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Team")]
pub(super) struct TeamSection {
    /// The sinks that reach them, as in ["desktop.reception", "slack.sales"].
    #[schemars(with = "Vec<String>")]
    pub sinks: Vec<SinkName>,
}
