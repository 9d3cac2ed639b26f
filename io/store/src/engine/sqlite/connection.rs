//! Owns one SQLite connection: how it is opened, its prepared statements, its errors and its migrations.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use hashbrown::HashMap;
use orgate_core::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{ErrorCode, OpenFlags, ffi};

use crate::error::{Constraint, StoreError};
use crate::migrate::{self, Dialect, MIGRATIONS, Migrate};
use crate::schema::{self, Found};
use crate::value::{Row, Value};

/// How long a connection waits for another program that holds the file, a backup for example.
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// More statements than the whole crate has, so none is ever prepared twice on a connection.
const STATEMENTS: usize = 512;
/// The log is folded into the file when it is this long. Pages that many transactions write, the ends of indexes above all, are
/// then written to the file once for all of them. Up to some four thousand a reader finds a page of the log by one table of hashes.
/// *Units*: pages of 4 KiB.
const FOLDED_AT: u32 = 4_000;
/// When the log begins anew it keeps this much room at most: a transaction that once changed very many rows, or readers who were
/// never all away, would leave it long for good. *Units*: bytes.
const KEPT_OF_LOG: u64 = 64 * 1024 * 1024;
/// The file is read and not mapped: a connection unmaps all of it whenever another one has committed, and with a large file
/// whoever asks next waits for that, 20 ms and more.
const COMMON_SETTINGS: &str = "pragma foreign_keys = on; pragma temp_store = memory; pragma mmap_size = 0;
    pragma trusted_schema = off;";

/// One connection with its prepared statements.
pub(crate) struct Connection {
    inner: rusqlite::Connection,
    /// `$n` rewritten to `?n`, by the address of the text, for which a quick hash serves: SQLite numbers `$n` by first appearance.
    texts: HashMap<(usize, usize), Box<str>>,
    sync_failed: bool,
}

impl Connection {
    /// Opens the file for writing, creating it unless migrating is switched off.
    pub(crate) fn open_writer(path: &Path, migrate: Migrate) -> Result<Self, StoreError> {
        let create = match migrate {
            Migrate::Apply => OpenFlags::SQLITE_OPEN_CREATE,
            Migrate::Check => OpenFlags::empty(),
        };
        let has_folder = path.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir());
        if migrate == Migrate::Check && has_folder && !path.exists() {
            return Err(StoreError::NotMigrated { found: 0, known: migrate::newest() });
        }
        let unwritable =
            |error: rusqlite::Error| StoreError::Unwritable { path: path.to_owned(), detail: error.to_string() };
        if migrate == Migrate::Apply {
            create_for_owner(path);
        }
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | create).map_err(unwritable)?;
        let settings = format!(
            "pragma synchronous = full; pragma cache_size = -65536; pragma wal_autocheckpoint = {FOLDED_AT};
            pragma journal_size_limit = {KEPT_OF_LOG};"
        );
        connection.inner.execute_batch(&settings).map_err(unwritable)?;
        let mode: String =
            connection.inner.query_row("pragma journal_mode = wal", [], |row| row.get(0)).map_err(unwritable)?;
        if mode != "wal" || connection.inner.is_readonly("main").map_err(unwritable)? {
            let detail = format!("no write-ahead log beside it (mode {mode}), or the file is read-only");
            return Err(StoreError::Unwritable { path: path.to_owned(), detail });
        }
        // What an earlier run left in the log was perhaps never made sure of, and what is written behind it would be lost
        // with it: it goes into the file first. A program beside this one has nothing to wait for, for nobody waits here.
        connection.inner.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())).map_err(unwritable)?;
        Ok(connection)
    }

    /// Opens the file for reading.
    pub(crate) fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(translate)?;
        connection.inner.execute_batch("pragma cache_size = -16384; pragma query_only = on;").map_err(translate)?;
        Ok(connection)
    }

    /// Opens a file that is there, whoever made it, and changes nothing of how it is kept.
    pub(crate) fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(translate)
    }

    /// Whether no other connection has the file open, of this program or of another.
    pub(crate) fn is_alone(&mut self) -> Result<bool, StoreError> {
        // In this mode SQLite wants the file for itself, and whoever has it open holds a lock on it.
        let outcome = self
            .inner
            .execute_batch("pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive; rollback;");
        match outcome {
            Ok(()) => Ok(true),
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
            {
                Ok(false)
            }
            Err(other) => Err(translate(other)),
        }
    }

    fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Self> {
        let inner = rusqlite::Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        inner.busy_timeout(BUSY_LIMIT)?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        // Without this a plan counts as depending on bound values, and a statement taken from the cache is planned
        // again at every use: that takes six times as long as checking a session does.
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        inner.execute_batch(COMMON_SETTINGS)?;
        // SQLite's own knows the letters of ASCII alone, and the other engine all of them.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
        inner.create_scalar_function("lower", 1, flags, |call| {
            Ok(call.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
        })?;
        Ok(Self { inner, texts: HashMap::new(), sync_failed: false })
    }

    /// Runs a query and reads every row.
    pub(crate) fn query<T, R>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError>,
    {
        let mut statement = self.inner.prepare_cached(numbered(&mut self.texts, sql)).map_err(translate)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(translate)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(translate)? {
            answer.push(read(&Row::from(row))?);
        }
        Ok(answer)
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut statement = self.inner.prepare_cached(numbered(&mut self.texts, sql)).map_err(translate)?;
        let outcome = statement.execute(rusqlite::params_from_iter(values));
        drop(statement);
        self.sync_failed |= outcome.as_ref().is_err_and(is_sync_failure);
        u64::try_from(outcome.map_err(translate)?).map_err(StoreError::fault)
    }

    /// Whether the system ever said that it could not make sure of what this connection wrote. From then on it says nothing
    /// that can be relied on: it forgets that writes failed once it has told so, and the next sync succeeds (F5).
    pub(crate) fn has_sync_failed(&self) -> bool {
        self.sync_failed
    }

    /// The driver's own, for what is set up once.
    pub(crate) fn driver(&self) -> &rusqlite::Connection {
        &self.inner
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.inner.is_autocommit()
    }

    /// Ends whatever an earlier user left open.
    pub(crate) fn reset(&mut self) -> Result<(), StoreError> {
        if self.in_transaction() {
            self.execute("rollback", &[])?;
        }
        Ok(())
    }

    /// Looks at the schema and applies what is missing, a transaction each; says what is there then.
    pub(crate) fn migrate(&mut self, migrate: Migrate, now: Timestamp) -> Result<Found, StoreError> {
        if migrate == Migrate::Apply {
            self.inner.execute_batch(migrate::CREATE_TABLE).map_err(translate)?;
        }
        loop {
            let found = self.schema()?;
            let Some(migration) = migrate::missing(MIGRATIONS, found, migrate)?.next() else { return Ok(found) };
            self.execute("begin immediate", &[])?;
            // Another program may have applied it between the look and the lock.
            if self.schema()?.version < migration.version {
                self.inner.execute_batch(&migration.statements(Dialect::Sqlite)).map_err(translate)?;
                let (sql, values) = migration.note(now);
                self.execute(sql, &values)?;
            }
            self.execute("commit", &[])?;
        }
    }

    /// What the schema says of itself; nothing when there is none.
    pub(crate) fn schema(&mut self) -> Result<Found, StoreError> {
        let exists = "select name from sqlite_master where type = 'table' and name = 'schema_migrations'";
        if self.query(exists, &[], |row| row.at::<String>(0))?.is_empty() {
            return Ok(Found::default());
        }
        let newest = "select coalesce(max(version), 0) from schema_migrations";
        let version = self.query(newest, &[], |row| row.at(0))?.pop().unwrap_or(0);
        if version < schema::SAYS_SO_SINCE { Ok(Found::silent(version)) } else { self.schema_in_use() }
    }

    /// The same of a database that this program has open.
    pub(crate) fn schema_in_use(&mut self) -> Result<Found, StoreError> {
        Ok(Found::all(self.query(schema::STEPS, &[], Found::read)?))
    }
}

/// What is in it is nobody else's to read, whatever the process's mask says; SQLite gives the files beside it the same mode.
/// Where that fails SQLite says why, or the file is there already.
fn create_for_owner(path: &Path) {
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path));
}

fn numbered<'t>(texts: &'t mut HashMap<(usize, usize), Box<str>>, sql: &'static str) -> &'t str {
    texts.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| sql.replace('$', "?").into_boxed_str())
}

fn is_sync_failure(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|failure| failure.extended_code);
    code.is_some_and(|code| matches!(code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

/// Turns the driver's error into ours.
pub(crate) fn translate(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return StoreError::fault(error);
    };
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            let columns = message.as_deref().and_then(|text| text.strip_prefix("UNIQUE constraint failed: "));
            return StoreError::Conflict(Constraint::from_columns(columns.unwrap_or_default()));
        }
        _ => {}
    }
    match failure.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::OutOfMemory => StoreError::unavailable(error),
        _ => StoreError::fault(error),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn the_log_gives_back_what_one_large_transaction_took() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orgate.db");
        let connection = Connection::open_writer(&path, Migrate::Apply).unwrap();
        let log = || std::fs::metadata(folder.path().join("orgate.db-wal")).unwrap().len();
        let once = format!("create table large (bytes blob); insert into large values (zeroblob({KEPT_OF_LOG}))");
        connection.inner.execute_batch(&once).unwrap();
        assert!(log() > KEPT_OF_LOG);
        connection.inner.execute_batch("insert into large values (null)").unwrap();
        assert!(log() <= KEPT_OF_LOG, "{}", log());
    }

    #[test]
    fn a_prepared_statement_is_not_planned_again_when_it_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orgate.db");
        let mut connection = Connection::open_writer(&path, Migrate::Apply).unwrap();
        connection.migrate(Migrate::Apply, Timestamp::from_millis(0)).unwrap();
        let hash = [7; 32];
        for _ in 0..3 {
            let values = [Value::Integer(7), (&hash).into()];
            connection.query(crate::session::CHECK_OWN, &values, |_| Ok(())).unwrap();
        }
        let text = numbered(&mut connection.texts, crate::session::CHECK_OWN);
        let statement = connection.inner.prepare_cached(text).unwrap();
        assert_eq!(statement.get_status(StatementStatus::Run), 3);
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
