//! U1: what a program does over a schema that a newer one has left, what becomes of one that runs meanwhile, and how an older
//! schema is brought up to date while others write.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use orgate_store::{Migrate, Store, StoreError, User};

use crate::bed::{Bed, at, email, user};
use crate::opening::{empty, open};

/// The steps of this program, oldest first: their versions, and their text for an engine.
fn steps(is_sqlite: bool) -> Vec<(i64, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let (other, bytes, row_key, without_rowid) = if is_sqlite {
        (".postgres.sql", "blob", "integer", " without rowid")
    } else {
        (".sqlite.sql", "bytea", "bigint", "")
    };
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(other));
    // The common text first: `0009_a.sql` sorts behind `0009_a.postgres.sql`.
    names.sort_by_key(|name| (name[..4].to_owned(), name.len()));
    let read = |name: &String| {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let text = text.replace("{bytes}", bytes).replace("{row_key}", row_key);
        (name[..4].parse().unwrap(), text.replace("{without_rowid}", without_rowid))
    };
    names.iter().map(read).collect()
}

fn newest() -> i64 {
    steps(true).last().unwrap().0
}

/// What the programs of before made: the schema below this version, which was 16 when schemas began to say who may run.
fn schema_below(version: i64, is_sqlite: bool) -> String {
    assert!(version <= 16);
    let mut all =
        "create table schema_migrations (version bigint primary key, name text not null, applied_at bigint not null);"
            .to_owned();
    let mut noted = 0;
    for (step, text) in steps(is_sqlite).into_iter().filter(|(step, _)| *step < version) {
        all += &text;
        if step > noted {
            let note = "insert into schema_migrations (version, name, applied_at) values";
            write!(all, "{note} ({step}, 'before', 1);").unwrap();
            noted = step;
        }
    }
    all
}

/// What a newer program's step leaves in the schema's own table.
fn later(version: i64, oldest: &str) -> String {
    format!(
        "insert into schema_migrations (version, name, applied_at, oldest) values ({version}, 'later', 0, {oldest});"
    )
}

async fn run(url: &str, statements: &str) {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return rusqlite::Connection::open(path).unwrap().execute_batch(statements).unwrap();
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

fn is_outage(refused: &StoreError) -> bool {
    matches!(refused, StoreError::Unavailable { detail } if detail.contains("schema version"))
}

async fn add(store: &Store, name: &str) -> Result<(), StoreError> {
    store.write(user(name), |tx, user| Box::pin(async move { tx.instance().insert_user(user).await })).await
}

async fn is_there(store: &Store, name: &str) -> Result<bool, StoreError> {
    let email = email(&format!("{name}@example.com"));
    let found =
        store.read(email, |tx, email| Box::pin(async move { tx.instance().find_user_by_proven_email(email).await }));
    found.await.map(|found: Option<User>| found.is_some())
}

async fn u1_over_a_newer_schema_that_lets_it_a_program_runs_and_changes_nothing_of_it(bed: Bed) {
    let known = newest();
    assert_eq!(bed.store.newer_schema(), None);
    bed.store.require_known_schema().unwrap();
    bed.raw(&later(known + 1, &known.to_string())).await;
    bed.raw("create table later (id text primary key); alter table users add column later text").await;
    // The one that runs meanwhile, and ones that start.
    bed.store.ping().await.unwrap();
    add(&bed.store, "before").await.unwrap();
    for (migrate, name) in [(Migrate::Apply, "one"), (Migrate::Check, "two")] {
        let store = open(bed.url(), migrate).await.unwrap();
        assert_eq!(store.newer_schema(), Some(known + 1));
        store.ping().await.unwrap();
        add(&store, name).await.unwrap();
        assert!(is_there(&store, "before").await.unwrap());
        let refused = store.require_known_schema().unwrap_err();
        assert!(matches!(refused, StoreError::UnknownSchema { .. }), "{refused}");
    }
    assert!(is_there(&bed.store, "two").await.unwrap());
}

async fn u1_over_a_newer_schema_that_does_not_let_it_a_program_does_not_start(bed: Bed) {
    let known = newest();
    let (own, present) = ((known + 2).to_string(), known.to_string());
    let before = later(known + 1, &present);
    for steps in [
        format!("{before}{}", later(known + 2, &own)),
        // Without a word it is for programs that know it.
        format!("{before}{}", later(known + 2, "null")),
        // The greatest counts, whatever came after it.
        format!("{before}{}{}", later(known + 2, &own), later(known + 3, &present)),
    ] {
        bed.raw(&steps).await;
        for migrate in [Migrate::Apply, Migrate::Check] {
            let refused = open(bed.url(), migrate).await.err().unwrap();
            assert!(
                matches!(refused, StoreError::UnknownSchema { found, oldest, known: knows }
                    if found > known + 1 && oldest == known + 2 && knows == known),
                "{refused}"
            );
            assert!(refused.to_string().contains("newer Orgate"), "{refused}");
        }
        bed.raw(&format!("delete from schema_migrations where version > {known}")).await;
        open(bed.url(), Migrate::Check).await.unwrap();
    }
}

async fn u1_a_program_whose_schema_becomes_too_new_writes_nothing_more(bed: Bed) {
    let known = newest();
    add(&bed.store, "before").await.unwrap();
    bed.raw(&later(known + 1, "null")).await;
    let refused = add(&bed.store, "after").await.unwrap_err();
    assert!(is_outage(&refused), "{refused}");
    // It knows now: what would be read is of another schema, too.
    for refused in [
        is_there(&bed.store, "before").await.map(drop),
        bed.store.ping().await,
        bed.store.hit_rate_counter("a", at(0)).await.map(drop),
        bed.store.write_apart((), |_, ()| Box::pin(async { Ok::<_, StoreError>(()) })).await,
    ] {
        assert!(refused.as_ref().is_err_and(is_outage), "{refused:?}");
    }
    bed.raw(&format!("delete from schema_migrations where version > {known}")).await;
    assert!(add(&bed.store, "after").await.is_err(), "it was another schema for a while");
    let again = open(bed.url(), Migrate::Check).await.unwrap();
    assert!(is_there(&again, "before").await.unwrap() && !is_there(&again, "after").await.unwrap());
}

async fn u1_a_program_that_nobody_writes_to_finds_out_when_it_is_asked_whether_it_is_ready(bed: Bed) {
    bed.raw(&later(newest() + 1, "null")).await;
    let refused = bed.store.ping().await.unwrap_err();
    assert!(is_outage(&refused), "{refused}");
    assert!(is_there(&bed.store, "anybody").await.is_err());
}

async fn u1_a_write_apart_finds_out_too(bed: Bed) {
    bed.raw(&later(newest() + 1, "null")).await;
    let written = bed.store.write_apart((), |_, ()| Box::pin(async { Ok::<_, StoreError>(()) })).await;
    assert!(written.as_ref().is_err_and(is_outage), "{written:?}");
}

#[tokio::test]
async fn u1_schemas_from_before_they_said_it_are_brought_up_to_date() {
    for version in [2, 15, 16] {
        let folder = tempfile::tempdir().unwrap();
        for url in empty(&folder).await {
            run(&url, &schema_below(version, url.starts_with("sqlite:"))).await;
            let refused = open(&url, Migrate::Check).await.err().unwrap();
            assert!(matches!(refused, StoreError::NotMigrated { found, .. } if found == version - 1), "{refused}");
            let store = open(&url, Migrate::Apply).await.unwrap();
            assert_eq!(store.newer_schema(), None);
            add(&store, "sam").await.unwrap();
            open(&url, Migrate::Check).await.unwrap().ping().await.unwrap();
        }
    }
}

/// A step that waited for a slow write as long as that takes would hold up everybody who comes after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u1_a_step_gives_way_to_a_slow_write_and_keeps_nobody_waiting_behind_it() {
    let Some(database) = orgate_testkit::postgres::empty().await else { return };
    database.execute(&schema_below(16, false)).await;
    let write = "begin; set local lock_timeout = '30s'; lock table schema_migrations in row share mode;";
    let (slow, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    slow.batch_execute(write).await.unwrap();
    let url = database.url().to_owned();
    let migrating = tokio::spawn(async move { open(&url, Migrate::Apply).await.map(drop) });
    let waiting = "select count(*) from pg_locks where relation = 'schema_migrations'::regclass and not granted";
    while database.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    // Queued behind the step, which waits for the slow one, which does not end before this did.
    database.execute(&format!("{write} commit")).await;
    assert!(!migrating.is_finished());
    slow.batch_execute("commit").await.unwrap();
    migrating.await.unwrap().unwrap();
    drop(slow);
    driver.await.unwrap().unwrap();
}

on_each_engine! {
    u1_over_a_newer_schema_that_lets_it_a_program_runs_and_changes_nothing_of_it
    u1_over_a_newer_schema_that_does_not_let_it_a_program_does_not_start
    u1_a_program_whose_schema_becomes_too_new_writes_nothing_more
    u1_a_program_that_nobody_writes_to_finds_out_when_it_is_asked_whether_it_is_ready
    u1_a_write_apart_finds_out_too
}
