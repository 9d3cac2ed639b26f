//! Owns `/account`: a person's own pages. They belong to no organization.

mod address_proof;
mod device;
mod memberships;
mod profile;
mod security;
mod sessions;

pub use address_proof::{create as mail_address_code, show as show_address_code, verify as prove_address};
pub use memberships::index as memberships;
pub use profile::{show as show_profile, update as update_profile, update_appearance};
pub use security::{show as show_security, update_password};
pub use sessions::{ask_removal_of_others, remove as remove_session, remove_others as remove_other_sessions};

use crate::page::see_other;

/// `/account`: to its first page.
pub async fn index() -> axum::response::Response {
    see_other("/account/profile")
}
