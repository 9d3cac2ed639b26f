//! What is wrong around a node: files and their rights, mail, providers, limits of the machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::stand_ins::{free_port, mail_server, says};
use super::{mends, says_nothing_to_mend};
use crate::deployment::{Deployment, KEY, Said};

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn t_sec_4_secrets_that_every_user_can_read_are_to_mend() {
    let deployment = Deployment::migrated();
    let open = tempfile::tempdir_in("/tmp").unwrap();
    let key = open.path().join("secret.key");
    fs::write(&key, KEY).unwrap();
    set_mode(&key, 0o644);
    let deployment = deployment.without("ORGATE_SECRET_KEY").with("ORGATE_SECRET_KEY_FILE", key.to_str().unwrap());
    // Nobody else gets into the folder.
    set_mode(open.path(), 0o700);
    says_nothing_to_mend(&deployment.run(&["doctor"]));
    set_mode(open.path(), 0o755);
    mends(
        &deployment.run(&["doctor"]),
        &format!("secret files: every user of this machine can read {}", key.display()),
    );
    set_mode(&key, 0o640);
    says_nothing_to_mend(&deployment.run(&["doctor"]));
}

#[test]
fn t_sec_4_a_database_that_every_user_can_read_is_to_mend() {
    let open = tempfile::tempdir_in("/tmp").unwrap();
    set_mode(open.path(), 0o755);
    let file = open.path().join("orgate.db");
    let deployment = Deployment::new().with("ORGATE_DATABASE_URL", &format!("sqlite:{}", file.display()));
    assert_eq!(deployment.run(&["migrate"]).code, Some(0));
    set_mode(&file, 0o644);
    mends(
        &deployment.run(&["doctor"]),
        &format!("database file: every user of this machine can read {}", file.display()),
    );
    set_mode(&file, 0o600);
    says_nothing_to_mend(&deployment.run(&["doctor"]));
}

#[test]
fn secrets_that_somebody_made_up_are_to_mend() {
    let zeros = "0".repeat(64);
    let deployment = Deployment::new().with("ORGATE_SECRET_KEY", &zeros);
    assert_eq!(deployment.run(&["migrate"]).code, Some(0));
    mends(&deployment.run(&["doctor"]), "secret key: it was not drawn at random");
    let weak = "operator-operator-operator-operator";
    let said = Deployment::migrated().with("ORGATE_OPERATOR_TOKEN", weak).run(&["doctor"]);
    mends(&said, "operator token: it can be guessed");
    assert!(!said.out.contains(weak) && !said.err.contains(weak), "{said:?}");
    let drawn = "5b0c8e1f7a39d24660af13c7e98d5b21f04e6c7ad8b3925f";
    says_nothing_to_mend(&Deployment::migrated().with("ORGATE_OPERATOR_TOKEN", drawn).run(&["doctor"]));
}

#[test]
fn few_files_are_to_mend() {
    let deployment = Deployment::migrated();
    let limited = ["-c", r#"ulimit -n 256; exec "$0" doctor"#, env!("CARGO_BIN_EXE_orgate")];
    let output = Command::new("sh").args(limited).env_clear().envs(deployment.settings()).output().unwrap();
    mends(&Said::from(output), "open files: at most 256, connections included");
}

#[test]
fn f3_mail_that_would_not_leave_is_to_mend_with_its_reason() {
    let deployment = Deployment::migrated();
    let takes = mail_server("250 ok");
    let said = |mail: String| deployment.run_with(&[("ORGATE_MAIL", &mail)], &["doctor"]);
    let good = said(format!("smtp://good:secret@127.0.0.1:{takes}"));
    says_nothing_to_mend(&good);
    assert!(good.out.contains(&format!("ok    mail: 127.0.0.1:{takes} takes mail from orgate@a.example")), "{good:?}");
    mends(&said(format!("smtp://127.0.0.1:{}", free_port())), "cannot be reached: look at host and port");
    mends(&said(format!("smtps://127.0.0.1:{takes}")), "and Orgate agree on no encryption");
    mends(&said(format!("smtp://127.0.0.1:{takes}?tls=required")), "and Orgate agree on no encryption");
    let refused = said(format!("smtp://bad:canary-password@127.0.0.1:{takes}"));
    mends(&refused, "does not take user and password");
    assert!(refused.out.contains("no such user here") && !refused.out.contains("canary"), "{refused:?}");
    let strict = mail_server("550 5.7.1 not your domain");
    let said = said(format!("smtp://127.0.0.1:{strict}"));
    mends(&said, "does not take the sender: set ORGATE_MAIL_FROM");
    assert!(said.out.contains("not your domain"), "{said:?}");
}

#[test]
fn a_mail_folder_that_cannot_be_written_to_is_to_mend() {
    let said = Deployment::migrated().with("ORGATE_MAIL", "dir:/proc/orgate-mail").run(&["doctor"]);
    mends(&said, "mail: nothing can be written to /proc/orgate-mail");
}

#[test]
fn a_registration_that_is_not_known_and_a_clock_that_is_off_are_to_mend() {
    let at_github = |port: u16| {
        let (url, api_url) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{port}/api/v3"));
        let registered = [
            ("ORGATE_GITHUB_CLIENT_ID", "Ov23liTestsOfOrgate00"),
            ("ORGATE_GITHUB_CLIENT_SECRET", "0123456789abcdef0123456789abcdef01234567"),
            ("ORGATE_GITHUB_URL", url.as_str()),
            ("ORGATE_GITHUB_API_URL", api_url.as_str()),
        ];
        Deployment::migrated().run_with(&registered, &["doctor"])
    };
    let late = says(
        "HTTP/1.1 200 OK\r\nDate: Sun, 01 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\
         Connection: close\r\n\r\n{\"error\":\"bad_verification_code\"}\n",
    );
    let said = at_github(late);
    mends(&said, "s ahead of 127.0.0.1: ID tokens count as expired");
    assert!(said.out.contains("ok    GitHub: "), "{said:?}");
    let refuses = says(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\nConnection: close\r\n\r\n\
         {\"error\":\"incorrect_client_credentials\"}",
    );
    mends(&at_github(refuses), "GitHub: ");
    mends(&at_github(free_port()), "GitHub: ");
}

/// Half a registration stops the start, and is told as everything else is.
#[test]
fn settings_that_cannot_be_used_are_told_a_line_each() {
    let settings = [("ORGATE_GOOGLE_CLIENT_ID", "id"), ("ORGATE_LISTN", "x")];
    let said = Deployment::migrated().run_with(&settings, &["doctor"]);
    mends(&said, "settings: ORGATE_GOOGLE_CLIENT_ID: google_client_id and google_client_secret are set together");
    mends(&said, "settings: ORGATE_LISTN: is not a setting");
    let said = Deployment::migrated().without("ORGATE_SECRET_KEY").run(&["doctor"]);
    mends(&said, "settings: ORGATE_SECRET_KEY or ORGATE_SECRET_KEY_FILE: must be set");
}
