//! Sign-in by a provider at which people have an account of their own. The operator registers Orgate there; no tenant has a
//! say. Google speaks OpenID Connect, so [`crate::oidc`] runs the exchange and [`google`] reads what comes out; GitHub
//! speaks OAuth 2.0 and an interface of its own, which is [`github`].
//!
//! *Source*: R-IN-1, R-LNK-9, T-LNK-11.

pub mod github;
mod github_user;
pub mod google;
mod words;

pub use words::for_person;
