//! placeholder
#[derive(clap::Args)]
pub struct Arguments {}
pub async fn run(_: Arguments) -> Result<(), String> { Ok(()) }
