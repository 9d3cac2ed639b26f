//! Owns measuring enforcement: what switching it on costs however many sessions are open, and what `/check` notices of it.

mod call;
mod check;
pub mod paced;
mod report;
mod scene;

pub use scene::fill;

use std::path::PathBuf;
use std::str::FromStr;

use orgate_app::clock::{Clock as _, SystemClock};

use crate::process::{self, DatabaseServer};
use crate::{machine, write};
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
    /// The process id of its server, if it runs on this machine: it leaves the measured core.
    #[arg(long)]
    postgres_process: Option<u32>,
    /// A folder for the mails that Owners get.
    #[arg(long)]
    mails: PathBuf,
    /// Where the report goes. Without it, it is only printed.
    #[arg(long)]
    results: Option<PathBuf>,
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
    let (cores, own) = (process::cores(), std::process::id());
    let mail = format!("dir:{}", arguments.mails.display());
    let database = arguments.postgres_process.map(|parent| DatabaseServer { parent });
    if let Some(database) = database {
        database.leave_server_core(cores)?;
    }
    let mut engines = Vec::new();
    for (name, filled) in [("SQLite", &arguments.sqlite), ("PostgreSQL", &arguments.postgres)] {
        let Some(largest) = filled.last() else { continue };
        // The calls are made in this process, which has to be where the server would be.
        process::take_server_core(own)?;
        let calls = call::measure(filled, &mail, arguments.plan).await?;
        process::leave_server_core(own, cores)?;
        let load = check::measure(largest, &mail, arguments.plan).await?;
        engines.push(EngineReport { name, calls, load });
    }
    let date = SystemClock.now().to_rfc3339().chars().take(10).collect();
    let report = Report { date, machine: machine::facts(cores), plan: arguments.plan, pinned: cores > 1, engines };
    if let Some(folder) = &arguments.results {
        report.write(folder)?;
    }
    write(&report.text())
}
