//! Job: whether the outbox can commit, for status and for those who wait.
//! Takes: what the writer met.
//! Gives: `Health`, shared by a watch channel.
//! Never: is silent about a disk that is full.

use std::path::PathBuf;

use jiff::Timestamp;

/// How the outbox stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// What keeps it from committing.
    pub trouble: Option<Trouble>,
    /// Where a store that could not be read was set aside at start.
    pub set_aside: Option<PathBuf>,
    /// Settlements that came too late and changed nothing, since start.
    pub late: u64,
}

/// What keeps the outbox from committing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind.
    pub kind: TroubleKind,
    /// Since when.
    pub since: Timestamp,
    /// In words.
    pub said: String,
}

/// What kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// No room: tried again each second; nothing is acknowledged meanwhile.
    DiskFull,
    /// It may not be written: tried again each second.
    Unwritable,
    /// A sync failed or the store is damaged: the daemon must stop, exit and recover.
    Fatal,
}

/// Why the writer ended other than by a stop.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// A sync failed, the store is damaged, or a statement that must work did not.
    #[error("the outbox cannot go on")]
    Store(#[from] rusqlite::Error),
    /// It was told to stop while the disk refused. What was not committed was not acknowledged.
    #[error("stopped while the disk took nothing")]
    NoRoom,
    /// Its thread could not be started or ended in a panic.
    #[error("the outbox's thread: {0}")]
    Thread(String),
}

/// What is to be done about an error of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    Retry(TroubleKind),
    Stop,
}

/// Decides by the store's code: no room and no permission pass, all else ends the writer. A failed
/// sync is never tried again: the kernel drops the dirty page and then reports success.
pub(super) fn remedy(error: &rusqlite::Error) -> Remedy {
    use rusqlite::ffi::{self, ErrorCode};
    let rusqlite::Error::SqliteFailure(code, _) = error else { return Remedy::Stop };
    match code.code {
        ErrorCode::DiskFull => Remedy::Retry(TroubleKind::DiskFull),
        ErrorCode::ReadOnly | ErrorCode::DatabaseBusy | ErrorCode::CannotOpen => {
            Remedy::Retry(TroubleKind::Unwritable)
        }
        ErrorCode::SystemIoFailure if code.extended_code == ffi::SQLITE_IOERR_WRITE => {
            Remedy::Retry(TroubleKind::Unwritable)
        }
        _ => Remedy::Stop,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn room_and_permission_pass_and_a_failed_sync_never_does() {
        let cases = [
            (ffi::SQLITE_FULL, Remedy::Retry(TroubleKind::DiskFull)),
            (ffi::SQLITE_READONLY, Remedy::Retry(TroubleKind::Unwritable)),
            (ffi::SQLITE_IOERR_WRITE, Remedy::Retry(TroubleKind::Unwritable)),
            (ffi::SQLITE_IOERR_FSYNC, Remedy::Stop),
            (ffi::SQLITE_IOERR_DIR_FSYNC, Remedy::Stop),
            (ffi::SQLITE_IOERR_TRUNCATE, Remedy::Stop),
            (ffi::SQLITE_CORRUPT, Remedy::Stop),
            (ffi::SQLITE_CONSTRAINT, Remedy::Stop),
        ];
        for (code, expected) in cases {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(remedy(&error), expected, "{error}");
        }
    }
}
