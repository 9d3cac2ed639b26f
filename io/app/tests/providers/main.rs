//! Conversations with Google and GitHub, which can do anything wrong here. What each answer means is tested beside the
//! protocol; here it comes over the wire, through the one HTTP client, by the operator's settings.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod github;
mod google;
mod settings;
mod world;
