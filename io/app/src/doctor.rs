//! Owns looking at a deployment from inside: what is wrong with its settings, secrets, machine, way in, mail, database, clock,
//! identity providers and rows, each with what to do. It changes nothing and migrates nothing.
//!
//! *Source*: R-OPS-1; `docs/operate/doctor.md` lists what it finds.

mod database;
mod finding;
mod front;
mod machine;
pub mod probe;
mod providers;
mod rows;
mod secrets;

use std::path::PathBuf;
use std::sync::Arc;

use orgate_store::Migrate;

use crate::app::App;
use crate::boot::{BootError, boot_to_look};
use crate::clock::Clock;
use crate::entropy::SystemEntropy;
use crate::mail::{self, MailTransportSettings};
use crate::outbound::{OwnClient, trust};
use crate::settings::{Settings, SettingsError};
use finding::{bad, good};
use front::Listener;

pub use finding::Finding;

/// Settings that cannot be used, a line each: nothing else can be looked at then.
pub fn unusable(problems: &SettingsError) -> Vec<Finding> {
    problems.0.iter().map(|problem| bad("settings", problem.to_string())).collect()
}

/// Examines a deployment with these settings, which name these files with secrets.
pub async fn examine(mut settings: Settings, secret_files: &[PathBuf], clock: Arc<dyn Clock>) -> Vec<Finding> {
    settings.store.migrate = Migrate::Check;
    let mut findings = front::settings(&settings);
    let is_held = database::held_elsewhere(&settings.store).await;
    let ours = way_in(&settings, &*clock, &mut findings).await;
    findings.push(machine::secret_files(secret_files));
    findings.extend(secrets::secret_key(&settings));
    findings.push(secrets::operator_token(&settings));
    findings.push(machine::open_files());
    findings.extend(machine::database_file(&settings.store));
    findings.push(mail(&settings).await);
    findings.extend(database::another_holds(is_held, ours));
    let (found, is_sound) = database::open(&settings.store, &*clock).await;
    findings.extend(found);
    if is_sound {
        findings.extend(running(settings, clock).await);
    }
    findings
}

/// Whether a node of this deployment listens; and what is found on the way to it.
async fn way_in(settings: &Settings, clock: &dyn Clock, findings: &mut Vec<Finding>) -> bool {
    let tls = trust::client_config(settings.extra_ca_pem.as_deref()).map_err(|error| error.to_string());
    let client = match tls.and_then(OwnClient::new) {
        Ok(client) => client,
        Err(reason) => {
            findings.push(bad("public URL", reason));
            return false;
        }
    };
    let (listener, finding) = front::listener(settings, &client, clock).await;
    findings.push(finding);
    let is_ours = matches!(listener, Listener::Ours);
    if is_ours {
        findings.extend(front::way_in(settings, &client, clock).await);
    } else {
        findings.push(good("public URL", settings.public_url.as_str()));
    }
    is_ours
}

async fn mail(settings: &Settings) -> Finding {
    const WHAT: &str = "mail";
    match &settings.mail {
        MailTransportSettings::Folder(folder) => machine::mail_folder(folder),
        MailTransportSettings::Smtp(smtp) => {
            match mail::probe(smtp, settings.extra_ca_pem.as_deref(), &settings.mail_from).await {
                Ok(()) => good(WHAT, format!("{} takes mail from {}", smtp.server(), settings.mail_from.address())),
                Err(reason) => bad(WHAT, format!("{} {reason}", smtp.server())),
            }
        }
    }
}

/// What can be said only of a deployment whose database is in order.
async fn running(settings: Settings, clock: Arc<dyn Clock>) -> Vec<Finding> {
    const KEY: &str = "secret key";
    let app: App = match boot_to_look(settings, Arc::clone(&clock), Arc::new(SystemEntropy)).await {
        Ok(app) => app,
        Err(BootError::WrongKey(reason)) => return vec![bad(KEY, reason.to_string())],
        Err(backup @ BootError::Backup(_)) => return vec![bad("backup", backup.to_string())],
        Err(other) => return vec![bad("start", other.to_string())],
    };
    app.outbound.dates().begin(clock);
    let mut findings = vec![good(KEY, "opens what this database has sealed")];
    findings.extend(rows::look(&app).await);
    findings.extend(providers::look(&app).await);
    findings.extend(traces(&app).await);
    findings
}

async fn traces(app: &App) -> Option<Finding> {
    const WHAT: &str = "traces";
    Some(match app.traces.probe().await? {
        Ok(()) => good(WHAT, "the collector takes them"),
        Err(trouble) => bad(
            WHAT,
            format!("the collector takes none: {trouble}. Look at ORGATE_TRACES_ENDPOINT; visitors notice nothing."),
        ),
    })
}
