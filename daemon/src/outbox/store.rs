//! Job: opens the store: folder, lock, files, connections.
//! Takes: the state folder and how durable it is to be.
//! Gives: a connection to write with, and connections to read with.
//! Never: lets two daemons write one folder, or throws away a store that it cannot read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags};

use super::schema;

pub(super) const FILE: &str = "outbox.db";
const LOCK: &str = "outbox.lock";
/// Left behind by a writer that met damage: the next start looks at every page.
const SUSPECT: &str = "outbox.suspect";
/// Up to this size an unclean stop is answered by a look at every page: some 20 ms.
const CHECKED_BYTES_MAX: u64 = 16 << 20;

/// When a commit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once the disk has it.
    #[default]
    Full,
    /// Once the kernel has it: a power cut may take the last moments.
    Normal,
}

/// Why there is no outbox.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another daemon has it.
    #[error("another deskbell runs on {}", .0.display())]
    Locked(PathBuf),
    /// A newer program wrote it.
    #[error("the store is of version {found}, this deskbell knows up to {known}; use a newer one")]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// It belongs to another program.
    #[error("the file {FILE} is no outbox of deskbell")]
    Foreign,
    /// The folder or a file in it cannot be used.
    #[error("cannot use {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The store cannot be used.
    #[error("cannot open the store")]
    Store(#[from] rusqlite::Error),
}

/// The files of an open store. Held as long as anything reads or writes it.
pub(super) struct Files {
    pub(super) path: PathBuf,
    folder: PathBuf,
    _lock: File,
}

pub(super) struct Opened {
    pub(super) files: Files,
    pub(super) store: Connection,
    pub(super) set_aside: Option<PathBuf>,
}

/// Opens the store under its lock. One that is damaged is set aside, and a fresh one begun.
pub(super) fn open(
    folder: &Path,
    durability: Durability,
    now: Timestamp,
) -> Result<Opened, OpenError> {
    let fault = |error| OpenError::Folder(folder.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(fault)?;
    let lock = private_file(&folder.join(LOCK)).map_err(fault)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => return Err(fault(error)),
    }
    let path = folder.join(FILE);
    // Made by us, so that the store and the log beside it are ours alone to read.
    private_file(&path).map_err(fault)?;
    let (store, set_aside) = match open_checked(&path, durability) {
        Ok(store) => (store, None),
        Err(OpenError::Store(error)) if is_damage(&error) => {
            let aside = set_aside(folder, now).map_err(fault)?;
            private_file(&path).map_err(fault)?;
            (open_checked(&path, durability)?, Some(aside))
        }
        Err(error) => return Err(error),
    };
    let files = Files { path, folder: folder.to_owned(), _lock: lock };
    Ok(Opened { files, store, set_aside })
}

impl Files {
    /// A connection that only reads.
    pub(super) fn reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let store = Connection::open_with_flags(&self.path, flags)?;
        store.busy_timeout(Duration::from_secs(5))?;
        store.pragma_update(None, "cache_size", -1024)?;
        prepare_once(&store, 32)?;
        Ok(store)
    }

    /// Has the next start look at every page.
    pub(super) fn suspect(&self) {
        // Best effort: the disk that cannot take this note is the trouble it would report.
        let _ = private_file(&self.folder.join(SUSPECT));
    }
}

/// The bytes of a store and its log.
pub(super) fn bytes(path: &Path) -> u64 {
    let log = path.with_extension("db-wal");
    [path, &log].iter().filter_map(|path| fs::metadata(path).ok()).map(|m| m.len()).sum()
}

/// Says whether an error means that the file itself is damaged.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Keeps prepared statements, and keeps them as they are: by default one that compares a parameter
/// in sight of a partial index, or limits by one, is prepared anew at each use.
fn prepare_once(store: &Connection, capacity: usize) -> rusqlite::Result<()> {
    store.set_prepared_statement_cache_capacity(capacity);
    store.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn open_checked(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let mut store = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    store.busy_timeout(Duration::from_secs(5))?;
    prepare_once(&store, 64)?;
    // Fewer, larger pages cost a busy writer a tenth less than the default of 4,096.
    store.pragma_update(None, "page_size", 8192)?;
    store.pragma_update(None, "journal_mode", "wal")?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    store.pragma_update(None, "synchronous", synchronous)?;
    store.pragma_update(None, "cache_size", -8192)?;
    store.pragma_update(None, "foreign_keys", false)?;
    // The writer checkpoints by itself: an automatic one would hide a failed sync.
    store.pragma_update(None, "wal_autocheckpoint", 0)?;
    schema::migrate(&mut store)?;
    check(path, &store)?;
    Ok(store)
}

/// After an unclean stop a small store is looked at page by page; a large one only where the last
/// writer met damage.
fn check(path: &Path, store: &Connection) -> Result<(), OpenError> {
    let suspect = path.with_file_name(SUSPECT);
    let clean: Option<bool> =
        store.query_row("SELECT (SELECT value FROM meta WHERE name = 'clean')", [], |row| {
            row.get(0)
        })?;
    let bytes = fs::metadata(path).map_or(0, |file| file.len());
    let unclean = clean == Some(false) && bytes <= CHECKED_BYTES_MAX;
    if !unclean && !suspect.exists() {
        return Ok(());
    }
    let said: String = store.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(damage, Some(said)).into());
    }
    if suspect.exists() {
        fs::remove_file(&suspect).map_err(|error| OpenError::Folder(suspect, error))?;
    }
    Ok(())
}

fn set_aside(folder: &Path, now: Timestamp) -> std::io::Result<PathBuf> {
    let aside = folder.join(format!("{FILE}.damaged-{}", now.as_millisecond()));
    fs::rename(folder.join(FILE), &aside)?;
    for end in ["-wal", "-shm"] {
        let from = folder.join(format!("{FILE}{end}"));
        if from.exists() {
            fs::rename(&from, format!("{}{end}", aside.display()))?;
        }
    }
    let suspect = folder.join(SUSPECT);
    if suspect.exists() {
        fs::remove_file(suspect)?;
    }
    Ok(aside)
}
