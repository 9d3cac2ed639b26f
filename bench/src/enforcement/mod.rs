//! Owns measuring enforcement: what switching it on costs however many sessions are open, and what `/check` notices of it.

mod askers;
mod call;
mod check;
mod report;
pub mod scene;

pub use scene::fill;

use std::path::PathBuf;
use std::str::FromStr;

use crate::process;
use crate::stage::Common;
use report::{EngineReport, Report};

/// What to measure.
#[derive(clap::Args)]
pub struct Arguments {
    /// Filled SQLite databases, the one with the fewest sessions first: `<sessions>=sqlite:<file>`.
    #[arg(long)]
    sqlite: Vec<Filled>,
    /// Filled PostgreSQL databases, the one with the fewest sessions first: `<sessions>=postgres://…`.
    #[arg(long)]
    postgres: Vec<Filled>,
    /// A folder for the mails that Owners get.
    #[arg(long)]
    mails: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    plan: Plan,
}

/// A filled database.
#[derive(Debug, Clone)]
pub struct Filled {
    /// How many sessions of the measured organization are in it.
    pub sessions: usize,
    /// Where it is.
    pub url: String,
}

impl FromStr for Filled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (sessions, url) = text.split_once('=').ok_or("must be <sessions>=<database URL>")?;
        let sessions = sessions.parse().map_err(|_| "the number of sessions cannot be read")?;
        Ok(Self { sessions, url: url.to_owned() })
    }
}

/// How to measure.
#[derive(Debug, Clone, Copy, clap::Args, serde::Serialize)]
pub struct Plan {
    /// How often enforcement is switched on and off over each database.
    #[arg(long, default_value_t = 200)]
    pub calls: usize,
    /// How often each phase of the load has its turn.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// How long a phase takes, in seconds.
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// Connections that are open at once, half of them with sessions of the measured organization.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
}

/// Measures all engines and writes the report.
///
/// *Errors*: what went wrong.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let (stage, own) = (arguments.common.begin()?, std::process::id());
    let mail = format!("dir:{}", arguments.mails.display());
    let mut engines = Vec::new();
    for (name, filled) in [("SQLite", &arguments.sqlite), ("PostgreSQL", &arguments.postgres)] {
        let Some(largest) = filled.last() else { continue };
        // The calls are made in this process, which has to be where the server would be.
        process::take_server_core(own)?;
        let calls = call::measure(filled, &mail, arguments.plan).await?;
        process::leave_server_core(own, stage.cores)?;
        let load = check::measure(largest, &mail, arguments.plan).await?;
        engines.push(EngineReport { name, calls, load });
    }
    Report { plan: arguments.plan, engines }.part(stage)?.keep(arguments.common.parts.as_deref())
}
