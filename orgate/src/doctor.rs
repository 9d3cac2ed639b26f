//! Owns `orgate doctor`: looks at a deployment and says what to mend. It changes nothing.

use orgate_app::doctor::{Finding, examine};

use crate::{configuration, say};

/// Prints one line a finding; fails when one of them has to be mended.
pub async fn run() -> Result<(), String> {
    let findings = examine(configuration::read()?).await;
    for finding in &findings {
        say(&line(finding));
    }
    let broken = findings.iter().filter(|finding| !finding.ok).count();
    if broken == 0 {
        say("Nothing to mend.");
        return Ok(());
    }
    Err(format!("{broken} of {} need mending", findings.len()))
}

fn line(finding: &Finding) -> String {
    let mark = if finding.ok { "ok    " } else { "MEND  " };
    format!("{mark}{}: {}", finding.what, finding.text)
}
