//! Owns [`Error`]: what a use case answers when it does not do what was asked. An expected "no" is a [`Refusal`];
//! everything else is a [`Fault`], which a person sees only as a reference number.

use orgate_core::refusal::{FieldError, Refusal};
use orgate_store::StoreError;

use crate::outbox::OutboxError;
use crate::passwords::HashingFault;
use crate::seal::SealError;

/// Why a use case did not do it.
#[derive(Debug)]
pub enum Error {
    /// Expected; the person or program can do something about it.
    Refused(Refusal),
    /// Our bug or outage. Nothing was granted (R-IN-2, R-ENF-10).
    Fault(Fault),
}

/// What broke.
#[derive(Debug)]
pub enum Fault {
    /// The database.
    Store(StoreError),
    /// A sealed secret could not be opened, or sealed.
    Seal(SealError),
    /// Password hashing.
    Hashing(HashingFault),
    /// A stored document that this program did not write.
    Document(serde_json::Error),
    /// Something that cannot be, named.
    Impossible(&'static str),
}

impl Fault {
    /// The words of [`Fault::kind`], and those of what breaks outside a use case: a panic, a page.
    pub const KINDS: [&'static str; 8] =
        ["database-away", "database", "sealed-value", "hashing", "document", "impossible", "panic", "page"];

    /// The word in measurements.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Unavailable { .. } | StoreError::InDoubt { .. }) => "database-away",
            Self::Store(_) => "database",
            Self::Seal(_) => "sealed-value",
            Self::Hashing(_) => "hashing",
            Self::Document(_) => "document",
            Self::Impossible(_) => "impossible",
        }
    }

    /// Whether something that we need is away for now, so that trying again may help (F4).
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable { .. }))
    }

    /// Whether what was asked for may have been done all the same: who asked has to look before they ask again.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Store(StoreError::InDoubt { .. }))
    }
}

impl Error {
    /// For whoever runs the program: what a refusal tells a person, or what broke.
    pub fn told(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.told(),
            Self::Fault(fault) => fault.to_string(),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(formatter, "refused: {}", refusal.code()),
            Self::Fault(fault) => write!(formatter, "{fault}"),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(source) => write!(formatter, "store: {source}"),
            Self::Seal(source) => write!(formatter, "sealed value: {source}"),
            Self::Hashing(source) => write!(formatter, "password hashing: {source}"),
            Self::Document(source) => write!(formatter, "stored document: {source}"),
            Self::Impossible(what) => write!(formatter, "cannot be: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(_) | Self::Fault(Fault::Impossible(_)) => None,
            Self::Fault(Fault::Store(source)) => Some(source),
            Self::Fault(Fault::Seal(source)) => Some(source),
            Self::Fault(Fault::Hashing(source)) => Some(source),
            Self::Fault(Fault::Document(source)) => Some(source),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Error {
    fn from(source: StoreError) -> Self {
        match source {
            StoreError::NotFound { .. } => Self::Refused(Refusal::NotFound),
            StoreError::Unavailable { .. }
            | StoreError::InDoubt { .. }
            | StoreError::Conflict(_)
            | StoreError::UnknownSchema { .. }
            | StoreError::NotMigrated { .. }
            | StoreError::Unwritable { .. }
            | StoreError::Settings { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Fault { .. } => Self::Fault(Fault::Store(source)),
        }
    }
}

impl From<SealError> for Error {
    fn from(source: SealError) -> Self {
        Self::Fault(Fault::Seal(source))
    }
}

impl From<HashingFault> for Error {
    fn from(source: HashingFault) -> Self {
        match source {
            HashingFault::Busy => Self::Refused(Refusal::Busy),
            other => Self::Fault(Fault::Hashing(other)),
        }
    }
}

impl From<OutboxError> for Error {
    fn from(source: OutboxError) -> Self {
        match source {
            OutboxError::Seal(source) => source.into(),
            OutboxError::Content(source) => source.into(),
            OutboxError::Store(source) => source.into(),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::Fault(Fault::Document(source))
    }
}

/// One field that cannot be taken.
pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Error {
    Error::Refused(Refusal::InvalidInput(vec![FieldError::new(field, message)]))
}
