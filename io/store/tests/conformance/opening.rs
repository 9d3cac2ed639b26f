//! How a database opens, and when it refuses to.

use orgate_store::{Migrate, Store, StoreError, StoreSettings};

use crate::bed::at;

pub async fn open(url: &str, migrate: Migrate) -> Result<Store, StoreError> {
    let settings = StoreSettings { migrate, ..StoreSettings::parse(url).unwrap() };
    Store::open(&settings, at(0)).await
}

/// The addresses of an empty database on each engine that is there.
pub async fn empty(folder: &tempfile::TempDir) -> Vec<String> {
    let mut urls = vec![format!("sqlite:{}", folder.path().join("orgate.db").display())];
    if let Some(database) = orgate_testkit::postgres::empty().await {
        urls.push(database.url().to_owned());
    } else {
        eprintln!("skipped on PostgreSQL: ORGATE_TEST_POSTGRES_URL names no server");
    }
    urls
}

#[tokio::test]
async fn a_database_opens_again_with_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    for url in empty(&folder).await {
        let hits = open(&url, Migrate::Apply).await.unwrap().hit_rate_counter("a", at(0)).await.unwrap();
        let more = open(&url, Migrate::Check).await.unwrap().hit_rate_counter("a", at(0)).await.unwrap();
        assert_eq!((hits, more), (1, 2));
    }
}

#[tokio::test]
async fn an_empty_database_does_not_open_while_migrating_is_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    for url in empty(&folder).await {
        if let Some(path) = url.strip_prefix("sqlite:") {
            std::fs::write(path, "").unwrap();
        }
        let refused = open(&url, Migrate::Check).await.err().unwrap();
        assert!(matches!(refused, StoreError::NotMigrated { found: 0, .. }), "{refused}");
    }
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    for url in empty(&folder).await {
        let opened = futures_util::future::join_all((0..4).map(|_| open(&url, Migrate::Apply))).await;
        for store in opened {
            store.unwrap().ping().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("orgate.db");
    let refused = open(&format!("sqlite:{}", path.display()), Migrate::Apply).await.err().unwrap();
    assert!(matches!(&refused, StoreError::Unwritable { path: named, .. } if *named == path), "{refused}");
    assert!(refused.to_string().contains("missing"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "these are notes, and certainly no database at all".repeat(50)).unwrap();
    let refused = open(&format!("sqlite:{}", path.display()), Migrate::Apply).await.err().unwrap();
    assert!(refused.to_string().contains("notes.txt"), "{refused}");
}

#[tokio::test]
async fn f4_a_server_that_is_not_there_is_told_in_time() {
    let started = open("postgres://nobody@127.0.0.1:9/none", Migrate::Apply);
    let outcome = tokio::time::timeout(std::time::Duration::from_secs(11), started).await.unwrap();
    assert!(matches!(outcome.err().unwrap(), StoreError::Unavailable { .. }));
}

#[tokio::test]
async fn a_database_says_how_it_is_and_whether_it_takes_writes() {
    let folder = tempfile::tempdir().unwrap();
    for url in empty(&folder).await {
        let store = open(&url, Migrate::Apply).await.unwrap();
        store.try_write().await.unwrap();
        let Some(server) = store.server_condition().await.unwrap() else {
            assert!(url.starts_with("sqlite:"));
            let holder = rusqlite::Connection::open(url.strip_prefix("sqlite:").unwrap()).unwrap();
            holder.execute_batch("begin immediate").unwrap();
            assert!(matches!(store.try_write().await, Err(StoreError::Unavailable { .. })));
            continue;
        };
        assert!(server.version >= 130_000 && server.now > at(1_790_000_000_000), "{server:?}");
        assert_eq!((server.is_standby, server.is_read_only, server.forbidden_tables), (false, false, 0));
    }
}

#[tokio::test]
async fn t_sec_4_a_new_file_and_the_ones_beside_it_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgate.db");
    let store = open(&format!("sqlite:{}", path.display()), Migrate::Apply).await.unwrap();
    store.hit_rate_counter("a", at(0)).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 1, "{files:?}");
    for file in files {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
