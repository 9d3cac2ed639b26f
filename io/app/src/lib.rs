//! Use cases and the effects they have: console, API and command line all come through here.

pub mod clock;
pub mod entropy;
pub mod instance_key;
pub mod jwks_cache;
pub mod outbound;
pub mod passwords;
pub mod seal;
pub mod token;
