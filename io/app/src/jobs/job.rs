//! Owns the names of what is done without a visitor, as the log and measurements say them.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Writes the last uses of sessions.
    Uses,
    /// Measures what only the database knows.
    Measurements,
    /// Forgets what earlier versions counted refused tries by.
    TypedBuckets,
    /// Forgets rows that are over.
    ExpiredRows,
    /// Performs deletions of organizations.
    Deletions,
    /// Looks whether this node has the keys that the database is in use with.
    SecretKey,
    /// Ends trials of enforcement.
    Trials,
    /// Tidies behind enforcement.
    Sweeps,
    /// Gives events of the audit log their places.
    Chain,
    /// Removes what the audit log has kept for long enough. Once an hour: an alert of its own watches it.
    Retention,
    /// Looks whether this program may run over the schema.
    Schema,
    /// Looks at held domains.
    Domains,
}

impl Job {
    /// All of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Uses,
        Self::Measurements,
        Self::TypedBuckets,
        Self::ExpiredRows,
        Self::Deletions,
        Self::SecretKey,
        Self::Trials,
        Self::Sweeps,
        Self::Chain,
        Self::Retention,
        Self::Schema,
        Self::Domains,
    ];

    /// Its name.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Uses => "last uses of sessions",
            Self::Measurements => "measurements",
            Self::TypedBuckets => "tries counted by what was typed",
            Self::ExpiredRows => "expired rows",
            Self::Deletions => "due deletions",
            Self::SecretKey => "secret key of this node",
            Self::Trials => "trials of enforcement",
            Self::Sweeps => "sessions that enforcement ended",
            Self::Chain => "chain of the audit log",
            Self::Retention => "old events of the audit log",
            Self::Schema => "schema",
            Self::Domains => "domains",
        }
    }
}
