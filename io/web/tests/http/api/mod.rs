//! The calls of the API, a file a noun: what each answers and what it refuses.

mod account;
mod audit_events;
mod bringing_together;
mod connections;
mod domains;
mod enforcement;
mod invitations;
mod members;
mod operator;
mod organizations;
mod own_account;
mod passkey_sign_in;
pub mod passkeys;
mod password_resets;
mod projects;
pub mod second_factors;
mod sessions;
mod sign_ups;
