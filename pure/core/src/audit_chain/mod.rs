//! Owns the chain of audit events as values: the bytes that stand for an event, the links between them, the signed head,
//! and the search for what was changed, taken out, moved or put in. Nothing here reads the log or draws a salt.
//!
//! *Source*: T-AUD-1, R-OPS-3.

mod bytes;
mod entry;
mod finding;
mod head;
mod keys;
mod opening;
mod verify;

#[cfg(test)]
mod tests;

pub use entry::{Chain, Entry, Facts, PERSONAL_FIELDS, PersonalField, Place};
pub use finding::{Finding, Report};
pub use head::{Head, SignedHead};
pub use keys::{AuditKeys, KeyRejected, KeySecrets, Marked};
pub use opening::Openings;
pub use verify::{Expected, Verification, verify};

/// A SHA-256 value.
pub type Hash = [u8; 32];
