//! Job: the daemon's own log.
//! Takes: the level, and where standard error goes.
//! Gives: one line a record on standard error; under journald without time and colour.
//! Never: prints a secret, a booking's words uncleaned, or to standard output.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::environment::Environment;

/// The seconds of the day, UTC, as every record begins.
struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", jiff::Timestamp::now())
    }
}

/// Starts the log at `level`. `$DESKBELL_LOG` wins over it; a wrong one is said and not used.
pub fn start(environment: &Environment, level: &str) {
    let wanted = environment.var("DESKBELL_LOG").unwrap_or(level);
    let (filter, wrong) = match EnvFilter::try_new(wanted) {
        Ok(filter) => (filter, None),
        Err(wrong) => (EnvFilter::new(level), Some(wrong)),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let under_journald = environment.var("JOURNAL_STREAM").is_some();
    let coloured = environment.var("NO_COLOR").is_none()
        && std::io::IsTerminal::is_terminal(&std::io::stderr())
        && !under_journald;
    // A second start (in tests) finds the first log in place, which is as good.
    let _ = if under_journald {
        log.with_ansi(false).without_time().try_init()
    } else {
        log.with_ansi(coloured).with_timer(Stamp).with_target(false).try_init()
    };
    if let Some(wrong) = wrong {
        tracing::warn!(%wrong, "DESKBELL_LOG is not usable, the configured level counts");
    }
}
