//! Owns the list of the ways in: every path on which a session is made, or on which something is set that makes one
//! later. Whoever adds a path names it here, and so adds its row to the matrix of tests (T-ENF-M).

/// A path on which policy lets somebody in or not.
///
/// *Source*: R-IN-2, R-ENF-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayIn {
    /// Signing up: the code that was mailed makes the first session.
    SignUp,
    /// Address and password.
    Password,
    /// The password once more, in a session there is.
    PasswordAgain,
    /// Through the person's own account at Google.
    Google,
    /// Through the person's own account at GitHub.
    GitHub,
    /// Through one of these once more, in a session there is.
    PersonalAgain,
    /// Linking an account at one of these: it makes sessions from then on.
    PersonalLink,
    /// A second factor, in a sign-in whose first proof was right.
    SecondFactor,
    /// A second factor, in a session there is.
    SecondFactorAgain,
    /// A passkey alone: it is both factors.
    Passkey,
    /// A passkey once more, in a session there is.
    PasskeyAgain,
    /// Adding a passkey, in a session there is: it makes sessions from then on.
    PasskeyEnrolment,
    /// Through an organization's connection.
    Sso,
    /// A mailed code on top of an SSO proof, in a session there is.
    MailedCode,
    /// Setting a forgotten password by a mailed link.
    PasswordReset,
    /// Setting or changing the own password, in a session there is.
    PasswordChange,
    /// Taking another address, in a session there is: links that set a password go there from then on.
    EmailChange,
    /// Accepting an invitation, in a session there is.
    Invitation,
    /// The code that is mailed before a first second factor, in a session there is.
    EnrolmentCode,
    /// Setting up an authenticator app, in a session there is.
    TotpEnrolment,
    /// Any request in a session there is.
    Session,
}

impl WayIn {
    /// Every way.
    pub const ALL: [Self; 21] = [
        Self::SignUp,
        Self::Password,
        Self::PasswordAgain,
        Self::SecondFactor,
        Self::SecondFactorAgain,
        Self::Google,
        Self::GitHub,
        Self::PersonalAgain,
        Self::PersonalLink,
        Self::Passkey,
        Self::PasskeyAgain,
        Self::PasskeyEnrolment,
        Self::Sso,
        Self::MailedCode,
        Self::PasswordReset,
        Self::PasswordChange,
        Self::EmailChange,
        Self::Invitation,
        Self::EnrolmentCode,
        Self::TotpEnrolment,
        Self::Session,
    ];

    /// Whether somebody comes in who was not in before; the others go on from a session there is, or make none.
    pub const fn is_entry(self) -> bool {
        match self {
            Self::SignUp
            | Self::Password
            | Self::SecondFactor
            | Self::Google
            | Self::GitHub
            | Self::Passkey
            | Self::Sso => true,
            Self::PasswordAgain
            | Self::SecondFactorAgain
            | Self::PersonalAgain
            | Self::PersonalLink
            | Self::PasskeyAgain
            | Self::PasskeyEnrolment
            | Self::MailedCode
            | Self::PasswordReset
            | Self::PasswordChange
            | Self::EmailChange
            | Self::Invitation
            | Self::EnrolmentCode
            | Self::TotpEnrolment
            | Self::Session => false,
        }
    }

    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Password => "password",
            Self::PasswordAgain => "password-again",
            Self::Google => "google",
            Self::GitHub => "github",
            Self::PersonalAgain => "personal-again",
            Self::PersonalLink => "personal-link",
            Self::SecondFactor => "second-factor",
            Self::SecondFactorAgain => "second-factor-again",
            Self::Passkey => "passkey",
            Self::PasskeyAgain => "passkey-again",
            Self::PasskeyEnrolment => "passkey-enrolment",
            Self::Sso => "sso",
            Self::MailedCode => "mailed-code",
            Self::PasswordReset => "password-reset",
            Self::PasswordChange => "password-change",
            Self::EmailChange => "email-change",
            Self::Invitation => "invitation",
            Self::EnrolmentCode => "enrolment-code",
            Self::TotpEnrolment => "totp-enrolment",
            Self::Session => "session",
        }
    }
}
