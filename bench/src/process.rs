//! Job: what a process costs, as the kernel counts it.
//! Takes: the id of a process that we started.
//! Gives: CPU seconds of all its threads, and its resident memory.
//! Never: estimates; CPU comes in the kernel's ticks of some 10 ms.

use anyhow::Context as _;

/// Resident memory in megabytes of 1,000,000 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) now_mb: f64,
    /// The most there has been.
    pub(crate) peak_mb: f64,
}

/// Reads the CPU seconds that process `id` has used, in its own code and in the kernel's.
///
/// # Errors
/// When the process is gone.
pub(crate) fn cpu_seconds(id: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let ticks = parse_ticks(&text).context("unexpected /proc/PID/stat")?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Reads the resident memory of process `id`.
///
/// # Errors
/// When the process is gone.
pub(crate) fn memory(id: u32) -> anyhow::Result<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let read = |key: &str| parse_kib(&text, key).map(|kib| kib as f64 * 1_024.0 / 1e6);
    Ok(Memory {
        now_mb: read("VmRSS:").context("no VmRSS in /proc/PID/status")?,
        peak_mb: read("VmHWM:").context("no VmHWM in /proc/PID/status")?,
    })
}

/// A program's name may hold spaces and brackets: fields are counted from its last bracket on.
fn parse_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

fn parse_kib(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20 0 9 0";
        assert_eq!(parse_ticks(stat), Some(100));
        assert_eq!(parse_ticks("12 (a"), None);
    }

    #[test]
    fn this_process_has_memory_and_its_peak_is_no_less() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.now_mb > 0.5 && memory.peak_mb >= memory.now_mb * 0.9, "{memory:?}");
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
    }
}
