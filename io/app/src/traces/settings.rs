//! Owns the settings of traces.

use url::Url;

use crate::settings::source::Reader;

/// Resource attributes at most.
const MOST_ATTRIBUTES: usize = 20;

/// Where traces go, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// The collector's address for traces.
    pub endpoint: String,
    /// What this deployment is called there.
    pub service_name: String,
    /// Which share of the traces that begin here is kept, from 0 to 1.
    pub sample: f64,
    /// What else is said of this deployment: names and values.
    pub attributes: Vec<(String, String)>,
}

/// Reads everything about traces; none when no collector is named.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<TraceSettings> {
    let endpoint = reader.optional("traces_endpoint", endpoint);
    let service_name = reader.or_default("traces_service_name", name);
    let sample = reader.or_default("traces_sample", sample);
    let attributes = reader.optional("traces_attributes", attributes);
    if attributes.is_some() && !reader.is_set("traces_endpoint") {
        reader.contradiction(&["traces_attributes"], "serves with traces_endpoint only, which is not set");
    }
    Some(TraceSettings {
        endpoint: endpoint?,
        service_name: service_name?,
        sample: sample?,
        attributes: attributes.unwrap_or_default(),
    })
}

fn endpoint(text: &str) -> Result<String, String> {
    let expected = || "must be a URL such as http://127.0.0.1:4318/v1/traces".to_owned();
    let url = Url::parse(text).map_err(|_| expected())?;
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if !plain || !url.has_host() || !matches!(url.scheme(), "http" | "https") {
        return Err(expected());
    }
    if url.path() == "/" {
        return Err("must be the whole address for traces, which mostly ends in /v1/traces".to_owned());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (1..=60).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("must be a word of 1 to 60 letters".to_owned())
    }
}

fn sample(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1, such as \"0.1\"".to_owned())
}

fn attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let pairs: Option<Vec<(String, String)>> = entries
        .map(|entry| {
            let (name, value) = entry.split_once('=')?;
            let plain = |text: &str| !text.is_empty() && text.len() <= 100 && !text.chars().any(char::is_control);
            (plain(name) && plain(value)).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect();
    let pairs = pairs.filter(|pairs| pairs.len() <= MOST_ATTRIBUTES);
    pairs.ok_or_else(|| "must be at most 20 of name=value, such as deployment.environment.name=production".to_owned())
}
