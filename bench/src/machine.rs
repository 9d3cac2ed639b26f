//! Owns what a reader has to know of the machine to judge the numbers: hardware, kernel, versions; no names, no paths.

use std::fs;
use std::process::Command;

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
    fn memory_is_told_in_whole_gibibytes() {
        assert_eq!(gibibytes("24000000 kB"), "23 GiB");
    }
}
