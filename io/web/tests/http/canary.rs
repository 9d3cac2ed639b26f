//! T-SEC-3: one journey through everything that takes or makes a secret, right and wrong, in a process of its own that logs
//! everything there is to log. Then all of it is searched: answers, mails, measurements, the database as a file and row by
//! row, and what the process printed, panics included.

mod journey;
mod search;

use std::process::{Command, Stdio};

use search::{Haystack, Needles, Secret};

/// Tells the child where to leave what it knows.
const FOLDER: &str = "ORGATE_CANARY_FOLDER";
/// Stands in everything that is searched, to show that the search sees it.
const CONTROL: &str = "canary-control-7f3e91";

#[test]
fn t_sec_3_no_secret_is_found_in_logs_answers_mails_measurements_or_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "canary::in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = [child.stdout, child.stderr].concat();
    let shown = String::from_utf8_lossy(&printed);
    let end: String = shown.lines().rev().take(20).collect::<Vec<_>>().join("\n");
    assert!(child.status.success(), "{end}");
    let secrets = std::fs::read_to_string(folder.path().join("secrets.json")).unwrap();
    let secrets: Vec<Secret> = serde_json::from_str(&secrets).unwrap();
    assert!(secrets.len() > 50, "{}", secrets.len());
    assert!(shown.contains(CONTROL) && shown.contains("TRACE "), "the log is read, and in full");
    assert!(shown.contains("panicked at"), "and a panic is");
    let printed = Haystack::new(&printed);
    for secret in &secrets {
        let found = Needles::of(secret).find(&printed);
        assert_eq!(found, None, "{} was printed", secret.what);
    }
}

/// What the test above runs. By itself it would print too much.
#[test]
#[ignore = "run by the test above, in a process of its own"]
fn in_a_process_of_its_own() {
    let folder = std::path::PathBuf::from(std::env::var(FOLDER).unwrap());
    let log =
        tracing_subscriber::fmt().with_env_filter("trace").with_ansi(false).without_time().with_writer(std::io::stderr);
    log.init();
    tracing::trace!("{CONTROL}");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let secrets = runtime.block_on(journey::everything());
    std::fs::write(folder.join("secrets.json"), serde_json::to_string(&secrets).unwrap()).unwrap();
    // A panic is printed with what it was given.
    drop(std::panic::catch_unwind(|| panic!("{CONTROL}")));
}
