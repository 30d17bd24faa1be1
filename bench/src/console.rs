//! Job: reads the console's file while it is written, and counts each line as a receipt.
//! Takes: a path where a file may yet appear, and a ledger.
//! Gives: the time of each line, true to a millisecond.
//! Never: keeps a line, or reads one that is not ended yet.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::ledger::Ledger;

const PAUSE: Duration = Duration::from_millis(1);
const READ_BYTES: usize = 256 * 1024;

/// Follows the file at `path` until `stop` is true; blocks, so it needs a thread of its own.
///
/// # Errors
/// When the file cannot be opened or read, other than by not being there yet.
pub(crate) fn follow(path: &Path, ledger: &Ledger, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let Some(mut file) = await_file(path, stop)? else { return Ok(()) };
    let mut bytes = vec![0; READ_BYTES];
    let mut filled = 0;
    while !stop.load(Relaxed) {
        let read = file.read(&mut bytes[filled..])?;
        if read == 0 {
            std::thread::sleep(PAUSE);
            continue;
        }
        filled += read;
        let taken = count_lines(&bytes[..filled], ledger);
        bytes.copy_within(taken..filled, 0);
        filled -= taken;
        anyhow::ensure!(filled < READ_BYTES, "a line of more than {READ_BYTES} bytes");
    }
    Ok(())
}

fn await_file(path: &Path, stop: &AtomicBool) -> std::io::Result<Option<File>> {
    while !stop.load(Relaxed) {
        match File::open(path) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Counts the whole lines and returns how many bytes they were.
fn count_lines(bytes: &[u8], ledger: &Ledger) -> usize {
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|&byte| byte == b'\n') {
        ledger.receive(&bytes[start..start + length], None);
        start += length + 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Ids;

    #[test]
    fn a_line_counts_only_once_it_is_ended() {
        let ledger = Ledger::open(4, Ids::Sequential);
        let text = b"new BK-20261123-00000001\nnew BK-20261123-00000002\nnew BK-2026";
        assert_eq!(count_lines(text, &ledger), 50);
        assert_eq!(ledger.rung(), 2);
    }
}
