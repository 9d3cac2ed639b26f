//! One node on SQLite whose file a newer program has changed (U1), while it runs and before it starts.

use std::path::Path;

use serde_json::json;

use crate::api::{Api, Person, check};
use crate::client::Ask;
use crate::node::{Node, settings};
use crate::sqlite_file::is_whole;
use crate::upgrade::{noticed, unnoticed};

fn change(folder: &Path, statements: &str) {
    let database = rusqlite::Connection::open(folder.join("orgate.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    database.execute_batch(&format!("begin immediate; {statements} commit;")).unwrap();
}

fn renamed(node: &Node, person: &Person, slug: &str, name: &str) -> u16 {
    let rename = Ask::new("PATCH", format!("/api/v1/organizations/{slug}")).bearer(&person.token);
    node.client().ask(&rename.json(&json!({ "name": name }))).status()
}

fn name(node: &Node, folder: &Path, person: &Person, slug: &str) -> String {
    let mut api = Api::new(node.address(), folder);
    crate::api::text(&api.get(&format!("/api/v1/organizations/{slug}"), &person.token).expect(200).json()["name"])
}

#[test]
fn u1_on_sqlite_a_node_goes_on_over_a_newer_schema_or_writes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
    let mut node = Node::new(settings(folder.path(), &url, "http://localhost:1"), folder.path().join("node.log"));
    node.start();
    let mut api = Api::new(node.address(), folder.path());
    let sam = api.person("sam");
    let slug = api.organization(&sam, "Acme");
    let before: i64 = {
        let database = rusqlite::Connection::open(folder.path().join("orgate.db")).unwrap();
        database.query_row("select max(version) from schema_migrations", [], |row| row.get(0)).unwrap()
    };

    change(folder.path(), &unnoticed(before + 1, before));
    assert_eq!(renamed(&node, &sam, &slug, "Acme One"), 200);
    node.client().ask(&Ask::get("/readyz")).expect(200);
    node.stop();
    assert!(!node.log().contains("newer"), "{}", node.log());
    node.start();
    assert!(node.log().contains("the schema is newer than this program, which may run over it"), "{}", node.log());
    assert_eq!(name(&node, folder.path(), &sam, &slug), "Acme One");
    assert_eq!(renamed(&node, &sam, &slug, "Acme Two"), 200);
    node.verify_audit_log();

    change(folder.path(), &noticed(before + 2));
    assert_eq!(renamed(&node, &sam, &slug, "Acme Three"), 503);
    node.client().ask(&Ask::get("/readyz")).expect(503);
    node.client().ask(&check(&slug, &sam.token)).expect(503);
    node.client().ask(&Ask::get("/healthz")).expect(200);
    assert!(node.log().contains("nothing is answered until a restart"), "{}", node.log());
    node.stop();
    let said = node.run(&["serve"]);
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && told.contains("newer Orgate"), "{told}");

    change(folder.path(), &format!("drop table later; delete from schema_migrations where version > {};", before + 1));
    is_whole(folder.path()).unwrap();
    node.start();
    assert_eq!(name(&node, folder.path(), &sam, &slug), "Acme Two");
    node.verify_audit_log();
}
