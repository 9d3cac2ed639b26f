//! Owns everything that speaks HTTP: the routes, who may use them, and the pages. It is the only crate that names the
//! HTTP framework, and decides nothing itself: each handler calls one use case of `orgate-app`.

pub mod pages;
