//! A program that is killed at every message to its PostgreSQL server, before the server has it and once it was answered:
//! while it migrates, and while it replaces the secret key (REL-3). The next run goes on, and nobody repairs anything.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use orgate_testkit::postgres::{self, Database};
use tokio::runtime::Runtime;

use crate::api::Api;
use crate::database::through;
use crate::node::{KEY, Node, Settings, settings};
use crate::old_database::{Engine, is_compared, statements};
use crate::relay::{Death, Relay};
use crate::scale::{now, report};
use crate::scene::{ORIGIN, Scene};
use crate::sqlite_steps::{OTHER_KEY, finish, keys, opens_with_both};
use crate::steps::{until_through, was_killed};

/// Everything that is in a database, but what no two runs have in common.
fn content(runtime: &Runtime, database: &Database) -> String {
    let text = |query: &str| runtime.block_on(database.text(query));
    let schema = "select string_agg(line, E'\\n' order by line) from (
        select concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default) as line
            from information_schema.columns where table_schema = 'public'
        union all select concat_ws(' ', 'index', indexdef) from pg_indexes where schemaname = 'public'
        union all select concat_ws(' ', 'constraint', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
            where connamespace = 'public'::regnamespace
        union all select concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) from pg_trigger where not tgisinternal
        union all select concat_ws(' ', 'function', proname, prosrc) from pg_proc
            where pronamespace = 'public'::regnamespace
        union all select concat_ws(' ', 'view', viewname, definition) from pg_views where schemaname = 'public') as lines";
    let mut all = text(schema);
    let tables =
        text("select string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'public'");
    for table in tables.split(' ').filter(|table| is_compared(table)) {
        let rows = format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t");
        write!(all, "\n{table}\n{}", text(&rows)).unwrap();
    }
    all
}

/// Runs a command that dies at this step: odd ones before the server has the message, even ones once it was answered.
fn dies(relay: &Relay, step: u64, mut command: Command) -> bool {
    relay.kill_at(Death { message: step.div_ceil(2), is_answered: step.is_multiple_of(2) });
    command.env("ORGATE_LISTEN", "127.0.0.1:1");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    relay.client_is(child.id());
    was_killed(&child.wait_with_output().unwrap())
}

fn old(runtime: &Runtime) -> Option<Database> {
    let database = runtime.block_on(postgres::empty())?;
    runtime.block_on(database.execute(&statements(Engine::Postgres)));
    Some(database)
}

#[test]
fn rel_3_on_postgres_a_kill_at_every_step_of_each_migration_needs_no_repair() {
    let (runtime, began) = (Runtime::new().unwrap(), now());
    let Some(calm) = old(&runtime) else { return };
    let folder = tempfile::tempdir().unwrap();
    let node = |url: &str| Node::new(settings(folder.path(), url, ORIGIN), folder.path().join("node.log"));
    let said = node(calm.url()).run(&["migrate"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let expected = content(&runtime, &calm);

    let database = old(&runtime).unwrap();
    let (url, relay) = through(database.url(), Relay::start);
    let migrating = node(&url);
    let killed = until_through(
        20,
        || runtime.block_on(database.number("select max(version) from schema_migrations")),
        |step| dies(&relay, step, migrating.command(&["migrate"])),
    );
    assert_eq!(content(&runtime, &database), expected);
    let mut serving = node(database.url());
    serving.start();
    let mut api = Api::new(serving.address(), folder.path());
    let sam = api.person("sam");
    api.organization(&sam, "Acme");
    drop(serving);
    report("REL-3 migrations, PostgreSQL", began, &format!("{killed} kills, no repair, the same content as without"));
    assert!(killed > 10, "it was killed under way");
    runtime.block_on(calm.remove());
    runtime.block_on(database.remove());
}

#[test]
fn rel_3_on_postgres_a_kill_at_every_step_of_a_replacement_of_the_key_needs_no_repair() {
    let (runtime, began) = (Runtime::new().unwrap(), now());
    let Some(database) = runtime.block_on(postgres::fresh()) else { return };
    let mut scene = Scene::new(database.url(), tempfile::tempdir().unwrap(), Settings::new());
    scene.node.stop();
    let (url, relay) = through(database.url(), Relay::start);
    let killed = until_through(
        20,
        || 0,
        |step| {
            let mut command = keys(&scene.node, OTHER_KEY, KEY, &["keys", "rotate"]);
            command.env("ORGATE_DATABASE_URL", &url);
            let killed = dies(&relay, step, command);
            opens_with_both(&scene.node);
            killed
        },
    );
    finish(&mut scene.node);
    scene.checks_are_right();
    scene.node.stop();
    scene.node.verify_audit_log();
    report("REL-3 key, PostgreSQL", began, &format!("{killed} kills, no repair"));
    assert!(killed > 0, "it was killed under way");
    runtime.block_on(database.remove());
}
