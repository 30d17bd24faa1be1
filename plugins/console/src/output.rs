//! Job: writes whole lines to a stream or a file.
//! Takes: lines, one at a time.
//! Gives: done, or why not.
//! Never: keeps a queue, blocks the thread it runs on, or leaves half a line before the next one.
//!
//! A line is written at once, by the task that has it: a thread of its own behind a channel would
//! be a queue that a crash loses, and a hand-over to the blocking pool costs several times the
//! write itself. So that a full pipe cannot block, the descriptor is asked before each piece of at
//! most 4 KiB, which a pipe that calls itself writable takes whole. O_NONBLOCK would be simpler,
//! but it belongs to the open file and so to everyone who shares the terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;

/// The most that is written after one look (PIPE_BUF), bytes.
const PIECE_BYTES: usize = 4096;
/// How long one line waits for its reader.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a line given up keeps its thread, at most.
const SLICE: Duration = Duration::from_millis(50);
/// How often a file is looked after: it may have been moved away.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// Why a line was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The reader has closed its end.
    #[error("the reader is gone")]
    Gone,
    /// The reader does not read.
    #[error("the reader does not read: its pipe or terminal has been full for a second")]
    Stuck,
    /// The reader stopped reading within the line.
    #[error("the reader stopped within the line; the rest of it is missing")]
    Torn,
    /// The file cannot be written.
    #[error("{0}: {1}")]
    File(String, io::Error),
}

/// Where lines go.
pub(crate) struct Output {
    target: Target,
    clock: Arc<dyn Clock>,
    /// The last line was written in part: a line feed comes before the next one.
    torn: bool,
    /// The last line waited in vain: the next ones do not wait until there is room again.
    stuck: bool,
}

enum Target {
    Stream { file: File, may_block: bool },
    File { path: PathBuf, open: Option<File>, looked: Duration },
}

impl Output {
    /// A stream that others may write to as well.
    pub(crate) fn stream(stream: OwnedFd, clock: Arc<dyn Clock>) -> Self {
        let kind = rustix::fs::fstat(&stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
        let may_block = !matches!(kind, Ok(FileType::RegularFile));
        let target = Target::Stream { file: stream.into(), may_block };
        Self { target, clock, torn: false, stuck: false }
    }

    /// A file, opened when the first line comes.
    pub(crate) fn file(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let target = Target::File { path, open: None, looked: Duration::ZERO };
        Self { target, clock, torn: false, stuck: false }
    }

    /// Looks whether lines could be written.
    pub(crate) fn look(&mut self) -> Result<(), Failure> {
        match &self.target {
            Target::Stream { .. } => Ok(()),
            Target::File { .. } => self.current().map(drop),
        }
    }

    /// Writes one line. Cancel-safe: given up within a line, the next one begins on its own.
    pub(crate) async fn write(&mut self, mut line: Vec<u8>) -> Result<(), Failure> {
        if self.torn {
            line.insert(0, b'\n');
        }
        match self.target {
            Target::Stream { may_block: true, .. } => self.write_pieces(&line).await,
            _ => self.write_whole(&line),
        }
    }

    fn write_whole(&mut self, line: &[u8]) -> Result<(), Failure> {
        let mut file = self.current()?;
        let mut written = 0;
        while written < line.len() {
            match file.write(&line[written..]) {
                Ok(0) => return Err(self.failed(ErrorKind::WriteZero.into())),
                Ok(more) => written += more,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(why) => {
                    self.torn |= written > 0;
                    return Err(self.failed(why));
                }
            }
        }
        self.torn = false;
        Ok(())
    }

    async fn write_pieces(&mut self, line: &[u8]) -> Result<(), Failure> {
        let mut written = 0;
        while written < line.len() {
            let piece = &line[written..line.len().min(written + PIECE_BYTES)];
            if !self.has_room() && !self.room().await {
                self.stuck = true;
                return Err(if written == 0 { Failure::Stuck } else { Failure::Torn });
            }
            self.stuck = false;
            let mut file = self.current()?;
            match file.write(piece) {
                Ok(more) => {
                    written += more;
                    self.torn = written < line.len();
                }
                Err(why) => match why.kind() {
                    ErrorKind::Interrupted | ErrorKind::WouldBlock => {}
                    _ => return Err(Failure::Gone),
                },
            }
        }
        Ok(())
    }

    /// The open file: for a path, the one that stands there now.
    fn current(&mut self) -> Result<&File, Failure> {
        let now = self.clock.boot();
        match &mut self.target {
            Target::Stream { file, .. } => Ok(file),
            Target::File { path, open, looked } => {
                let is_time = now.saturating_sub(*looked) >= LOOK_AFTER;
                if is_time && open.as_ref().is_some_and(|file| !stands_at(file, path)) {
                    *open = None;
                    self.torn = false;
                }
                if open.is_none() || is_time {
                    *looked = now;
                }
                let failed = |why| Failure::File(crate::shown(path), why);
                match open {
                    Some(file) => Ok(file),
                    closed => Ok(closed.insert(opened(path).map_err(failed)?)),
                }
            }
        }
    }

    fn failed(&self, why: io::Error) -> Failure {
        match &self.target {
            Target::Stream { .. } => Failure::File("the file behind the stream".to_owned(), why),
            Target::File { path, .. } => Failure::File(crate::shown(path), why),
        }
    }

    fn has_room(&self) -> bool {
        match &self.target {
            Target::Stream { file, .. } => has_room_within(file, Duration::ZERO),
            Target::File { .. } => true,
        }
    }

    /// Waits for room, for at most a second; not at all while nobody reads. The wait is on a
    /// thread for waiting, and there is one wait at a time.
    async fn room(&mut self) -> bool {
        let Target::Stream { file, .. } = &self.target else { return true };
        let until = self.clock.boot() + PATIENCE;
        while !self.stuck && self.clock.boot() < until {
            let Ok(watched) = file.try_clone() else { return false };
            let waiting = tokio::task::spawn_blocking(move || has_room_within(&watched, SLICE));
            if waiting.await.unwrap_or(false) {
                return true;
            }
        }
        false
    }
}

/// Says whether the next piece can be written at once, waiting for it so long at most. An error
/// and a hang-up count as room: the write says which.
fn has_room_within(file: &File, wait: Duration) -> bool {
    let mut asked = [PollFd::new(file, PollFlags::OUT)];
    let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
    poll(&mut asked, Some(&wait)).is_ok() && !asked[0].revents().is_empty()
}

fn opened(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn stands_at(file: &File, path: &PathBuf) -> bool {
    let (Ok(own), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}
