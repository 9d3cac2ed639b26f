//! `orgate audit` from outside: over a log that a served program wrote, whole and changed below it (T-AUD-1).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::demo::{address, ask, free_port, get, started, stop};
use crate::deployment::{Deployment, Said};

/// A demonstration that ran and was stopped: an organization with people and their log.
fn ran(folder: &Path) {
    let (child, printed) = started(folder, &["--port", &free_port()]);
    // From its first answer on it hears the wish to stop.
    get(address(&printed, "Console"), "/healthz", "");
    stop(child);
}

fn audit(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgate"));
    command.env_clear().env("ORGATE_CONFIG", folder.join("orgate.toml")).stdin(Stdio::null());
    command.arg("audit").args(arguments).output().unwrap().into()
}

/// What somebody does who can write to the database.
fn below(folder: &Path, statements: &str) {
    rusqlite::Connection::open(database(folder)).unwrap().execute_batch(statements).unwrap();
}

fn database(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|ending| ending == "db")).unwrap()
}

#[test]
fn t_aud_1_a_changed_event_fails_the_command_and_a_whole_log_passes() {
    let folder = tempfile::tempdir().unwrap();
    ran(folder.path());
    let whole = audit(folder.path(), &["verify"]);
    assert_eq!(whole.code, Some(0), "what was written last was chained at the end: {whole:?}");
    assert!(whole.out.contains("ok    acme: ") && whole.out.contains("ok    the deployment: "), "{whole:?}");
    assert!(whole.out.ends_with("are as Orgate wrote them.\n"), "{whole:?}");

    let heads = audit(folder.path(), &["heads", "--organization", "acme"]);
    let head = heads.out.trim();
    assert!(heads.code == Some(0) && head.starts_with("orgate-audit-head-1:org_"), "{heads:?}");
    let kept = audit(folder.path(), &["verify", "--organization", "acme", "--expect-head", head]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    assert_eq!(audit(folder.path(), &["verify", "--expect-head", "orgate"]).code, Some(2));
    let forged = head.replacen("orgate-audit-head-1:org_", "orgate-audit-head-1:org_0", 1);
    assert_ne!(audit(folder.path(), &["verify", "--expect-head", &forged]).code, Some(0));

    below(
        folder.path(),
        "drop trigger audit_events_unchanged; drop trigger audit_events_kept;
         update audit_events set actor_name = 'Somebody else' where chain_position = 1 and organization_id is not null;
         delete from audit_events where chain_position = 1 and organization_id is null;",
    );
    let found = audit(folder.path(), &["verify"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(found.out.contains("FOUND acme: Event 1 (evt_") && found.out.contains(") was changed."), "{found:?}");
    assert!(found.out.contains("FOUND the deployment: Event 1 is missing."), "{found:?}");
    assert!(found.err.starts_with("orgate: ") && found.err.contains("orgate: 3 findings in 3 of 3 logs"), "{found:?}");
    let one = audit(folder.path(), &["verify", "--organization", "acme"]);
    assert!(one.code == Some(1) && !one.out.contains("the deployment"), "{one:?}");
    assert_eq!(
        audit(folder.path(), &["verify", "--organization", "nobodys"]).err,
        "orgate: there is no organization nobodys\n"
    );
}

#[test]
fn t_aud_1_a_log_is_exported_with_places_and_links() {
    let folder = tempfile::tempdir().unwrap();
    ran(folder.path());
    let lines = audit(folder.path(), &["export", "--organization", "acme"]);
    assert_eq!(lines.code, Some(0), "{lines:?}");
    let events: Vec<serde_json::Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(u64::try_from(positions.len()).unwrap(), *positions.iter().max().unwrap());
    assert!(events.iter().all(|event| event["link"].as_str().unwrap().len() == 64));
    let table = audit(folder.path(), &["export", "--organization", "acme", "--format", "csv"]);
    assert_eq!(table.out.matches("\r\n").count(), events.len() + 1, "{table:?}");
    assert!(table.out.starts_with("id,at,action,") && table.out.contains(",position,link\r\n"), "{table:?}");
}

#[test]
fn what_cannot_be_done_to_the_log_is_said() {
    let deployment = Deployment::migrated();
    let nothing = deployment.run(&["audit", "verify"]);
    assert_eq!(nothing.code, Some(0), "{nothing:?}");
    let unsure = deployment.run(&["audit", "erase", "--user", "usr_01kb3qz5v0000000000000000a"]);
    assert!(unsure.code == Some(1) && unsure.err.contains("--yes"), "{unsure:?}");
    let nobody = deployment.run(&["audit", "erase", "--user", "usr_01kb3qz5v0000000000000000a", "--yes"]);
    assert!(nobody.code == Some(1) && nobody.err.contains("there is no account usr_"), "{nobody:?}");
    assert_eq!(deployment.run(&["audit", "erase", "--user", "kim@a.example", "--yes"]).code, Some(2));
    let empty = Deployment::new();
    let said = empty.run(&["audit", "verify"]);
    assert!(said.code == Some(1) && !empty.database().exists(), "it makes no database: {said:?}");
}

/// What was answered before a kill is there afterwards, with its event, and the log goes on.
#[test]
fn t_aud_1_after_a_kill_every_answered_sign_in_has_its_event_and_the_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, printed) = started(folder.path(), &["--port", &free_port()]);
    let body = r#"{"method":"password","email":"dana@acme.example","password":"amber-orbit-violin"}"#;
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    for _ in 0..12 {
        let answer = ask(address(&printed, "Console"), &format!("{head}{body}"));
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let count =
        "select (select count(*) from sessions), (select count(*) from audit_events where action = 'session.created')";
    let database = rusqlite::Connection::open(database(folder.path())).unwrap();
    let (sessions, events): (i64, i64) = database.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(sessions >= 12 && events >= sessions, "{sessions} sessions, {events} events");
    let after = audit(folder.path(), &["verify"]);
    assert_eq!(after.code, Some(0), "{after:?}");

    let (child, printed) = started(folder.path(), &[]);
    get(address(&printed, "Console"), "/healthz", "");
    stop(child);
    let again = audit(folder.path(), &["verify"]);
    assert!(again.code == Some(0) && !again.out.contains("wait to be chained"), "{again:?}");
}
