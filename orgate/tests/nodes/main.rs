//! The built program as several processes: nodes on one database behind a proxy, and one node that is killed while it
//! writes. Few rounds by default; `scripts/reliability` runs the counts of the security bar. What was seen at which count:
//! `docs/reliability.md`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get ends it"
)]

mod api;
mod browser;
mod client;
mod cluster;
mod crash;
mod crash_client;
mod first_sign_in;
mod history;
mod ledger;
mod linearizable;
mod node;
mod node_lost;
mod once;
mod once_factors;
mod owners;
mod power;
mod power_file;
mod proxy;
mod scale;
mod wire;
mod writer;
