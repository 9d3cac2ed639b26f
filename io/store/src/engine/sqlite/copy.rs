//! Owns what SQLite does for copies of a database: writing one from a single snapshot, saying what a file holds, folding the
//! log into it, and telling whether another program has it open.

use std::path::Path;

use orgate_core::audit_chain::SignedHead;
use orgate_core::time::Timestamp;

use super::Connection;
use crate::audit_chain::{ALL_HEADS, read_head};
use crate::error::StoreError;

/// What is in a file that is a database.
pub(crate) enum Found {
    /// Not one of ours: without our tables, or never started.
    Foreign,
    /// Ours, and damaged: what SQLite says about it.
    Damaged(String),
    /// Ours, and whole.
    Ours(Box<Ours>),
}

/// What a database of ours holds.
pub(crate) struct Ours {
    pub(crate) schema_version: i64,
    pub(crate) people: u64,
    pub(crate) organizations: u64,
    pub(crate) backed_up_at: Option<Timestamp>,
    pub(crate) heads: Vec<SignedHead>,
}

/// Copies `from`, which other programs may write to, into the empty file `to`, and says in the copy that it is one, of the
/// moment `at`. All of it is one snapshot, and nothing that was deleted comes along.
pub(crate) fn write(from: &Path, to: &Path, at: Timestamp) -> Result<(), StoreError> {
    Connection::open_existing(from)?.execute("vacuum into $1", &[text(to)?.into()])?;
    let mut copy = Connection::open_existing(to)?;
    if copy.execute("update instance set backed_up_at = $1", &[at.into()])? == 1 {
        Ok(())
    } else {
        Err(StoreError::NotFound { noun: "instance" })
    }
}

/// Looks at every page of a file and says what it holds. Older schemas are ours, too; what they lack is passed over.
///
/// *Errors*: [`StoreError::UnknownSchema`] when this program may not run over it.
pub(crate) fn inspect(path: &Path) -> Result<Found, StoreError> {
    let mut file = Connection::open_existing(path)?;
    let tables = "select count(*) from sqlite_master
        where type = 'table' and name in ('schema_migrations', 'instance', 'users', 'organizations')";
    if count(&mut file, tables)? != 4 || count(&mut file, "select count(*) from instance")? != 1 {
        return Ok(Found::Foreign);
    }
    let schema = file.schema()?;
    schema.admits(crate::migrate::newest())?;
    let said = file.query("pragma integrity_check(3)", &[], |row| row.at::<String>(0))?;
    if said != ["ok"] {
        return Ok(Found::Damaged(said.join("; ")));
    }
    let has = |file: &mut Connection, name: &'static str| -> Result<bool, StoreError> {
        let sql = "select (select count(*) from pragma_table_info('instance') where name = $1)
            + (select count(*) from sqlite_master where type = 'table' and name = $1)";
        Ok(file.query(sql, &[name.into()], |row| row.at::<u64>(0))?.pop().unwrap_or(0) > 0)
    };
    let mut backed_up_at = None;
    if has(&mut file, "backed_up_at")? {
        backed_up_at = file.query("select backed_up_at from instance", &[], |row| row.at(0))?.pop().flatten();
    }
    let heads = if has(&mut file, "audit_heads")? { file.query(ALL_HEADS, &[], read_head)? } else { Vec::new() };
    Ok(Found::Ours(Box::new(Ours {
        schema_version: schema.version,
        people: count(&mut file, "select count(*) from users where closed_at is null")?,
        organizations: count(&mut file, "select count(*) from organizations")?,
        backed_up_at,
        heads,
    })))
}

/// Folds the log into the file, so that the file alone is the database. Nobody else may have it open.
pub(crate) fn fold(path: &Path) -> Result<(), StoreError> {
    let mode =
        Connection::open_existing(path)?.query("pragma journal_mode = delete", &[], |row| row.at::<String>(0))?;
    if mode == ["delete"] { Ok(()) } else { Err(StoreError::unavailable("the log beside the file is in use")) }
}

/// Whether another connection has the file open, of this program or of another: SQLite gives the file to one alone only if
/// nobody else is there.
pub(crate) fn is_in_use(path: &Path) -> Result<bool, StoreError> {
    Connection::open_existing(path)?.is_alone().map(|alone| !alone)
}

fn count(file: &mut Connection, sql: &'static str) -> Result<u64, StoreError> {
    Ok(file.query(sql, &[], |row| row.at(0))?.pop().unwrap_or(0))
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::fault("the name of the file is no text"))
}
