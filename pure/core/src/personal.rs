//! Owns what a person's own provider (Google, GitHub) says of them, and when its word about an address is enough. How it
//! was verified is the protocol's business; whose account it opens is decided elsewhere, and never by the address.
//!
//! *Source*: R-IN-1, R-LNK-9, T-LNK-11.

use serde::{Deserialize, Serialize};

use crate::assertion::Subject;
use crate::email::EmailAddress;
use crate::method::AuthenticationMethod;

/// A provider at which people have an account of their own, whatever organization they belong to. The operator registers
/// Orgate there, not a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalProvider {
    /// Google, through OpenID Connect.
    Google,
    /// GitHub, through OAuth 2.0 and its own interface.
    #[serde(rename = "github")]
    GitHub,
}

impl PersonalProvider {
    /// Both, in the order of the buttons.
    pub const ALL: [Self; 2] = [Self::Google, Self::GitHub];

    /// The word in addresses, the API and the database.
    pub const fn as_str(self) -> &'static str {
        self.method().as_str()
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }

    /// What it is called.
    pub const fn words(self) -> &'static str {
        self.method().words()
    }

    /// The method by which a sign-in through it counts.
    pub const fn method(self) -> AuthenticationMethod {
        match self {
            Self::Google => AuthenticationMethod::Google,
            Self::GitHub => AuthenticationMethod::GitHub,
        }
    }
}

/// A verified, normalised statement by a provider about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalAssertion {
    /// Who said it.
    pub provider: PersonalProvider,
    /// The provider's name for the person, which never changes hands: Google's `sub`, GitHub's numeric id in decimal
    /// digits. With the provider it is the only key of an identity (T-LNK-11).
    pub subject: Subject,
    /// The address that the provider named, if it is one that mail can reach: from Google whatever `email` says, from
    /// GitHub the primary address that GitHub has verified, and none of its no-reply addresses.
    pub email: Option<EmailAddress>,
    /// Whether the provider answers for the address, so that a new User's counts as proven (R-LNK-9); `false` without an
    /// address, and for GitHub always. Otherwise a code is mailed.
    pub authoritative: bool,
    /// A display name, at most 200 characters, control characters removed.
    pub name: Option<String>,
}

/// Whether Google answers for an address: it says that it verified it, and it hosts the mailbox, which is so for its own
/// domains, and for a domain whose Workspace the person belongs to (`hd`). An account with any other address was verified
/// once, by whoever had the mailbox then.
///
/// *Source*: R-LNK-9.
pub fn google_answers_for(address: &EmailAddress, email_verified: bool, hosted_domain: Option<&str>) -> bool {
    let own = matches!(address.domain(), "gmail.com" | "googlemail.com");
    let hosted = hosted_domain.is_some_and(|domain| is_domain_of(domain, address));
    email_verified && (own || hosted)
}

/// Compares through the one reading of domains, so that neither case nor writing makes a difference.
fn is_domain_of(domain: &str, address: &EmailAddress) -> bool {
    let odd = domain.contains(|c: char| c == '@' || c.is_whitespace());
    let named = EmailAddress::parse(&format!("x@{domain}"));
    !odd && named.is_ok_and(|named| named.domain() == address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_in_1_each_provider_has_the_word_of_its_method_and_reads_it_back() {
        for provider in PersonalProvider::ALL {
            assert_eq!(PersonalProvider::parse(provider.as_str()), Some(provider));
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.as_str());
            assert!(provider.method().is_personal());
        }
        assert_eq!(PersonalProvider::parse("Google"), None);
        assert_eq!(PersonalProvider::parse("sso"), None);
    }

    #[test]
    fn r_lnk_9_google_answers_for_its_own_mailboxes_and_for_its_workspace_domains_only() {
        let verdict =
            |email: &str, verified, hd| google_answers_for(&EmailAddress::parse(email).unwrap(), verified, hd);
        for (email, verified, hd, expected) in [
            ("dana@gmail.com", true, None, true),
            ("Dana@GoogleMail.com", true, None, true),
            ("dana@gmail.com", false, None, false),
            ("dana@acme.test", true, Some("acme.test"), true),
            ("dana@ACME.test", true, Some("acme.TEST"), true),
            ("dana@bücher.test", true, Some("xn--bcher-kva.test"), true),
            ("dana@acme.test", false, Some("acme.test"), false),
            ("dana@acme.test", true, None, false),
            ("dana@acme.test", true, Some(""), false),
            ("dana@acme.test", true, Some("other.test"), false),
            ("dana@mail.acme.test", true, Some("acme.test"), false),
            ("dana@acme.test", true, Some("mail.acme.test"), false),
            ("dana@acme.test", true, Some("evil@acme.test"), false),
            ("dana@acme.test", true, Some("acme.test "), false),
            ("dana@notgmail.com", true, None, false),
            ("dana@gmail.com.evil.test", true, None, false),
        ] {
            assert_eq!(verdict(email, verified, hd), expected, "{email} {verified} {hd:?}");
        }
    }
}
