//! Owns everything that speaks HTTP: the routes, who may use them, and the pages. It is the only crate that names the
//! HTTP framework, and decides nothing itself: each handler calls one use case of `orgate-app`.

pub mod access;
mod api;
mod assets;
mod audit_export;
mod check;
mod console;
mod cookies;
mod edge;
pub mod error;
mod headers;
mod health;
mod nul;
mod observe;
mod page;
pub mod pages;
pub mod route;
pub mod router;
pub mod serve;
mod sign_in;
mod state;

pub use state::Web;
