//! A crash leaves nothing of the memory behind.
#![cfg(target_os = "linux")]

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use crate::deployment::Deployment;
use crate::signal::signal;

#[test]
fn t_sec_3_a_crash_leaves_no_core_file() {
    let deployment = Deployment::new();
    let mut child = deployment.serve_after("ulimit -c unlimited");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let [soft, hard] = core.split_whitespace().skip(4).take(2).collect::<Vec<_>>()[..] else { panic!("{core}") };
    assert_eq!((soft, hard), ("0", "0"), "{core}");
    assert!(signal(child.id(), "ABRT"));
    let status = child.wait().unwrap();
    assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
    // Where the limit of this machine allows none either, what was seen of the limits alone counts.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited && kill -s ABRT $$"]).current_dir(deployment.folder.path());
    if !shell.status().unwrap().core_dumped() {
        eprintln!("this machine writes no core files at all");
    }
}
