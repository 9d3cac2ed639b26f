//! The built program while what is around it fails: identity providers, the clock, the database, the disk, the mail server
//! (F1 to F6), and kills at every step of a migration and of a replacement of the secret key (REL-3). What people, programs
//! and operators see of each fault is asserted, for `docs/operate/faults.md` says it. `scripts/reliability` runs the counts of
//! the security bar.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get ends it"
)]

#[expect(dead_code, reason = "the tests of several nodes need more")]
#[path = "../started/api.rs"]
mod api;
#[expect(dead_code, reason = "the tests of several nodes need more")]
#[path = "../started/browser.rs"]
mod browser;
#[path = "../started/client.rs"]
mod client;
mod clock;
mod database;
mod disk;
mod full_disk;
mod locked;
mod mail;
#[expect(dead_code, reason = "the tests of several nodes need more")]
#[path = "../started/node.rs"]
mod node;
mod old_database;
mod postgres_steps;
#[path = "../started/preload.rs"]
mod preload;
#[path = "../started/provider.rs"]
mod provider;
mod providers;
mod relay;
#[expect(dead_code, reason = "the tests of several nodes need more")]
#[path = "../started/scale.rs"]
mod scale;
mod scene;
#[path = "../started/signal.rs"]
mod signal;
#[path = "../started/sqlite_file.rs"]
mod sqlite_file;
mod sqlite_steps;
mod steps;
#[expect(dead_code, reason = "the tests of several nodes need more")]
#[path = "../started/wire.rs"]
mod wire;
