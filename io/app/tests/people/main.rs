//! Every use case of people and organizations, on each engine. SSO has a suite of its own.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod account;
mod audit_acts;
mod audit_chain;
mod audit_log;
mod audit_removal;
mod bringing_together;
mod closed_sign_up;
mod closing;
mod email_change;
mod enforcement;
mod factor_setup;
mod factor_throttles;
mod invitation_ends;
mod invitations;
mod last_owner;
mod members;
mod organizations;
mod own_data;
mod owner_mails;
mod passkeys;
mod password_reset;
mod projects;
mod restore;
mod second_factor;
mod sessions;
mod sign_up;
mod throttles;
mod way_out;
mod way_out_shown;
