//! Owns the way to a PostgreSQL server: where the address says that it is, and the TLS on it.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio_postgres::config::{Config, Host, SslMode};

use super::detail;
use crate::error::StoreError;

/// What the address says.
///
/// *Errors*: [`StoreError::Settings`].
pub(super) fn config(url: &str) -> Result<Config, StoreError> {
    let refused = |error| StoreError::Settings { detail: detail(&error) };
    let mut config = Config::from_str(&known_sslmode(url)).map_err(refused)?;
    let mode = ssl_mode(url, &config);
    config.ssl_mode(mode);
    Ok(config)
}

/// The driver knows `disable`, `prefer` and `require`. Whenever TLS is used here the certificate and the name are
/// checked, so the stricter words mean `require`.
fn known_sslmode(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require")
}

/// What the address says; and TLS where it says nothing and the way to the server leaves this machine, for the driver itself
/// would go on in clear text with whoever says that they have none.
fn ssl_mode(url: &str, config: &Config) -> SslMode {
    let behind_password = url.split_once('@').map_or(url, |(_, behind)| behind);
    let mut words = behind_password.split_once('?').map_or("", |(_, words)| words).split('&');
    let says_so = words.any(|word| word.starts_with("sslmode="));
    let stays_here = config.get_hosts().iter().all(is_here)
        && config.get_hostaddrs().iter().all(|address| address.to_canonical().is_loopback());
    if says_so || stays_here { config.get_ssl_mode() } else { SslMode::Require }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        }
    }
}

/// What connections by TLS are made with: the certificate and the name are checked.
///
/// *Errors*: [`StoreError::Settings`] for a root that is none.
pub(super) fn tls(extra_roots: &[CertificateDer<'static>]) -> Result<rustls::ClientConfig, StoreError> {
    let mut roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    for certificate in extra_roots {
        roots.add(certificate.clone()).map_err(|error| StoreError::Settings { detail: error.to_string() })?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(StoreError::fault)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stricter_words_for_tls_mean_that_it_is_required() {
        assert_eq!(known_sslmode("postgres://h/d?sslmode=verify-full"), "postgres://h/d?sslmode=require");
        let error = config("postgres://user:hunter2@h/d?sslmode=sometimes").err().unwrap();
        assert!(matches!(error, StoreError::Settings { .. }));
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn tls_is_required_wherever_the_way_leaves_this_machine_and_the_address_says_nothing_else() {
        for (url, mode) in [
            ("postgres://u:p@db.example/d", SslMode::Require),
            ("postgres://db.example/d?connect_timeout=3", SslMode::Require),
            ("postgres://u:sslmode=disable@10.0.0.5/d", SslMode::Require),
            ("postgres://u:p?sslmode=disable@10.0.0.5/d", SslMode::Require),
            ("postgres://localhost,db.example/d", SslMode::Require),
            ("postgres://localhost/d?hostaddr=10.0.0.5", SslMode::Require),
            ("postgres://db.example/d?sslmode=disable", SslMode::Disable),
            ("postgres://u:p@db.example/d?connect_timeout=3&sslmode=prefer", SslMode::Prefer),
            ("postgres://db.example/d?sslmode=verify-full", SslMode::Require),
            ("postgres://u:p@localhost/d", SslMode::Prefer),
            ("postgres://127.0.0.2:5433/d", SslMode::Prefer),
            ("postgres://[::1]/d", SslMode::Prefer),
            ("postgres://localhost/d?sslmode=require", SslMode::Require),
            ("postgres:///d?host=/run/postgresql", SslMode::Prefer),
        ] {
            assert_eq!(config(url).unwrap().get_ssl_mode(), mode, "{url}");
        }
    }
}
