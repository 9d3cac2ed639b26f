//! `orgate recover` from outside (R-OPS-1): beside a running program, and while none runs, over the demonstration's people.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::{address, ask, free_port, get, started, stop};
use crate::deployment::{Deployment, Said};
use crate::running::Running;

const DANA: (&str, &str) = ("dana@acme.example", "amber-orbit-violin");
const SAM: (&str, &str) = ("sam@acme.example", "linen-comet-harvest");

/// A demonstration that runs.
struct Demo {
    child: Running,
    console: String,
}

fn running(folder: &Path) -> Demo {
    let port = free_port();
    // A second start keeps the first one's.
    let more = if folder.join("demo.json").exists() { Vec::new() } else { vec!["--port", port.as_str()] };
    let (child, printed) = started(folder, &more);
    Demo { console: address(&printed, "Console").to_owned(), child }
}

impl Demo {
    fn call(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> String {
        let (body, bearer) = (body.to_string(), token.map(|token| format!("Authorization: Bearer {token}\r\n")));
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{}\
             Content-Length: {}\r\n\r\n",
            bearer.unwrap_or_default(),
            body.len()
        );
        ask(&self.console, &format!("{head}{body}"))
    }

    fn sign_in(&self, (email, password): (&str, &str)) -> String {
        self.call("POST", "/sessions", None, &json!({ "method": "password", "email": email, "password": password }))
    }

    fn token(&self, who: (&str, &str)) -> String {
        let answer = self.sign_in(who);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        answer.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    fn enforce(&self) {
        let wish = json!({ "enabled": true, "confirm": true });
        let answer = self.call("PUT", "/organizations/acme/sso-enforcement", Some(&self.token(DANA)), &wish);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"enabled\":true"), "{answer}");
        assert!(self.is_bound(SAM));
    }

    fn is_bound(&self, who: (&str, &str)) -> bool {
        let answer = self.sign_in(who);
        answer.starts_with("HTTP/1.1 403 ") && answer.contains("sso-required")
    }

    fn audit_log(&self) -> String {
        get(
            &self.console,
            "/api/v1/organizations/acme/audit-events",
            &format!("Authorization: Bearer {}\r\n", self.token(DANA)),
        )
    }
}

fn recover(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgate"));
    command.env_clear().env("ORGATE_CONFIG", folder.join("orgate.toml")).stdin(Stdio::null());
    command.arg("recover").args(["--organization", "acme"]).args(arguments).output().unwrap().into()
}

/// Whether the person has got a mail with these words, which leaves within seconds.
fn is_mailed(folder: &Path, to: &str, words: &str) -> bool {
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let mails = orgate_demo_idp::mailbox::list(&folder.join("mail")).unwrap();
        mails.iter().any(|mail| mail.to == to && mail.text.replace('\n', " ").contains(words))
    })
}

#[test]
fn r_ops_1_enforcement_is_turned_off_beside_a_running_program() {
    let folder = tempfile::tempdir().unwrap();
    let demo = running(folder.path());
    demo.enforce();

    let refused = recover(folder.path(), &["--turn-off-enforcement"]);
    assert_eq!(refused.code, Some(1), "nobody could be asked: {refused:?}");
    assert!(refused.err.contains("--yes") && demo.is_bound(SAM), "{refused:?}");

    let said = recover(folder.path(), &["--turn-off-enforcement", "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("SSO enforcement of Acme Robotics is off."), "{said:?}");
    assert!(said.out.contains("Mailed: Dana Reyes <dana@acme.example>.") && said.out.contains("\nNext: "), "{said:?}");
    demo.token(SAM);
    assert!(demo.audit_log().contains(r#""action":"enforcement.disabled","actor":"operator""#));
    assert!(is_mailed(folder.path(), DANA.0, "The operator of this service turned SSO enforcement off"));

    let again = recover(folder.path(), &["--turn-off-enforcement", "--yes"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.starts_with("It is so already.") && !again.out.contains("Mailed"), "{again:?}");
    stop(demo.child);
}

#[test]
fn r_ops_1_a_member_is_made_owner_while_no_program_runs_and_comes_in_then() {
    let folder = tempfile::tempdir().unwrap();
    let demo = running(folder.path());
    demo.enforce();
    stop(demo.child);

    let said = recover(folder.path(), &["--make-owner", SAM.0, "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Sam Okafor is an Owner of Acme Robotics. They can sign in"), "{said:?}");
    assert!(said.out.contains(DANA.0) && said.out.contains(SAM.0) && said.out.contains("when it starts"), "{said:?}");

    let demo = running(folder.path());
    demo.token(SAM);
    assert!(demo.is_bound(("priya@acme.example", "maple-signal-quartz")), "enforcement stays on");
    let log = demo.audit_log();
    assert!(log.contains(r#""action":"member.role-changed","actor":"operator""#), "{log}");
    assert!(log.contains(r#""from":"member","to":"owner""#), "{log}");
    for owner in [DANA.0, SAM.0] {
        assert!(is_mailed(folder.path(), owner, "The operator of this service made Sam Okafor an Owner"));
    }
    stop(demo.child);
}

#[test]
fn what_cannot_be_recovered_is_said_and_changes_nothing() {
    let deployment = Deployment::migrated();
    let run = |arguments: &[&str]| deployment.run(&[&["recover", "--yes"], arguments].concat());
    for both_or_none in
        [&["--organization", "acme"][..], &["--organization", "acme", "--turn-off-enforcement", "--make-owner", "a"]]
    {
        assert_eq!(run(both_or_none).code, Some(2));
    }
    let unknown = run(&["--organization", "acme", "--turn-off-enforcement"]);
    assert_eq!((unknown.code, unknown.err.as_str()), (Some(1), "orgate: there is no organization acme\n"));
    let nobody = run(&["--organization", "acme", "--make-owner", "al@a.example"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("al@a.example is no member of it"), "{nobody:?}");
    let empty = Deployment::new();
    let said = empty.run(&["recover", "--organization", "acme", "--turn-off-enforcement", "--yes"]);
    assert!(said.code == Some(1) && !empty.database().exists(), "it makes no database: {said:?}");
}
