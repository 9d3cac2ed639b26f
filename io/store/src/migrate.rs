//! Owns the line of migrations: which exist, how their text is turned into one engine's dialect, and which of them a database
//! needs. How they are applied is the engines' business.

use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::schema::{Found, SAYS_SO_SINCE};
use crate::value::Value;

/// One step of the schema.
pub(crate) struct Migration {
    /// Its place in the one line of numbers.
    pub(crate) version: i64,
    /// Its name, as in the file's name.
    pub(crate) name: &'static str,
    /// The oldest version whose programs can run over it. Its own: no program of before can. `docs/adding/migration.md` says
    /// which steps have to name it.
    pub(crate) oldest: i64,
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
    Migration::common(9, "organization_changes", include_str!("../migrations/0009_organization_changes.sql")).with_own(
        include_str!("../migrations/0009_organization_changes.sqlite.sql"),
        include_str!("../migrations/0009_organization_changes.postgres.sql"),
    ),
    Migration::common(10, "session_users", include_str!("../migrations/0010_session_users.sql")).with_own(
        include_str!("../migrations/0010_session_users.sqlite.sql"),
        include_str!("../migrations/0010_session_users.postgres.sql"),
    ),
    Migration::common(11, "audit_chain", include_str!("../migrations/0011_audit_chain.sql")).with_own(
        include_str!("../migrations/0011_audit_chain.sqlite.sql"),
        include_str!("../migrations/0011_audit_chain.postgres.sql"),
    ),
    Migration::common(12, "domains", include_str!("../migrations/0012_domains.sql")),
    Migration::common(13, "log_outs", include_str!("../migrations/0013_log_outs.sql")).with_own(
        include_str!("../migrations/0013_log_outs.sqlite.sql"),
        include_str!("../migrations/0013_log_outs.postgres.sql"),
    ),
    Migration::common(14, "secret_keys", include_str!("../migrations/0014_secret_keys.sql")),
    Migration::common(15, "restores", include_str!("../migrations/0015_restores.sql")),
    Migration::common(16, "oldest_programs", include_str!("../migrations/0016_oldest_programs.sql"))
        .for_programs_from(15),
    Migration::common(17, "changed_organizations", include_str!("../migrations/0017_changed_organizations.sql"))
        .with_own(
            include_str!("../migrations/0017_changed_organizations.sqlite.sql"),
            include_str!("../migrations/0017_changed_organizations.postgres.sql"),
        )
        .for_programs_from(16),
    Migration::common(18, "indexes", include_str!("../migrations/0018_indexes.sql")).for_programs_from(17),
    Migration::common(
        19,
        "invitation_project_authors",
        include_str!("../migrations/0019_invitation_project_authors.sql"),
    )
    .for_programs_from(18),
    Migration::common(20, "kept_addresses", include_str!("../migrations/0020_kept_addresses.sql"))
        .for_programs_from(19),
    Migration::common(21, "sign_up_invitations", include_str!("../migrations/0021_sign_up_invitations.sql"))
        .for_programs_from(20),
    Migration::common(22, "session_changes", include_str!("../migrations/0022_session_changes.sql"))
        .with_own(include_str!("../migrations/0022_session_changes.sqlite.sql"), "")
        .for_programs_from(21),
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
    /// A step whose one text serves both engines, and that no program of before can run over.
    pub(crate) const fn common(version: i64, name: &'static str, text: &'static str) -> Self {
        Self { version, name, oldest: version, text, own: ["", ""] }
    }

    /// The same with something to follow in each engine's own words.
    const fn with_own(self, of_sqlite: &'static str, of_postgres: &'static str) -> Self {
        Self { own: [of_sqlite, of_postgres], ..self }
    }

    /// The same for a step that programs from this version on do not notice.
    const fn for_programs_from(self, oldest: i64) -> Self {
        Self { oldest, ..self }
    }

    /// Whether programs of before would read or write the wrong thing: none of them may be in the middle of it then.
    pub(crate) fn is_noticed(&self) -> bool {
        self.oldest >= self.version
    }

    /// The statement that notes in the schema that it was applied, with its values.
    pub(crate) fn note(&self, now: Timestamp) -> (&'static str, Vec<Value<'static>>) {
        let mut values = vec![self.version.into(), self.name.into(), now.into()];
        if self.version < SAYS_SO_SINCE {
            return ("insert into schema_migrations (version, name, applied_at) values ($1, $2, $3)", values);
        }
        values.push(self.oldest.into());
        ("insert into schema_migrations (version, name, applied_at, oldest) values ($1, $2, $3, $4)", values)
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
    last(MIGRATIONS)
}

fn last(steps: &[Migration]) -> i64 {
    steps.last().map_or(0, |step| step.version)
}

/// Whether to bring an older schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Create the schema or bring it up to date.
    Apply,
    /// Only look, and fail on an older schema (`ORGATE_MIGRATE=off`).
    Check,
}

/// Those of a program's steps that a database still needs: none when it is newer, and this program may run over it.
///
/// *Errors*: [`StoreError::UnknownSchema`] when it may not, [`StoreError::NotMigrated`] when the database is older and
/// migrating is switched off.
pub(crate) fn missing(
    steps: &[Migration],
    found: Found,
    migrate: Migrate,
) -> Result<impl Iterator<Item = &Migration>, StoreError> {
    let known = last(steps);
    found.admits(known)?;
    if found.version < known && migrate == Migrate::Check {
        return Err(StoreError::NotMigrated { found: found.version, known });
    }
    Ok(steps.iter().filter(move |step| step.version > found.version))
}

#[cfg(test)]
mod tests;
