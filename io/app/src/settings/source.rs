//! Owns where settings come from: it gathers environment and file into one set, remembers the place of each value and
//! notes what is unknown, doubled, missing or refused. What a value means is its caller's business.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SettingsFile;
use super::keys::{self, Key};
use super::problem::Problem;

/// How the variables of the environment begin that are ours.
pub const PREFIX: &str = "ORGATE_";
const FILE_SUFFIX: &str = "_file";

/// Which files hold secrets: those that `..._file` names, and the settings' own where it holds one itself.
pub(super) fn secret_files(environment: &BTreeMap<String, String>, file: Option<SettingsFile<'_>>) -> Vec<PathBuf> {
    let mut reader = Reader { found: BTreeMap::new(), problems: Vec::new(), read_file: &|_| Ok(Vec::new()) };
    let written = file.map(|file| reader.of_file(file)).unwrap_or_default();
    let is_secret = |found: &&Found| keys::key(&found.name).is_some_and(|key| key.or_file);
    let own = file.filter(|_| written.iter().any(|found| is_secret(&found))).map(|file| file.path.to_owned());
    let variables = of_environment(environment);
    let named = written.iter().chain(&variables).filter(|found| keys::key(&found.name).is_none());
    let named = named.filter(|found| key_of(&found.name).is_some()).map(|found| PathBuf::from(&found.text));
    own.into_iter().chain(named).collect()
}

/// A value and where it stands.
#[derive(Debug, Clone)]
struct Found {
    /// The key as it was written, with `_file` if it was.
    name: String,
    text: String,
    place: String,
}

/// Hands out values by key and collects problems.
pub(crate) struct Reader<'a> {
    found: BTreeMap<&'static str, Found>,
    problems: Vec<Problem>,
    read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        environment: &BTreeMap<String, String>,
        file: Option<SettingsFile<'_>>,
        read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Self {
        let mut reader = Self { found: BTreeMap::new(), problems: Vec::new(), read_file };
        let from_file = file.map(|file| reader.of_file(file)).unwrap_or_default();
        reader.found = reader.sort(from_file);
        let from_environment = reader.sort(of_environment(environment));
        // The environment wins, key by key, whether it gives the value or names its file.
        reader.found.extend(from_environment);
        reader
    }

    /// A value that must be there.
    pub(super) fn required<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if !self.found.contains_key(key) {
            let variable = variable(key);
            let also = if keys::key(key).is_some_and(|key| key.or_file) {
                format!(" or {variable}_FILE")
            } else {
                String::new()
            };
            self.problems.push(Problem { place: format!("{variable}{also}"), what: "must be set".to_owned() });
        }
        self.optional(key, parse)
    }

    /// A value that has a default in the table of keys.
    pub(crate) fn or_default<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.found.contains_key(key) {
            return self.optional(key, parse);
        }
        parse(keys::key(key)?.default?).ok()
    }

    /// A value that may be missing.
    pub(crate) fn optional<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let found = self.found.get(key)?.clone();
        let text = if found.name == key { Some(found.text) } else { self.secret_of(&found.place, &found.text) }?;
        self.kept(parse(&text), &found.place)
    }

    /// The content of a file that a key names.
    pub(super) fn file<T>(&mut self, key: &'static str, parse: impl Fn(Vec<u8>) -> Result<T, String>) -> Option<T> {
        let found = self.found.get(key)?.clone();
        let bytes = self.content(&found.place, &found.text)?;
        self.kept(parse(bytes), &found.place)
    }

    /// A value that follows from others unless it is set.
    pub(super) fn derived<T>(&mut self, key: &'static str, outcome: Result<T, String>) -> Option<T> {
        if self.found.contains_key(key) {
            return None;
        }
        self.kept(outcome, &variable(key))
    }

    /// Whether somebody set it, whatever it says.
    pub(crate) fn is_set(&self, key: &'static str) -> bool {
        self.found.contains_key(key)
    }

    /// Notes that some values do not go together, at every place that was set.
    pub(crate) fn contradiction(&mut self, keys: &[&'static str], what: &str) {
        let places: Vec<String> = keys.iter().filter_map(|key| Some(self.found.get(key)?.place.clone())).collect();
        self.problems.push(Problem { place: places.join(", "), what: what.to_owned() });
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    fn kept<T>(&mut self, outcome: Result<T, String>, place: &str) -> Option<T> {
        outcome.map_err(|what| self.problems.push(Problem { place: place.to_owned(), what })).ok()
    }

    /// A secret in a file of its own; the newline at its end is not part of it.
    fn secret_of(&mut self, place: &str, path: &str) -> Option<String> {
        let bytes = self.content(place, path)?;
        let text = String::from_utf8(bytes).map_err(|_| format!("the file {path} is not text"));
        self.kept(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()), place)
    }

    fn content(&mut self, place: &str, path: &str) -> Option<Vec<u8>> {
        let content = (self.read_file)(Path::new(path));
        self.kept(content.map_err(|error| format!("the file {path} cannot be read: {error}")), place)
    }

    /// Files values under their keys; notes the unknown and the doubled.
    fn sort(&mut self, values: Vec<Found>) -> BTreeMap<&'static str, Found> {
        let mut sorted: BTreeMap<&'static str, Found> = BTreeMap::new();
        for found in values {
            let Some(key) = key_of(&found.name) else {
                let what = "is not a setting; docs/operate/orgate.example.toml lists all".to_owned();
                self.problems.push(Problem { place: found.place, what });
                continue;
            };
            if let Some(other) = sorted.get(key.name) {
                let what = format!("contradicts {}: set one of them", other.place);
                self.problems.push(Problem { place: found.place, what });
                continue;
            }
            sorted.insert(key.name, found);
        }
        sorted
    }

    fn of_file(&mut self, file: SettingsFile<'_>) -> Vec<Found> {
        let path = file.path.display();
        let line = |span: Option<Range<usize>>| {
            let before = span.and_then(|span| file.text.get(..span.start)).unwrap_or_default();
            1 + before.matches('\n').count()
        };
        let table = match DeTable::parse(file.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let place = format!("{path}:{}", line(error.span()));
                self.problems.push(Problem { place, what: error.message().to_owned() });
                return Vec::new();
            }
        };
        let mut values = Vec::new();
        for (name, value) in table {
            let place = format!("{path}:{} ({})", line(Some(name.span())), name.get_ref());
            match text_of(&value) {
                Some(text) if text.is_empty() => {}
                Some(text) => values.push(Found { name: name.into_inner().into_owned(), text, place }),
                None => {
                    let what = "is not a text, a whole number, a switch or a list of texts".to_owned();
                    self.problems.push(Problem { place, what });
                }
            }
        }
        values
    }
}

/// Variables that are set to nothing count as not set, as compose files like to do it.
fn of_environment(environment: &BTreeMap<String, String>) -> Vec<Found> {
    environment
        .iter()
        .filter(|(variable, text)| variable.as_str() != keys::CONFIG_VARIABLE && !text.is_empty())
        .filter_map(|(variable, text)| {
            let name = variable.strip_prefix(PREFIX)?.to_ascii_lowercase();
            Some(Found { name, text: text.clone(), place: variable.clone() })
        })
        .collect()
}

fn key_of(name: &str) -> Option<&'static Key> {
    let named_by_file = || name.strip_suffix(FILE_SUFFIX).and_then(keys::key).filter(|key| key.or_file);
    keys::key(name).or_else(named_by_file)
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// A value as an environment variable would carry it; lists are joined by commas.
fn text_of(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(switch) => Some(if *switch { "on" } else { "off" }.to_owned()),
        DeValue::Array(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
