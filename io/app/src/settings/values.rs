//! Owns reading single settings: a text in, a typed value or a sentence that says what was expected.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use ipnet::IpNet;
use orgate_sso::url_rules::UrlRules;
use orgate_store::{Migrate, StoreSettings};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::SecretString;
use url::{Host, Url};

use crate::instance_key::{InstanceKey, KeyId};
use crate::passwords::policy::{LOWEST_MINIMUM, PasswordPolicy};

/// What every link and redirect URI starts with: scheme, host and port, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Reads `https://host[:port]`, or `http://` for loopback.
    ///
    /// *Errors*: a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| "is not a URL such as https://id.example.com".to_owned())?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return Err("must be scheme, host and port only, such as https://id.example.com".to_owned());
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err("must start with https://; http is for loopback only".to_owned()),
            _ => Err("must start with https://".to_owned()),
        }
    }

    /// The URL without a final slash, which is also its origin.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host without port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port that people reach it by.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// A link to a path of ours; the path starts with a slash.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// Whether people reach it by TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the host is an IP address or names this machine only.
    pub(crate) fn is_local_or_literal(&self) -> bool {
        is_loopback(&self.0) || !matches!(self.0.host(), Some(Host::Domain(_)))
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether anybody may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpMode {
    /// Anybody with an address.
    Open,
    /// Nobody; people come by invitation or SSO.
    Closed,
}

impl SignUpMode {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err("must be open or closed".to_owned()),
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, an object a line.
    Json,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json".to_owned()),
        }
    }
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let literal = match text.strip_prefix("localhost:") {
        Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST),
        None => text.to_owned(),
    };
    literal.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

pub(super) fn database(text: &str) -> Result<StoreSettings, String> {
    StoreSettings::parse(text).map_err(|_| "must be sqlite:<file> or postgres://user:password@host/database".to_owned())
}

/// The settings of the store that stand in keys of their own.
pub(super) fn with_store_options(
    mut store: StoreSettings,
    migrate: bool,
    session_memory_mib: Option<NonZeroU32>,
    extra_ca_pem: Option<&[u8]>,
) -> StoreSettings {
    store.migrate = if migrate { Migrate::Apply } else { Migrate::Check };
    let mib = session_memory_mib.map_or(0, |mib| usize::try_from(mib.get()).unwrap_or(usize::MAX));
    store.session_memory = mib.saturating_mul(1024 * 1024);
    // The file was checked when it was read.
    store.extra_roots =
        extra_ca_pem.map(|pem| CertificateDer::pem_slice_iter(pem).flatten().collect()).unwrap_or_default();
    store
}

pub(super) fn secret_key(text: &str) -> Result<InstanceKey, String> {
    InstanceKey::parse(text).ok_or_else(|| "must be 32 bytes as 64 hexadecimal digits".to_owned())
}

/// Some keys: one a line in a file, between commas in a variable.
pub(super) fn secret_keys(text: &str) -> Result<Vec<InstanceKey>, String> {
    let keys = text.split([',', '\n', ' ']).map(str::trim).filter(|key| !key.is_empty());
    let keys: Option<Vec<InstanceKey>> = keys.map(InstanceKey::parse).collect();
    keys.ok_or_else(|| "must be keys of 64 hexadecimal digits each, between commas or one a line".to_owned())
}

/// Values name their key by its id, so that has to be of one key alone.
pub(super) fn has_twice(key: &InstanceKey, others: &[InstanceKey]) -> bool {
    let ids: BTreeSet<KeyId> = std::iter::once(key).chain(others).map(InstanceKey::id).collect();
    ids.len() <= others.len()
}

pub(super) fn operator_token(text: &str) -> Result<SecretString, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.len() < 32 || !plain {
        return Err("must be at least 32 printable ASCII characters without spaces".to_owned());
    }
    Ok(text.to_owned().into())
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

/// The filter itself is read by the program, which writes the log; here only what no filter holds is refused.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain {
        Ok(text.to_owned())
    } else {
        Err("must be a level such as info, or filters separated by commas".to_owned())
    }
}

pub(super) fn product_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err("must be 1 to 60 characters".to_owned());
    }
    Ok(name.to_owned())
}

pub(super) fn idp_allow(text: &str) -> Result<UrlRules, String> {
    UrlRules::parse(text)
        .map_err(|entry| format!("\"{entry}\" is not a host, a host:port or a network such as 10.0.0.0/8"))
}

pub(super) fn dns_servers(text: &str) -> Result<Vec<SocketAddr>, String> {
    list(text, |entry| {
        entry.parse().or_else(|_| entry.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53))).ok()
    })
    .map_err(|entry| format!("\"{entry}\" is not an address and port such as 10.0.0.53:53"))
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text, |entry| entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)).ok())
        .map_err(|entry| format!("\"{entry}\" is not a network such as 10.0.0.0/8 or an address"))
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    entries.map(|entry| parse(entry).ok_or_else(|| entry.to_owned())).collect()
}

pub(super) fn count(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "must be a whole number from 1".to_owned())
}

pub(super) fn count_or_none(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "must be a whole number from 1, or none".to_owned())
}

pub(super) fn password_policy(text: &str) -> Result<PasswordPolicy, String> {
    let minimum = text.parse().ok().and_then(PasswordPolicy::new);
    minimum.ok_or_else(|| format!("must be a whole number from {LOWEST_MINIMUM} to 128"))
}
