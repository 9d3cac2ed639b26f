//! Owns [`Client`]: the name and the secret by which a provider knows Orgate, and reading both as somebody typed them.

use secrecy::{ExposeSecret, SecretString};

/// The longest client id. *Units*: characters.
const MAX_ID: usize = 255;
/// The longest client secret. *Units*: bytes.
const MAX_SECRET: usize = 1024;

/// Orgate's registration at one provider. The secret belongs to the issuer and is sent nowhere else (T-BCP-6).
#[derive(Debug, Clone)]
pub struct Client {
    issuer: String,
    id: String,
    secret: SecretString,
}

impl Client {
    /// Puts a registration together from what [`parse_id`] and [`parse_secret`] have read.
    pub fn new(issuer: String, id: String, secret: SecretString) -> Self {
        Self { issuer, id, secret }
    }

    /// The provider, byte for byte as it names itself.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client secret.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// Reads a client id as it was typed.
///
/// *Errors*: a sentence.
pub fn parse_id(typed: &str) -> Result<String, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Err("Enter the client ID.".to_owned());
    }
    let printable = text.bytes().all(|b| (0x20..0x7f).contains(&b));
    if text.len() > MAX_ID || !printable {
        return Err(format!("A client ID is at most {MAX_ID} plain characters."));
    }
    Ok(text.to_owned())
}

/// Reads a client secret as it was typed; an empty one is none.
///
/// *Errors*: a sentence, without the secret.
pub fn parse_secret(typed: &str) -> Result<Option<SecretString>, String> {
    let text = typed.trim();
    if text.len() > MAX_SECRET || text.chars().any(char::is_control) {
        return Err(format!("A client secret is at most {MAX_SECRET} characters without line breaks."));
    }
    Ok((!text.is_empty()).then(|| text.into()))
}
