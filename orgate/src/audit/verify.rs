//! Owns `orgate audit verify`.

use orgate_app::app::App;
use orgate_app::audit_chain::{self, Examined, Question, Unexpected};
use orgate_core::audit_chain::SignedHead;

use super::refused;
use crate::say;

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The organization's short name or id. Default: the deployment's log and every organization's.
    #[arg(long)]
    organization: Option<String>,
    /// A line that `orgate audit heads` printed earlier; may be given several times.
    #[arg(long, value_name = "HEAD", value_parser = head)]
    expect_head: Vec<SignedHead>,
}

fn head(text: &str) -> Result<SignedHead, String> {
    SignedHead::parse(text).ok_or_else(|| "not a line that `orgate audit heads` printed".to_owned())
}

/// Prints each finding and a sum; fails when there is one.
pub async fn run(app: &App, arguments: Arguments) -> Result<(), String> {
    let question = Question { organization: arguments.organization, expected: arguments.expect_head };
    let outcome = audit_chain::examine(app, &question).await;
    let outcome = outcome.map_err(|error| refused(error, question.organization.as_deref()))?;
    let examined = outcome.map_err(|unexpected| match unexpected {
        Unexpected::NotOurs(head) => format!("the kept head was not signed by this deployment: {}", head.to_text()),
        Unexpected::OtherChain(head) => format!("the kept head is of another log: {}", head.to_text()),
    })?;
    for one in &examined {
        for line in lines(one) {
            say(&line)?;
        }
    }
    let findings: u64 = examined.iter().map(findings).sum();
    let events = examined.iter().map(|one| one.report.events).sum();
    let logs = u64::try_from(examined.len()).unwrap_or(u64::MAX);
    if findings == 0 {
        return say(&format!("{} in {} are as Orgate wrote them.", of(events, "event"), of(logs, "log")));
    }
    let changed = examined.iter().filter(|one| !one.report.is_whole()).count();
    Err(format!("{} in {changed} of {}", of(findings, "finding"), of(logs, "log")))
}

fn of(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn findings(one: &Examined) -> u64 {
    u64::try_from(one.report.findings.len()).unwrap_or(u64::MAX).saturating_add(one.report.more)
}

fn lines(one: &Examined) -> Vec<String> {
    let (name, report) = (&one.name, &one.report);
    let mut lines: Vec<String> = report.findings.iter().map(|finding| format!("FOUND {name}: {finding}")).collect();
    if report.more > 0 {
        lines.push(format!("FOUND {name}: {} more of the same kind.", report.more));
    }
    let mark = if report.is_whole() { "ok    " } else { "      " };
    let mut notes = vec![format!("{mark}{name}: {}", of(report.events, "event"))];
    if let Some(signed) = &one.head {
        let head = &signed.head;
        notes.push(format!("the last is {}, signed {}", head.position, head.at.to_rfc3339()));
    }
    if report.removed_to > 0 {
        notes.push(format!("retention removed those up to {}", report.removed_to));
    }
    if report.unvouched > 0 {
        notes.push(format!("the first {} are from before the log was chained", report.unvouched));
    }
    if report.erased > 0 {
        notes.push(format!("personal fields of {} were erased", report.erased));
    }
    if report.waiting > 0 {
        notes.push(format!("{} wait to be chained", report.waiting));
    }
    lines.push(format!("{}.", notes.join("; ")));
    lines
}
