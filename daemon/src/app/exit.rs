//! Job: the exit codes, all of them.
//! Takes: how a command ended.
//! Gives: `Exit`.
//! Never: exits; only `main` does.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done. `status`: LIVE.
    Ok,
    /// It failed. `status`: degraded.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// The configuration is wrong.
    Configuration,
    /// The daemon is not running.
    NotRunning,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NotRunning => 4,
        }
    }
}

/// What `--help` says of them.
pub const EXIT_CODES: &str = "Exit codes: 0 ok (status: LIVE), 1 failed (status: degraded), \
     2 usage, 3 configuration, 4 the daemon is not running.";
