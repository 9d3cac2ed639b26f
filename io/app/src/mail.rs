//! Owns mail: what one says ([`templates`]), how it looks ([`letter`]), how it becomes a message, and how that leaves
//! ([`transport`]). When it is sent, and again after a failure, is the [outbox](crate::outbox)'s.

pub mod account_letters;
pub mod domain_letters;
mod enforcement_letters;
pub mod factor_letters;
pub mod letter;
mod message;
pub mod personal_letters;
mod probe;
pub mod templates;
pub mod transport;

use lettre::Address;

use crate::settings::PublicUrl;

pub use message::{MailContent, MessageError, build_message};
pub use probe::{Unsendable, probe};
pub use templates::MailTemplate;
pub use transport::{MailTransport, MailTransportSettings, SendFailure, SmtpSettings};

/// Whom mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    address: Address,
    name: String,
}

impl Sender {
    /// Reads a bare address.
    ///
    /// *Errors*: a sentence that says what was expected.
    pub fn parse_address(text: &str) -> Result<Self, String> {
        let address = text.parse().map_err(|_| "must be an address such as no-reply@example.com".to_owned())?;
        Ok(Self { address, name: String::new() })
    }

    /// `no-reply@` and the host that people know; of this machine where that host is local.
    ///
    /// *Errors*: a sentence that asks for an address, when the host is none that mail can be from.
    pub fn default_for(public_url: &PublicUrl) -> Result<Self, String> {
        let host = if public_url.is_local_or_literal() { "localhost" } else { public_url.host() };
        Self::parse_address(&format!("no-reply@{host}"))
    }

    /// The same with a name to show.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The bare address.
    pub fn address(&self) -> &str {
        self.address.as_ref()
    }
}
