//! Owns `orgate doctor`: looks at a deployment and says what to mend. It changes nothing.

use std::sync::Arc;

use orgate_app::clock::SystemClock;
use orgate_app::doctor::{Finding, examine, unusable};

use crate::{configuration, say};

/// What the command is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// One JSON array of {what, ok, text} instead of lines.
    #[arg(long)]
    json: bool,
    /// Leave out what is known and is to stay so, by the word before the colon. Can be given several times.
    #[arg(long, value_name = "WHAT")]
    skip: Vec<String>,
}

/// Prints one line a finding; fails when one of them has to be mended.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let found = configuration::examined_here()?;
    let mut findings = match found.settings {
        Ok(settings) => examine(settings, &found.secret_files, Arc::new(SystemClock)).await,
        Err(problems) => unusable(&problems),
    };
    findings.retain(|finding| !arguments.skip.iter().any(|skip| skip == finding.what));
    let broken = findings.iter().filter(|finding| !finding.ok).count();
    if arguments.json {
        say(&serde_json::to_string_pretty(&findings).map_err(|reason| reason.to_string())?)?;
    } else {
        for finding in &findings {
            say(&line(finding))?;
        }
    }
    if broken > 0 {
        return Err(format!("{broken} of {} need mending", findings.len()));
    }
    if arguments.json { Ok(()) } else { say("Nothing to mend.") }
}

fn line(finding: &Finding) -> String {
    let mark = if finding.ok { "ok    " } else { "MEND  " };
    format!("{mark}{}: {}", finding.what, finding.text)
}
