//! Job: says on what the figures were measured.
//! Takes: the folder that the contestants write into.
//! Gives: the processor, the kernel, the versions, and how long this disk takes to sync.
//! Never: trusts a temporary file system: its name stands beside the sync time.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const SYNC_BYTES: usize = 4_096;

/// The machine, in lines of name and value.
pub(crate) type Machine = Vec<(&'static str, String)>;

/// Describes this machine and the programs beside us; what cannot be read is "unknown".
pub(crate) fn describe(dir: &Path) -> Machine {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    vec![
        ("processor", field(&cpus, "model name").unwrap_or_else(unknown)),
        ("cores", cores.to_string()),
        ("memory", field(&memory, "MemTotal").unwrap_or_else(unknown)),
        ("kernel", format!("Linux {}", kernel.trim())),
        ("file system", answer("stat", &["-f", "-c", "%T", &dir.to_string_lossy()])),
        ("rustc", answer("rustc", &["--version"])),
        ("node", answer("node", &["--version"])),
    ]
}

/// Measures `count` syncs of a page each in `dir`: milliseconds, sorted.
///
/// # Errors
/// When the folder cannot be written to.
pub(crate) fn sync_times_ms(dir: &Path, count: usize) -> anyhow::Result<Vec<f64>> {
    let path = dir.join("sync");
    let mut file = File::create(&path)?;
    let page = [0x5a; SYNC_BYTES];
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        file.write_all(&page)?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

fn answer(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_without_its_colon() {
        let text = "vendor_id\t: A\nmodel name\t: EPYC 9000\n";
        assert_eq!(field(text, "model name").as_deref(), Some("EPYC 9000"));
        assert_eq!(field(text, "no such"), None);
    }

    #[test]
    fn sync_times_come_sorted_and_leave_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let times = sync_times_ms(dir.path(), 5).unwrap();
        assert_eq!(times.len(), 5);
        assert!(times.is_sorted());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
