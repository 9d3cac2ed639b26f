//! Owns signals to a process that a test started.

use std::process::Command;

/// Sends the signal of this name, such as `TERM`; whether there was somebody to get it. A shell has `kill` built in, and a
/// machine need not have a program of that name.
pub fn signal(process: u32, name: &str) -> bool {
    let script = r#"kill -s "$0" "$1""#;
    Command::new("sh").args(["-c", script, name, &process.to_string()]).output().unwrap().status.success()
}
