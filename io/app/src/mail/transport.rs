//! Owns how a message leaves: by SMTP, or into a folder as one file a message (R-OPS-2).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use orgate_core::id::MailId;
use secrecy::{ExposeSecret, SecretString};
use tokio::fs;
use url::{Host, Url};

/// For one command of an SMTP conversation.
pub(super) const SMTP_TIMEOUT: Duration = Duration::from_secs(15);

/// Which transport, as the settings say it.
#[derive(Debug, Clone)]
pub enum MailTransportSettings {
    /// To a mail server.
    Smtp(SmtpSettings),
    /// Into a folder.
    Folder(PathBuf),
}

/// Which mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    credentials: Option<(String, SecretString)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS or nothing is sent.
    Required,
    /// STARTTLS if it is offered.
    Opportunistic,
    /// Plain text.
    None,
}

impl MailTransportSettings {
    /// Reads `smtp://…`, `smtps://…` or `dir:<folder>`.
    ///
    /// *Errors*: a sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(folder) = text.strip_prefix("dir:").filter(|folder| !folder.is_empty()) {
            return Ok(Self::Folder(PathBuf::from(folder)));
        }
        let expected = || "must be smtps://user:password@host, smtp://host or dir:<folder>".to_owned();
        let url = Url::parse(text).map_err(|_| expected())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(expected)?.to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(expected());
        }
        let credentials = credentials(&url)?;
        let security = security(&url, credentials.is_some()).ok_or_else(expected)?;
        let default_port = match (security, credentials.is_some()) {
            (Security::Wrapped, _) => 465,
            (Security::Required, _) | (Security::Opportunistic | Security::None, true) => 587,
            (Security::Opportunistic | Security::None, false) => 25,
        };
        let port = url.port().unwrap_or(default_port);
        Ok(Self::Smtp(SmtpSettings { host, port, security, credentials }))
    }
}

fn credentials(url: &Url) -> Result<Option<(String, SecretString)>, String> {
    let Some(password) = url.password() else {
        let named = !url.username().is_empty();
        return if named { Err("has a user name without password".to_owned()) } else { Ok(None) };
    };
    let decoded = |text: &str| {
        let bytes = percent_decoded(text).ok_or("has a malformed % in user name or password")?;
        String::from_utf8(bytes).map_err(|_| "has a user name or password that is not UTF-8")
    };
    Ok(Some((decoded(url.username())?, decoded(password)?.into())))
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

fn security(url: &Url, has_password: bool) -> Option<Security> {
    let asked = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect::<Vec<_>>();
    let asked = match asked.as_slice() {
        [] => None,
        [(key, value)] if key == "tls" => Some(value.as_str()),
        _ => return None,
    };
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // Only the parsers of web schemes tell addresses from names.
        Some(Host::Domain(name)) => name == "localhost" || name == "127.0.0.1",
        None => return None,
    };
    match (url.scheme(), asked) {
        ("smtps", None | Some("required")) => Some(Security::Wrapped),
        ("smtp", Some("required")) => Some(Security::Required),
        ("smtp", Some("none")) => Some(Security::None),
        // A password is not offered to whoever sits on the wire.
        ("smtp", None) if has_password && !local => Some(Security::Required),
        ("smtp", Some("opportunistic") | None) => Some(Security::Opportunistic),
        _ => None,
    }
}

/// Why a message did not leave.
#[derive(Debug)]
pub struct SendFailure {
    reason: String,
    refused_for_good: bool,
}

impl SendFailure {
    fn new(reason: String) -> Self {
        Self { reason, refused_for_good: false }
    }

    fn of_smtp(error: &smtp::Error) -> Self {
        let answered = error.status().is_some_and(|code| {
            code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
        });
        Self { reason: error.to_string(), refused_for_good: answered }
    }

    /// Whether the server has said no to this very mail, such as for a recipient that it does not know. What it says about
    /// us, our password or our words, is no answer to the mail: an operator can mend that (F6).
    ///
    /// *Source*: RFC 5321, 4.2.1: replies 55z.
    pub fn is_refused_for_good(&self) -> bool {
        self.refused_for_good
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for SendFailure {}

/// A transport that is ready.
#[derive(Clone)]
pub struct MailTransport(Kind);

#[derive(Clone)]
enum Kind {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

impl MailTransport {
    /// As the settings say it; nothing is asked and no folder is looked at.
    ///
    /// *Errors*: [`SendFailure`] when TLS cannot be set up.
    pub fn new(settings: &MailTransportSettings, extra_ca_pem: Option<&[u8]>) -> Result<Self, SendFailure> {
        Ok(Self(match settings {
            MailTransportSettings::Smtp(smtp) => {
                let transport = smtp.transport(extra_ca_pem).map_err(|error| SendFailure::new(error.to_string()))?;
                Kind::Smtp(Box::new(transport))
            }
            MailTransportSettings::Folder(folder) => Kind::Folder(folder.clone()),
        }))
    }

    /// Gets ready to send; a folder is created if it is missing. No mail server is asked yet: mail waits for it.
    ///
    /// *Errors*: [`SendFailure`] when a folder cannot be made or TLS cannot be set up.
    pub async fn open(settings: &MailTransportSettings, extra_ca_pem: Option<&[u8]>) -> Result<Self, SendFailure> {
        let transport = Self::new(settings, extra_ca_pem)?;
        if let Kind::Folder(folder) = &transport.0 {
            let failure =
                |error| SendFailure::new(format!("the mail folder {} cannot be used: {error}", folder.display()));
            fs::create_dir_all(folder).await.map_err(failure)?;
        }
        Ok(transport)
    }

    /// Sends one message. Into a folder it is written under another name and moved into place whole.
    ///
    /// *Errors*: [`SendFailure`]; the message may be sent again.
    pub async fn send(&self, id: &MailId, message: Message) -> Result<(), SendFailure> {
        match &self.0 {
            Kind::Smtp(transport) => {
                transport.send(message).await.map(drop).map_err(|error| SendFailure::of_smtp(&error))
            }
            Kind::Folder(folder) => {
                let (part, whole) = (folder.join(format!(".{id}.part")), folder.join(format!("{id}.eml")));
                let failure = |error| SendFailure::new(format!("the mail could not be written: {error}"));
                fs::write(&part, message.formatted()).await.map_err(failure)?;
                fs::rename(&part, &whole).await.map_err(failure)
            }
        }
    }
}

impl SmtpSettings {
    fn transport(&self, extra_ca_pem: Option<&[u8]>) -> Result<AsyncSmtpTransport<Tokio1Executor>, smtp::Error> {
        let parameters = self.tls_parameters(extra_ca_pem)?;
        let tls = match self.security {
            Security::Wrapped => Tls::Wrapper(parameters),
            Security::Required => Tls::Required(parameters),
            Security::Opportunistic => Tls::Opportunistic(parameters),
            Security::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.clone())
            .port(self.port)
            .tls(tls)
            .timeout(Some(SMTP_TIMEOUT));
        if let Some(credentials) = self.smtp_credentials() {
            builder = builder.credentials(credentials);
        }
        Ok(builder.build())
    }

    pub(super) fn tls_parameters(&self, extra_ca_pem: Option<&[u8]>) -> Result<TlsParameters, smtp::Error> {
        let mut parameters = TlsParameters::builder(self.host.clone());
        if let Some(pem) = extra_ca_pem {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
        }
        parameters.build_rustls()
    }

    pub(super) fn smtp_credentials(&self) -> Option<Credentials> {
        let (user, password) = self.credentials.as_ref()?;
        Some(Credentials::new(user.clone(), password.expose_secret().to_owned()))
    }

    /// Which server, for messages.
    pub fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(text: &str) -> SmtpSettings {
        match MailTransportSettings::parse(text) {
            Ok(MailTransportSettings::Smtp(smtp)) => smtp,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn urls_say_server_port_and_security() {
        for (text, port, security) in [
            ("smtps://u:p@smtp.example.com", 465, Security::Wrapped),
            ("smtps://smtp.example.com:1465", 1465, Security::Wrapped),
            ("smtp://smtp.example.com", 25, Security::Opportunistic),
            ("smtp://u:p@smtp.example.com", 587, Security::Required),
            ("smtp://u:p@localhost:2525", 2525, Security::Opportunistic),
            ("smtp://u:p@127.0.0.1:2525", 2525, Security::Opportunistic),
            ("smtp://smtp.example.com?tls=required", 587, Security::Required),
            ("smtp://u:p@smtp.example.com?tls=none", 587, Security::None),
        ] {
            let settings = smtp(text);
            assert_eq!((settings.port, settings.security), (port, security), "{text}");
        }
    }

    #[test]
    fn passwords_are_decoded_and_never_printed() {
        let settings = smtp("smtps://user%40example.com:p%2Fa%25ss@smtp.example.com");
        let (user, password) = settings.credentials.as_ref().unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("user@example.com", "p/a%ss"));
        assert!(!format!("{settings:?}").contains("p/a%ss"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "dir:",
            "smtp:",
            "smtp://",
            "http://example.com",
            "mail",
            "smtp://user@host",
            "smtps://h?tls=none",
            "smtp://h/path",
            "smtp://h?timeout=1",
            "smtp://u:%zz@h",
        ] {
            assert!(MailTransportSettings::parse(text).is_err(), "{text}");
        }
    }
}
