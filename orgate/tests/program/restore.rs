//! `orgate backup` and `orgate restore` from outside: beside a program that serves and writes, after a loss, and what stands
//! in the way (R-OPS-1, T-SEC-4, T-SEC-5).

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::{ask, stop};
use crate::deployment::{Deployment, KEY, OTHER_KEY, Said};
use crate::running::Running;

const PASSWORD: &str = "amber-orbit-violin";

fn call(port: u16, (method, path): (&str, &str), token: Option<&str>, body: &Value) -> String {
    let (body, bearer) = (body.to_string(), token.map(|token| format!("Authorization: Bearer {token}\r\n")));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{}\
         Content-Length: {}\r\n\r\n",
        bearer.unwrap_or_default(),
        body.len()
    );
    ask(&format!("http://127.0.0.1:{port}"), &format!("{head}{body}"))
}

/// A value of the answer.
fn value(answer: &str, name: &str) -> String {
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let from = body.find('{').unwrap_or_else(|| panic!("{answer}"));
    let to = body.rfind('}').unwrap();
    let document: Value = serde_json::from_str(&body[from..=to]).unwrap();
    document[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// The deployment while it serves.
struct Serving {
    deployment: Deployment,
    child: Running,
}

impl Serving {
    fn begin(deployment: Deployment) -> Self {
        Self { child: deployment.serve(), deployment }
    }

    fn stop(self) -> Deployment {
        stop(self.child);
        self.deployment
    }

    fn call(&self, request: (&str, &str), token: Option<&str>, body: &Value) -> String {
        call(self.deployment.port, request, token, body)
    }

    /// What a mail to this address holds that is found by `find`.
    fn mailed(&self, to: &str, find: impl Fn(&str) -> Option<String>) -> String {
        for _ in 0..200 {
            let mails = orgate_demo_idp::mailbox::list(&self.deployment.folder.path().join("mail")).unwrap();
            if let Some(found) = mails.iter().filter(|mail| mail.to == to).find_map(|mail| find(&mail.text)) {
                return found;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no such mail to {to}");
    }

    /// Signs somebody up, and gives their session.
    fn sign_up(&self, email: &str) -> String {
        let new = json!({ "email": email, "password": PASSWORD, "name": "Dana Reyes" });
        let begun = value(&self.call(("POST", "/api/v1/sign-ups"), None, &new), "id");
        let code = self.mailed(email, |text| {
            let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
            text.split_whitespace().find(is_code).map(str::to_owned)
        });
        let path = format!("/api/v1/sign-ups/{begun}/verification");
        value(&self.call(("POST", &path), None, &json!({ "code": code })), "token")
    }

    fn sign_in(&self, email: &str, password: &str) -> String {
        let typed = json!({ "method": "password", "email": email, "password": password });
        self.call(("POST", "/api/v1/sessions"), None, &typed)
    }

    /// The token of a link that sets a password.
    fn reset(&self, email: &str) -> String {
        let asked = self.call(("POST", "/api/v1/password-resets"), None, &json!({ "email": email }));
        assert!(asked.starts_with("HTTP/1.1 202 "), "{asked}");
        self.mailed(email, |text| {
            let link = text.split_whitespace().find(|word| word.contains("/password-reset/"))?;
            link.rsplit('/').next().map(str::to_owned)
        })
    }

    fn complete(&self, reset: &str, password: &str) -> String {
        let path = format!("/api/v1/password-resets/{reset}/completion");
        self.call(("POST", &path), None, &json!({ "password": password }))
    }

    fn knows(&self, token: &str) -> bool {
        let bearer = self.call(("GET", "/api/v1/session"), Some(token), &Value::Null);
        let cookie = format!(
            "GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: __Host-orgate-session={token}\r\n\r\n"
        );
        let cookie = ask(&format!("http://127.0.0.1:{}", self.deployment.port), &cookie);
        let answers = [bearer, cookie].map(|answer| answer.starts_with("HTTP/1.1 200 "));
        assert_eq!(answers[0], answers[1], "both ways alike");
        answers[0]
    }
}

fn run(deployment: &Deployment, arguments: &[&str], file: &Path) -> Said {
    deployment.run(&[arguments, &[file.to_str().unwrap()]].concat())
}

fn backup(deployment: &Deployment, file: &Path) -> Said {
    run(deployment, &["backup", "--to"], file)
}

fn restore(deployment: &Deployment, file: &Path) -> Said {
    run(deployment, &["restore", "--from"], file)
}

/// Takes the database away, with what SQLite keeps beside it.
fn lose(deployment: &Deployment) -> PathBuf {
    let gone = deployment.folder.path().join("gone.db");
    std::fs::rename(deployment.database(), &gone).unwrap();
    for ending in ["-wal", "-shm"] {
        assert!(!deployment.folder.path().join(format!("orgate.db{ending}")).exists(), "it was closed");
    }
    gone
}

#[test]
fn u1_t_sec_5_a_backup_beside_a_program_comes_back_and_nothing_that_was_used_since_serves() {
    let serving = Serving::begin(Deployment::new());
    let (dana, sam) = ("dana@a.example", "sam@a.example");
    let old = serving.sign_up(dana);
    serving.sign_up(sam);
    let reset = serving.reset(sam);
    assert!(serving.knows(&old));

    // Somebody signs in all the while.
    let (port, told) = (serving.deployment.port, Arc::new(AtomicBool::new(false)));
    let heard = Arc::clone(&told);
    let busy = std::thread::spawn(move || {
        let mut sessions = 0;
        while !heard.load(Ordering::Relaxed) {
            let typed = json!({ "method": "password", "email": dana, "password": PASSWORD });
            let answer = call(port, ("POST", "/api/v1/sessions"), None, &typed);
            assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
            sessions += 1;
        }
        sessions
    });
    let file = serving.deployment.folder.path().join("orgate.backup");
    let said = backup(&serving.deployment, &file);
    told.store(true, Ordering::Relaxed);
    assert!(busy.join().unwrap() > 0);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("It holds 2 people and 0 organizations in "), "{said:?}");
    assert!(said.out.contains("schema version ") && said.out.contains("takes the secret key "), "{said:?}");
    assert!(!format!("{said:?}").contains(KEY));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = std::fs::read(&file).unwrap();
    let holds = |needle: &str| written.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds(dana), "the search finds what is there");
    for secret in [&old, &reset, PASSWORD, KEY] {
        assert!(!holds(secret), "T-SEC-4");
    }
    let again = backup(&serving.deployment, &file);
    assert!(again.code == Some(1) && again.err.contains("is there already, and is not written over"), "{again:?}");
    assert_eq!(std::fs::read(&file).unwrap(), written);

    // What happens after the backup, and is lost.
    assert!(serving.complete(&reset, "linen-comet-harvest").starts_with("HTTP/1.1 204 "));
    let lost = value(&serving.sign_in(sam, "linen-comet-harvest"), "token");
    let beside = restore(&serving.deployment, &file);
    assert!(beside.code == Some(1) && beside.err.contains("orgate.db is there already"), "{beside:?}");
    let marked = serving.deployment.run(&["restore", "--in-place", "--yes"]);
    assert!(marked.code == Some(1) && marked.err.contains("stop every node"), "{marked:?}");
    assert!(serving.knows(&lost), "nothing was changed");

    let deployment = serving.stop();
    lose(&deployment);
    let said = restore(&deployment, &file);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Restored to the state of ") && said.out.contains(": 2 people"), "{said:?}");
    assert!(said.out.contains("mailed links 1,") && said.out.contains("docs/operate/backup.md"), "{said:?}");
    assert_eq!(std::fs::read(&file).unwrap(), written, "the backup stays as it is");

    let serving = Serving::begin(deployment);
    assert!(!serving.knows(&old) && !serving.knows(&lost));
    let dead = serving.complete(&reset, "maple-signal-quartz");
    assert!(dead.starts_with("HTTP/1.1 4") && dead.contains("attempt-over"), "{dead}");
    let dana = value(&serving.sign_in(dana, PASSWORD), "token");
    assert!(serving.knows(&dana));
    assert!(serving.sign_in(sam, "linen-comet-harvest").starts_with("HTTP/1.1 401 "), "what came later is lost");
    assert!(serving.sign_in(sam, PASSWORD).starts_with("HTTP/1.1 201 "));
    let deployment = serving.stop();
    let verified = deployment.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let log = deployment.run(&["audit", "export"]);
    assert!(log.out.contains(r#""action":"instance.restored","actor":"operator""#), "{log:?}");
}

#[test]
fn t_sec_5_a_backup_that_was_copied_into_place_is_served_after_it_was_marked() {
    let serving = Serving::begin(Deployment::new());
    let old = serving.sign_up("dana@a.example");
    let deployment = serving.stop();
    let waiting = "insert into mails (id, sealed_content, template, created_at, next_try_at, tries)
        values ('mai_0', x'00', 'sign-up-code', 1, 9999999999999, 3)";
    rusqlite::Connection::open(deployment.database()).unwrap().execute_batch(waiting).unwrap();
    let file = deployment.folder.path().join("orgate.backup");
    assert_eq!(backup(&deployment, &file).code, Some(0));
    let log = deployment.run(&["audit", "export"]);
    assert!(log.out.contains(r#""action":"instance.backed-up","actor":"operator""#), "{log:?}");
    lose(&deployment);
    std::fs::copy(&file, deployment.database()).unwrap();
    for command in [&["serve"][..], &["audit", "verify"], &["keys", "status"], &["backup", "--to", "other"]] {
        let refused = deployment.run(command);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("this database is a backup of 2"), "{refused:?}");
        assert!(refused.err.contains("orgate restore --in-place"), "{refused:?}");
    }
    let doctor = deployment.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.out.contains("MEND  backup: this database is a backup of 2"),
        "{doctor:?}"
    );
    let unsure = deployment.run(&["restore", "--in-place"]);
    assert!(unsure.code == Some(1) && unsure.err.contains("say --yes"), "{unsure:?}");
    let said = deployment.run(&["restore", "--in-place", "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Void from now on: sessions 1,"), "{said:?}");
    assert!(said.out.contains("mails that waited ") && !said.out.contains("mails that waited 0."), "{said:?}");
    let doctor = deployment.run(&["doctor"]);
    assert!(doctor.out.ends_with("Nothing to mend.\n"), "{doctor:?}");
    let serving = Serving::begin(deployment);
    assert!(!serving.knows(&old));
    assert!(serving.sign_in("dana@a.example", PASSWORD).starts_with("HTTP/1.1 201 "));
    stop(serving.child);
}

#[test]
fn t_aud_1_a_head_of_no_form_keeps_nobody_from_a_backup_and_its_restore() {
    let deployment = Deployment::migrated();
    let files = ["one.backup", "two.backup"].map(|name| deployment.folder.path().join(name));
    assert_eq!(backup(&deployment, &files[0]).code, Some(0));
    let cut = "update audit_heads set head_link = x'00'";
    rusqlite::Connection::open(deployment.database()).unwrap().execute_batch(cut).unwrap();
    let said = backup(&deployment, &files[1]);
    assert!(said.code == Some(0) && said.out.contains("Heads that are not: instance."), "{said:?}");
    assert_eq!(deployment.run(&["audit", "heads"]).code, Some(0));
    let found = deployment.run(&["audit", "verify"]);
    assert!(found.code == Some(1) && found.out.contains("FOUND the deployment: The head does not bear"), "{found:?}");
    lose(&deployment);
    let said = restore(&deployment, &files[1]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn what_cannot_be_restored_is_said_and_leaves_nothing_behind() {
    let deployment = Deployment::migrated();
    let folder = deployment.folder.path();
    let file = folder.join("orgate.backup");
    assert_eq!(backup(&deployment, &file).code, Some(0));
    lose(&deployment);
    let names = || {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    std::fs::write(folder.join("notes"), "these are notes, and certainly no database at all").unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(folder.join("cut"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::copy(&file, folder.join("newer")).unwrap();
    let newer = rusqlite::Connection::open(folder.join("newer")).unwrap();
    newer.execute("insert into schema_migrations (version, name, applied_at) values (999, 'later', 0)", ()).unwrap();
    drop(newer);
    let before = names();
    for (name, words) in [
        ("none", "there is no file"),
        ("notes", "is no database of Orgate"),
        ("cut", "is damaged: "),
        ("newer", "schema version 999"),
    ] {
        let refused = restore(&deployment, &folder.join(name));
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused.err.starts_with("orgate: nothing was restored: ") && refused.err.contains(words),
            "{refused:?}"
        );
        assert_eq!(names(), before);
    }
    let key = deployment.run_with(&[("ORGATE_SECRET_KEY", OTHER_KEY)], &["restore", "--from", file.to_str().unwrap()]);
    assert!(key.code == Some(1) && key.err.contains("wrong key: this database is in use with "), "{key:?}");
    std::fs::write(folder.join("orgate.db-wal"), "of a database that is gone").unwrap();
    let open = restore(&deployment, &file);
    assert!(open.code == Some(1) && open.err.contains("orgate.db-wal is there: "), "{open:?}");
    std::fs::remove_file(folder.join("orgate.db-wal")).unwrap();
    assert_eq!(names(), before);
    let nothing = deployment.run(&["restore", "--in-place", "--yes"]);
    assert!(nothing.code == Some(1) && nothing.err.contains("there is no database of Orgate"), "{nothing:?}");
    assert!(!deployment.database().exists(), "it makes no database");
    for both_or_none in [&["restore"][..], &["restore", "--in-place", "--from", "a"], &["backup"]] {
        assert_eq!(deployment.run(both_or_none).code, Some(2));
    }
    let moved = deployment.run_with(
        &[("ORGATE_SECRET_KEY", OTHER_KEY), ("ORGATE_OTHER_SECRET_KEYS", KEY)],
        &["restore", "--from", file.to_str().unwrap()],
    );
    assert_eq!(moved.code, Some(0), "the key of then may be another one by now: {moved:?}");
}

/// Its own tools make the backup and put it back: that is said, and nothing is tried, for nobody is there.
#[test]
fn a_file_is_no_way_back_for_postgresql() {
    let deployment = Deployment::new().with("ORGATE_DATABASE_URL", "postgres://orgate:hunter2@127.0.0.1:9/orgate");
    let file = deployment.folder.path().join("orgate.backup");
    let said = restore(&deployment, &file);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("pg_restore") && said.err.contains("orgate restore --in-place"), "{said:?}");
    let said = backup(&deployment, &file);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("pg_dump --format=custom --file='") && said.err.contains("orgate@127.0.0.1:9/orgate"),
        "{said:?}"
    );
    assert!(!said.err.contains("hunter2") && !file.exists());
}
