//! Owns Settings > Single Sign-On: the overview, setting up a connection, testing and activating it, what it has seen.

pub mod activation;
pub mod identities;
pub mod overview;
pub mod records;
pub mod settings;
pub mod tests;
pub(super) mod view;
