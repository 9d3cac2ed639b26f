//! Owns signing in. One file a way; each gathers a proof and hands it to [`issue`], the only maker of sessions, which
//! asks the policy in the transaction that writes the row (R-IN-2).

mod anchor;
pub mod blocked;
pub mod issue;
pub mod lookup;
pub mod passkey;
pub mod password;
pub mod personal;
pub mod second_factor;
pub mod sso;
pub mod step_up;

pub use issue::Issued;
