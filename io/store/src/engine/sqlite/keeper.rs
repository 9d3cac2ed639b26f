//! Owns the connection that holds the readers' lock for them. SQLite locks its shared memory at every read; while another
//! connection of the process holds the same lock, taking it is counting, and otherwise it is two calls to the system, which
//! took a seventh of a check's time.

use std::path::Path;

use super::Connection;
use crate::error::StoreError;

/// A reader that does nothing but hold the newest state of the database.
pub(crate) struct Keeper(Connection);

impl Keeper {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut keeper = Self(Connection::open_reader(path)?);
        keeper.hold();
        Ok(keeper)
    }

    /// Holds what is newest now. Nothing depends on it: without it readers lock for themselves.
    pub(crate) fn hold(&mut self) {
        let held = self.0.execute("begin deferred", &[]).and_then(|_| {
            // The lock is taken by the first thing that is read.
            self.0.query("select version from schema_migrations limit 1", &[], |_| Ok(()))
        });
        if let Err(error) = held {
            tracing::debug!(error = %error, "the readers' lock is not held for them");
        }
    }

    /// Lets go, for what is held can neither be folded into the file nor written over: before every commit.
    pub(crate) fn let_go(&mut self) {
        if let Err(error) = self.0.reset() {
            tracing::warn!(error = %error, "the readers' lock was not let go");
        }
    }
}
