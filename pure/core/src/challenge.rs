//! Owns the rules of a six-digit code. *Source*: R-ORG-2: six digits, 10 minutes, 5 tries, bound to the attempt.

use std::time::Duration;

/// How long a code serves. *Units*: ten minutes.
pub const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How often a code may be tried.
pub const CODE_TRIES: i64 = 5;

/// What a challenge is for; part of what a code is bound to (T-WEB-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChallengePurpose {
    /// An address, in a sign-in through SSO (R-LNK-2, R-LNK-3).
    SignIn,
    /// The person again, in a session (R-LNK-6, R-IN-9).
    Session,
    /// An address, in accepting a copied invitation link (R-INV-2).
    Invitation,
    /// The person again, in leaving an organization whose SSO they are asked for (R-ENF-13).
    Departure,
    /// An address that is to take the place of the person's own.
    EmailChange,
    /// The person again, before a first second factor is set up (R-IN-4).
    Enrolment,
    /// An address, in a sign-in through Google or GitHub (R-LNK-9).
    PersonalSignIn,
}

impl ChallengePurpose {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Session => "session",
            Self::Invitation => "invitation",
            Self::Departure => "departure",
            Self::EmailChange => "email-change",
            Self::Enrolment => "enrolment",
            Self::PersonalSignIn => "personal-sign-in",
        }
    }
}

/// A code as a person types it: six digits, spaces forgiven.
pub fn parse_code(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::parse_code;

    #[test]
    fn a_code_is_six_digits_with_or_without_a_space() {
        assert_eq!(parse_code(" 123 456\n").as_deref(), Some("123456"));
        assert_eq!(parse_code("12345"), None);
        assert_eq!(parse_code("12345a"), None);
        assert_eq!(parse_code("１２３４５６"), None);
    }
}
