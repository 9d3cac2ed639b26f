//! Sign-on protocols as values: bytes in, [`exchange::Step`] out. Nothing here waits, opens a connection, reads a clock
//! or draws randomness; every moment and every random byte is an argument.
//!
//! A driver asks [`oidc::begin()`] where to send the browser and hands the answer to [`oidc::resume()`]; both give a
//! [`exchange::Step`] that says what is needed next, until the step is an
//! [`Assertion`](orgate_core::assertion::Assertion) or a [`refusal::SsoRefusal`].

pub mod address;
pub mod client;
pub mod exchange;
mod happened;
pub mod issuer;
mod json;
pub mod kind;
pub mod oidc;
pub mod okta_domain;
pub mod personal;
pub mod refusal;
mod refusal_code;
pub mod settings;
pub mod url_rules;
