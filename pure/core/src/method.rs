//! Owns the ways to prove who one is, and the words they go by.

use serde::{Deserialize, Serialize};

/// How a proof was made. *Source*: R-IN-1, R-LNK-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticationMethod {
    /// The person's own password.
    Password,
    /// An organization's identity provider.
    Sso,
    /// A code mailed to the proven address; serves only on top of an SSO proof (R-LNK-6).
    MailedCode,
}

impl AuthenticationMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Password, Self::Sso, Self::MailedCode];

    /// The word in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Sso => "sso",
            Self::MailedCode => "mailed-code",
        }
    }

    /// Whether the method proves the person by something of their own, not of an organization. *Source*: R-IN-1.
    pub const fn is_personal(self) -> bool {
        match self {
            Self::Password => true,
            Self::Sso | Self::MailedCode => false,
        }
    }

    /// The authentication method reference of RFC 8176 that comes nearest.
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Sso => "fed",
            Self::MailedCode => "otp",
        }
    }
}
