//! `orgate-bench`: side-by-side measurements of what is asked many times a second. `bench/run` does all of it.

mod enforcement;
mod figure;
mod growth;
mod latency;
mod load;
mod machine;
mod measure;
mod paced;
mod part;
mod peer;
mod people;
mod process;
mod report;
mod seed;
mod server;
mod sign_in;
mod sso;
mod stage;
mod start;
mod timing;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use load::Tickets;
use measure::Plan;
use people::{EVERYBODY, People, Scale};
use report::{EngineReport, Report};
use stage::{Common, Filled};

/// Side-by-side measurements.
#[derive(Parser)]
#[command(version, about, max_term_width = 100, args_override_self = true)]
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
    /// Serve a filled database on a free port, on one worker thread. `check` starts this by itself.
    Serve {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        /// How much of the sessions is remembered beside SQLite, in MiB; 0 is nothing.
        #[arg(long)]
        session_memory_mib: u32,
    },
    /// Measure `/check` and `GET /api/v1/session` against an empty endpoint behind the same layers.
    Check(CheckArguments),
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
    /// Fill a database for `sign-in`, `enumeration` and `sso`.
    SeedSignIn {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
    },
    /// Serve as `serve` does, but without limits. `sign-in`, `enumeration` and `sso` start this by themselves.
    ServeUnlimited {
        /// `sqlite:<file>` or `postgres://…`.
        #[arg(long)]
        database_url: String,
        /// Where mails go.
        #[arg(long)]
        mail: String,
        /// An identity provider of this machine that may be asked.
        #[arg(long, default_value = "")]
        idp_allow: String,
    },
    /// Compute the bare hash of a password on one thread, and print how many times a second. `sign-in` starts this by itself.
    Hash {
        /// For how long.
        #[arg(long)]
        seconds: f64,
    },
    /// Measure checks of sessions beside those of better-auth.
    Peer(peer::Arguments),
    /// Measure sign-ins through an identity provider, beside those of better-auth.
    Sso(sso::Arguments),
    /// Measure what the built program takes to start, in memory and on disk.
    Start(start::Arguments),
    /// Measure what a check costs as there are more and more people.
    Growth(growth::Arguments),
    /// Measure what a password sign-in costs beside its hash, and what `/check` notices of a storm of them.
    SignIn(sign_in::Arguments<sign_in::StormPlan>),
    /// Measure whether known and unknown addresses can be told apart.
    Enumeration(sign_in::Arguments<sign_in::EnumerationPlan>),
    /// Measure whether comparisons with a secret take the same time for right and for wrong inputs.
    Timing(timing::Arguments),
    /// Measure what switching enforcement on costs, and what `/check` notices of it.
    Enforcement(enforcement::Arguments),
    /// Make one page of what all of them found.
    Page(part::Arguments),
}

#[derive(clap::Args)]
struct CheckArguments {
    #[command(flatten)]
    filled: Filled,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    scale: Scale,
    #[command(flatten)]
    plan: Plan,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Seed { database_url, scale } => on(&mut Builder::new_multi_thread(), seed::seed(&database_url, scale)),
        Command::Serve { database_url, session_memory_mib } => {
            let serve = server::serve(&database_url, session_memory_mib);
            on(Builder::new_multi_thread().worker_threads(1), serve)
        }
        Command::Check(arguments) => on(&mut Builder::new_current_thread(), check(arguments)),
        Command::SeedEnforcement { database_url, sessions } => {
            on(&mut Builder::new_multi_thread(), enforcement::fill(&database_url, sessions))
        }
        Command::ServeObeying { database_url, mail } => {
            on(Builder::new_multi_thread().worker_threads(1), server::serve_obeying(&database_url, &mail))
        }
        Command::SeedSignIn { database_url } => on(&mut Builder::new_multi_thread(), sign_in::fill(&database_url)),
        Command::ServeUnlimited { database_url, mail, idp_allow } => {
            on(Builder::new_multi_thread().worker_threads(1), server::serve_unlimited(&database_url, &mail, &idp_allow))
        }
        Command::Hash { seconds } => sign_in::hash(seconds),
        Command::Peer(arguments) => on(&mut Builder::new_current_thread(), peer::run(arguments)),
        Command::Sso(arguments) => on(&mut Builder::new_multi_thread(), sso::run(arguments)),
        Command::Start(arguments) => start::run(&arguments),
        Command::Growth(arguments) => on(&mut Builder::new_current_thread(), growth::run(arguments)),
        Command::Page(arguments) => part::page(&arguments),
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

async fn check(arguments: CheckArguments) -> Result<(), String> {
    let (stage, plan) = (arguments.common.begin()?, arguments.plan);
    let tickets = Arc::new(Tickets::new(&People::new(arguments.scale, EVERYBODY)?));
    let mut engines = Vec::new();
    for (name, url) in arguments.filled.each() {
        let found = measure::measure(url, stage.database_of(name), &tickets, plan).await?;
        engines.push(EngineReport { name, found });
    }
    Report { scale: arguments.scale, plan, engines }.part(stage)?.keep(arguments.common.parts.as_deref())
}

/// Prints a report.
fn write(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|reason| format!("print: {reason}"))
}
