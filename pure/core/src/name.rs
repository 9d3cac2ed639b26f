//! Owns the names that people type: of a person, an organization, a project, and the slug of an address.

/// Why a name is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Nothing but white space.
    Empty,
    /// Longer than [`LONGEST_NAME`].
    TooLong,
    /// Characters that do not print, or that turn the direction of text.
    Unprintable,
    /// A slug has 2 to 48 of `a-z`, `0-9` and single inner dashes.
    NotASlug,
    /// A slug that our own addresses need.
    Reserved,
}

/// *Units*: characters.
pub const LONGEST_NAME: usize = 100;

/// A name that a person reads: of a user, an organization, a project, a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Trims, and folds white space into single spaces.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.chars().any(is_unprintable) {
            return Err(NameError::Unprintable);
        }
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match folded.chars().count() {
            0 => Err(NameError::Empty),
            1..=LONGEST_NAME => Ok(Self(folded)),
            _ => Err(NameError::TooLong),
        }
    }

    /// A name made of whatever an IdP sent: unprintable characters dropped, cut at [`LONGEST_NAME`]. `None` when
    /// nothing is left. *Source*: T-IDP-3, T-IDP-4.
    pub fn from_untrusted(text: &str) -> Option<Self> {
        let printable: String = text.chars().take(1_000).filter(|c| !is_unprintable(*c)).collect();
        let folded = printable.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = folded.chars().take(LONGEST_NAME).collect();
        let cut = cut.trim_end().to_owned();
        (!cut.is_empty()).then_some(Self(cut))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The short name in an address: `/organizations/<slug>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slug(String);

const RESERVED: [&str; 18] = [
    "new",
    "sso",
    "api",
    "account",
    "settings",
    "sign-in",
    "sign-up",
    "sign-out",
    "admin",
    "organizations",
    "static",
    "check",
    "metrics",
    "attempts",
    "blocked",
    "passkey",
    "second-factor",
    "with",
];

impl Slug {
    /// Reads a slug exactly.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let shape = (2..=48).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if !shape {
            return Err(NameError::NotASlug);
        }
        if RESERVED.contains(&text) {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// Suggests a slug for a name; `suffix` sets it apart when the plain one is taken.
    pub fn suggest(name: &str, suffix: Option<u32>) -> Self {
        let mut plain = String::new();
        for c in name.to_lowercase().chars().take(80) {
            if c.is_ascii_alphanumeric() {
                plain.push(c);
            } else if !plain.ends_with('-') && !plain.is_empty() {
                plain.push('-');
            }
        }
        plain.truncate(40);
        let plain = plain.trim_matches('-');
        let stem =
            if plain.len() < 2 || RESERVED.contains(&plain) { format!("team-{plain}") } else { plain.to_owned() };
        let stem = stem.trim_matches('-');
        Self(suffix.map_or_else(|| stem.to_owned(), |number| format!("{stem}-{number}")))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_trimmed_and_must_print() {
        assert_eq!(Name::parse("  Acme   Robotics ").unwrap().as_str(), "Acme Robotics");
        assert_eq!(Name::parse(" ").unwrap_err(), NameError::Empty);
        assert_eq!(Name::parse("a\u{202e}b").unwrap_err(), NameError::Unprintable);
        assert_eq!(Name::parse(&"x".repeat(101)).unwrap_err(), NameError::TooLong);
    }

    #[test]
    fn t_idp_4_an_endless_name_of_an_idp_is_cut() {
        assert_eq!(Name::from_untrusted(&"n".repeat(10_000)).unwrap().as_str().len(), LONGEST_NAME);
        assert_eq!(Name::from_untrusted("\u{1b}[31mred\n").unwrap().as_str(), "[31mred");
        assert_eq!(Name::from_untrusted("\n\t"), None);
    }

    #[test]
    fn a_slug_that_our_own_addresses_need_is_reserved() {
        assert_eq!(Slug::parse("sso").unwrap_err(), NameError::Reserved);
        assert_eq!(Slug::parse("Acme").unwrap_err(), NameError::NotASlug);
        assert_eq!(Slug::suggest("SSO", None).as_str(), "team-sso");
        assert_eq!(Slug::suggest("Acme Robotics GmbH & Co.", Some(2)).as_str(), "acme-robotics-gmbh-co-2");
    }

    proptest! {
        #[test]
        fn every_suggestion_is_a_slug(name in "\\PC{0,60}", number in 2_u32..100) {
            prop_assert!(Slug::parse(Slug::suggest(&name, Some(number)).as_str()).is_ok());
            prop_assert!(Slug::parse(Slug::suggest(&name, None).as_str()).is_ok());
        }
    }
}
