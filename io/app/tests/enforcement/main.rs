//! Enforced SSO as a whole: the contract of `security-bar.md` 2.1 and section 6 of the specification at the level of use
//! cases. What is decided is tested in the core; here is that nothing walks round the decision.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
#[expect(dead_code, reason = "the other suite takes the rest")]
#[macro_use]
#[path = "../sso/world.rs"]
mod world;

mod connections;
mod cost;
mod faults;
mod front_door;
mod invitations;
mod matrix;
mod off;
mod on;
mod operator;
mod owner_factor;
mod parallel;
mod race;
mod revival;
mod roles;
mod scene;
mod second_factor;
mod toggle;
mod trial;
mod way_back;
