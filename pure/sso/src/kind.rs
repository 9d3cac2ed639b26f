//! Owns [`ConnectionKind`] and its one exhaustive match: what a kind is called, what its form asks for and how its
//! address field is read, which guide explains it. Another kind is a variant here and new files for what is its own.
//!
//! *Source*: R-SSO-1, R-SSO-3.

use serde::{Deserialize, Serialize};

use crate::url_rules::UrlRules;
use crate::{issuer, okta_domain};

/// The kinds of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionKind {
    /// Okta through OpenID Connect.
    #[serde(rename = "okta-oidc")]
    OktaOidc,
    /// Any other OpenID Connect provider.
    #[serde(rename = "oidc")]
    Oidc,
}

/// One field of a kind's settings form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in API and form.
    pub name: &'static str,
    /// What the console calls it.
    pub label: &'static str,
    /// One sentence under it.
    pub hint: &'static str,
    /// What to type, for instance.
    pub placeholder: &'static str,
    /// Whether it is write-only.
    pub secret: bool,
}

/// Where an IdP is, as a kind's address field says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What the field shows from now on.
    pub shown: String,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// What was made of what was typed, a sentence each; empty if nothing was changed.
    pub notes: Vec<String>,
}

/// Everything in which kinds differ.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Stable name in API and storage.
    pub name: &'static str,
    /// Identity provider and protocol, for people.
    pub label: &'static str,
    /// The guide's template and document.
    pub guide: &'static str,
    /// The field that says where the IdP is.
    pub address: Field,
    /// Reads that field. *Errors*: a sentence for the person who typed it.
    pub(crate) read_address: fn(&str, &UrlRules) -> Result<Address, String>,
    /// The client id.
    pub client_id: Field,
    /// The client secret.
    pub client_secret: Field,
}

impl Description {
    /// The fields in the order of the form.
    pub const fn fields(&self) -> [Field; 3] {
        [self.address, self.client_id, self.client_secret]
    }
}

const CLIENT_ID: Field = Field {
    name: "client_id",
    label: "Client ID",
    hint: "The public identifier of the application at the identity provider.",
    placeholder: "",
    secret: false,
};

const CLIENT_SECRET: Field = Field {
    name: "client_secret",
    label: "Client Secret",
    hint: "Stored sealed and never shown again.",
    placeholder: "",
    secret: true,
};

const OKTA_OIDC: Description = Description {
    name: "okta-oidc",
    label: "Okta (OIDC)",
    guide: "okta-oidc",
    address: Field {
        name: "okta_domain",
        label: "Okta Domain",
        hint: "As the Okta console shows it in the menu under your name.",
        placeholder: "acme.okta.com",
        secret: false,
    },
    read_address: okta_domain::parse,
    client_id: Field {
        hint: "On the app's General tab, under Client Credentials.",
        placeholder: "0oa1b2c3d4e5f6g7h8i9",
        ..CLIENT_ID
    },
    client_secret: Field {
        hint: "On the app's General tab, under Client Secrets. Stored sealed and never shown again.",
        ..CLIENT_SECRET
    },
};

const OIDC: Description = Description {
    name: "oidc",
    label: "OpenID Connect",
    guide: "oidc",
    address: Field {
        name: "issuer",
        label: "Issuer",
        hint: "Exactly as the identity provider writes it; /.well-known/openid-configuration is found under it.",
        placeholder: "https://id.example.com",
        secret: false,
    },
    read_address: issuer::parse,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
};

impl ConnectionKind {
    /// All kinds, in the order of the dialog.
    pub const ALL: [Self; 2] = [Self::OktaOidc, Self::Oidc];

    /// What is this kind's own.
    pub const fn describe(self) -> &'static Description {
        match self {
            Self::OktaOidc => &OKTA_OIDC,
            Self::Oidc => &OIDC,
        }
    }

    /// Stable name in API and storage.
    pub const fn as_str(self) -> &'static str {
        self.describe().name
    }

    /// Reads a stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_sso_3_each_kind_has_a_name_that_reads_back_and_is_the_stored_one() {
        for kind in ConnectionKind::ALL {
            assert_eq!(ConnectionKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(ConnectionKind::parse("saml"), None);
    }

    #[test]
    fn r_sso_1_okta_asks_for_the_three_fields_of_the_seed() {
        let labels = ConnectionKind::OktaOidc.describe().fields().map(|field| field.label);
        assert_eq!(labels, ["Okta Domain", "Client ID", "Client Secret"]);
    }
}
