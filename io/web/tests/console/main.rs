//! The console as a browser uses it: real pages, forms and cookies over a whole application, without a network. Each file
//! is a noun of the address.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "../../../app/tests/support/mod.rs"]
mod support;

mod account;
mod audit_log;
mod bringing_together;
mod browser;
mod deletion;
mod domains;
mod enforcement;
mod every_page;
mod identities;
mod invitations;
mod journey;
mod members;
mod other_organization;
mod own_account;
mod passkey_sign_in;
mod passkeys;
mod password_reset;
mod personal;
mod projects;
mod proof;
mod second_factors;
mod session_ended;
mod settings;
mod way_out;
