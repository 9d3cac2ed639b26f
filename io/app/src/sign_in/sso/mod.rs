//! Owns signing in through an organization's identity provider, as five verbs: [`begin`] sends the browser there,
//! [`callback`] takes what it brings back, [`act`] decides and writes, [`answer`] takes a person's answers in between,
//! [`attempts`] remembers how it went. The exchange itself is values in `orgate_sso`; [`drive`] does its input and
//! output.

pub mod act;
pub mod answer;
pub mod attempts;
mod bearer;
pub mod begin;
pub mod callback;
pub mod document;
pub mod drive;
pub(crate) mod facts;
pub(crate) mod newcomer;
pub(crate) mod stray;
