//! Owns `orgate backup`: one file that holds everything, written while `serve` goes on (R-OPS-1, T-SEC-4).

use std::path::PathBuf;

use orgate_app::backup::{self, Backup, BackupError};
use orgate_app::jobs;

use crate::{Failure, configuration, say, serve};

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file to write. What is there already is left alone.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Writes it, looks at it, and says what is in it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = configuration::read_beside_a_server()?;
    backup::is_possible(&settings, &arguments.to).map_err(failure)?;
    let app = serve::start(settings).await?;
    let made = backup::make(&app, &arguments.to).await;
    // Where no program serves, nobody else would chain the event.
    jobs::end(&app).await;
    say(&report(&made.map_err(failure)?))?;
    Ok(())
}

fn failure(error: BackupError) -> Failure {
    match error {
        wrong @ BackupError::Postgres(_) => Failure::WrongUse(wrong.to_string()),
        failed @ (BackupError::Copy(_) | BackupError::Afterwards(_)) => Failure::Failed(failed.to_string()),
    }
}

fn report(backup: &Backup) -> String {
    let keys: Vec<String> = backup.keys.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        format!("{}: the state of {}.", backup.path.display(), backup.at.to_rfc3339()),
        format!(
            "It holds {} people and {} organizations in {} bytes, schema version {}; every page was read again.",
            backup.people, backup.organizations, backup.size, backup.schema_version
        ),
        format!("Heads of the audit log that are signed as they should be: {}.", backup.heads),
    ];
    if !backup.strange_heads.is_empty() {
        lines.push(format!(
            "Heads that are not: {}. They are so in the database, too: see `orgate audit verify`.",
            backup.strange_heads.join(", ")
        ));
    }
    lines.push(format!("To put it back takes the secret key {}. Keep that apart from this file.", keys.join(" and ")));
    lines.join("\n")
}
