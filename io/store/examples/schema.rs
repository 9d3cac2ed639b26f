//! Brings the schema of an empty database up to date and leaves it empty: what the tests copy their databases from.
//! `cargo run -p orgate-store --example schema -- postgres://…`

use orgate_core::time::Timestamp;
use orgate_store::{Store, StoreSettings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("which database?")?;
    Store::open(&StoreSettings::parse(&url)?, Timestamp::from_millis(0)).await?;
    Ok(())
}
