//! The program as a browser, a program or an attacker sees it: requests in, answers out, on a real database.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "../../../app/tests/support/mod.rs"]
mod bed;

mod api;
mod assets;
mod canary;
mod check;
mod cross_site;
mod headers;
mod log_out;
mod openapi;
mod operations;
mod pages;
mod parity;
mod refusals;
mod routes;
mod seed;
mod support;
mod tenants;
mod tile;
mod tokens;
