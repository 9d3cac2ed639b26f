//! Single sign-on as a whole: the use cases of Owners and of people, against an identity provider that can do anything
//! wrong. What each piece decides is tested beside it; here is what they come to together.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
#[macro_use]
mod world;

mod back_channel;
mod configure;
mod conformance;
mod dialects;
mod discovery;
mod doctor;
mod domain_reach;
mod domains;
mod endings;
mod first_sign_in;
mod hostile;
mod keys;
mod log_out;
mod members;
mod owner_mails;
mod pushed;
mod questions;
mod reach;
mod refusals;
mod requests;
mod restore;
mod rogue;
mod rotation;
mod second_factor;
mod secrets;
mod session_expiry;
mod state;
mod throttles;
mod trial;
mod urls;
mod wires;
