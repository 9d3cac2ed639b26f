//! Owns what a reader has to know of the machine to judge the numbers: hardware, kernel, versions; no names, no paths.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// One fact and its value.
pub type Fact = (&'static str, String);

/// The facts; what cannot be found is left out.
pub fn facts(cores: usize) -> Vec<Fact> {
    let found = [
        ("cores", Some(cores.to_string())),
        ("processor", value("/proc/cpuinfo", "model name")),
        ("memory", value("/proc/meminfo", "MemTotal").map(|kilobytes| gibibytes(&kilobytes))),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease").ok()),
        ("Orgate", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("commit", printed("git", &["describe", "--always", "--dirty", "--exclude=*"])),
        ("compiler", printed("rustc", &["--version"])),
    ];
    found.into_iter().filter_map(|(name, value)| Some((name, value?.trim().to_owned()))).collect()
}

/// How long the machine is watched before a measurement.
const WATCH: Duration = Duration::from_secs(1);

/// Which part of all cores is busy while this process does nothing; nothing where that cannot be told.
pub fn busy() -> Option<f64> {
    let read = || parse_busy(&fs::read_to_string("/proc/stat").ok()?);
    let before = read()?;
    thread::sleep(WATCH);
    let after = read()?;
    let all = after.1 - before.1;
    (all > 0.0).then(|| (after.0 - before.0) / all)
}

/// Busy and all ticks of all cores since they started. What another virtual machine took away counts as busy.
fn parse_busy(stat: &str) -> Option<(f64, f64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line.split_ascii_whitespace().filter_map(|ticks| ticks.parse().ok()).collect();
    // User, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen; guests are in user already.
    let [user, nice, system, idle, waiting, interrupts, soft, stolen, ..] = ticks.as_slice() else { return None };
    let busy = user + nice + system + interrupts + soft + stolen;
    Some((busy, busy + idle + waiting))
}

fn value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn gibibytes(kilobytes: &str) -> String {
    let number: u64 = kilobytes.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    format!("{} GiB", number.div_ceil(1024 * 1024))
}

fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_idle_or_waits_for_a_disk_is_not_busy() {
        let stat = "cpu  10 1 5 80 4 1 2 3 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(parse_busy(stat), Some((22.0, 106.0)));
        assert_eq!(parse_busy("intr 5"), None);
        assert_eq!(parse_busy("cpu  1 2 3"), None);
    }

    #[test]
    fn memory_is_told_in_whole_gibibytes() {
        assert_eq!(gibibytes("24000000 kB"), "23 GiB");
    }
}
