//! Owns the pages between a stranger and a session.

pub mod password;
pub mod sign_up;
pub mod attempt;
pub mod organization;
pub mod proof;
pub mod provider;
