//! Job: why a command did not do what it was asked.
//! Takes: what went wrong, what to do about it, how the command ends.
//! Gives: `Failure`, told once, where the command ends.
//! Never: is used for a mistake in the configuration; that is a `Complaint`.

use std::fmt::Display;
use std::io;

use contract::text::clean;

use crate::app::exit::Exit;
use crate::web::control::ControlError;

/// Why a command did not do what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Whoever read what we said has gone. That is their right, and no failure.
    ReaderGone,
    /// It was told already.
    Told(Exit),
    /// To be told.
    Said {
        /// How the command ends.
        exit: Exit,
        /// What went wrong.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Failure {
    /// It did not work.
    pub(super) fn failed(what: impl Display) -> Self {
        Self::Said { exit: Exit::Failed, what: what.to_string(), hint: None }
    }

    /// It did not work, told with what caused it.
    pub(super) fn chain(error: impl std::error::Error) -> Self {
        let mut said = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            said = format!("{said}: {deeper}");
            cause = deeper.source();
        }
        Self::failed(said)
    }

    /// It was called wrongly.
    pub(super) fn usage(what: impl Display) -> Self {
        Self::Said { exit: Exit::Usage, what: what.to_string(), hint: None }
    }

    /// With what to do.
    pub(super) fn hint(self, todo: impl Display) -> Self {
        match self {
            Self::Said { exit, what, .. } => {
                Self::Said { exit, what, hint: Some(todo.to_string()) }
            }
            other => other,
        }
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::Ok,
            Self::Told(exit) | Self::Said { exit, .. } => *exit,
        }
    }

    /// The lines to be told, clean for a terminal; none where nothing is to be told.
    pub(super) fn lines(&self) -> String {
        let Self::Said { what, hint, .. } = self else { return String::new() };
        let mut lines = what.lines().map(clean).collect::<Vec<_>>().join("\n       ");
        if let Some(hint) = hint {
            let hint = hint.lines().map(clean).collect::<Vec<_>>().join("\n       ");
            lines = format!("{lines}\n  help: {hint}");
        }
        format!("error: {lines}\n")
    }
}

impl From<ControlError> for Failure {
    fn from(wrong: ControlError) -> Self {
        let what = wrong.to_string();
        match wrong {
            ControlError::NotRunning(_) => Self::Said {
                exit: Exit::NotRunning,
                what,
                hint: Some("start it: deskbell run, or: systemctl start deskbell".to_owned()),
            },
            ControlError::Socket { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Self::failed(what).hint("ask as the daemon's own user, or as root")
            }
            ControlError::NotUnderstood(_) => Self::failed(what)
                .hint("the daemon runs another version: restart it after an upgrade"),
            ControlError::Socket { .. } | ControlError::Refused(_) => Self::failed(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_clean_and_says_what_to_do() {
        let failure = Failure::failed("\u{1b}[2Jno sink x\nno sink y").hint("look at `status`");
        insta::assert_snapshot!(failure.lines(), @r"
        error: [2Jno sink x
               no sink y
          help: look at `status`
        ");
        assert_eq!(failure.exit(), Exit::Failed);
        assert_eq!(Failure::ReaderGone.lines(), "");
        assert_eq!(Failure::ReaderGone.exit(), Exit::Ok);
    }

    #[test]
    fn a_daemon_that_is_not_there_has_an_exit_code_of_its_own() {
        let failure = Failure::from(ControlError::NotRunning("/s/control.sock".into()));
        assert_eq!(failure.exit(), Exit::NotRunning);
        assert!(failure.lines().contains("deskbell run"), "{}", failure.lines());
    }
}
