//! The built program as several processes: nodes on one database behind a proxy, and one node that is killed while it
//! writes. Few rounds by default; `scripts/reliability` runs the counts of the security bar. What was seen at which count:
//! `docs/reliability.md`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get ends it"
)]

#[path = "../started/api.rs"]
mod api;
#[path = "../started/browser.rs"]
mod browser;
#[path = "../started/client.rs"]
mod client;
mod cluster;
mod crash;
mod crash_client;
mod first_sign_in;
mod history;
mod ledger;
mod linearizable;
mod load;
#[path = "../started/node.rs"]
mod node;
mod node_lost;
mod once;
mod once_factors;
mod owners;
mod power;
mod power_file;
#[path = "../started/preload.rs"]
mod preload;
#[path = "../started/provider.rs"]
mod provider;
mod proxy;
#[path = "../started/scale.rs"]
mod scale;
#[path = "../started/signal.rs"]
mod signal;
mod soak;
mod soak_client;
#[path = "../started/sqlite_file.rs"]
mod sqlite_file;
mod upgrade;
mod upgrade_sqlite;
#[path = "../started/wire.rs"]
mod wire;
mod writer;
