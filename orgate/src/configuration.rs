//! Owns reading the settings from the process's environment and files, and starting the log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orgate_app::boot::Migrate;
use orgate_app::settings::{
    LogFormat, PREFIX, Problem, Settings, SettingsError, SettingsFile, file_named_by, secret_files,
};
use tracing_subscriber::EnvFilter;

/// Reads the settings.
///
/// *Errors*: the message for the operator, which names every problem with its variable or line.
pub fn read() -> Result<Settings, String> {
    examined_here()?.settings.map_err(|problems| problems.to_string())
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
    let found = examined(environment)?;
    found.settings.map_err(|problems| problems.to_string())
}

/// What an environment comes to, for whoever goes on when it cannot be used.
pub struct Examined {
    /// The settings, or everything that is wrong with them.
    pub settings: Result<Settings, SettingsError>,
    /// The files with secrets that they name.
    pub secret_files: Vec<PathBuf>,
}

/// Reads the settings from the process's environment. Variables of others may hold what they like; one of ours holds text.
///
/// *Errors*: the settings file cannot be read.
pub fn examined_here() -> Result<Examined, String> {
    let (mut environment, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            Ok(text) => {
                environment.insert(name, text);
            }
            Err(_) if name.starts_with(PREFIX) => {
                problems.push(Problem { place: name, what: "is not text".to_owned() });
            }
            Err(_) => {}
        }
    }
    let mut found = examined(&environment)?;
    if !problems.is_empty() {
        problems.extend(found.settings.err().into_iter().flat_map(|others| others.0));
        found.settings = Err(SettingsError(problems));
    }
    Ok(found)
}

/// Reads the settings from a given environment.
///
/// *Errors*: the settings file cannot be read.
fn examined(environment: &BTreeMap<String, String>) -> Result<Examined, String> {
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
    let settings = Settings::load(environment, file, &read_file).and_then(|settings| match filter(&settings) {
        Ok(_) => Ok(settings),
        Err(what) => Err(SettingsError(vec![Problem { place: place_of_filter(environment, path.as_deref()), what }])),
    });
    Ok(Examined { settings, secret_files: secret_files(environment, file) })
}

/// Only what writes the log can read its filter, so every command asks it: a start must not be stopped by what the doctor passed.
fn filter(settings: &Settings) -> Result<EnvFilter, String> {
    EnvFilter::try_new(&settings.log).map_err(|reason| format!("is no filter of logs such as info: {reason}"))
}

/// The environment wins, as for every setting.
fn place_of_filter(environment: &BTreeMap<String, String>, file: Option<&Path>) -> String {
    let variable = format!("{PREFIX}LOG");
    let is_in_file = environment.get(&variable).is_none_or(String::is_empty);
    match file.filter(|_| is_in_file) {
        Some(file) => format!("{} (log)", file.display()),
        None => variable,
    }
}

/// Starts the log on standard error.
///
/// *Errors*: a filter that cannot be read.
pub fn start_log(settings: &Settings) -> Result<(), String> {
    let filter = filter(settings)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let outcome = match settings.log_format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(false).try_init(),
    };
    outcome.map_err(|reason| format!("log: {reason}"))
}
