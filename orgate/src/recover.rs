//! Owns `orgate recover`: the operator lets an organization's people in again (R-OPS-1, R-ENF-5). It may run beside `serve`.

use orgate_app::jobs;
use orgate_app::operator::{self, Recovered, Recovery};
use orgate_core::refusal::Refusal;

use crate::{ask, configuration, say, serve};

/// What the command takes.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("recovery").required(true))]
pub struct Arguments {
    /// The organization's short name or id.
    #[arg(long)]
    organization: String,
    /// Turn SSO enforcement off: members sign in with their passwords again.
    #[arg(long, group = "recovery")]
    turn_off_enforcement: bool,
    /// Make this member an Owner, named by address or id.
    #[arg(long, group = "recovery", value_name = "ADDRESS OR ID")]
    make_owner: Option<String>,
    /// Do not ask first. Needed where nobody can answer, as in a script.
    #[arg(long)]
    yes: bool,
}

/// Asks, does it, and says what was done, who is mailed and what to do next.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let recovery = match arguments.make_owner {
        Some(who) => Recovery::MakeOwner(who),
        None => Recovery::TurnOffEnforcement,
    };
    let settings = configuration::read_beside_a_server()?;
    let app = serve::start(settings).await?;
    if !arguments.yes {
        ask::confirm(&question(&arguments.organization, &recovery))?;
    }
    let recovered = operator::recover(&app, &arguments.organization, recovery.clone())
        .await
        .map_err(|error| refused(error, &arguments.organization, &recovery))?;
    // Where no program serves, nobody else would chain the event.
    jobs::end(&app).await;
    say(&report(&recovered, &recovery))
}

fn question(organization: &str, recovery: &Recovery) -> String {
    let what = match recovery {
        Recovery::TurnOffEnforcement => {
            format!(
                "Turn SSO enforcement of {organization} off, so that its members sign in with their passwords again?"
            )
        }
        Recovery::MakeOwner(who) => format!("Make {who} an Owner of {organization}, with all rights there?"),
    };
    format!("{what}\nEvery Owner is mailed, and it is written to the organization's audit log. [y/N] ")
}

fn refused(error: orgate_app::Error, organization: &str, recovery: &Recovery) -> String {
    match (error, recovery) {
        (orgate_app::Error::Refused(Refusal::NotFound), Recovery::MakeOwner(who)) => {
            format!("there is no organization {organization}, or {who} is no member of it")
        }
        (orgate_app::Error::Refused(Refusal::NotFound), Recovery::TurnOffEnforcement) => {
            format!("there is no organization {organization}")
        }
        (other, _) => other.told(),
    }
}

fn report(recovered: &Recovered, recovery: &Recovery) -> String {
    let mut lines = vec![recovered.done.clone()];
    if !recovered.mailed.is_empty() {
        let owners: Vec<String> =
            recovered.mailed.iter().map(|owner| format!("{} <{}>", owner.name, owner.email)).collect();
        lines.push(format!("Mailed: {}.", owners.join(", ")));
        lines.push("The mail leaves at once where `orgate serve` runs, otherwise when it starts.".to_owned());
    }
    let slug = &recovered.organization.slug;
    lines.push(match recovery {
        Recovery::TurnOffEnforcement => format!(
            "Next: who has no password sets one with Forgot your password? Sessions that ended stay ended. When the \
             identity provider answers again, an Owner turns enforcement on again under Settings > Single Sign-On of {slug}."
        ),
        Recovery::MakeOwner(_) => format!(
            "Next: they sign in at /sign-in; who has no password sets one with Forgot your password? If enforcement still \
             keeps them out: orgate recover --organization {slug} --turn-off-enforcement"
        ),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_happens_and_to_whom() {
        let off = question("acme", &Recovery::TurnOffEnforcement);
        assert!(off.contains("acme off") && off.contains("members sign in with their passwords"), "{off}");
        let owner = question("acme", &Recovery::MakeOwner("sam@acme.example".to_owned()));
        assert!(owner.contains("sam@acme.example an Owner of acme"), "{owner}");
        for text in [off, owner] {
            assert!(text.contains("Every Owner is mailed") && text.contains("audit log"), "{text}");
        }
    }
}
