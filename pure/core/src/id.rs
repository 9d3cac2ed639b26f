//! Owns the identifiers: a prefix that names the noun, then 26 characters that sort by time. It draws no randomness;
//! callers pass the bytes.

use arrayvec::ArrayString;

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY_LENGTH: usize = 26;
/// A prefix of three letters, the underscore and the body: short enough to be kept and copied in place.
const LENGTH: usize = 4 + BODY_LENGTH;
/// So many digits of five bits are in a number that a processor shifts in one step.
const AT_ONCE: usize = 12;
const FEW: u128 = (1 << (5 * AT_ONCE)) - 1;

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

    /// The 128 bits that its letters say, to keep it in less room. `None` when they say more, which those of
    /// [`Identifier::new`] never do.
    fn to_bits(&self) -> Option<u128>;

    /// The identifier whose [`Identifier::to_bits`] these are.
    fn from_bits(bits: u128) -> Self;
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
                Self::from_bits(bits(now, random))
            }

            fn parse(text: &str) -> Option<Self> {
                if is_identifier(text, $prefix) { ArrayString::from(text).ok().map(Self) } else { None }
            }

            fn to_bits(&self) -> Option<u128> {
                read_bits(&self.0)
            }

            fn from_bits(bits: u128) -> Self {
                Self(text($prefix, bits))
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
        let digits = digits::<8>(u128::from(number)).into_iter().map(char::from).collect::<String>().to_uppercase();
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

fn bits(now: Timestamp, random: [u8; RANDOM_BYTES]) -> u128 {
    let moment = u128::from(u64::try_from(now.as_millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF);
    let random = random.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    (moment << 80) | random
}

/// Asked many times a second, so nothing is allocated.
fn text(prefix: &str, bits: u128) -> ArrayString<LENGTH> {
    let mut text = [b'_'; LENGTH];
    if let Some((head, body)) = text.split_last_chunk_mut::<BODY_LENGTH>() {
        for (place, letter) in head.iter_mut().zip(prefix.bytes()) {
            *place = letter;
        }
        *body = digits(bits);
    }
    // All of it is ASCII.
    ArrayString::from_byte_string(&text).unwrap_or_default()
}

fn digits<const COUNT: usize>(number: u128) -> [u8; COUNT] {
    let (mut digits, mut rest) = ([b'0'; COUNT], number);
    for part in digits.rchunks_mut(AT_ONCE) {
        let mut few = u64::try_from(rest & FEW).unwrap_or(0);
        for digit in part.iter_mut().rev() {
            let index = usize::try_from(few & 31).unwrap_or(0);
            *digit = ALPHABET.get(index).copied().unwrap_or(b'0');
            few >>= 5;
        }
        rest >>= 5 * AT_ONCE;
    }
    digits
}

fn read_bits(text: &str) -> Option<u128> {
    let body = text.as_bytes().last_chunk::<BODY_LENGTH>()?;
    body.iter().try_fold(0_u128, |bits, letter| {
        // The alphabet is in the order of its bytes.
        let digit = u128::try_from(ALPHABET.binary_search(letter).ok()?).ok()?;
        let has_room = bits >> (u128::BITS - 5) == 0;
        has_room.then_some((bits << 5) | digit)
    })
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identifiers_sort_by_the_moment_of_creation() {
        let early = UserId::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = UserId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(UserId::parse(early.as_str()), Some(early));
    }

    #[test]
    fn the_bits_of_an_identifier_are_its_digits() {
        for place in 0..BODY_LENGTH {
            let text = format!("usr_{}1{}", "0".repeat(BODY_LENGTH - 1 - place), "0".repeat(place));
            assert_eq!(UserId::from_bits(1 << (5 * place)).as_str(), text);
        }
        let last = UserId::new(Timestamp::from_millis(0xFFFF_FFFF_FFFF), [255; 10]);
        assert_eq!(last.as_str(), format!("usr_7{}", "z".repeat(25)));
        assert_eq!((last.to_bits(), UserId::from_bits(0).to_bits()), (Some(u128::MAX), Some(0)));
    }

    #[test]
    fn an_identifier_that_says_more_than_its_bits_has_none() {
        for body in [format!("8{}", "0".repeat(25)), "z".repeat(26)] {
            let id = UserId::parse(&format!("usr_{body}")).unwrap();
            assert_eq!(id.to_bits(), None, "{id}");
        }
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

    proptest! {
        #[test]
        fn every_identifier_that_is_made_comes_back_from_its_bits(millis: i64, random: [u8; RANDOM_BYTES]) {
            let id = ConnectionId::new(Timestamp::from_millis(millis), random);
            prop_assert_eq!(id.to_bits().map(ConnectionId::from_bits), Some(id.clone()));
            prop_assert_eq!(ConnectionId::parse(id.as_str()), Some(id));
        }

        #[test]
        fn any_bits_make_an_identifier(bits: u128) {
            let id = SessionId::from_bits(bits);
            prop_assert_eq!(id.to_bits(), Some(bits));
            prop_assert_eq!(SessionId::parse(id.as_str()), Some(id));
        }
    }
}
