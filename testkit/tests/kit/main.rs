//! The kit from outside: each part does what it says, judged by code that is not the kit's.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what a test needs and does not get ends it")]

mod client;
mod dns;
mod honest;
mod mailbox;
mod mischief;
mod postgres;
