//! Owns the pages between a stranger and a session.

pub mod address_claim;
pub mod attempt;
pub mod backchannel_logout;
pub mod blocked;
pub mod departure;
pub mod forgotten_password;
pub mod invitation;
pub mod organization;
pub mod passkey;
pub mod password;
pub mod password_reset;
pub mod personal;
pub mod proof;
pub mod provider;
pub mod second_factor;
pub mod sign_out;
pub mod sign_up;
pub mod wish;
