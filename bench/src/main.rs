//! `orgate-bench`: side-by-side measurements of what is asked many times a second. `bench/run` does all of it.

mod enforcement;
mod load;
mod machine;
mod measure;
mod peer;
mod people;
mod process;
mod report;
mod seed;
mod server;
mod sign_in;
mod timing;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use orgate_app::clock::{Clock as _, SystemClock};
use tokio::runtime::Builder;

use load::Tickets;
use measure::Plan;
use people::{EVERYBODY, People, Scale};
use process::DatabaseServer;
use report::{EngineReport, Report};

/// Measures `/check` and `GET /api/v1/session` against an empty endpoint behind the same layers.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a database, unless it is filled.
    Seed {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        #[command(flatten)]
        scale: Scale,
    },
    /// Serve a filled database on a free port, on one worker thread. `run` starts this by itself.
    Serve {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
    },
    /// Measure filled databases and write the report.
    Run(RunArguments),
    /// Fill a database for `enforcement`, unless it is filled.
    SeedEnforcement {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        /// Open sessions of the measured organization, ten of each member.
        #[arg(long)]
        sessions: usize,
    },
    /// Serve as `serve` does, but sweep behind enforcement only when told. `enforcement` starts this by itself.
    ServeObeying {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        /// Where mails go.
        #[arg(long)]
        mail: String,
    },
    /// Fill a database for `sign-in` and `enumeration`.
    SeedSignIn {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
    },
    /// Serve as `serve` does, but without limits. `sign-in` and `enumeration` start this by themselves.
    ServeUnlimited {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        /// Where mails go.
        #[arg(long)]
        mail: String,
    },
    /// Compute the bare hash of a password on one thread, and print how many times a second. `sign-in` starts this by itself.
    Hash {
        /// For how long.
        #[arg(long)]
        seconds: f64,
    },
    /// Measure checks of sessions beside those of better-auth.
    Peer(peer::Arguments),
    /// Measure what a password sign-in costs beside its hash, and what `/check` notices of a storm of them.
    SignIn(sign_in::Arguments<sign_in::StormPlan>),
    /// Measure whether known and unknown addresses can be told apart.
    Enumeration(sign_in::Arguments<sign_in::EnumerationPlan>),
    /// Measure whether comparisons with a secret take the same time for right and for wrong inputs.
    Timing(timing::Arguments),
    /// Measure what switching enforcement on costs, and what `/check` notices of it.
    Enforcement(enforcement::Arguments),
}

#[derive(clap::Args)]
struct RunArguments {
    /// A filled SQLite database: `sqlite:<file>`.
    #[arg(long)]
    sqlite: Option<String>,
    /// A filled PostgreSQL database: `postgres://…`.
    #[arg(long)]
    postgres: Option<String>,
    /// The process id of its server, if it runs on this machine: it leaves the measured core, and its time is counted.
    #[arg(long)]
    postgres_process: Option<u32>,
    /// Where the report goes. Without it, it is only printed.
    #[arg(long)]
    results: Option<PathBuf>,
    #[command(flatten)]
    scale: Scale,
    #[command(flatten)]
    plan: Plan,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Seed { database_url, scale } => on(&mut Builder::new_multi_thread(), seed::seed(&database_url, scale)),
        Command::Serve { database_url } => {
            on(Builder::new_multi_thread().worker_threads(1), server::serve(&database_url))
        }
        Command::Run(arguments) => on(&mut Builder::new_current_thread(), run(arguments)),
        Command::SeedEnforcement { database_url, sessions } => {
            on(&mut Builder::new_multi_thread(), enforcement::fill(&database_url, sessions))
        }
        Command::ServeObeying { database_url, mail } => {
            on(Builder::new_multi_thread().worker_threads(1), server::serve_obeying(&database_url, &mail))
        }
        Command::SeedSignIn { database_url } => on(&mut Builder::new_multi_thread(), sign_in::fill(&database_url)),
        Command::ServeUnlimited { database_url, mail } => {
            on(Builder::new_multi_thread().worker_threads(1), server::serve_unlimited(&database_url, &mail))
        }
        Command::Hash { seconds } => sign_in::hash(seconds),
        Command::Peer(arguments) => on(&mut Builder::new_current_thread(), peer::run(arguments)),
        Command::SignIn(arguments) => sign_in::storm(&arguments),
        Command::Enumeration(arguments) => sign_in::enumeration(&arguments),
        Command::Timing(arguments) => timing::run(&arguments),
        Command::Enforcement(arguments) => {
            on(Builder::new_multi_thread().worker_threads(1), enforcement::run(arguments))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody reads a closed terminal.
            drop(writeln!(std::io::stderr(), "error: {reason}"));
            ExitCode::FAILURE
        }
    }
}

fn on(builder: &mut Builder, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = builder.enable_all().build().map_err(|reason| format!("the runtime cannot start: {reason}"))?;
    runtime.block_on(work)
}

async fn run(arguments: RunArguments) -> Result<(), String> {
    let cores = process::cores();
    let pinned = process::leave_server_core(std::process::id(), cores)?;
    let tickets = Tickets::new(&People::new(arguments.scale, EVERYBODY)?);
    let mut engines = Vec::new();
    if let Some(url) = &arguments.sqlite {
        engines.push(EngineReport {
            name: "SQLite",
            rounds: measure::measure(url, None, &tickets, arguments.plan).await?,
        });
    }
    if let Some(url) = &arguments.postgres {
        let database = arguments.postgres_process.map(|parent| DatabaseServer { parent });
        if let Some(database) = database {
            database.leave_server_core(cores)?;
        }
        let rounds = measure::measure(url, database, &tickets, arguments.plan).await?;
        engines.push(EngineReport { name: "PostgreSQL", rounds });
    }
    let date = SystemClock.now().to_rfc3339().chars().take(10).collect();
    let (scale, plan) = (arguments.scale, arguments.plan);
    let report = Report { date, machine: machine::facts(cores), scale, plan, pinned, engines };
    if let Some(folder) = &arguments.results {
        report.write(folder)?;
    }
    write(&report.text())
}

/// Prints a report.
fn write(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|reason| format!("print: {reason}"))
}
