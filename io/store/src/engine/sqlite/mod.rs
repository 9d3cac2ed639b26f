//! Owns the embedded engine: one writer thread with group commit, readers used on the calling thread, and a few more
//! for long reads. It does not own SQL.

mod connection;
pub(crate) mod copy;
mod keeper;
mod readers;
mod session_notes;
mod writer;

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use orgate_core::time::Timestamp;
use tokio::sync::Semaphore;

pub(crate) use connection::Connection;

use crate::db::Tx;
use crate::error::StoreError;
use crate::migrate::Migrate;
use crate::schema::{Found, Standing};
use crate::session_cache::SessionCache;
use crate::value::{Row, Value};
use keeper::Keeper;
use readers::Readers;
use writer::Writer;

/// How many long reads run at once; more of them wait.
const LONG_READERS: usize = 2;

/// An open SQLite database.
pub(crate) struct Sqlite {
    readers: Readers,
    long_readers: Arc<Readers>,
    long_permits: Arc<Semaphore>,
    // Dropped last: the last connection to close folds the write-ahead log into the file, and no reader can.
    writer: Writer,
}

impl Sqlite {
    /// Opens or creates the file and brings its schema up to date; says what schema it has.
    pub(crate) fn open(
        path: &Path,
        migrate: Migrate,
        (standing, sessions): (Arc<Standing>, Arc<SessionCache>),
        now: Timestamp,
    ) -> Result<(Self, Found), StoreError> {
        let mut writer = Connection::open_writer(path, migrate)?;
        let found = writer.migrate(migrate, now)?;
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let opened = Self {
            writer: Writer::start(writer, Keeper::open(path)?, standing, sessions)?,
            readers: Readers::open(path, workers)?,
            long_readers: Arc::new(Readers::open(path, LONG_READERS)?),
            long_permits: Arc::new(Semaphore::new(LONG_READERS)),
        };
        Ok((opened, found))
    }

    /// Runs a short read on this thread, on one snapshot.
    pub(crate) fn read<I, T, E, F>(&self, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> FnOnce(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        self.readers.snapshot(input, work)
    }

    /// Runs a long read on a blocking thread, on one snapshot.
    pub(crate) async fn read_long<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let permits = Arc::clone(&self.long_permits);
        let waiting = tokio::time::timeout(crate::db::WAIT_LIMIT, permits.acquire_owned()).await;
        let permit = waiting.map_err(|_| StoreError::unavailable("too many long reads"))?.map_err(StoreError::fault)?;
        let readers = Arc::clone(&self.long_readers);
        let task = tokio::task::spawn_blocking(move || {
            let outcome = readers.snapshot(&input, work);
            drop(permit);
            outcome
        });
        task.await.map_err(StoreError::fault)?
    }

    /// Runs one statement by itself on this thread, without a transaction of its own.
    pub(crate) fn one_shot<T, R>(&self, sql: &'static str, values: &[Value<'_>], read: R) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError>,
    {
        self.readers.with(|tx| tx.sqlite()?.query(sql, values, read))
    }

    /// Queues a write and waits until it is on disk.
    pub(crate) async fn write<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.writer.write(input, work, Some(crate::db::WAIT_LIMIT)).await
    }

    /// The same for a write that takes long; its caller waits as long as it takes.
    pub(crate) async fn write_long<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.writer.write(input, work, None).await
    }
}

/// Polls a transaction to its end. On this engine nothing in it can wait.
fn run_now<T, E: From<StoreError>>(work: BoxFuture<'_, Result<T, E>>) -> Result<T, E> {
    let waited = || Err(StoreError::fault("a transaction waited for something other than the database").into());
    work.now_or_never().unwrap_or_else(waited)
}
