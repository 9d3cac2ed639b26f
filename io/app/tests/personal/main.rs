//! What Google and GitHub do to accounts: R-LNK-9, T-LNK-3 to T-LNK-6, T-LNK-11. What the providers say is tested beside the
//! protocol; here they are honest, and it is about whose account that opens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
#[macro_use]
mod scene;

mod bound;
mod enter;
mod hijack;
mod known;
mod own;
mod state;
