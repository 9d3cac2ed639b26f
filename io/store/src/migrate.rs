//! Owns the line of migrations: which exist, how their text is turned into one engine's dialect, and what a found
//! version means. How they are applied is the engines' business.

use crate::error::StoreError;

/// One step of the schema.
pub(crate) struct Migration {
    /// Its place in the one line of numbers.
    pub(crate) version: i64,
    /// Its name, as in the file's name.
    pub(crate) name: &'static str,
    text: &'static str,
    /// What follows in the engine's own words, where no common text exists: for SQLite, for PostgreSQL.
    own: [&'static str; 2],
}

/// All steps, oldest first. A published step is never edited.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::common(1, "initial", include_str!("../migrations/0001_initial.sql")),
    Migration::common(2, "enforcement", include_str!("../migrations/0002_enforcement.sql")),
    Migration::common(3, "departures", include_str!("../migrations/0003_departures.sql")),
    Migration::common(4, "second_factors", include_str!("../migrations/0004_second_factors.sql")),
    Migration::common(5, "passkeys", include_str!("../migrations/0005_passkeys.sql")),
    Migration::common(6, "personal_identities", include_str!("../migrations/0006_personal_identities.sql")),
    Migration::common(7, "accounts", include_str!("../migrations/0007_accounts.sql")),
    Migration::common(8, "throttles", include_str!("../migrations/0008_throttles.sql")),
    Migration {
        version: 9,
        name: "organization_changes",
        text: include_str!("../migrations/0009_organization_changes.sql"),
        own: [
            include_str!("../migrations/0009_organization_changes.sqlite.sql"),
            include_str!("../migrations/0009_organization_changes.postgres.sql"),
        ],
    },
    Migration {
        version: 10,
        name: "session_users",
        text: include_str!("../migrations/0010_session_users.sql"),
        own: [
            include_str!("../migrations/0010_session_users.sqlite.sql"),
            include_str!("../migrations/0010_session_users.postgres.sql"),
        ],
    },
    Migration {
        version: 11,
        name: "audit_chain",
        text: include_str!("../migrations/0011_audit_chain.sql"),
        own: [
            include_str!("../migrations/0011_audit_chain.sqlite.sql"),
            include_str!("../migrations/0011_audit_chain.postgres.sql"),
        ],
    },
    Migration::common(12, "domains", include_str!("../migrations/0012_domains.sql")),
    Migration {
        version: 13,
        name: "log_outs",
        text: include_str!("../migrations/0013_log_outs.sql"),
        own: [
            include_str!("../migrations/0013_log_outs.sqlite.sql"),
            include_str!("../migrations/0013_log_outs.postgres.sql"),
        ],
    },
    Migration::common(14, "secret_keys", include_str!("../migrations/0014_secret_keys.sql")),
    Migration::common(15, "restores", include_str!("../migrations/0015_restores.sql")),
];

/// The table that remembers what was applied; it has the same form on both engines.
pub(crate) const CREATE_TABLE: &str = "create table if not exists schema_migrations (
    version bigint primary key, name text not null, applied_at bigint not null)";

/// The words that the engines spell differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Migration {
    /// A step whose one text serves both engines.
    const fn common(version: i64, name: &'static str, text: &'static str) -> Self {
        Self { version, name, text, own: ["", ""] }
    }

    /// The statements of this step for one engine.
    pub(crate) fn statements(&self, dialect: Dialect) -> String {
        let [of_sqlite, of_postgres] = self.own;
        let (bytes, row_key, without_rowid, own) = match dialect {
            Dialect::Sqlite => ("blob", "integer", " without rowid", of_sqlite),
            Dialect::Postgres => ("bytea", "bigint", "", of_postgres),
        };
        let text = self.text.replace("{bytes}", bytes).replace("{row_key}", row_key);
        text.replace("{without_rowid}", without_rowid) + own
    }
}

/// The newest version that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Whether to bring an older schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Create the schema or bring it up to date.
    Apply,
    /// Only look, and fail on an older schema (`ORGATE_MIGRATE=off`).
    Check,
}

/// The steps that a database of version `found` still needs.
///
/// *Errors*: [`StoreError::UnknownSchema`] when the database is newer, [`StoreError::NotMigrated`] when it is older and
/// migrating is switched off.
pub(crate) fn missing(found: i64, migrate: Migrate) -> Result<impl Iterator<Item = &'static Migration>, StoreError> {
    let known = newest();
    if found > known {
        return Err(StoreError::UnknownSchema { found, known });
    }
    if found < known && migrate == Migrate::Check {
        return Err(StoreError::NotMigrated { found, known });
    }
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version > found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_one_line_without_gaps() {
        for (place, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, place, "{}", migration.name);
        }
    }

    #[test]
    fn no_placeholder_survives() {
        for migration in MIGRATIONS {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let statements = migration.statements(dialect);
                let code: String = statements.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
                assert!(!code.contains('{'), "{}", migration.name);
            }
        }
    }

    #[test]
    fn a_newer_schema_and_a_switched_off_migration_are_refused() {
        assert!(matches!(missing(newest() + 1, Migrate::Apply), Err(StoreError::UnknownSchema { .. })));
        assert!(matches!(missing(0, Migrate::Check), Err(StoreError::NotMigrated { .. })));
        assert_eq!(missing(newest(), Migrate::Check).map(Iterator::count).ok(), Some(0));
    }
}
