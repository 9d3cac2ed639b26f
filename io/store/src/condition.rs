//! Owns what can be told of a database from outside its rows: whether it takes writes, and what a server says of itself. It
//! changes nothing. What of that is to mend is its caller's business.

use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::settings::{Database, StoreSettings};

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerCondition {
    /// Its version, as PostgreSQL counts: 150004 is 15.4.
    pub version: i64,
    /// Its clock.
    pub now: Timestamp,
    /// Whether it is a copy that follows another server.
    pub is_standby: bool,
    /// Whether transactions of this role change nothing.
    pub is_read_only: bool,
    /// How many of our tables this role may not write to.
    pub forbidden_tables: u64,
}

const SERVER: &str = "select cast(current_setting('server_version_num') as bigint) as version,
        cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now_at,
        pg_is_in_recovery() as is_standby,
        current_setting('transaction_read_only') = 'on' as is_read_only,
        (select count(*) from pg_tables where schemaname = current_schema() and not (
            has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'select')
            and has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'insert')
            and has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'update')
            and has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'delete')
        )) as forbidden_tables";

/// Why a write that was undone ended.
enum Undone {
    AsMeant,
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Store {
    /// What the server says of itself; an embedded database has none.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn server_condition(&self) -> Result<Option<ServerCondition>, StoreError> {
        if !self.has_server() {
            return Ok(None);
        }
        let mut said = self
            .one_shot(SERVER, &[], |row| {
                Ok(ServerCondition {
                    version: row.get("version")?,
                    now: row.get("now_at")?,
                    is_standby: row.get("is_standby")?,
                    is_read_only: row.get("is_read_only")?,
                    forbidden_tables: row.get("forbidden_tables")?,
                })
            })
            .await?;
        Ok(said.pop())
    }

    /// Whether the database takes a write now: one row is written as it is, and that is undone.
    ///
    /// *Errors*: why it does not: another program holds it, it is read-only, this role may not.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        let outcome: Result<(), Undone> = self
            .write((), |tx, ()| {
                Box::pin(async move {
                    tx.execute("update instance set created_at = created_at where id = 1", &[]).await?;
                    Err(Undone::AsMeant)
                })
            })
            .await;
        match outcome {
            Ok(()) | Err(Undone::AsMeant) => Ok(()),
            Err(Undone::Failed(error)) => Err(error),
        }
    }
}

impl StoreSettings {
    /// The file of an embedded database.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.database {
            Database::Sqlite { path } => Some(path),
            Database::Postgres { .. } => None,
        }
    }
}
