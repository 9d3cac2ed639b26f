//! Owns what a process has in memory, as Linux says it.

/// What is resident of a process; without an id of this one. *Units*: KiB.
pub fn resident(process: Option<u32>) -> u64 {
    let process = process.unwrap_or_else(std::process::id);
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process that runs, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process that has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}
