//! Owns `/account`: a person's own pages. They belong to no organization.

mod address_proof;
mod closing;
mod email_change;
mod linked_accounts;
mod memberships;
mod own_data;
pub mod passkeys;
mod password_removal;
mod profile;
pub mod recovery_codes;
pub mod second_factor;
mod security;
mod sessions;
pub mod totp;

pub use address_proof::{
    create as mail_address_code, resend as resend_address_code, show as show_address_code, verify as prove_address,
};
pub use closing::{create as close, new as ask_closing};
pub use email_change::{
    create as create_email_change, new as new_email_change, resend as resend_email_change, show as show_email_change,
    verify as verify_email_change,
};
pub use linked_accounts::{ask_removal as ask_unlinking, create as link_account, remove as unlink_account};
pub use memberships::index as memberships;
pub use own_data::{download as download_data, show as show_data};
pub use password_removal::{create as remove_password, new as ask_password_removal};
pub use profile::{show as show_profile, update as update_profile, update_appearance};
pub use security::{show as show_security, update_password};
pub use sessions::{ask_removal_of_others, remove as remove_session, remove_others as remove_other_sessions};

use crate::page::see_other;

/// `/account`: to its first page.
pub async fn index() -> axum::response::Response {
    see_other("/account/profile")
}
