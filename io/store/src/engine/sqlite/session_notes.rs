//! Owns how the writer learns which sessions a transaction changed. SQLite itself says it, by triggers that exist on the writer's
//! connection alone and see what every statement, every trigger and every cascade does, so that nobody can forget to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::functions::FunctionFlags;

use super::Connection;
use super::connection::translate;
use crate::error::StoreError;
use crate::session_cache::SessionCache;

/// On what the numbers of `0022_session_changes` are raised, a note is made.
const TRIGGERS: &str = "
    create temp trigger session_updated after update on main.sessions begin select note_session(old.token_key, new.token_key); end;
    create temp trigger session_deleted after delete on main.sessions begin select note_session(old.token_key, old.token_key); end;";

const CHANGES: &str = "select session_changes from instance where id = 1";

/// What one transaction of the writer changed so far.
pub(crate) struct SessionNotes {
    cache: Arc<SessionCache>,
    noted: Arc<Mutex<Noted>>,
}

#[derive(Debug, Default)]
struct Noted {
    keys: HashSet<i64>,
    changes: i64,
}

impl SessionNotes {
    /// Has the writer's connection note what it changes.
    pub(crate) fn install(writer: &Connection, cache: Arc<SessionCache>) -> Result<Self, StoreError> {
        let noted = Arc::<Mutex<Noted>>::default();
        let notes = Self { cache, noted: Arc::clone(&noted) };
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let note = move |call: &rusqlite::functions::Context<'_>| {
            let mut noted = lock(&noted);
            noted.keys.extend([call.get::<i64>(0)?, call.get(1)?]);
            noted.changes += 1;
            Ok(rusqlite::types::Null)
        };
        writer.driver().create_scalar_function("note_session", 2, flags, note).map_err(translate)?;
        writer.driver().execute_batch(TRIGGERS).map_err(translate)?;
        Ok(notes)
    }

    /// At the beginning of a transaction, when nobody else can commit any more; says how many changes there have been.
    pub(crate) fn begin(&self, writer: &mut Connection) -> Result<i64, StoreError> {
        *lock(&self.noted) = Noted::default();
        let changes = read_changes(writer)?;
        self.cache.stand_at(changes);
        Ok(changes)
    }

    /// Just before its commit: what it changed is forgotten. `None` when it touched no session; otherwise what
    /// [`SessionNotes::after_commit`] is to be told.
    pub(crate) fn before_commit(
        &self,
        began_at: i64,
        writer: &mut Connection,
    ) -> Result<Option<Committing>, StoreError> {
        let noted = std::mem::take(&mut *lock(&self.noted));
        let changes = read_changes(writer)?;
        if changes == began_at && noted.keys.is_empty() {
            return Ok(None);
        }
        self.cache.begin_commit(noted.keys);
        // What was undone inside the transaction was noted, and is not counted any more.
        let is_known = began_at <= changes && changes - began_at <= noted.changes;
        Ok(Some(Committing(is_known.then_some(changes))))
    }

    /// Just after it.
    pub(crate) fn after_commit(&self, Committing(changes): Committing, is_committed: bool) {
        self.cache.end_commit(changes.filter(|_| is_committed));
    }
}

/// The number of changes behind a commit; `None` when more was counted than noted, and nobody can say what was changed.
pub(crate) struct Committing(Option<i64>);

fn read_changes(writer: &mut Connection) -> Result<i64, StoreError> {
    // A deployment that was never begun has no row and no session.
    Ok(writer.query(CHANGES, &[], |row| row.at(0))?.pop().unwrap_or(0))
}

fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use orgate_core::time::Timestamp;

    use super::*;
    use crate::migrate::Migrate;

    const TOKEN: [u8; 32] = [7; 32];

    struct Scene {
        _folder: tempfile::TempDir,
        writer: Connection,
        cache: Arc<SessionCache>,
        notes: SessionNotes,
    }

    impl Scene {
        /// With a session that is remembered.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut writer = Connection::open_writer(&folder.path().join("orgate.db"), Migrate::Apply).unwrap();
            writer.migrate(Migrate::Apply, Timestamp::from_millis(0)).unwrap();
            let rows = "pragma foreign_keys = off;
                insert into instance (id, created_at, epoch_at) values (1, 0, 0);
                insert into users (id, name, email, email_key, created_at) values ('u', 'u', 'u@x', 'u@x', 0);
                insert into sessions (token_key, token_hash, id, user_id, created_at, last_used_at, expires_at, proofs,
                    policy_epoch, ip, user_agent)
                    select column1, x'00', column1, 'u', 0, 0, 0, '', 0, '', '' from (values (1), (2), (3))";
            writer.driver().execute_batch(rows).unwrap();
            let cache = Arc::new(SessionCache::with_room(1 << 20));
            let notes = SessionNotes::install(&writer, Arc::clone(&cache)).unwrap();
            let mut scene = Self { _folder: folder, writer, cache, notes };
            let changes = scene.notes.begin(&mut scene.writer).unwrap();
            scene.cache.keep(changes, &TOKEN, |_| Some(()));
            assert!(scene.serves());
            scene
        }

        /// Whether what is remembered serves at the number of now.
        fn serves(&mut self) -> bool {
            let changes = read_changes(&mut self.writer).unwrap();
            self.cache.read(changes, &TOKEN, |_| Some(())).is_some()
        }

        /// A transaction of the writer; says which keys it noted.
        fn commit(&mut self, statements: &str, is_committed: bool) -> Vec<i64> {
            self.writer.driver().execute_batch("begin immediate").unwrap();
            let began_at = self.notes.begin(&mut self.writer).unwrap();
            self.writer.driver().execute_batch(statements).unwrap();
            let mut noted: Vec<i64> = lock(&self.notes.noted).keys.iter().copied().collect();
            noted.sort_unstable();
            let committing = self.notes.before_commit(began_at, &mut self.writer).unwrap();
            assert_eq!(committing.is_some(), !noted.is_empty() || statements.contains("session_changes"));
            self.writer.driver().execute_batch(if is_committed { "commit" } else { "rollback" }).unwrap();
            if let Some(committing) = committing {
                self.notes.after_commit(committing, is_committed);
            }
            noted
        }
    }

    #[test]
    fn r_api_2_every_way_to_change_a_session_is_noted() {
        for (statements, noted) in [
            ("update sessions set ip = 'x' where token_key = 2", vec![2]),
            ("update sessions set token_key = 9 where token_key = 2", vec![2, 9]),
            ("delete from sessions where token_key > 1", vec![2, 3]),
            ("delete from sessions", vec![1, 2, 3]),
            // Who begins one has its user's columns written by a trigger.
            (
                "insert into sessions (token_key, token_hash, id, user_id, created_at, last_used_at, expires_at, proofs, policy_epoch, \
                ip, user_agent) values (4, x'00', '4', 'u', 0, 0, 0, '', 0, '', '')",
                vec![4],
            ),
            (
                "savepoint job; delete from sessions; rollback to job; release job; \
                update sessions set ip = 'x' where token_key = 1",
                vec![1, 2, 3],
            ),
            ("update users set name = 'v'", vec![1, 2, 3]),
            ("update instance set epoch_at = 5", vec![]),
        ] {
            let mut scene = Scene::new();
            assert_eq!(scene.commit(statements, true), noted, "{statements}");
            assert!(scene.serves(), "what was not noted holds: {statements}");
        }
    }

    #[test]
    fn r_api_2_what_is_counted_and_not_noted_has_everything_forgotten() {
        for statement in [
            "update instance set session_changes = session_changes + 1",
            "update sessions set ip = 'x'; update instance set session_changes = session_changes + 1",
            "update instance set session_changes = session_changes - 1",
        ] {
            let mut scene = Scene::new();
            scene.commit(statement, true);
            assert!(!scene.serves(), "{statement}");
        }
    }

    #[test]
    fn r_api_2_what_is_noted_and_not_counted_is_forgotten_all_the_same() {
        let mut scene = Scene::new();
        let key = crate::packed_rows::token_key(&TOKEN);
        scene.writer.driver().execute_batch("drop trigger session_changes_updated").unwrap();
        let change = format!("update sessions set token_key = {key} where token_key = 2");
        assert_eq!(scene.commit(&change, true), [2, key]);
        assert!(!scene.serves());
    }

    #[test]
    fn a_transaction_that_is_undone_leaves_the_rest_as_it_was() {
        let mut scene = Scene::new();
        assert_eq!(scene.commit("update sessions set ip = 'x'", false), [1, 2, 3]);
        assert!(scene.serves());
        assert_eq!(scene.commit("update sessions set ip = 'x' where token_key = 3", true), [3]);
        assert!(scene.serves());
    }
}
