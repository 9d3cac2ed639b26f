//! Use cases and the effects they have: console, API and command line all come through here.

pub mod account;
mod address;
pub mod app;
pub mod audit;
pub mod authorise;
pub mod boot;
pub mod clock;
pub mod connection;
pub mod connection_test;
pub mod entropy;
pub mod error;
mod input;
pub mod instance_key;
pub mod invitation;
pub mod jwks_cache;
pub mod limit;
pub mod mail;
pub mod membership;
mod notice;
pub mod organization;
pub mod outbound;
pub mod outbox;
mod paging;
pub mod password_reset;
pub mod passwords;
pub mod seal;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod token;
pub mod visitor;

pub use app::App;
pub use error::Error;
