//! Owns the two engines. Each knows its driver, turns its errors into [`crate::error::StoreError`], and offers the same
//! four things: open, read, write, one statement by itself.

pub(crate) mod postgres;
pub(crate) mod sqlite;
