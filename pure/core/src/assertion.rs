//! Owns [`Assertion`]: the only thing a protocol hands to the rest of the program. How it was verified is the
//! protocol's business; whose account it opens is decided in [`crate::linking`].

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionId, RevisionId};
use crate::time::Timestamp;

/// The IdP's stable name for a person. *Source*: T-ID-07; compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    /// Accepts 1 to 255 printable ASCII characters, unchanged.
    ///
    /// *Errors*: `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// The subject as the IdP wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the IdP said about the address, kept apart because absence is not denial (T-LNK-9, R-LNK-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmailVerified {
    /// The JSON value `true`.
    True,
    /// No such claim.
    Missing,
    /// The JSON value `false`, or a value of another type.
    FalseOrMalformed,
}

/// A verified, normalised statement by an IdP about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The connection that it was made through.
    pub connection_id: ConnectionId,
    /// The revision whose settings verified it.
    pub revision_id: RevisionId,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// The client id that it was made for.
    pub client_id: String,
    /// The IdP's name for the person.
    pub subject: Subject,
    /// The address as asserted, unparsed: whether it is usable is decided later.
    pub email: Option<String>,
    /// What was said about the address.
    pub email_verified: EmailVerified,
    /// A display name, at most 200 characters, control characters removed.
    pub name: Option<String>,
    /// When the person authenticated at the IdP, if it said so.
    pub auth_time: Option<Timestamp>,
    /// Whether `max_age=0` was sent, so that `auth_time` says the proof is fresh (R-IN-8).
    pub max_age_zero: bool,
    /// When the person's session at the IdP ends, if it said so: what it proves ends then too (T-ID-16).
    #[serde(default)]
    pub session_expiry: Option<Timestamp>,
    /// Authentication methods the IdP named (`amr`), at most 16.
    pub amr: Vec<String>,
    /// The claims received, for the test's result page: name and printed value, at most 40, each cut at 300 characters.
    pub claims: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn a_subject_is_kept_as_it_is_or_refused() {
        assert_eq!(Subject::parse("00uA bC").map(|s| s.as_str().to_owned()), Some("00uA bC".to_owned()));
        assert_eq!(Subject::parse(""), None);
        assert_eq!(Subject::parse(&"x".repeat(256)), None);
        assert_eq!(Subject::parse("ünal"), None);
        assert_eq!(Subject::parse("a\n"), None);
    }
}
