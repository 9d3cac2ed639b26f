//! Application integrations: what an administrator types, what is kept of it, and why it is refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An application integration: a confidential web client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its name on the pages.
    pub name: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// Where it may be sent back to, compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// Where its tile starts a sign-in, if it has a tile.
    pub initiate_login_uri: Option<String>,
    /// Where people may be sent back to after they signed out, compared byte for byte.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody signed out, if it wants to hear of it.
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// The subjects of the people assigned to it.
    pub assigned: BTreeSet<String>,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Application")
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What an administrator types to create an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewApplication {
    /// Its name.
    pub name: String,
    /// Where it may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Where its tile starts a sign-in.
    pub initiate_login_uri: Option<String>,
    /// Where people may be sent back to after they signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody signed out.
    pub backchannel_logout_uri: Option<String>,
    /// The subjects of the people assigned from the start.
    pub assigned: BTreeSet<String>,
}

/// Why a change to the directory was refused.
#[derive(Debug)]
pub enum Refusal {
    /// The application has no name.
    NameMissing,
    /// There is no redirect URI.
    RedirectUriMissing,
    /// Not an absolute `http` or `https` address without a fragment.
    NotAUri(String),
    /// The application asked to be answered at an address that is not among its own.
    UnregisteredUri(String),
    /// No application has this client id.
    UnknownApplication,
    /// Nobody has this subject.
    UnknownPerson,
    /// The state file could not be written; nothing changed.
    NotSaved(std::io::Error),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NameMissing => f.write_str("Give the integration a name."),
            Self::RedirectUriMissing => f.write_str("Paste at least one address into “Sign-in redirect URIs”."),
            Self::NotAUri(text) => write!(f, "“{text}” is not a full address that begins with https:// or http://."),
            Self::UnregisteredUri(text) => write!(f, "“{text}” is not among the application's sign-in redirect URIs."),
            Self::UnknownApplication => f.write_str("There is no such application."),
            Self::UnknownPerson => f.write_str("There is no such person."),
            Self::NotSaved(_) => f.write_str("The change could not be saved, so nothing changed. Is the disk full?"),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotSaved(source) => Some(source),
            Self::NameMissing
            | Self::RedirectUriMissing
            | Self::NotAUri(_)
            | Self::UnregisteredUri(_)
            | Self::UnknownApplication
            | Self::UnknownPerson => None,
        }
    }
}

/// Puts checked values into an application.
pub(crate) fn settle(application: &mut Application, new: NewApplication) -> Result<(), Refusal> {
    let name = new.name.trim().to_owned();
    if name.is_empty() {
        return Err(Refusal::NameMissing);
    }
    let uris = new.redirect_uris.iter().map(|uri| parse_uri(uri)).collect::<Result<Vec<_>, _>>()?;
    if uris.is_empty() {
        return Err(Refusal::RedirectUriMissing);
    }
    let back = new.post_logout_redirect_uris.iter().map(|uri| parse_uri(uri)).collect::<Result<Vec<_>, _>>()?;
    let told = new.backchannel_logout_uri.as_deref().map(parse_uri).transpose()?;
    application.initiate_login_uri = new.initiate_login_uri.as_deref().map(parse_uri).transpose()?;
    application.post_logout_redirect_uris = back;
    application.backchannel_logout_uri = told;
    application.name = name;
    application.redirect_uris = uris;
    application.assigned = new.assigned;
    Ok(())
}

/// An absolute `http` or `https` address without a fragment, as it was written.
pub(crate) fn parse_uri(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    match url::Url::parse(text) {
        Ok(uri) if matches!(uri.scheme(), "http" | "https") && uri.fragment().is_none() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Refusal::NotAUri(text.to_owned())),
    }
}
