//! Owns `orgate entitlement`: whether an organization may use single sign-on (R-ORG-7).

use clap::ValueEnum;
use orgate_app::{Error, jobs, operator};
use orgate_core::refusal::Refusal;

use crate::{configuration, say, serve};

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The organization's short name or id.
    organization: String,
    /// Whether it may use single sign-on.
    sso: Switch,
}

#[derive(Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Sets the entitlement; audited.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let app = serve::start(configuration::read_beside_a_server()?).await?;
    let entitled = matches!(arguments.sso, Switch::On);
    let organization = &arguments.organization;
    operator::set_sso_entitled(&app, None, organization, entitled).await.map_err(|error| match error {
        Error::Refused(Refusal::NotFound) => format!("there is no organization {organization}"),
        other => other.told(),
    })?;
    // Where no program serves, nobody else would chain the event.
    jobs::end(&app).await;
    say(if entitled {
        "Single sign-on is part of this organization."
    } else {
        "Single sign-on is locked for this organization."
    })
}
