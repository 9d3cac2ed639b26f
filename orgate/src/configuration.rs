//! Owns reading the settings from the process's environment and files, and starting the log.

use std::collections::BTreeMap;
use std::path::Path;

use orgate_app::boot::Migrate;
use orgate_app::settings::{LogFormat, Settings, SettingsFile, file_named_by};
use tracing_subscriber::EnvFilter;

/// Reads the settings.
///
/// *Errors*: the message for the operator, which names every problem with its variable or line.
pub fn read() -> Result<Settings, String> {
    of(&std::env::vars().collect())
}

/// The same for a command that works beside a program that serves: it makes no database and changes no schema, for a node with an older
/// one may go on serving.
///
/// *Errors*: as [`read`].
pub fn read_beside_a_server() -> Result<Settings, String> {
    let mut settings = read()?;
    settings.store.migrate = Migrate::Check;
    Ok(settings)
}

/// Reads the settings from a given environment.
pub fn of(environment: &BTreeMap<String, String>) -> Result<Settings, String> {
    let path = file_named_by(environment);
    let text = match &path {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|reason| format!("{}: {reason}", path.display()))?),
        None => None,
    };
    let file = match (&path, &text) {
        (Some(path), Some(text)) => Some(SettingsFile { path, text }),
        (Some(_) | None, _) => None,
    };
    let read_file = |path: &Path| std::fs::read(path);
    Settings::load(environment, file, &read_file).map_err(|problems| problems.to_string())
}

/// Starts the log on standard error.
///
/// *Errors*: a filter that cannot be read.
pub fn start_log(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|reason| format!("log: {reason}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let outcome = match settings.log_format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(false).try_init(),
    };
    outcome.map_err(|reason| format!("log: {reason}"))
}
