//! `orgate keys` from outside: the key is replaced, beside a program that serves as well, and what stands in the way is said
//! (T-SEC-1). Kills at every step of a replacement are in `faults/sqlite_steps.rs` and `faults/postgres_steps.rs` (REL-3).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::demo::{address, free_port, get, started, stop};
use crate::deployment::{Deployment, KEY, OTHER_KEY, Said};

/// A command on the data of a demonstration, with these keys in place of its own.
fn command(folder: &Path, keys: [&str; 2], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgate"));
    command.env_clear().env("ORGATE_CONFIG", folder.join("orgate.toml")).stdin(Stdio::null());
    command.env("ORGATE_SECRET_KEY", keys[0]).env("ORGATE_OTHER_SECRET_KEYS", keys[1]).args(arguments);
    command
}

fn run(folder: &Path, keys: [&str; 2], arguments: &[&str]) -> Said {
    command(folder, keys, arguments).output().unwrap().into()
}

fn file(folder: &Path, ending: &str) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|found| found == ending)).unwrap()
}

/// A demonstration that ran, and its key.
fn ran(folder: &Path) -> String {
    let (child, printed) = started(folder, &["--port", &free_port()]);
    get(address(&printed, "Console"), "/healthz", "");
    stop(child);
    std::fs::read_to_string(file(folder, "key")).unwrap().trim().to_owned()
}

/// The lines of `status`: the key that seals, and the other one.
fn status(folder: &Path, keys: [&str; 2]) -> (String, String) {
    let said = run(folder, keys, &["keys", "status"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 2, "{said:?}");
    (lines[0].to_owned(), lines[1].to_owned())
}

#[test]
fn t_sec_1_after_the_replacement_the_new_key_alone_opens_everything() {
    let folder = tempfile::tempdir().unwrap();
    let key = ran(folder.path());
    let both = [OTHER_KEY, key.as_str()];
    let (_, before) = status(folder.path(), both);
    assert!(before.contains("opens, and every node needs it: ") && before.contains("connection_revisions"), "{before}");
    let done = run(folder.path(), both, &["keys", "rotate"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let (present, former) = status(folder.path(), both);
    assert!(present.contains("  seals: ") && present.contains("connection_revisions"), "{present}");
    assert!(former.ends_with("opens, and no node needs it: nothing"), "{former}");
    let log = run(folder.path(), [OTHER_KEY, ""], &["audit", "verify"]);
    assert_eq!(log.code, Some(0), "the log holds under the new key alone: {log:?}");
    let export = run(folder.path(), [OTHER_KEY, ""], &["audit", "export"]);
    assert!(export.out.contains("secret-key.rotated"), "{}", export.out);
    for said in [&done, &log, &export] {
        assert!(!format!("{said:?}").contains(&key) && !format!("{said:?}").contains(OTHER_KEY));
    }
    let alone = run(folder.path(), [key.as_str(), ""], &["keys", "status"]);
    assert!(alone.code == Some(1) && alone.err.contains("wrong key: this database is in use with "), "{alone:?}");
}

#[test]
fn t_sec_1_the_key_is_replaced_beside_a_program_that_serves() {
    let before = Deployment::migrated();
    let serving = before.with("ORGATE_OTHER_SECRET_KEYS", OTHER_KEY);
    let child = serving.serve();
    let new =
        serving.run_with(&[("ORGATE_SECRET_KEY", OTHER_KEY), ("ORGATE_OTHER_SECRET_KEYS", KEY)], &["keys", "rotate"]);
    assert_eq!(new.code, Some(0), "{new:?}");
    assert!(new.out.contains("can be removed from ORGATE_OTHER_SECRET_KEYS of every node."), "{new:?}");
    let old = serving.run(&["keys", "rotate"]);
    assert_eq!(old.code, Some(0), "and back again: {old:?}");
    stop(child);
}

#[test]
fn what_the_keys_of_the_settings_do_not_fit_is_said() {
    let deployment = Deployment::migrated();
    let twice = deployment.run_with(&[("ORGATE_OTHER_SECRET_KEYS", KEY)], &["keys", "status"]);
    assert!(twice.code == Some(1) && twice.err.contains("the same key is given twice"), "{twice:?}");
    let odd = deployment.run_with(&[("ORGATE_OTHER_SECRET_KEYS", "canary")], &["keys", "rotate"]);
    assert!(odd.code == Some(1) && odd.err.contains("64 hexadecimal digits") && !odd.err.contains("canary"), "{odd:?}");
    let alone = deployment.run(&["keys", "rotate"]);
    assert_eq!((alone.code, alone.out.lines().next()), (Some(0), Some("Nothing was under another key.")), "{alone:?}");
    let empty = Deployment::new();
    let said = empty.run(&["keys", "status"]);
    assert!(said.code == Some(1) && !empty.database().exists(), "it makes no database: {said:?}");
}
