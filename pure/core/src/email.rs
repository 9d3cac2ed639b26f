//! Owns [`EmailAddress`]: how an address is read, and the one equality by which addresses are compared. Who has proven
//! which address is stored elsewhere.

use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, MixedScript};

/// An address: the form that mail is sent to, and the form that it is compared by.
///
/// *Source*: T-LNK-10. Mail always goes to the stored form, never to the folded one, so that a look-alike that folds to
/// the same key receives nothing that was meant for another.
#[derive(Debug, Clone)]
pub struct EmailAddress {
    stored: String,
    key: String,
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.stored)
    }
}

/// Why a text is no address that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailError {
    /// Not of the form `name@domain`.
    Malformed,
    /// Longer than mail allows.
    TooLong,
    /// Characters of several scripts, or characters made to look like others.
    LookAlike,
}

/// *Units*: bytes, as SMTP counts.
const LONGEST_LOCAL: usize = 64;
const LONGEST: usize = 254;

impl EmailAddress {
    /// Reads an address: white space around it is forgiven, nothing else is.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        if local.len() > LONGEST_LOCAL || text.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        if !is_local_part(local) {
            return Err(EmailError::Malformed);
        }
        let domain = domain_to_ascii(domain).ok_or(EmailError::Malformed)?;
        let key = format!("{}@{domain}", fold(local));
        if key.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        Ok(Self { stored: format!("{local}@{domain}"), key })
    }

    /// Reads an address that is new to us: refuses also what is made to look like another address.
    pub fn parse_new(text: &str) -> Result<Self, EmailError> {
        let address = Self::parse(text)?;
        let local = address.local();
        let plain = local.is_ascii()
            || (local.is_single_script()
                && local.chars().filter(|c| !c.is_ascii()).all(GeneralSecurityProfile::identifier_allowed));
        if plain { Ok(address) } else { Err(EmailError::LookAlike) }
    }

    /// The form that mail is sent to.
    pub fn as_str(&self) -> &str {
        &self.stored
    }

    /// The form that addresses are compared by.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The domain, in ASCII and lower case.
    pub fn domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    fn local(&self) -> &str {
        self.stored.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The address with most of its local part hidden, for a page that shows where a code went: `d•••@example.com`.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('•');
        format!("{first}•••@{}", self.domain())
    }
}

fn is_local_part(local: &str) -> bool {
    let dots = local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..");
    !dots && local.chars().all(is_local_character) && !has_percent_escape(local)
}

fn is_local_character(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) } else { c.is_alphanumeric() }
}

/// `%0a` and its like: harmless here, a line break one decoding further on (T-LNK-10).
fn has_percent_escape(local: &str) -> bool {
    local.split('%').skip(1).any(|rest| {
        let mut digits = rest.chars();
        matches!((digits.next(), digits.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    })
}

pub(crate) fn domain_to_ascii(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let labels = ascii.split('.').count() >= 2 && !ascii.ends_with('.') && ascii.len() <= 253;
    let numeric = ascii.rsplit('.').next().is_none_or(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (labels && !numeric).then_some(ascii)
}

fn fold(local: &str) -> String {
    let lower = local.nfkc().collect::<String>().to_lowercase();
    lower.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_and_width_make_no_other_person() {
        let one = EmailAddress::parse("Dana.Reyes@Example.COM").unwrap();
        assert_eq!(one, EmailAddress::parse(" dana.reyes@example.com ").unwrap());
        assert_eq!(one.as_str(), "Dana.Reyes@example.com");
        assert_eq!(one.domain(), "example.com");
        assert_eq!(EmailAddress::parse("Ａnn@example.com").unwrap(), EmailAddress::parse("ann@example.com").unwrap());
    }

    #[test]
    fn t_lnk_10_plus_tags_and_the_dotless_i_stay_distinct() {
        let plain = EmailAddress::parse("mike@example.com").unwrap();
        assert_ne!(plain, EmailAddress::parse("mike+x@example.com").unwrap());
        assert_ne!(plain, EmailAddress::parse("mıke@example.com").unwrap());
    }

    #[test]
    fn t_lnk_10_what_is_no_address_is_refused() {
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@b",
            "a@@example.com",
            "a@b@example.com",
            "\"a b\"@example.com",
            "a b@example.com",
            "a\n@example.com",
            "a%0a@example.com",
            "a%0D%0Ab@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a.@example.com",
            "a@example.com.",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@exa mple.com",
            "a@-x-.com",
            "a<b@example.com",
            "a,b@example.com",
            "a\u{202e}b@example.com",
            "a\u{0}@example.com",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    }

    #[test]
    fn t_lnk_10_a_new_address_that_mixes_scripts_is_refused() {
        assert_eq!(EmailAddress::parse_new("pаypal@example.com").unwrap_err(), EmailError::LookAlike);
        assert!(EmailAddress::parse_new("jürgen@example.com").is_ok());
        assert!(EmailAddress::parse_new("dana+test@example.com").is_ok());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(local in "\\PC{1,20}") {
            prop_assert_eq!(fold(&fold(&local)), fold(&local));
        }

        #[test]
        fn whatever_is_accepted_reads_back_as_the_same_address(text in "\\PC{0,30}@[a-zA-Z0-9.-]{1,20}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()).unwrap(), address.clone());
                prop_assert!(!address.as_str().chars().any(char::is_control));
            }
        }
    }
}
