//! Owns what a schema says of the programs that may run over it, and what this program makes of that: when it opens a
//! database, and for as long as it has it open.
//!
//! *Source*: U1; decision 27.

use std::sync::OnceLock;

use crate::error::StoreError;
use crate::migrate::newest;
use crate::value::Row;

/// The first version that says it. Before it a schema was run over by programs of its own version alone.
pub(crate) const SAYS_SO_SINCE: i64 = 16;

/// What a database says of itself: a row a step, to be put together by [`Found::all`]. A step without a word counts as one that
/// only programs which know it can run over. For schemas that say so. Every write asks: read as it is, it is planned and
/// answered in a quarter of the time that its greatest numbers would take.
macro_rules! what_schema {
    () => {
        "select version, coalesce(oldest, version) from schema_migrations"
    };
}
pub(crate) use what_schema;
/// The same as a statement by itself.
pub(crate) const STEPS: &str = what_schema!();

/// The schema of a database, as it was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its version; zero when there is none.
    pub(crate) version: i64,
    /// The version that a program has to know to run over it: the greatest that any of its steps names.
    pub(crate) oldest: i64,
}

impl Found {
    /// A schema from before they said it.
    pub(crate) fn silent(version: i64) -> Self {
        Self { version, oldest: version }
    }

    /// A row of [`STEPS`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { version: row.at(0)?, oldest: row.at(1)? })
    }

    /// All rows together: the greatest of each.
    pub(crate) fn all(steps: impl IntoIterator<Item = Self>) -> Self {
        let greatest = |a: Self, b: Self| Self { version: a.version.max(b.version), oldest: a.oldest.max(b.oldest) };
        steps.into_iter().fold(Self::default(), greatest)
    }

    /// Whether it is newer than what a program knows.
    pub(crate) fn is_newer_than(self, known: i64) -> bool {
        self.version > known
    }

    /// The decision: whether a program that knows the schema up to `known` may run over it. Whether it is older is another
    /// question.
    ///
    /// *Errors*: [`StoreError::UnknownSchema`].
    pub(crate) fn admits(self, known: i64) -> Result<(), StoreError> {
        if self.oldest > known { Err(self.unknown(known)) } else { Ok(()) }
    }

    /// The same for work that has to know everything that is in the database.
    ///
    /// *Errors*: [`StoreError::UnknownSchema`].
    pub(crate) fn must_be_known_to(self, known: i64) -> Result<(), StoreError> {
        if self.is_newer_than(known) { Err(self.unknown(known)) } else { Ok(()) }
    }

    /// Whether it is one that a program which knows the schema up to `known` could have opened: an older one, or none, was put in
    /// the place of what it opened.
    ///
    /// *Errors*: [`StoreError::NotMigrated`].
    fn must_reach(self, known: i64) -> Result<(), StoreError> {
        if self.version < known { Err(StoreError::NotMigrated { found: self.version, known }) } else { Ok(()) }
    }

    fn unknown(self, known: i64) -> StoreError {
        StoreError::UnknownSchema { found: self.version, oldest: self.oldest, known }
    }
}

/// Whether this program may still run over the database that it has open. Once it may not, it may not until it is started
/// again: a newer program has changed what it reads and writes, or another database is in the place of the one that it opened,
/// and what it remembers is of another schema.
#[derive(Default)]
pub(crate) struct Standing(OnceLock<String>);

impl Standing {
    /// Takes notice of what was found while it runs.
    ///
    /// *Errors*: as [`Standing::hold`].
    pub(crate) fn notice(&self, found: Found) -> Result<(), StoreError> {
        if let Err(error) = found.must_reach(newest()).and_then(|()| found.admits(newest()))
            && self.0.set(error.to_string()).is_ok()
        {
            tracing::error!("nothing is answered until a restart: {error}");
        }
        self.hold()
    }

    /// Goes on only while nothing speaks against it.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: nothing is granted and nothing is written.
    pub(crate) fn hold(&self) -> Result<(), StoreError> {
        self.0.get().map_or(Ok(()), |reason| Err(StoreError::unavailable(reason)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u1_a_program_runs_over_what_it_knows_and_over_what_says_that_it_may() {
        let schema = |version, oldest| Found { version, oldest };
        for (found, runs, knows) in [
            (schema(0, 0), true, true),
            (schema(16, 15), true, true),
            (schema(17, 15), true, true),
            (schema(17, 17), true, true),
            (schema(18, 16), true, false),
            (schema(18, 17), true, false),
            (schema(18, 18), false, false),
            (schema(99, 18), false, false),
        ] {
            assert_eq!((found.admits(17).is_ok(), found.must_be_known_to(17).is_ok()), (runs, knows), "{found:?}");
        }
    }

    #[test]
    fn u1_what_is_refused_says_what_to_do() {
        let unsuited = Found::silent(18).admits(17).unwrap_err().to_string();
        assert!(unsuited.contains("schema version 18") && unsuited.contains("newer Orgate"), "{unsuited}");
        assert!(unsuited.contains("knows versions up to 17") && unsuited.contains("backup"), "{unsuited}");
        let partly = Found { version: 18, oldest: 16 }.must_be_known_to(17).unwrap_err().to_string();
        assert!(partly.contains("may run over it") && partly.contains("the newer Orgate"), "{partly}");
    }

    #[test]
    fn u1_what_became_too_new_stays_refused() {
        let standing = Standing::default();
        let newer = Found { version: newest() + 1, oldest: newest() };
        standing.notice(newer).unwrap();
        standing.hold().unwrap();
        let refused = standing.notice(Found::silent(newest() + 1)).unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
        assert!(standing.notice(newer).is_err() && standing.hold().is_err());
    }

    #[test]
    fn u1_a_schema_that_says_nothing_or_is_of_before_is_not_the_one_that_was_opened() {
        for found in [Found::all([]), Found { version: newest() - 1, oldest: 1 }] {
            let standing = Standing::default();
            let refused = standing.notice(found).unwrap_err();
            assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
            assert!(standing.hold().is_err(), "{found:?}");
        }
    }
}
