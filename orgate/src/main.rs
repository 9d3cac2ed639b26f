//! `orgate`: the command line. Each command is a thin call into the use cases.

mod ask;
mod audit;
mod backup;
mod configuration;
mod core_file;
mod demo;
mod doctor;
mod entitlement;
mod keys;
mod open_files;
mod recover;
mod restore;
mod serve;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The front door of multi-tenant software.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. Settings come from ORGATE_… variables and, beneath them, from the file that ORGATE_CONFIG names.
    Serve,
    /// Try everything on this machine: embedded storage, a demonstration identity provider, sample people.
    Demo(demo::Arguments),
    /// Look at a deployment and say what to mend.
    Doctor(doctor::Arguments),
    /// Bring the schema up to date and stop.
    Migrate,
    /// Print the commented settings file.
    ExampleConfig,
    /// Say whether an organization may use single sign-on.
    Entitlement(entitlement::Arguments),
    /// Let an organization's people in again when its identity provider is down or its Owners are gone.
    Recover(recover::Arguments),
    /// Write a copy of an embedded database (SQLite) to a file, while nodes serve. PostgreSQL has tools of its own.
    Backup(backup::Arguments),
    /// Put a deployment back from a backup, so that nothing serves again that has ended since.
    Restore(restore::Arguments),
    /// Replace the secret key while nodes serve, and say what is under which key.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Verify the audit log, export it, erase from it.
    #[command(subcommand)]
    Audit(audit::Command),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(reason) = core_file::forbid() {
        warn(&reason);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(reason) => return fail(&format!("the runtime cannot start: {reason}")),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(reason)) => fail(&reason),
        Err(Failure::WrongUse(reason)) => {
            fail(&reason);
            ExitCode::from(WRONG_USE)
        }
    }
}

/// As for a command line that cannot be read.
const WRONG_USE: u8 = 2;

/// Why a command did not do it.
enum Failure {
    /// What is the matter, for standard error.
    Failed(String),
    /// This command is not for such a deployment.
    WrongUse(String),
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run().await?,
        Command::Demo(arguments) => demo::run(arguments).await?,
        Command::Doctor(arguments) => doctor::run(arguments).await?,
        Command::Migrate => serve::migrate().await?,
        Command::ExampleConfig => say(&orgate_app::settings::example_file())?,
        Command::Entitlement(arguments) => entitlement::run(arguments).await?,
        Command::Recover(arguments) => recover::run(arguments).await?,
        Command::Backup(arguments) => backup::run(arguments).await?,
        Command::Restore(arguments) => restore::run(arguments).await?,
        Command::Keys(command) => keys::run(command).await?,
        Command::Audit(command) => audit::run(command).await?,
    }
    Ok(())
}

/// Prints for a person at a terminal, or for what reads instead.
///
/// *Errors*: it is lost, on a full disk for example. Whoever reads no more, such as `head`, wants no more.
fn say(text: &str) -> Result<(), String> {
    use std::io::{ErrorKind, Write as _};
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(reason) if reason.kind() != ErrorKind::BrokenPipe => {
            Err(format!("what there is to say cannot be written to standard output: {reason}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn warn(reason: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "orgate: {reason}"));
}

fn fail(reason: &str) -> ExitCode {
    warn(reason);
    ExitCode::FAILURE
}
