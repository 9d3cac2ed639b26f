//! Owns `orgate restore`: a deployment comes back from a backup, and nothing that has ended since serves again (R-OPS-1,
//! T-SEC-5).

use std::path::PathBuf;
use std::sync::Arc;

use orgate_app::clock::SystemClock;
use orgate_app::entropy::SystemEntropy;
use orgate_app::restore::{self, Copied, RestoreError, Restored};
use orgate_core::time::Timestamp;

use crate::{Failure, ask, configuration, say};

/// What the command takes.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Arguments {
    /// Put this file where the settings say the database is. Nothing may be there, and the file stays as it is.
    #[arg(long, group = "what", value_name = "FILE")]
    from: Option<PathBuf>,
    /// The database is where the settings say already, put there by PostgreSQL's tools or copied by hand: make void what
    /// may have ended since.
    #[arg(long, group = "what")]
    in_place: bool,
    /// Do not ask before --in-place. Needed where nobody can answer, as in a script.
    #[arg(long)]
    yes: bool,
}

/// Does it, and says what became void and what is left to do.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = configuration::read()?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let done = if let Some(from) = &arguments.from {
        restore::from_file(settings, from, clock, entropy).await.map(|(copied, restored)| (Some(copied), restored))
    } else {
        let ready = restore::ready(settings, &*clock).await.map_err(failure)?;
        if !arguments.yes {
            ask::confirm(QUESTION)?;
        }
        restore::in_place(ready, clock, entropy).await.map(|restored| (None, restored))
    };
    let (copied, restored) = done.map_err(failure)?;
    say(&report(copied.as_ref(), &restored))?;
    Ok(())
}

const QUESTION: &str = "Mark this deployment as restored from a backup?\nEvery session ends; mailed codes and links, sign-ins \
    under way, recovery codes and mails that wait are void; every audit log says so. It cannot be undone. [y/N] ";

fn failure(error: RestoreError) -> Failure {
    match error {
        wrong @ RestoreError::Postgres => Failure::WrongUse(wrong.to_string()),
        other @ (RestoreError::NoDatabase
        | RestoreError::InUse
        | RestoreError::Copy(_)
        | RestoreError::Boot(_)
        | RestoreError::Failed(_)) => Failure::Failed(other.to_string()),
    }
}

fn report(copied: Option<&Copied>, restored: &Restored) -> String {
    let state_of = restored.state_of.map_or_else(|| "an unknown moment".to_owned(), Timestamp::to_rfc3339);
    let what = copied.map_or_else(String::new, |copied| {
        format!(": {} people and {} organizations in {} bytes", copied.people, copied.organizations, copied.size)
    });
    let void = &restored.voided;
    let mut lines = vec![
        format!("Restored to the state of {state_of}{what}."),
        format!(
            "Void from now on: sessions {}, sign-ins and other attempts under way {}, mailed codes {}, mailed links {}, \
             links of invitations {}, recovery codes {}, mails that waited {}.",
            void.sessions, void.attempts, void.codes, void.links, void.invitations, void.recovery_codes, void.mails
        ),
    ];
    if !restored.trials.is_empty() {
        lines.push(format!("Trials of SSO enforcement that go on for good: {}.", restored.trials.join(", ")));
    }
    if !restored.deletions.is_empty() {
        lines.push(format!("Deletions that begin their seven days anew: {}.", restored.deletions.join(", ")));
    }
    lines.push(
        "Next: start `orgate serve`. What was changed since that moment is lost, such as removed members, new passwords and \
         enforcement that was turned on: docs/operate/backup.md says what to look at."
            .to_owned(),
    );
    lines.join("\n")
}
