//! A program that is killed before every change of its SQLite files: while it migrates, and while it replaces the secret key
//! (REL-3). The file is whole after each, the next run goes on, and nobody repairs anything.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::api::Api;
use crate::disk::Disk;
use crate::node::{KEY, Node, settings};
use crate::old_database::{Engine, is_compared, statements};
use crate::provider::Network;
use crate::scale::{now, report};
use crate::scene::{ORIGIN, Scene};
use crate::sqlite_file::is_whole;
use crate::steps::{until_through, was_killed};

pub const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const HOST: &str = "acme.idp.test";

/// The files as a crash left them, elsewhere: whoever opens a database changes it.
fn copied(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["orgate.db", "orgate.db-wal"] {
        if folder.join(name).exists() {
            fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

/// Everything that is in a database, but what no two runs have in common.
fn content(file: &Path) -> String {
    let database = Connection::open(file).unwrap();
    let mut all = String::new();
    let mut schema = database.prepare("select type, name, sql from sqlite_master order by type, name").unwrap();
    let mut rows = schema.query([]).unwrap();
    let mut tables = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        writeln!(all, "{kind} {name} {:?}", row.get::<_, Option<String>>(2).unwrap()).unwrap();
        tables.extend((kind == "table" && is_compared(&name)).then_some(name));
    }
    for table in tables {
        let mut statement = database.prepare(&format!("select * from {table} order by 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            writeln!(all, "{table} {values:?}").unwrap();
        }
    }
    all
}

fn version(folder: &Path) -> i64 {
    let copy = copied(folder);
    is_whole(copy.path()).unwrap();
    let database = Connection::open(copy.path().join("orgate.db")).unwrap();
    database.query_row("select max(version) from schema_migrations", [], |row| row.get(0)).unwrap()
}

/// The oldest database, in a folder of its own, and the program for it.
fn old(folder: &Path) -> Node {
    let file = folder.canonicalize().unwrap().join("orgate.db");
    Connection::open(&file).unwrap().execute_batch(&statements(Engine::Sqlite)).unwrap();
    Node::new(settings(folder, &format!("sqlite:{}", file.display()), ORIGIN), folder.join("node.log"))
}

#[test]
fn rel_3_on_sqlite_a_kill_at_every_step_of_each_migration_needs_no_repair() {
    let (calm, began) = (tempfile::tempdir().unwrap(), now());
    let said = old(calm.path()).run(&["migrate"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let expected = content(&calm.path().join("orgate.db"));

    let folder = tempfile::tempdir().unwrap();
    let (mut node, disk) = (old(folder.path()), Disk::new(folder.path()));
    for (name, value) in disk.settings() {
        node.set(&name, value);
    }
    let killed = until_through(
        20,
        || version(folder.path()),
        |step| {
            disk.kill_at(i64::try_from(step).unwrap());
            was_killed(&node.run(&["migrate"]))
        },
    );
    disk.kill_at(0);
    is_whole(copied(folder.path()).path()).unwrap();
    assert_eq!(content(&disk.file()), expected);
    // And it serves.
    node.start();
    let mut api = Api::new(node.address(), folder.path());
    let sam = api.person("sam");
    api.organization(&sam, "Acme");
    report("REL-3 migrations, SQLite", began, &format!("{killed} kills, no repair, the same content as without"));
    assert!(killed > 10, "it was killed under way");
}

/// The keys that `orgate keys` is told in place of those of the node.
pub fn keys(node: &Node, present: &str, other: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = node.command(arguments);
    command.env("ORGATE_SECRET_KEY", present).env("ORGATE_OTHER_SECRET_KEYS", other);
    command.env("ORGATE_LISTEN", "127.0.0.1:1");
    command
}

/// Whatever a replacement had done, a node with both keys in either order opens everything; and the next one ends it.
pub fn opens_with_both(node: &Node) {
    for (present, other) in [(OTHER_KEY, KEY), (KEY, OTHER_KEY)] {
        let said = keys(node, present, other, &["keys", "status"]).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
}

/// A node with the former key counts it as in use, so the last replacement comes last.
pub fn finish(node: &mut Node) {
    let said = keys(node, OTHER_KEY, KEY, &["keys", "rotate"]).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    node.set("ORGATE_SECRET_KEY", OTHER_KEY.to_owned());
    node.start();
}

#[test]
fn rel_3_on_sqlite_a_kill_at_every_step_of_a_replacement_of_the_key_needs_no_repair() {
    let (folder, network, began) = (tempfile::tempdir().unwrap(), Network::new(), now());
    let (disk, provider) = (Disk::new(folder.path()), network.provider(HOST));
    let mut settings = network.settings(folder.path(), &[HOST]);
    settings.extend(disk.settings());
    let mut scene = Scene::on_sqlite(folder, settings);
    let slug = provider.connect(&mut scene.api(), scene.browser(), &scene.owner, "Idp");
    scene.node.stop();
    let killed = until_through(
        6,
        || 0,
        |step| {
            disk.kill_at(i64::try_from(step).unwrap());
            let killed = was_killed(&keys(&scene.node, OTHER_KEY, KEY, &["keys", "rotate"]).output().unwrap());
            disk.kill_at(0);
            is_whole(copied(scene.folder()).path()).unwrap();
            opens_with_both(&scene.node);
            killed
        },
    );
    finish(&mut scene.node);
    scene.checks_are_right();
    provider.sign_in_as("00uKim", "kim@acme.example");
    let mut browser = scene.browser();
    let back = browser.through(&provider.idp, &format!("/sign-in/{slug}"));
    browser.get(&back).expect(303);
    assert!(browser.session().is_some(), "the connection's settings open with the new key alone");
    scene.node.stop();
    scene.node.verify_audit_log();
    report("REL-3 key, SQLite", began, &format!("{killed} kills, no repair"));
    assert!(killed > 0, "it was killed under way");
}
