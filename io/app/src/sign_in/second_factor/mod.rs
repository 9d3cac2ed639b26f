//! Owns the second factor of a sign-in (R-IN-4, R-ENF-8): an attempt waits for it after a right first proof, opens nothing
//! else, and is decided anew when the factor was right. A person confirms in a session by `again`.
//!
//! Each factor has its own way to be right; all of them end in `promote`, in the transaction that used them up.

pub mod again;
mod attempt;
pub(crate) mod beside;
pub(crate) mod codes;
pub mod passkey;
pub(crate) mod recovery;
pub(crate) mod totp;
pub(crate) mod verify;

pub(crate) use attempt::{Held, hold, methods, typed_methods};
pub use attempt::{Waiting, read_handle};
pub use beside::is_wrong;
pub use codes::{TypedFactor, TypedMethod};
pub use verify::{Promoted, Shown, show, verify};
