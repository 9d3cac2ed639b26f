//! What stands between tenants: nothing that the owner of one organization does is felt in another, and no route takes
//! another organization's ids. Generated from the list of routes and from seeds. Beside it, what a browser takes to an
//! identity provider and brings back.
//!
//! By default a part of it runs; `ORGATE_DEEP=1` runs thousands of seeds.
#![expect(clippy::large_futures, reason = "each is awaited where it is made, and a few at once")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "the suite of HTTP takes the rest")]
#[path = "../http/support/ask.rs"]
mod ask;
#[expect(dead_code, reason = "paths are filled in by what their parameters name here")]
#[path = "../http/support/sample.rs"]
mod sample;
#[path = "../../../app/tests/support/mod.rs"]
mod support;
#[expect(dead_code, unused_macros, reason = "the suite of SSO takes the rest")]
#[path = "../../../app/tests/sso/world.rs"]
mod world;

mod adversary;
mod bad_input;
mod callback;
mod dice;
mod every_route;
mod interference;
mod kinds;
mod malformed;
mod moves;
mod place;
mod schema;
mod sight;
mod town;
