//! Owns [`StoreSettings`]: which database, and how it is opened.

use std::path::PathBuf;

use rustls::pki_types::CertificateDer;

use crate::error::StoreError;
use crate::migrate::Migrate;

/// The connections to a PostgreSQL server that one node uses at most, unless the settings say otherwise.
const DEFAULT_POOL_SIZE: usize = 16;

/// How much sessions may take in memory, unless the settings say otherwise: some 1.2 million of them. *Units*: bytes.
const DEFAULT_SESSION_MEMORY: usize = 512 * 1024 * 1024;

/// Which database to open, and how.
#[derive(Clone)]
pub struct StoreSettings {
    /// Where the data is.
    pub database: Database,
    /// Whether to bring the schema up to date.
    pub migrate: Migrate,
    /// Connections to PostgreSQL at most; SQLite takes a reader a core.
    pub pool_size: usize,
    /// How much of the sessions that are asked about is remembered beside SQLite, so that a check reads one number instead of a row;
    /// beside PostgreSQL nothing is. *Units*: bytes, some 400 a session.
    pub session_memory: usize,
    /// Certificates trusted for TLS to PostgreSQL beside the public roots (`ORGATE_EXTRA_CA_FILE`).
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// Where the data is.
#[derive(Clone)]
pub enum Database {
    /// One file, embedded.
    Sqlite {
        /// The file, created if missing; its folder has to exist.
        path: PathBuf,
    },
    /// A server, for several nodes.
    Postgres {
        /// Its URL. It can hold a password, so this type has no `Debug`.
        url: String,
    },
}

impl StoreSettings {
    /// Reads `sqlite:<file>` or `postgres://…`; everything else has its default.
    ///
    /// *Errors*: [`StoreError::Settings`]. *Source*: `ORGATE_DATABASE_URL` of `api.md`.
    pub fn parse(database_url: &str) -> Result<Self, StoreError> {
        let database = if let Some(path) = database_url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            Database::Sqlite { path: PathBuf::from(path.strip_prefix("//").unwrap_or(path)) }
        } else if database_url.starts_with("postgres://") || database_url.starts_with("postgresql://") {
            Database::Postgres { url: database_url.to_owned() }
        } else {
            let detail = "expected sqlite:<file> or postgres://<user>@<host>/<database>".to_owned();
            return Err(StoreError::Settings { detail });
        };
        Ok(Self {
            database,
            migrate: Migrate::Apply,
            pool_size: DEFAULT_POOL_SIZE,
            session_memory: DEFAULT_SESSION_MEMORY,
            extra_roots: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_is_a_file_or_a_server() {
        let file = |url: &str| match StoreSettings::parse(url).map(|settings| settings.database) {
            Ok(Database::Sqlite { path }) => Some(path),
            Ok(Database::Postgres { .. }) | Err(_) => None,
        };
        assert_eq!(file("sqlite:orgate.db"), Some(PathBuf::from("orgate.db")));
        assert_eq!(file("sqlite:///var/lib/orgate.db"), Some(PathBuf::from("/var/lib/orgate.db")));
        assert_eq!(file("sqlite:"), None);
        let server = StoreSettings::parse("postgres://orgate@localhost/orgate").unwrap();
        assert!(matches!(server.database, Database::Postgres { .. }));
        assert!(matches!(StoreSettings::parse("mysql://x"), Err(StoreError::Settings { .. })));
    }
}
