//! The HTTP client against servers on loopback that are closed, silent, endless or somebody else's.
#![expect(clippy::unwrap_used, reason = "a broken set-up ends the test it was made for, there and then")]

mod address;
mod limits;
mod reuse;
mod server;
