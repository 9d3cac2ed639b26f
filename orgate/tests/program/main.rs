//! The built program from outside: what stops its start, what it says, and how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get ends it"
)]

mod audit;
mod collector;
mod core_file;
mod demo;
mod deployment;
mod doctor;
mod keys;
mod recover;
mod refuses;
mod restore;
mod running;
#[path = "../started/signal.rs"]
mod signal;
mod stops;
mod traces;
