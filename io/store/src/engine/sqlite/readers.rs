//! Owns the readers: connections that are used on the calling thread. A thread keeps coming back to the same one, so
//! its statements and pages are warm and its lock is free.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use futures_util::future::BoxFuture;

use super::{Connection, run_now};
use crate::db::Tx;
use crate::error::StoreError;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// A fixed number of reading connections.
pub(crate) struct Readers {
    slots: Vec<Mutex<Tx>>,
}

impl Readers {
    pub(crate) fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let open = |_| Ok(Mutex::new(Tx::on_sqlite(Connection::open_reader(path)?)));
        Ok(Self { slots: (0..count.max(1)).map(open).collect::<Result<_, StoreError>>()? })
    }

    /// Runs `work` with one of the readers, outside any transaction: one that could not be ended would show its own moment for ever.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut tx = self.lock()?;
        tx.sqlite()?.reset()?;
        work(&mut tx)
    }

    /// Runs `work` in a transaction that sees one moment of the database.
    pub(crate) fn snapshot<I, T, E, F>(&self, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> FnOnce(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        let mut tx = self.lock()?;
        tx.restart();
        tx.sqlite()?.reset()?;
        tx.sqlite()?.execute("begin deferred", &[])?;
        let outcome = run_now(work(&mut tx, input));
        tx.sqlite()?.execute("commit", &[])?;
        tx.judge(outcome)
    }

    fn lock(&self) -> Result<MutexGuard<'_, Tx>, StoreError> {
        let home = THREAD.with(|number| number % self.slots.len());
        let (before, from_home) = self.slots.split_at(home);
        for slot in from_home.iter().chain(before) {
            match slot.try_lock() {
                Ok(tx) => return Ok(tx),
                Err(TryLockError::Poisoned(poisoned)) => return Self::mend(slot, poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let slot = from_home.first().ok_or_else(|| StoreError::fault("there is no reader"))?;
        let tx = slot.lock().unwrap_or_else(PoisonError::into_inner);
        Self::mend(slot, tx)
    }

    /// A reader whose last user panicked may still be in its transaction.
    fn mend<'t>(slot: &Mutex<Tx>, mut tx: MutexGuard<'t, Tx>) -> Result<MutexGuard<'t, Tx>, StoreError> {
        tx.sqlite()?.reset()?;
        slot.clear_poison();
        Ok(tx)
    }
}
