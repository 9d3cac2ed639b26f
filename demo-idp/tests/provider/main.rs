//! The provider from outside, over HTTP: its flow as a program sees it, and its pages.
#![expect(clippy::unwrap_used, reason = "what a test needs and does not get ends it")]

mod common;
mod flow;
mod github;
mod mailbox;
mod pages;
mod sign_out;
