//! Owns the ways to prove who one is, and the words they go by.

use serde::{Deserialize, Serialize};

/// How a proof was made. *Source*: R-IN-1, R-LNK-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticationMethod {
    /// The person's own password.
    Password,
    /// The person's own Google account.
    Google,
    /// The person's own GitHub account.
    #[serde(rename = "github")]
    GitHub,
    /// A passkey, unlocked by its holder: it serves as the first and as the second factor (R-IN-1, R-IN-4).
    Passkey,
    /// A time-based one-time code: a second factor.
    Totp,
    /// A recovery code: a second factor, once.
    RecoveryCode,
    /// An organization's identity provider.
    Sso,
    /// A code mailed to the proven address; serves only on top of an SSO proof (R-LNK-6).
    MailedCode,
}

impl AuthenticationMethod {
    /// Every method.
    pub const ALL: [Self; 8] = [
        Self::Password,
        Self::Google,
        Self::GitHub,
        Self::Passkey,
        Self::Totp,
        Self::RecoveryCode,
        Self::Sso,
        Self::MailedCode,
    ];

    /// The word in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Google => "google",
            Self::GitHub => "github",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
            Self::Sso => "sso",
            Self::MailedCode => "mailed-code",
        }
    }

    /// The words a person reads, in the middle of a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Google => "Google",
            Self::GitHub => "GitHub",
            Self::Passkey => "passkey",
            Self::Totp => "authenticator app",
            Self::RecoveryCode => "recovery code",
            Self::Sso => "SSO",
            Self::MailedCode => "mailed code",
        }
    }

    /// Whether the method proves the person by something of their own, not of an organization. *Source*: R-IN-1.
    pub const fn is_personal(self) -> bool {
        match self {
            Self::Password | Self::Google | Self::GitHub | Self::Passkey => true,
            Self::Totp | Self::RecoveryCode | Self::Sso | Self::MailedCode => false,
        }
    }

    /// Whether the method serves as a second factor. *Source*: R-IN-4.
    pub const fn is_second_factor(self) -> bool {
        match self {
            Self::Passkey | Self::Totp | Self::RecoveryCode => true,
            Self::Password | Self::Google | Self::GitHub | Self::Sso | Self::MailedCode => false,
        }
    }

    /// The authentication method reference of RFC 8176 that comes nearest.
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Google | Self::GitHub | Self::Sso => "fed",
            Self::Passkey => "pop",
            Self::Totp | Self::RecoveryCode | Self::MailedCode => "otp",
        }
    }
}
