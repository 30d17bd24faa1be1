//! Job: reads the store for people, whether a daemon runs or not.
//! Takes: the state folder, a clock, the zone of its days.
//! Gives: `Reader`; what it can be asked stands in `history` and `status`.
//! Never: takes the store's lock, makes a file, or keeps the writer waiting.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::Clock;
use jiff::tz::TimeZone;
use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags};

use super::{StoreError, lock, schema, store};

/// A connection for people, who may take their time.
pub struct Reader {
    pub(super) store: Mutex<Connection>,
    pub(super) path: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) zone: TimeZone,
}

/// Why the store cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// There is none.
    #[error("there is no store in {}: no daemon ever ran with this folder", .0.display())]
    Nothing(PathBuf),
    /// We may not read it.
    #[error("the store in {} may not be read", .0.display())]
    Denied(PathBuf),
    /// Another version wrote it.
    #[error("the store is of version {found}, this deskbell reads {known}")]
    Version {
        /// The store's version.
        found: i64,
        /// The one this program reads.
        known: i64,
    },
    /// It cannot be read.
    #[error("the store cannot be read: {0}")]
    Store(#[from] rusqlite::Error),
}

impl Reader {
    /// Opens the store of a folder to be read.
    ///
    /// # Errors
    /// When there is none, when it may not be read, when another version wrote it.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>, zone: TimeZone) -> Result<Self, LookError> {
        let path = folder.join(store::FILE);
        match std::fs::metadata(&path) {
            Ok(_) => {}
            Err(wrong) if wrong.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(LookError::Denied(folder.to_owned()));
            }
            Err(_) => return Err(LookError::Nothing(folder.to_owned())),
        }
        let store = connection(&path).and_then(|store| {
            let found = schema::version(&store)?;
            Ok((store, found))
        });
        match store {
            Ok((_, found)) if found != schema::VERSION => {
                Err(LookError::Version { found, known: schema::VERSION })
            }
            Ok((store, _)) => Ok(Self { store: Mutex::new(store), path, clock, zone }),
            Err(wrong) => Err(match wrong.sqlite_error_code() {
                Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                    LookError::Denied(folder.to_owned())
                }
                _ => wrong.into(),
            }),
        }
    }

    /// What the newest `limit` events are about, each once, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn subjects(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        let store = lock(&self.store);
        let mut query = store.prepare_cached(
            "SELECT subject FROM (SELECT id, subject FROM events ORDER BY id DESC LIMIT ?1)
             GROUP BY subject ORDER BY max(id) DESC",
        )?;
        let rows = query.query_map([limit], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// A connection that only reads. A store without a log was closed by its writer: it is read as it
/// lies, since reading it in the usual way would make a log, which its owner could not use later.
fn connection(path: &Path) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let store = if Path::new(&log).exists() {
        Connection::open_with_flags(path, flags)?
    } else {
        flags |= OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(as_it_lies(path), flags)?
    };
    store.busy_timeout(Duration::from_secs(5))?;
    store.set_prepared_statement_cache_capacity(32);
    Ok(store)
}

/// The path as a URI that says that nobody writes.
fn as_it_lies(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}
