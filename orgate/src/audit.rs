//! Owns `orgate audit`: looks for changes of the audit log, prints the heads to keep elsewhere, exports, and erases what it says
//! of a closed account. All of it may run beside `serve` (T-AUD-1).

mod erase;
mod export;
mod verify;

use orgate_app::app::App;
use orgate_app::audit_chain;

use crate::{configuration, say, serve};

/// What the command takes.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Look for events that were changed, removed, moved or put in. Fails when something is found.
    Verify(verify::Arguments),
    /// Print the signed heads: keep them outside of the database and hold the log against them with verify --expect-head.
    Heads(HeadsArguments),
    /// Print an audit log, newest first.
    Export(export::Arguments),
    /// Empty the names, network addresses and details of a closed account in every log. What was done stays.
    Erase(erase::Arguments),
}

/// What `orgate audit heads` takes.
#[derive(clap::Args)]
pub struct HeadsArguments {
    /// The organization's short name or id. Default: the deployment's log and every organization's.
    #[arg(long)]
    organization: Option<String>,
}

/// Does it.
pub async fn run(command: Command) -> Result<(), String> {
    let settings = configuration::read_beside_a_server()?;
    match command {
        Command::Verify(arguments) => verify::run(&serve::look(settings).await?, arguments).await,
        Command::Heads(arguments) => heads(&serve::look(settings).await?, arguments).await,
        Command::Export(arguments) => export::run(&serve::look(settings).await?, arguments).await,
        Command::Erase(arguments) => erase::run(&serve::start(settings).await?, arguments).await,
    }
}

async fn heads(app: &App, arguments: HeadsArguments) -> Result<(), String> {
    let organization = arguments.organization.as_deref();
    let heads = audit_chain::heads(app, organization).await.map_err(|error| refused(error, organization))?;
    for (_, head) in heads {
        say(&head.to_text())?;
    }
    Ok(())
}

fn refused(error: orgate_app::Error, organization: Option<&str>) -> String {
    match (error, organization) {
        (orgate_app::Error::Refused(orgate_core::refusal::Refusal::NotFound), Some(organization)) => {
            format!("there is no organization {organization}")
        }
        (other, _) => other.told(),
    }
}
