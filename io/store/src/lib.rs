//! The only crate that names a SQL driver: one seam over SQLite and PostgreSQL, and every statement of Orgate.
//!
//! A use case calls [`Store::read`] or [`Store::write`] and gets a [`Tx`]. From there, [`Tx::organization`] shows one
//! organization and nothing else, and [`Tx::instance`] what belongs to no organization. Neither offers SQL: each noun's
//! file adds its functions to them. A transaction is never open while the network is used.

mod db;
mod engine;
mod error;
mod instance;
mod migrate;
mod org;
mod value;

pub use db::{Database, Store, StoreSettings, Tx};
pub use error::{Constraint, StoreError};
pub use instance::{Instance, InstanceTx};
pub use migrate::Migrate;
pub use org::OrgTx;
