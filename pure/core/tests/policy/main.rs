//! The policy against an independent model: every static world of one person and three organizations, every short
//! sequence of events, the guards of the Owners, and every wish about enforcement.
//!
//! `ORGATE_DEEP=1` with `--release` looks further than a debug build has time for.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a disagreement, or a number out of bounds, is a failure")]

mod bridge;
mod events;
mod key;
mod ledger;
mod model;
mod owners;
mod seed;
mod sequences;
mod simulation;
mod starts;
mod statics;
mod wishes;
mod worlds;

/// Whether there is time for everything.
fn is_deep() -> bool {
    std::env::var_os("ORGATE_DEEP").is_some()
}
