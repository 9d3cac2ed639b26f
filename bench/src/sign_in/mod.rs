//! Owns measuring sign-ins: what a password costs beside the bare hash, what a storm of them does to `/check`, and
//! whether known and unknown addresses can be told apart by time, status or size.

mod bare;
mod enumeration;
mod exchange;
mod scene;
mod storm;

pub use bare::hash;
pub use enumeration::EnumerationPlan;
pub use scene::fill;
pub use storm::StormPlan;

use std::path::{Path, PathBuf};

use orgate_app::clock::{Clock as _, SystemClock};
use serde::Serialize;

use crate::machine::{self, Fact};
use crate::process::{self, DatabaseServer};

/// The databases, filled by `seed-sign-in`.
#[derive(Debug, clap::Args)]
pub struct Arguments<P: clap::Args> {
    /// A filled SQLite database: `sqlite:<file>`.
    #[arg(long)]
    sqlite: Option<String>,
    /// A filled PostgreSQL database: `postgres://…`.
    #[arg(long)]
    postgres: Option<String>,
    /// The process id of its server, if it runs on this machine: it leaves the measured core.
    #[arg(long)]
    postgres_process: Option<u32>,
    /// A folder for the mails.
    #[arg(long)]
    mails: PathBuf,
    /// Where the report goes. Without it, it is only printed.
    #[arg(long)]
    results: Option<PathBuf>,
    #[command(flatten)]
    plan: P,
}

/// All of one evening.
#[derive(Serialize)]
struct Report<P, F> {
    date: String,
    machine: Vec<Fact>,
    plan: P,
    pinned: bool,
    engines: Vec<(&'static str, F)>,
}

/// Measures what sign-ins cost and what `/check` notices of many.
///
/// *Errors*: what went wrong.
pub fn storm(arguments: &Arguments<StormPlan>) -> Result<(), String> {
    run(arguments, "sign-in", storm::measure, storm::text)
}

/// Measures whether known and unknown addresses can be told apart.
///
/// *Errors*: what went wrong.
pub fn enumeration(arguments: &Arguments<EnumerationPlan>) -> Result<(), String> {
    run(arguments, "enumeration", enumeration::measure, enumeration::text)
}

fn run<P: clap::Args + Serialize + Copy, F: Serialize>(
    arguments: &Arguments<P>,
    name: &str,
    measure: fn(&str, &str, P) -> Result<F, String>,
    text: fn(P, &[(&'static str, F)]) -> String,
) -> Result<(), String> {
    let cores = process::cores();
    let pinned = process::leave_server_core(std::process::id(), cores)?;
    if let Some(parent) = arguments.postgres_process {
        DatabaseServer { parent }.leave_server_core(cores)?;
    }
    let mail = format!("dir:{}", arguments.mails.display());
    let mut engines = Vec::new();
    for (engine, url) in [("SQLite", &arguments.sqlite), ("PostgreSQL", &arguments.postgres)] {
        if let Some(url) = url {
            engines.push((engine, measure(url, &mail, arguments.plan)?));
        }
    }
    let date: String = SystemClock.now().to_rfc3339().chars().take(10).collect();
    let machine = machine::facts(cores);
    let facts: Vec<String> = machine.iter().map(|(name, value)| format!("- {name}: {value}")).collect();
    let page = format!("# {name}, {date}\n\n{}{}\n", text(arguments.plan, &engines), facts.join("\n"));
    let report = Report { date, machine, plan: arguments.plan, pinned, engines };
    if let Some(folder) = &arguments.results {
        store(folder, name, &report, &page)?;
    }
    crate::write(&page)
}

fn store<P: Serialize, F: Serialize>(
    folder: &Path,
    name: &str,
    report: &Report<P, F>,
    page: &str,
) -> Result<(), String> {
    let failed = |reason: std::io::Error| format!("results: {reason}");
    std::fs::create_dir_all(folder).map_err(failed)?;
    let json = serde_json::to_string_pretty(report).map_err(|reason| format!("results: {reason}"))?;
    std::fs::write(folder.join(format!("{}-{name}.json", report.date)), json + "\n").map_err(failed)?;
    std::fs::write(folder.join(format!("{}-{name}.md", report.date)), page).map_err(failed)
}
