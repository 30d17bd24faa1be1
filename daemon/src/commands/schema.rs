//! Job: `deskbell schema`: the JSON Schema of the configuration.
//! Takes: nothing.
//! Gives: the schema, for editors.
//! Never: differs from what `check` takes.

use super::Caller;
use super::failure::Failure;
use crate::app::catalog::catalog;
use crate::app::exit::Exit;
use crate::config::schema;

/// Prints the schema.
pub(super) fn run(caller: &Caller) -> Result<Exit, Failure> {
    caller.screen.say(&schema::text(&catalog()))?;
    Ok(Exit::Ok)
}
