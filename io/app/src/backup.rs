//! Owns backups: a copy of an embedded database, while programs serve it. PostgreSQL has tools of its own; what becomes
//! of a copy when it is put back is in [`crate::restore`].
//!
//! *Source*: R-OPS-1, T-SEC-4; decision 24.

use std::fmt;
use std::path::{Path, PathBuf};

use orgate_core::audit_chain::Marked;
use orgate_core::time::Timestamp;
pub use orgate_store::CopyError;
use orgate_store::{Copied, Database, StoreError, write_copy};
use serde_json::json;

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::instance_key::KeyId;
use crate::settings::Settings;

/// A backup that was written, with what was found in it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// Of which moment it is.
    pub at: Timestamp,
    /// *Units*: bytes.
    pub size: u64,
    /// The version of its schema.
    pub schema_version: i64,
    /// Accounts that are not closed.
    pub people: u64,
    /// Organizations.
    pub organizations: u64,
    /// Heads of audit logs that are signed as they should be.
    pub heads: usize,
    /// The logs whose head is not.
    pub strange_heads: Vec<String>,
    /// The keys that a restore needs.
    pub keys: Vec<KeyId>,
}

/// Why there is no backup.
#[derive(Debug)]
pub enum BackupError {
    /// The database is PostgreSQL's, whose own tools make the backup: the command.
    Postgres(String),
    /// The copy failed; there is no file.
    Copy(CopyError),
    /// There is a file, and something after it failed.
    Afterwards(Error),
}

impl fmt::Display for BackupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(command) => write!(
                formatter,
                "this deployment is on PostgreSQL, whose own tools make its backups, for example\n  {command}\n\
                 docs/operate/backup.md says how it is put back"
            ),
            Self::Copy(source) => write!(formatter, "no backup was made: {source}"),
            Self::Afterwards(source) => {
                write!(formatter, "the backup is whole, but it could not be written to the audit log: {source}")
            }
        }
    }
}

impl std::error::Error for BackupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Postgres(_) => None,
            Self::Copy(source) => Some(source),
            Self::Afterwards(source) => Some(source),
        }
    }
}

/// Whether a copy is how this deployment is backed up, before anything is opened.
///
/// *Errors*: [`BackupError::Postgres`].
pub fn is_possible(settings: &Settings, to: &Path) -> Result<(), BackupError> {
    file(&settings.store.database, to).map(drop)
}

fn file<'d>(database: &'d Database, to: &Path) -> Result<&'d Path, BackupError> {
    match database {
        Database::Sqlite { path } => Ok(path),
        Database::Postgres { url } => Err(BackupError::Postgres(command(url, to))),
    }
}

/// Writes a backup to the new file `to`, looks at every page of it, and says so in the deployment's audit log. Programs may
/// serve and write meanwhile; it is of one moment all the same.
///
/// *Errors*: [`BackupError`].
pub async fn make(app: &App, to: &Path) -> Result<Backup, BackupError> {
    let from = file(&app.settings.store.database, to)?.to_owned();
    let (at, copy) = (app.now(), to.to_owned());
    let written = tokio::task::spawn_blocking(move || write_copy(&from, &copy, at)).await;
    let panicked = |_| BackupError::Copy(StoreError::Fault { detail: "writing it ended in a panic".to_owned() }.into());
    let copied = written.map_err(panicked)?.map_err(BackupError::Copy)?;
    let keys = record(app, &copied).await.map_err(BackupError::Afterwards)?;
    let (right, strange): (Vec<_>, Vec<_>) =
        copied.heads.into_iter().partition(|head| head.check(&app.audit_keys) == Marked::Right);
    Ok(Backup {
        path: to.to_owned(),
        at,
        size: copied.size,
        schema_version: copied.schema_version,
        people: copied.people,
        organizations: copied.organizations,
        heads: right.len(),
        strange_heads: strange.into_iter().map(|head| head.head.chain.name().to_owned()).collect(),
        keys,
    })
}

/// Whoever has a copy has names and addresses, so that it was made is written down.
async fn record(app: &App, copied: &Copied) -> Result<Vec<KeyId>, Error> {
    let data = json!({ "people": copied.people, "organizations": copied.organizations, "bytes": copied.size });
    app.store
        .write((app.clone(), data), |tx, (app, data)| {
            Box::pin(async move {
                let event = Event::done("instance.backed-up").data(data.clone());
                audit::record(tx, app, None, None, &Author::operator(), event).await?;
                let keys = tx.instance().list_secret_keys().await?;
                let ids = keys.iter().filter_map(|key| key.id.as_slice().try_into().ok().map(KeyId::from_bytes));
                Ok(ids.collect())
            })
        })
        .await
}

fn command(url: &str, to: &Path) -> String {
    format!("pg_dump --format=custom --file='{}' --dbname='{}'", to.display(), without_password(url))
}

/// The address without what may not stand in a terminal.
fn without_password(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let query = query.map(|query| {
        let kept = query.split('&').filter(|pair| !pair.to_ascii_lowercase().starts_with("password"));
        kept.collect::<Vec<_>>().join("&")
    });
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgresql", address));
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => rest.to_owned(),
    };
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{scheme}://{rest}?{query}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_database_and_no_password() {
        for (url, shown) in [
            ("postgres://orgate:hunter2@db.example/orgate", "postgres://orgate@db.example/orgate"),
            (
                "postgres://orgate:hun@ter2@db.example/orgate?sslmode=require",
                "postgres://orgate@db.example/orgate?sslmode=require",
            ),
            ("postgres://db.example/orgate?user=orgate&password=hunter2", "postgres://db.example/orgate?user=orgate"),
            ("postgresql://db.example/orgate?Password=hunter2", "postgresql://db.example/orgate"),
        ] {
            let command = command(url, Path::new("/backup/orgate.dump"));
            assert_eq!(command, format!("pg_dump --format=custom --file='/backup/orgate.dump' --dbname='{shown}'"));
        }
    }
}
