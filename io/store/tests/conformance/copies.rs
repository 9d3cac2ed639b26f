//! Copies of an embedded database: whole or not there, of one moment, and put in place without writing over anything.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orgate_store::{Copied, CopyError, Incoming, Store, StoreSettings, write_copy};
use tempfile::TempDir;

use crate::bed::{Bed, at, user};
use crate::outbox::mail;

struct Place {
    folder: TempDir,
    bed: Bed,
}

impl Place {
    /// A database with a row for the deployment.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bed = Bed::on(open(&folder.path().join("orgate.db")).await);
        bed.instance().await;
        Self { folder, bed }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, name: &str) -> Copied {
        write_copy(&self.path("orgate.db"), &self.path(name), at(77)).unwrap()
    }

    /// Everything in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

async fn open(path: &Path) -> Store {
    let settings = StoreSettings::parse(&format!("sqlite:{}", path.display())).unwrap();
    Store::open(&settings, at(0)).await.unwrap()
}

async fn mails(store: &Store) -> u64 {
    let waiting = store.read((), |tx, ()| Box::pin(async move { tx.instance().count_waiting_mails().await }));
    waiting.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_one_file_of_one_moment_that_nobody_else_reads() {
    let place = Place::new().await;
    let bed = &place.bed;
    let (acme, _) = bed.organization("acme").await;
    let before = place.names();
    let copied = place.copy("one.copy");
    assert_eq!((copied.people, copied.organizations, copied.backed_up_at), (1, 1, Some(at(77))));
    let file = std::fs::metadata(place.path("one.copy")).unwrap();
    assert_eq!((file.len(), file.permissions().mode() & 0o777), (copied.size, 0o600));
    assert_eq!(place.names().len(), before.len() + 1, "nothing else was left");
    let instance = within!(bed, tx, [acme], {
        tx.organization(acme).load_organization().await?;
        tx.instance().find_instance().await
    });
    assert_eq!(instance.unwrap().backed_up_at, None, "the database is none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_consistent_while_others_write() {
    let place = Place::new().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (bed, told) = (place.bed.clone(), Arc::clone(&stop));
    // Each transaction writes two mails: a copy with an odd number would be torn.
    let writer = tokio::spawn(async move {
        let mut pairs: u64 = 0;
        while !told.load(Ordering::Relaxed) {
            let pair = [mail(at(1)), mail(at(2))];
            within!(bed, tx, [pair], {
                for mail in pair {
                    tx.instance().insert_mail(mail).await?;
                }
                Ok(())
            });
            pairs += 1;
        }
        pairs
    });
    let mut seen = Vec::new();
    for number in 0..8 {
        let (from, to) = (place.path("orgate.db"), place.path(&format!("{number}.copy")));
        tokio::task::spawn_blocking(move || write_copy(&from, &to, at(77)).unwrap()).await.unwrap();
        seen.push(mails(&open(&place.path(&format!("{number}.copy"))).await).await);
    }
    stop.store(true, Ordering::Relaxed);
    let written = 2 * writer.await.unwrap();
    assert!(seen.is_sorted() && seen.iter().all(|count| count % 2 == 0 && *count <= written), "{seen:?}");
    assert!(seen[0] < seen[7] || written > seen[7], "it wrote meanwhile: {seen:?} of {written}");
}

/// A mail's content is forgotten once it was sent; the pages that held it are not copied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_sec_4_what_was_deleted_is_in_no_copy() {
    let place = Place::new().await;
    let bed = &place.bed;
    let canary = b"a canary in a mail that was sent".repeat(200);
    let mails: Vec<_> = (0..40).map(|_| orgate_store::Mail { sealed_content: canary.clone(), ..mail(at(1)) }).collect();
    within!(bed, tx, [mails], {
        for mail in mails {
            tx.instance().insert_mail(mail).await?;
        }
        Ok(())
    });
    let holds = |name: &str| std::fs::read(place.path(name)).unwrap().windows(32).any(|part| part == &canary[..32]);
    place.copy("with.copy");
    assert!(holds("with.copy"), "the search finds what is there");
    within!(bed, tx, [mails], {
        for mail in mails {
            assert!(tx.instance().set_mail_sent(&mail.id, at(3)).await?);
        }
        Ok(())
    });
    place.copy("without.copy");
    assert!(!holds("without.copy"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_written_over_nothing_and_leaves_nothing_when_it_fails() {
    let place = Place::new().await;
    std::fs::write(place.path("taken"), "precious").unwrap();
    std::os::unix::fs::symlink(place.path("nowhere"), place.path("link")).unwrap();
    let before = place.names();
    let database = place.path("orgate.db");
    for taken in ["taken", "link"] {
        let refused = write_copy(&database, &place.path(taken), at(77));
        assert!(matches!(&refused, Err(CopyError::Exists(path)) if *path == place.path(taken)), "{refused:?}");
    }
    assert!(matches!(write_copy(&place.path("none.db"), &place.path("c"), at(77)), Err(CopyError::Missing(_))));
    let nowhere = write_copy(&database, &place.path("none/c"), at(77));
    assert!(
        matches!(&nowhere, Err(CopyError::File { path, .. }) if path.starts_with(place.path("none"))),
        "{nowhere:?}"
    );
    std::fs::write(place.path("notes.db"), "these are notes, and certainly no database").unwrap();
    assert!(write_copy(&place.path("notes.db"), &place.path("c"), at(77)).is_err());
    std::fs::remove_file(place.path("notes.db")).unwrap();
    assert_eq!(place.names(), before);
    assert_eq!(std::fs::read_to_string(place.path("taken")).unwrap(), "precious");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_killed_is_in_nobodys_way_and_one_that_runs_is() {
    let place = Place::new().await;
    std::fs::write(place.path("c.part"), "half a copy").unwrap();
    let running = std::fs::File::open(place.path("c.part")).unwrap();
    running.lock().unwrap();
    let busy = write_copy(&place.path("orgate.db"), &place.path("c"), at(77));
    assert!(matches!(busy, Err(CopyError::Busy(_))), "{busy:?}");
    drop(running);
    place.copy("c");
    assert!(!place.path("c.part").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_put_in_place_whole_once_it_was_readied() {
    let place = Place::new().await;
    let dana = place.bed.user("dana").await;
    let copied = place.copy("c");
    let original = std::fs::read(place.path("c")).unwrap();
    let incoming = Incoming::read(&place.path("c"), &place.path("new.db")).unwrap();
    assert_eq!(incoming.contents(), &copied);
    assert!(!place.path("new.db").exists());
    let readied = Bed::on(open(incoming.path()).await);
    let bed = &readied;
    let sam = user("sam");
    within!(bed, tx, [sam], tx.instance().insert_user(sam).await);
    drop(readied);
    incoming.place().unwrap();
    let file = std::fs::metadata(place.path("new.db")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(!place.names().iter().any(|name| name.starts_with("new.db-") || name.contains(".part")));
    let bed = &Bed::on(open(&place.path("new.db")).await);
    let found = within!(bed, tx, [dana, sam], {
        Ok((tx.instance().find_user(&dana.id).await?, tx.instance().find_user(&sam.id).await?))
    });
    assert_eq!(found, (Some(dana), Some(sam)));
    assert_eq!(std::fs::read(place.path("c")).unwrap(), original, "the file stays as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_put_in_place_is_said_and_leaves_nothing() {
    let place = Place::new().await;
    place.copy("c");
    let target = place.path("new.db");
    let change = |name: &str, sql: &str| {
        std::fs::copy(place.path("c"), place.path(name)).unwrap();
        rusqlite::Connection::open(place.path(name)).unwrap().execute_batch(sql).unwrap();
    };
    std::fs::write(place.path("notes"), "these are notes, and certainly no database at all").unwrap();
    std::fs::write(place.path("empty"), "").unwrap();
    change("newer", "insert into schema_migrations (version, name, applied_at) values (999, 'future', 0)");
    change("foreign", "drop table instance");
    change("unstarted", "delete from instance");
    let mut bytes = std::fs::read(place.path("c")).unwrap();
    let end = bytes.len();
    for byte in &mut bytes[4096..end] {
        *byte ^= 0x55;
    }
    std::fs::write(place.path("damaged"), &bytes).unwrap();
    bytes = std::fs::read(place.path("c")).unwrap();
    std::fs::write(place.path("cut"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::copy(place.path("c"), place.path("open")).unwrap();
    std::fs::write(place.path("open-wal"), "a log").unwrap();
    let before = place.names();
    for (name, words) in [
        ("none", "there is no file"),
        ("notes", "notes is no database of Orgate"),
        ("empty", "empty is no database of Orgate"),
        ("foreign", "foreign is no database of Orgate"),
        ("unstarted", "unstarted is no database of Orgate"),
        ("newer", "schema version 999"),
        ("damaged", "damaged is damaged: "),
        ("cut", "cut is damaged: "),
        ("open", "open-wal is there: "),
    ] {
        let refused = Incoming::read(&place.path(name), &target).unwrap_err();
        assert!(refused.to_string().contains(words), "{name}: {refused}");
        assert_eq!(place.names(), before, "{name}");
    }
    let taken = Incoming::read(&place.path("c"), &place.path("orgate.db")).unwrap_err();
    assert!(matches!(taken, CopyError::Exists(_)), "{taken}");
    for beside in ["new.db-wal", "new.db-shm", "new.db-journal"] {
        std::fs::write(place.path(beside), "of a database that is gone").unwrap();
        let refused = Incoming::read(&place.path("c"), &target).unwrap_err();
        assert!(matches!(&refused, CopyError::Open(path) if *path == place.path(beside)), "{refused}");
        std::fs::remove_file(place.path(beside)).unwrap();
    }
    assert_eq!(place.names(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_meanwhile_is_not_written_over() {
    let place = Place::new().await;
    place.copy("c");
    let incoming = Incoming::read(&place.path("c"), &place.path("new.db")).unwrap();
    std::fs::write(place.path("new.db"), "precious").unwrap();
    assert!(matches!(incoming.place(), Err(CopyError::Exists(_))));
    assert_eq!(std::fs::read_to_string(place.path("new.db")).unwrap(), "precious");
    assert!(!place.path("new.db.part").exists());
}
