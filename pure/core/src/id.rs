//! Owns the identifiers: a prefix that names the noun, then 26 characters that sort by time. It draws no randomness;
//! callers pass the bytes.

use arrayvec::ArrayString;

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY_LENGTH: usize = 26;
/// A prefix of three letters, the underscore and the body: short enough to be kept and copied in place.
const LENGTH: usize = 4 + BODY_LENGTH;

/// How many random bytes an identifier takes. *Units*: bytes.
pub const RANDOM_BYTES: usize = 10;

/// What every identifier can do; lets the entropy source make any of them.
pub trait Identifier: Sized {
    /// The prefix before the underscore.
    const PREFIX: &'static str;

    /// Makes an identifier from the moment of creation and ten random bytes.
    fn new(now: Timestamp, random: [u8; RANDOM_BYTES]) -> Self;

    /// Reads one that [`Identifier::new`] made; `None` for anything else.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! identifier {
    ($(#[$doc:meta] $name:ident = $prefix:literal;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(ArrayString<LENGTH>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Identifier for $name {
            const PREFIX: &'static str = $prefix;

            fn new(now: Timestamp, random: [u8; RANDOM_BYTES]) -> Self {
                Self(text($prefix, &body(now, random)))
            }

            fn parse(text: &str) -> Option<Self> {
                if is_identifier(text, $prefix) { ArrayString::from(text).ok().map(Self) } else { None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or(concat!("not an identifier of the form ", $prefix, "_…"))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_str().to_owned()
            }
        }
    )*};
}

identifier! {
    /// One person everywhere.
    UserId = "usr";
    /// One tenant.
    OrganizationId = "org";
    /// One project of an organization.
    ProjectId = "prj";
    /// One invitation.
    InvitationId = "inv";
    /// One organization's configured trust in one IdP.
    ConnectionId = "con";
    /// One version of a connection's settings.
    RevisionId = "rev";
    /// The stored bond of connection and subject to a user.
    IdentityId = "idn";
    /// The stored bond of a person's own provider and its subject to a user.
    PersonalIdentityId = "pid";
    /// One passkey of a person.
    PasskeyId = "psk";
    /// One challenge to an authenticator.
    CeremonyId = "cer";
    /// One browser session.
    SessionId = "ses";
    /// One attempt to sign in.
    SignInId = "sin";
    /// One pending sign-up with e-mail.
    SignUpId = "sup";
    /// One pending proof by mailed code.
    ChallengeId = "chl";
    /// One test sign-in through a connection.
    ConnectionTestId = "tst";
    /// One event of the audit log.
    AuditEventId = "evt";
    /// One mail in the outbox.
    MailId = "mai";
    /// One pending password reset.
    PasswordResetId = "pwr";
    /// One claim of a domain by an organization.
    DomainId = "dom";
    /// One mailed link that lets a person leave an organization.
    DepartureId = "dep";
}

/// A short number that a refused person can read out and an Owner can find: `K7Q2-M9XB`.
///
/// *Source*: R-SSO-9. 40 random bits name one of a trillion; it is no secret and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// Makes a reference from five random bytes.
    pub fn new(random: [u8; 5]) -> Self {
        let number = random.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let digits = digits(u128::from(number), 8).to_uppercase();
        let (head, tail) = digits.split_at(4);
        Self(format!("{head}-{tail}"))
    }

    /// Reads a reference as a person may type it: any case, with or without the dash.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
        let known = plain.len() == 8 && plain.bytes().all(is_in_alphabet);
        known.then(|| {
            let upper = plain.to_uppercase();
            let (head, tail) = upper.split_at(4);
            Self(format!("{head}-{tail}"))
        })
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn text(prefix: &str, body: &str) -> ArrayString<LENGTH> {
    let mut text = ArrayString::new();
    for part in [prefix, "_", body] {
        // Every prefix has three letters, so it fits.
        let _ = text.try_push_str(part);
    }
    text
}

fn body(now: Timestamp, random: [u8; RANDOM_BYTES]) -> String {
    let moment = u128::from(u64::try_from(now.as_millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF);
    let random = random.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    digits((moment << 80) | random, BODY_LENGTH)
}

fn digits(number: u128, length: usize) -> String {
    (0..length)
        .rev()
        .map(|place| {
            let index = usize::try_from((number >> (5 * place)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
        })
        .collect()
}

fn is_identifier(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).is_some_and(|body| {
        body.len() == BODY_LENGTH && body.bytes().fold(true, |good, byte| good & is_in_alphabet(byte))
    })
}

/// The alphabet is the digits and the small letters without i, l, o and u. Asked many times a second, so by comparing
/// alone, and of all bytes without a branch between them, which compares many at once.
const fn is_in_alphabet(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_the_moment_of_creation() {
        let early = UserId::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = UserId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(UserId::parse(early.as_str()), Some(early));
    }

    #[test]
    fn exactly_the_letters_that_are_written_are_read() {
        let read: Vec<u8> = (0..=u8::MAX).filter(|byte| is_in_alphabet(*byte)).collect();
        assert_eq!(read, ALPHABET);
    }

    #[test]
    fn another_nouns_identifier_is_not_accepted() {
        let organization = OrganizationId::new(Timestamp::from_millis(7), [1; 10]);
        assert_eq!(UserId::parse(organization.as_str()), None);
        assert_eq!(UserId::parse("usr_short"), None);
    }

    #[test]
    fn a_reference_is_found_however_it_is_typed() {
        let reference = Reference::new([1, 2, 3, 4, 5]);
        assert_eq!(Reference::parse(&reference.as_str().to_lowercase().replace('-', "")), Some(reference));
        assert_eq!(Reference::parse("K7Q"), None);
    }
}
