//! Owns a connection's settings: reading them from a form, merging an edit, the sealed document they are stored as and
//! the view that may be shown. The secret is in none but the document.
//!
//! *Source*: R-SSO-1, R-SSO-10, T-BCP-6.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::client::{self, Client};
use crate::kind::{Address, ConnectionKind};
use crate::url_rules::UrlRules;

/// Settings of one revision, of any kind.
#[derive(Debug, Clone)]
pub struct Settings {
    kind: ConnectionKind,
    /// The address field as it is shown again: Okta domain or issuer.
    address: String,
    client: Client,
}

/// A form as it came.
#[derive(Debug, Clone)]
pub struct SettingsInput {
    /// The connection's kind, which an edit cannot change.
    pub kind: ConnectionKind,
    /// Okta domain or issuer.
    pub address: String,
    /// Client id.
    pub client_id: String,
    /// Client secret; absent or empty keeps the stored one, if the issuer stays.
    pub client_secret: Option<SecretString>,
}

/// A form that was understood.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The settings.
    pub settings: Settings,
    /// What was made of the address, a sentence each.
    pub notes: Vec<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in API and form.
    pub field: &'static str,
    /// A sentence for the person.
    pub text: String,
}

/// What may be shown of settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// The kind.
    pub kind: ConnectionKind,
    /// Okta domain or issuer.
    pub address: String,
    /// The issuer.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
}

/// A stored document that cannot be read: damaged, or written by a newer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableSettings;

impl std::fmt::Display for UnreadableSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the stored settings of a connection cannot be read")
    }
}

impl std::error::Error for UnreadableSettings {}

/// The stored form, tagged by kind. Never changed in place: another form is another version.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kind: ConnectionKind,
    version: Version1,
    address: String,
    issuer: String,
    client_id: String,
    client_secret: String,
}

/// The number 1 and nothing else.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version1;

impl TryFrom<u8> for Version1 {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number == 1 { Ok(Self) } else { Err("unknown version of a settings document") }
    }
}

impl From<Version1> for u8 {
    fn from(_: Version1) -> Self {
        1
    }
}

impl Settings {
    /// Reads a form over the settings that are stored, if any.
    ///
    /// *Errors*: each field that is wrong; among them the secret, when it is missing and there is none to keep or the
    /// issuer changed, so that a stored secret is never sent to another place (R-SSO-10, T-BCP-6).
    pub fn merge(
        previous: Option<&Settings>,
        input: &SettingsInput,
        rules: &UrlRules,
    ) -> Result<Merged, Vec<FieldError>> {
        let description = input.kind.describe();
        let mut errors = Vec::new();
        let mut report = |field: &'static str, text: String| errors.push(FieldError { field, text });

        let address = (description.read_address)(&input.address, rules);
        let address = address.map_err(|text| report(description.address.name, text)).ok();
        let client_id =
            client::parse_id(&input.client_id).map_err(|text| report(description.client_id.name, text)).ok();
        let kept =
            previous.filter(|previous| address.as_ref().is_none_or(|address| address.issuer == previous.issuer()));
        let client_secret = client_secret(input.client_secret.as_ref(), kept, previous.is_some())
            .map_err(|text| report(description.client_secret.name, text))
            .ok();

        let (Some(address), Some(client_id), Some(client_secret)) = (address, client_id, client_secret) else {
            return Err(errors);
        };
        let Address { shown, issuer, notes } = address;
        let client = Client::new(issuer, client_id, client_secret);
        Ok(Merged { settings: Self { kind: input.kind, address: shown, client }, notes })
    }

    /// The kind.
    pub fn kind(&self) -> ConnectionKind {
        self.kind
    }

    /// The issuer, byte for byte.
    pub fn issuer(&self) -> &str {
        self.client.issuer()
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        self.client.id()
    }

    /// What the protocol needs of them.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What may be shown.
    pub fn view(&self) -> SettingsView {
        SettingsView {
            kind: self.kind,
            address: self.address.clone(),
            issuer: self.issuer().to_owned(),
            client_id: self.client_id().to_owned(),
        }
    }

    /// The document to seal and store.
    pub fn to_document(&self) -> SecretString {
        let document = Document {
            kind: self.kind,
            version: Version1,
            address: self.address.clone(),
            issuer: self.issuer().to_owned(),
            client_id: self.client_id().to_owned(),
            client_secret: self.client.secret().to_owned(),
        };
        // Strings alone: this cannot fail, and an empty document would be refused when read.
        serde_json::to_string(&document).unwrap_or_default().into()
    }

    /// Reads a document that [`Self::to_document`] made.
    ///
    /// *Errors*: [`UnreadableSettings`], which says nothing of the content.
    pub fn from_document(document: &str) -> Result<Self, UnreadableSettings> {
        let document: Document = serde_json::from_str(document).map_err(|_| UnreadableSettings)?;
        let Document { kind, version: Version1, address, issuer, client_id, client_secret } = document;
        Ok(Self { kind, address, client: Client::new(issuer, client_id, client_secret.into()) })
    }
}

fn client_secret(typed: Option<&SecretString>, kept: Option<&Settings>, is_edit: bool) -> Result<SecretString, String> {
    let typed = typed.map(ExposeSecret::expose_secret).unwrap_or_default();
    match (client::parse_secret(typed)?, kept) {
        (Some(secret), _) => Ok(secret),
        (None, Some(settings)) => Ok(settings.client.secret().into()),
        (None, None) if is_edit => Err("Enter the client secret again, because the address changed.".to_owned()),
        (None, None) => Err("Enter the client secret.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(address: &str, secret: &str) -> SettingsInput {
        SettingsInput {
            kind: ConnectionKind::OktaOidc,
            address: address.to_owned(),
            client_id: " 0oaclient ".to_owned(),
            client_secret: Some(secret.into()),
        }
    }

    fn saved() -> Settings {
        Settings::merge(None, &input("acme.okta.com", "canary-secret"), &UrlRules::default()).unwrap().settings
    }

    #[test]
    fn r_sso_10_the_secret_is_typed_again_when_the_domain_changes() {
        let rules = UrlRules::default();
        let kept = Settings::merge(Some(&saved()), &input("https://ACME.okta.com/", ""), &rules).unwrap();
        assert_eq!(kept.settings.client.secret(), "canary-secret");
        let errors = Settings::merge(Some(&saved()), &input("evil.example", " "), &rules).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.field).collect::<Vec<_>>(), ["client_secret"]);
        let rotated = Settings::merge(Some(&saved()), &input("evil.example", "new"), &rules).unwrap();
        assert_eq!(rotated.settings.client.secret(), "new");
    }

    #[test]
    fn r_sso_10_plain_http_is_another_issuer_than_https() {
        let rules = UrlRules::parse("acme.okta.com").unwrap();
        assert!(Settings::merge(Some(&saved()), &input("http://acme.okta.com", ""), &rules).is_err());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = SettingsInput {
            kind: ConnectionKind::Oidc,
            address: "nonsense".to_owned(),
            client_id: "ünal".to_owned(),
            client_secret: Some("a\nb".into()),
        };
        let errors = Settings::merge(None, &wrong, &UrlRules::default()).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.field).collect::<Vec<_>>(), ["issuer", "client_id", "client_secret"]);
    }

    #[test]
    fn settings_survive_storage_and_a_newer_version_is_not_guessed_at() {
        let document = saved().to_document();
        let read = Settings::from_document(document.expose_secret()).unwrap();
        assert_eq!((read.view(), read.client.secret()), (saved().view(), "canary-secret"));
        let newer = document.expose_secret().replace("\"version\":1", "\"version\":2");
        assert_ne!(newer, document.expose_secret());
        assert_eq!(Settings::from_document(&newer).err(), Some(UnreadableSettings));
        assert_eq!(Settings::from_document("").err(), Some(UnreadableSettings));
    }

    #[test]
    fn t_sec_3_the_secret_is_neither_printed_nor_in_the_view() {
        let shown = format!("{:?} {}", saved(), serde_json::to_string(&saved().view()).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
