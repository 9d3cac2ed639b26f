//! Owns the list of the ways in: every path on which a session is made, or on which something is set that makes one
//! later. Whoever adds a path names it here, and so adds its row to the matrix of tests (T-ENF-M).

/// A path on which policy lets somebody in or not.
///
/// *Source*: R-IN-2, R-ENF-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WayIn {
    /// Signing up: the code that was mailed makes the first session.
    SignUp,
    /// Address and password.
    Password,
    /// The password once more, in a session there is.
    PasswordAgain,
    /// Through an organization's connection.
    Sso,
    /// A mailed code on top of an SSO proof, in a session there is.
    MailedCode,
    /// Setting a forgotten password by a mailed link.
    PasswordReset,
    /// Setting or changing the own password, in a session there is.
    PasswordChange,
    /// Accepting an invitation, in a session there is.
    Invitation,
    /// Any request in a session there is.
    Session,
}

impl WayIn {
    /// Every way.
    pub const ALL: [Self; 9] = [
        Self::SignUp,
        Self::Password,
        Self::PasswordAgain,
        Self::Sso,
        Self::MailedCode,
        Self::PasswordReset,
        Self::PasswordChange,
        Self::Invitation,
        Self::Session,
    ];

    /// Whether somebody comes in who was not in before; the others go on from a session there is, or make none.
    pub const fn is_entry(self) -> bool {
        match self {
            Self::SignUp | Self::Password | Self::Sso => true,
            Self::PasswordAgain
            | Self::MailedCode
            | Self::PasswordReset
            | Self::PasswordChange
            | Self::Invitation
            | Self::Session => false,
        }
    }

    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Password => "password",
            Self::PasswordAgain => "password-again",
            Self::Sso => "sso",
            Self::MailedCode => "mailed-code",
            Self::PasswordReset => "password-reset",
            Self::PasswordChange => "password-change",
            Self::Invitation => "invitation",
            Self::Session => "session",
        }
    }
}
