//! Owns asking a mail server whether it would take a mail of ours, without sending one: the connection, its encryption, the
//! password, the sender.

use std::error::Error;
use std::fmt;

use lettre::Address;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Mail, Rset};
use lettre::transport::smtp::extension::ClientId;

use super::Sender;
use super::transport::{SMTP_TIMEOUT, Security, SmtpSettings};

/// Why mail would not leave. Each is mended elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsendable {
    /// Nobody answers, or not as a mail server does.
    Unreachable(String),
    /// No encryption comes about.
    Tls(String),
    /// User and password are not taken.
    Credentials(String),
    /// The sender's address is not taken.
    Sender(String),
}

impl fmt::Display for Unsendable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, advice) = match self {
            Self::Unreachable(reason) => (
                reason,
                "cannot be reached: look at host and port in ORGATE_MAIL, at DNS and at the firewall; many networks let nothing \
                 out on port 25",
            ),
            Self::Tls(reason) => (
                reason,
                "and Orgate agree on no encryption: smtps:// is for port 465 and smtp:// for 587 and 25; a certificate of an \
                 authority of your own needs ORGATE_EXTRA_CA_FILE",
            ),
            Self::Credentials(reason) => (
                reason,
                "does not take user and password of ORGATE_MAIL: special characters in them are written as %40",
            ),
            Self::Sender(reason) => {
                (reason, "does not take the sender: set ORGATE_MAIL_FROM to an address that it sends for")
            }
        };
        write!(formatter, "{advice} ({reason})")
    }
}

/// Asks up to the sender, and takes it back.
///
/// *Errors*: [`Unsendable`].
pub async fn probe(settings: &SmtpSettings, extra_ca_pem: Option<&[u8]>, from: &Sender) -> Result<(), Unsendable> {
    let hello = ClientId::default();
    let tls = settings.tls_parameters(extra_ca_pem).map_err(|error| Unsendable::Tls(innermost(&error)))?;
    let wrapped = (settings.security == Security::Wrapped).then(|| tls.clone());
    let server = (settings.host.as_str(), settings.port);
    let connected = AsyncSmtpConnection::connect_tokio1(server, Some(SMTP_TIMEOUT), &hello, wrapped, None).await;
    let mut connection = connected.map_err(|error| {
        if is_tls(&error) { Unsendable::Tls(innermost(&error)) } else { Unsendable::Unreachable(innermost(&error)) }
    })?;
    let upgrades = match settings.security {
        Security::Required => true,
        Security::Opportunistic => connection.can_starttls(),
        Security::Wrapped | Security::None => false,
    };
    if upgrades {
        connection.starttls(tls, &hello).await.map_err(|error| Unsendable::Tls(innermost(&error)))?;
    }
    if let Some(credentials) = settings.smtp_credentials() {
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let taken = connection.auth(&mechanisms, &credentials).await;
        taken.map_err(|error| Unsendable::Credentials(innermost(&error)))?;
    }
    let sender: Address = from.address().parse().map_err(|error| Unsendable::Sender(format!("{error}")))?;
    let taken = connection.command(Mail::new(Some(sender), Vec::new())).await;
    taken.map_err(|error| Unsendable::Sender(innermost(&error)))?;
    // It has said what was asked; nothing depends on how the conversation ends.
    drop(connection.command(Rset).await);
    drop(connection.quit().await);
    Ok(())
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(source) = next {
        if source.is::<rustls::Error>() {
            return true;
        }
        next = deeper(source);
    }
    false
}

/// An I/O error hides what it wraps from `source`.
fn deeper<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The reason at the bottom, which is the one that helps: what the server said, or why nobody answers.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut at = error;
    while let Some(source) = deeper(at) {
        at = source;
    }
    at.to_string()
}
