//! Job: `deskbell reload`: the configuration is read anew, all of it or nothing.
//! Takes: whether to look only.
//! Gives: what changed, or every complaint.
//! Never: leaves anybody in doubt about which configuration is in force.

use std::fmt::Write as _;

use contract::text::clean;

use super::Caller;
use super::asking;
use super::cli::ReloadOptions;
use super::failure::Failure;
use crate::app::exit::Exit;
use crate::app::reload::Reloaded;
use crate::web::control::{Ask, ControlError};

/// Has the daemon read its configuration anew.
pub(super) async fn run(caller: &Caller, options: ReloadOptions) -> Result<Exit, Failure> {
    let home = caller.home()?;
    let answer = match asking::ask(&home, &Ask::Reload { dry_run: options.dry_run }).await {
        Err(ControlError::Refused(said)) => return refused(caller, &said),
        answer => answer?,
    };
    let reloaded: Reloaded = asking::understood(answer)?;
    match options.output.json {
        true => caller.screen.document(&reloaded)?,
        false => caller.screen.say(&render(&reloaded))?,
    }
    Ok(Exit::Ok)
}

/// The daemon answers with its complaints, several lines of them.
fn refused(caller: &Caller, said: &str) -> Result<Exit, Failure> {
    let lines: String = said.lines().map(|line| clean(line) + "\n").collect();
    caller.screen.remark(&format!("{lines}nothing was changed: the old configuration stays\n"));
    Err(Failure::Told(Exit::Configuration))
}

fn render(reloaded: &Reloaded) -> String {
    let generation = reloaded.generation;
    let mut text = match (reloaded.dry_run, reloaded.changes.is_empty()) {
        (false, false) => format!("reloaded: configuration {generation} is in force\n"),
        (false, true) => format!("nothing differs: configuration {generation} stays in force\n"),
        (true, false) => format!("would change configuration {generation}:\n"),
        (true, true) => format!("would change nothing in configuration {generation}\n"),
    };
    for change in &reloaded.changes {
        let _ = writeln!(text, "  {}", clean(change));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_says_what_changed_and_a_dry_run_what_would() {
        let changes = vec!["sink webhook.crm: changed".to_owned()];
        let mut reloaded = Reloaded { generation: 4, changes, dry_run: false };
        insta::assert_snapshot!(render(&reloaded), @r"
        reloaded: configuration 4 is in force
          sink webhook.crm: changed
        ");
        reloaded.dry_run = true;
        insta::assert_snapshot!(render(&reloaded), @r"
        would change configuration 4:
          sink webhook.crm: changed
        ");
        reloaded.changes.clear();
        insta::assert_snapshot!(render(&reloaded), @"would change nothing in configuration 4");
    }
}
