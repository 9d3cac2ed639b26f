//! Owns `orgate keys`: which secret key is in use for how much, and the replacement of one (T-SEC-1). Both may run beside
//! `serve`.

use std::ops::ControlFlow;

use orgate_app::app::App;
use orgate_app::jobs;
use orgate_app::secret_key::{self, End, KeyUse, Rotated, Survey, Unreadables};
use orgate_core::time::Timestamp;

use crate::{configuration, say, serve};

/// What the command takes.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Print which key is in use for how much. Fails when something can be opened by none.
    Status,
    /// Move everything to ORGATE_SECRET_KEY. It can be stopped anywhere and run again.
    Rotate(RotateArguments),
}

/// What `orgate keys rotate` takes.
#[derive(clap::Args)]
pub struct RotateArguments {
    /// Leave values that no key opens as they are. Without it nothing is begun when there is one.
    #[arg(long)]
    leave_unreadable: bool,
}

/// Does it.
pub async fn run(command: Command) -> Result<(), String> {
    let settings = configuration::read_beside_a_server()?;
    match command {
        Command::Status => status(&serve::look(settings).await?).await,
        Command::Rotate(arguments) => rotate(&serve::start(settings).await?, &arguments).await,
    }
}

async fn status(app: &App) -> Result<(), String> {
    let survey = secret_key::survey(app).await.map_err(|error| error.to_string())?;
    for key in &survey.keys {
        say(&line(key))?;
    }
    unreadable(&survey).map_or(Ok(()), Err)
}

async fn rotate(app: &App, arguments: &RotateArguments) -> Result<(), String> {
    let unreadables = if arguments.leave_unreadable { Unreadables::Leave } else { Unreadables::Refuse };
    let rotated = secret_key::rotate(app, unreadables, || ControlFlow::Continue(())).await;
    let rotated = rotated.map_err(|error| format!("{error}; what was moved stays moved: run it again"))?;
    // Where no program serves, nobody else would chain the event.
    jobs::end(app).await;
    report(&rotated)
}

fn report(rotated: &Rotated) -> Result<(), String> {
    let unreadable = unreadable(&rotated.survey);
    match rotated.end {
        End::Refused => Err(format!(
            "{}\nNothing was changed. Add the missing key to ORGATE_OTHER_SECRET_KEYS, or, if it is lost, go on with \
             --leave-unreadable.",
            unreadable.unwrap_or_default()
        )),
        End::Busy | End::Stopped => {
            say(&moved(rotated))?;
            for key in rotated.survey.others().filter(|key| !key.is_empty()) {
                say(&line(key))?;
            }
            Err("something was made with another key meanwhile: set ORGATE_SECRET_KEY to the new key on every node, \
                 restart it, and run this again"
                .to_owned())
        }
        End::Done => {
            say(&moved(rotated))?;
            for key in &rotated.survey.keys {
                say(&line(key))?;
            }
            for key in rotated.survey.others() {
                say(&removable(key))?;
            }
            unreadable.map_or(Ok(()), Err)
        }
    }
}

fn moved(rotated: &Rotated) -> String {
    let sealed: u64 = rotated.sealed.values().sum();
    let (heads, erasures) = (rotated.heads, rotated.erasures);
    if sealed + heads + erasures == 0 {
        return "Nothing was under another key.".to_owned();
    }
    format!("Sealed anew: {sealed} values. Signed anew: {heads} heads of the audit log and {erasures} erasures in it.")
}

fn removable(key: &KeyUse) -> String {
    let after = key.codes_until.map(|until| {
        format!(
            " after {}, when the last of its mailed codes expires; before that they have to be asked for anew",
            at(until)
        )
    });
    format!("{} can be removed from ORGATE_OTHER_SECRET_KEYS of every node{}.", key.id, after.unwrap_or_default())
}

fn line(key: &KeyUse) -> String {
    let mut parts: Vec<String> =
        key.sealed.iter().map(|(column, values)| format!("{} {values}", column.table())).collect();
    for (count, what) in [
        (key.heads, "heads of the audit log"),
        (key.erasures, "erasures in the audit log"),
        (key.waiting, "events that wait to be chained"),
    ] {
        if count > 0 {
            parts.push(format!("{what} {count}"));
        }
    }
    if let Some(until) = key.codes_until {
        parts.push(format!("mailed codes {} until {}", key.codes, at(until)));
    }
    let role = match (key.seals, key.is_needed) {
        (true, _) => "seals",
        (false, true) => "opens, and every node needs it",
        (false, false) => "opens, and no node needs it",
    };
    let what = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    format!("{}  {role}: {what}", key.id)
}

fn unreadable(survey: &Survey) -> Option<String> {
    let count = u64::try_from(survey.unreadable.len()).unwrap_or(u64::MAX).saturating_add(survey.more_unreadable);
    if count == 0 {
        return None;
    }
    let mut lines: Vec<String> = survey.unreadable.iter().map(|one| format!("  {one}")).collect();
    if survey.more_unreadable > 0 {
        lines.push(format!("  and {} more", survey.more_unreadable));
    }
    Some(format!("no key opens {count}:\n{}", lines.join("\n")))
}

fn at(moment: Timestamp) -> String {
    moment.to_rfc3339()
}
