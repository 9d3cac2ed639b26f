//! The nouns of Orgate and every decision about them, as functions over values.
//!
//! Nothing here knows async, input and output, a clock or randomness: the moment and random bytes are arguments.

pub mod actor;
pub mod assertion;
pub mod audit_chain;
pub mod challenge;
pub mod connection;
pub mod cookie;
pub mod domain;
pub mod email;
pub mod enforcement;
pub mod id;
pub mod invitation;
pub mod linking;
pub mod membership;
pub mod method;
pub mod name;
pub mod passkey;
pub mod permission;
pub mod personal;
pub mod personal_linking;
pub mod policy;
pub mod proof;
pub mod refusal;
pub mod return_to;
pub mod role;
pub mod session;
pub mod sid;
pub mod sign_in;
pub mod time;
pub mod wait;
pub mod way_in;
