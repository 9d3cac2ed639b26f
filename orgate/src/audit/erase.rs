//! Owns `orgate audit erase`.

use orgate_app::app::App;
use orgate_app::audit_chain;
use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::refusal::Refusal;

use crate::say;

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The id of the closed account, as the log names it: usr_…
    #[arg(long, value_name = "ID", value_parser = user)]
    user: UserId,
    /// A mail address of that person, to be erased wherever it stands; may be given several times.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    address: Vec<EmailAddress>,
    /// It cannot be undone: say that it is meant.
    #[arg(long)]
    yes: bool,
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).ok_or_else(|| "not the id of an account, which is usr_ and 26 characters".to_owned())
}

fn address(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|_| "not a mail address".to_owned())
}

/// Erases, and says from how many events.
pub async fn run(app: &App, arguments: Arguments) -> Result<(), String> {
    if !arguments.yes {
        return Err("erasing cannot be undone; say --yes if it is meant".to_owned());
    }
    let erased = audit_chain::erase(app, &arguments.user, &arguments.address).await;
    let erased = erased.map_err(|error| match error {
        orgate_app::Error::Refused(Refusal::NotFound) => format!("there is no account {}", arguments.user),
        orgate_app::Error::Refused(Refusal::InvalidInput(fields)) => {
            fields.iter().map(|field| field.message.clone()).collect::<Vec<_>>().join(" ")
        }
        other => other.told(),
    })?;
    // The events that tell of it, too, where no program serves.
    audit_chain::seal(app).await.map_err(|error| error.to_string())?;
    say(&format!("Erased from {} of {} events. The log verifies as before.", erased.events, erased.looked_at))
}
