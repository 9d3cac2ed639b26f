//! `orgate doctor`: a deployment in order, and broken ones. Each is broken as it happens out there, and has to be told by name.

mod around;
mod data;
pub mod stand_ins;
mod way_in;

use crate::deployment::{Deployment, KEY, OTHER_KEY, Said};

/// There is a line of something to mend that says this.
fn mends(said: &Said, words: &str) {
    assert_eq!(said.code, Some(1), "{said:?}");
    let is_found = said.out.lines().any(|line| line.starts_with("MEND  ") && line.contains(words));
    assert!(is_found, "no line to mend says {words:?}:\n{}", said.out);
}

fn says_nothing_to_mend(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.ends_with("Nothing to mend.\n") && !said.out.contains("MEND"), "{}", said.out);
}

#[test]
fn a_deployment_in_order_has_nothing_to_mend() {
    let said = Deployment::migrated().run(&["doctor"]);
    says_nothing_to_mend(&said);
    let looked_at = [
        "listener",
        "public URL",
        "secret files",
        "operator token",
        "open files",
        "disk",
        "mail",
        "database",
        "secret key",
        "outbox",
        "domains",
        "enforcement",
        "connections",
    ];
    for what in looked_at {
        assert!(said.out.contains(&format!("ok    {what}: ")), "{what}: {said:?}");
    }
}

/// In the midst of a replacement of the key, for example.
#[test]
fn t_sec_1_what_only_looks_puts_no_key_in_use_and_makes_no_mail_folder() {
    let deployment = Deployment::migrated();
    let mail = deployment.folder.path().join("mail");
    std::fs::remove_dir(&mail).unwrap();
    let keys = [("ORGATE_SECRET_KEY", OTHER_KEY), ("ORGATE_OTHER_SECRET_KEYS", KEY)];
    for look in [&["doctor"][..], &["audit", "verify"], &["audit", "heads"], &["audit", "export"], &["keys", "status"]]
    {
        let said = deployment.run_with(&keys, look);
        assert_eq!(said.code, Some(0), "{look:?}: {said:?}");
    }
    says_nothing_to_mend(&deployment.run(&["doctor"]));
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    let in_use: i64 = database.query_row("select count(*) from secret_keys", [], |row| row.get(0)).unwrap();
    assert!(in_use == 1 && !mail.exists());
    let wrong = deployment.run_with(&[("ORGATE_SECRET_KEY", OTHER_KEY)], &["keys", "status"]);
    assert!(wrong.code == Some(1) && wrong.err.contains("wrong key"), "{wrong:?}");
}

#[test]
fn the_same_can_be_read_by_a_program() {
    let deployment = Deployment::migrated();
    let findings = |said: &Said| serde_json::from_str::<Vec<serde_json::Value>>(&said.out).unwrap();
    let said = deployment.run(&["doctor", "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(findings(&said).iter().all(|finding| finding["ok"] == true && finding["text"].is_string()), "{said:?}");
    let said = deployment.run_with(&[("ORGATE_SIGN_UP", "maybe")], &["doctor", "--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(findings(&said).len(), 1, "{said:?}");
    assert_eq!(findings(&said)[0]["what"], "settings", "{said:?}");
}

#[test]
fn the_example_file_is_the_one_in_the_documentation() {
    let printed = Deployment::new().run(&["example-config"]).out;
    let kept =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate/orgate.example.toml")).unwrap();
    assert_eq!(printed.trim_end(), kept.trim_end());
}

/// What the page promises is what the tests here break.
#[test]
fn the_page_for_operators_lists_what_is_looked_at() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate/doctor.md")).unwrap();
    let said = Deployment::migrated().run(&["doctor"]);
    for line in said.out.lines().filter_map(|line| line.strip_prefix("ok    ")) {
        let what = line.split(": ").next().unwrap();
        assert!(page.contains(&format!("| `{what}` |")), "docs/operate/doctor.md has no row of {what}");
    }
}
