//! Owns which passwords a person may choose (R-IN-3). Pure: a password, the person's own words, a verdict. Composition
//! is never prescribed.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Password;

/// The least that an operator may set. *Units*: code points. *Source*: R-IN-3.
pub const LOWEST_MINIMUM: usize = 8;
/// The default minimum. *Units*: code points. *Source*: R-IN-3.
pub const DEFAULT_MINIMUM: usize = 12;
/// The longest password that is accepted. *Units*: bytes of UTF-8. *Source*: T-PW-1.
pub const MAXIMUM_BYTES: usize = 1_024;

/// Below this many estimated guesses a password, or what is left of it without the person's own words, is too easy.
const FEWEST_GUESSES: u64 = 1_000_000;
/// Own words shorter than this are parts of too many other words.
const SHORTEST_OWN_WORD: usize = 4;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/common-passwords.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// Fewer characters than the minimum.
    TooShort {
        /// The minimum. *Units*: characters.
        minimum: usize,
    },
    /// More than [`MAXIMUM_BYTES`].
    TooLong,
    /// On the list of common passwords.
    Common,
    /// A pattern that is guessed early: repetition, keyboard rows, a common word with digits.
    EasilyGuessed,
    /// Mostly the person's name, address or organization.
    OwnWords,
}

impl PasswordRefusal {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password-too-short",
            Self::TooLong => "password-too-long",
            Self::Common => "password-common",
            Self::EasilyGuessed => "password-easily-guessed",
            Self::OwnWords => "password-own-words",
        }
    }

    /// What to tell the person.
    pub fn text(self) -> String {
        match self {
            Self::TooShort { minimum } => format!("Use at least {minimum} characters. A few unrelated words do well."),
            Self::TooLong => format!("This password is too long: at most {MAXIMUM_BYTES} bytes are accepted."),
            Self::Common => "This is one of the most common passwords. Choose another.".to_owned(),
            Self::EasilyGuessed => {
                "This password is guessed early: it is a common word, a repetition or a row of keys. Add unrelated words."
                    .to_owned()
            }
            Self::OwnWords => {
                "This password is mostly your own name, address or organization. Add unrelated words.".to_owned()
            }
        }
    }
}

/// What the operator asks of passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { minimum: DEFAULT_MINIMUM }
    }
}

impl PasswordPolicy {
    /// A policy with its own minimum. *Units*: code points.
    ///
    /// *Errors*: `None` below [`LOWEST_MINIMUM`] or above 128.
    pub fn new(minimum: usize) -> Option<Self> {
        (LOWEST_MINIMUM..=128).contains(&minimum).then_some(Self { minimum })
    }

    /// The minimum, for the form's hint. *Units*: code points.
    pub const fn minimum(self) -> usize {
        self.minimum
    }

    /// Decides about a new password. `own_words` are texts about the person: name, address, organization.
    ///
    /// *Errors*: the first reason to refuse it.
    pub fn check(self, password: &Password, own_words: &[&str]) -> Result<(), PasswordRefusal> {
        let text = password.reveal();
        if text.len() > MAXIMUM_BYTES {
            return Err(PasswordRefusal::TooLong);
        }
        if text.chars().count() < self.minimum {
            return Err(PasswordRefusal::TooShort { minimum: self.minimum });
        }
        let lower = text.to_lowercase();
        if COMMON.contains(lower.as_str()) {
            return Err(PasswordRefusal::Common);
        }
        if zxcvbn::zxcvbn(text, &[]).guesses() < FEWEST_GUESSES {
            return Err(PasswordRefusal::EasilyGuessed);
        }
        if is_mostly(&lower, own_words) {
            return Err(PasswordRefusal::OwnWords);
        }
        Ok(())
    }
}

/// More than half of it is own words, and the rest would be guessed early by someone who knows them.
fn is_mostly(lower: &str, own_words: &[&str]) -> bool {
    let words = split(own_words);
    let mut rest = lower.to_owned();
    for word in &words {
        rest = rest.replace(word.as_str(), "");
    }
    let (whole, left) = (lower.chars().count(), rest.chars().count());
    if left * 2 >= whole {
        return false;
    }
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    zxcvbn::zxcvbn(&rest, &inputs).guesses() < FEWEST_GUESSES
}

/// The words of all texts in lower case, the longest first, so that a short word does not break a longer one.
fn split(own_words: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = own_words
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= SHORTEST_OWN_WORD)
        .map(str::to_lowercase)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [&str; 3] = ["Alice Anderson", "alice.anderson@northwind.example", "Northwind Traders"];

    fn check(text: &str) -> Result<(), PasswordRefusal> {
        PasswordPolicy::default().check(&Password::from_typed(text), &OWN)
    }

    #[test]
    fn ordinary_good_passwords_pass_without_any_composition_rule() {
        for text in [
            "tall trees whisper",
            "lowercaseonlybutunrelated",
            "velvet-otter-canal-94",
            "Ünrelated wörter hier",
            "alice likes purple submarines",
            "Northwind!q8Zr#vT2",
            "сорок тысяч обезьян",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        let minimum = DEFAULT_MINIMUM;
        assert_eq!(check("x8#qL!2mzT9"), Err(PasswordRefusal::TooShort { minimum }));
        assert_eq!(check("ø8#qL!2mzT9k"), Ok(()));
        let long: String = (0..1_024_u32).map(|n| char::from(b'!' + u8::try_from(n * 37 % 90).unwrap())).collect();
        assert_eq!(check(&long), Ok(()));
        assert_eq!(check(&format!("{long}x")), Err(PasswordRefusal::TooLong));
        assert_eq!(check("tall trees whisper over the river and through the very old woods"), Ok(()));
    }

    #[test]
    fn common_passwords_are_refused_whatever_their_case() {
        for text in ["1qaz2wsx3edc", "CounterStrike", "password1234", "correct horse battery staple"] {
            assert_eq!(check(text), Err(PasswordRefusal::Common), "{text}");
        }
        let eight = PasswordPolicy::new(8).unwrap();
        for text in ["password", "football", "trustno1", "Sunshine"] {
            assert_eq!(eight.check(&Password::from_typed(text), &[]), Err(PasswordRefusal::Common), "{text}");
        }
    }

    #[test]
    fn the_list_holds_more_than_the_top_three_thousand() {
        assert!(COMMON.len() > 3_000);
        assert!(COMMON.iter().all(|word| word.len() >= LOWEST_MINIMUM && *word == word.to_lowercase()));
    }

    #[test]
    fn patterns_are_refused_though_no_list_has_them() {
        for text in ["zzzzzzzzzzzzzzz", "2468246824682468", "mnbvcxzmnbvcxz", "Password!!!!!"] {
            assert_eq!(check(text), Err(PasswordRefusal::EasilyGuessed), "{text}");
        }
    }

    #[test]
    fn only_a_password_that_is_mostly_own_words_is_refused_for_them() {
        for text in ["alice.anderson1990", "NorthwindTraders1", "anderson-northwind", "northwindNorthwind"] {
            assert_eq!(check(text), Err(PasswordRefusal::OwnWords), "{text}");
        }
        assert_eq!(check("anderson-velvet-otter-canal"), Ok(()));
    }

    #[test]
    fn no_operator_can_ask_for_less_than_eight() {
        assert!(PasswordPolicy::new(7).is_none());
        assert_eq!(PasswordPolicy::new(8).map(PasswordPolicy::minimum), Some(8));
    }

    #[test]
    fn every_refusal_says_what_to_do_under_its_own_code() {
        let all = [
            PasswordRefusal::TooShort { minimum: 12 },
            PasswordRefusal::TooLong,
            PasswordRefusal::Common,
            PasswordRefusal::EasilyGuessed,
            PasswordRefusal::OwnWords,
        ];
        let codes: HashSet<_> = all.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all[0].text().contains("12"));
        assert!(all.iter().all(|refusal| refusal.text().ends_with('.')));
    }
}
