//! Owns [`SsoRefusal`]: an expected "no" of an IdP or about one, with what was expected against what came. The codes and
//! their texts are in `refusal_code.rs`. It never carries a secret, a code or a token.

pub use crate::refusal_code::SsoRefusalCode;

/// How much of a foreign text is kept. *Units*: characters.
const MAX_TEXT: usize = 200;
/// Shorter texts are no secrets, and stand everywhere. *Units*: bytes.
const MIN_SECRET: usize = 4;
const REMOVED: &str = "[removed]";

/// One refusal. *Source*: R-SSO-9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoRefusal {
    /// What it was.
    pub code: SsoRefusalCode,
    /// What would have been right, for the Owner.
    pub expected: Option<String>,
    /// What came instead, for the Owner; foreign text, cut and without control characters.
    pub received: Option<String>,
}

impl SsoRefusal {
    /// A refusal without particulars.
    pub fn new(code: SsoRefusalCode) -> Self {
        Self { code, expected: None, received: None }
    }

    /// The same with what would have been right.
    pub fn expected(mut self, text: impl AsRef<str>) -> Self {
        self.expected = Some(printable(text.as_ref(), MAX_TEXT));
        self
    }

    /// The same with none of `secrets` in its texts: a provider knows them, and may say them where another thing belongs.
    ///
    /// *Source*: T-SEC-3.
    pub(crate) fn without(mut self, secrets: &[&str]) -> Self {
        self.expected = self.expected.map(|text| without_cut_secrets(&text, secrets));
        self.received = self.received.map(|text| without_cut_secrets(&text, secrets));
        self
    }

    /// The same with what came instead.
    pub fn received(mut self, text: impl AsRef<str>) -> Self {
        self.received = Some(printable(text.as_ref(), MAX_TEXT));
        self
    }
}

impl std::fmt::Display for SsoRefusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code.as_str())?;
        if let Some(expected) = &self.expected {
            write!(formatter, ", expected {expected:?}")?;
        }
        if let Some(received) = &self.received {
            write!(formatter, ", received {received:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SsoRefusal {}

/// Foreign text made fit to print: at most `limit` characters, without control characters and the marks that reverse
/// the direction of writing.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control() && !is_direction_mark(*c)).take(limit).collect()
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Foreign text without any of `secrets`, should the IdP repeat one in its message, and made fit to print before, so that
/// none is whole again afterwards.
pub(crate) fn without_secrets(text: &str, secrets: &[&str]) -> String {
    secrets
        .iter()
        .filter(|secret| secret.len() >= MIN_SECRET)
        .fold(printable(text, usize::MAX), |text, secret| text.replace(secret, REMOVED))
}

/// The same of a text that a refusal has cut already, which can have left the beginning of a secret at its end. It stays as short:
/// what stands for a secret can be longer than that.
fn without_cut_secrets(text: &str, secrets: &[&str]) -> String {
    let clean = without_secrets(text, secrets);
    if text.chars().count() < MAX_TEXT {
        return printable(&clean, MAX_TEXT);
    }
    let beginnings =
        secrets.iter().flat_map(|secret| (MIN_SECRET..secret.len()).filter_map(move |end| secret.get(..end)));
    let longest = beginnings.filter(|beginning| clean.ends_with(*beginning)).max_by_key(|beginning| beginning.len());
    match longest.and_then(|beginning| clean.strip_suffix(beginning)) {
        Some(rest) => printable(rest, MAX_TEXT - REMOVED.len()) + REMOVED,
        None => printable(&clean, MAX_TEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_idp_3_foreign_text_is_cut_and_loses_control_characters() {
        let refusal =
            SsoRefusal::new(SsoRefusalCode::IdpError).received(format!("a\r\n\u{1b}[31m\u{202e}{}", "x".repeat(500)));
        let received = refusal.received.unwrap();
        assert!(received.starts_with("a[31mx"));
        assert_eq!(received.chars().count(), 200);
    }

    #[test]
    fn t_sec_3_a_repeated_secret_is_removed_from_a_message() {
        assert_eq!(without_secrets("bad code abcd1234", &["abcd1234", ""]), "bad code [removed]");
        assert_eq!(without_secrets("bad code abcd\u{7}12\u{202e}34", &["abcd1234"]), "bad code [removed]");
    }

    #[test]
    fn t_sec_3_no_text_of_a_refusal_keeps_a_secret_nor_the_beginning_of_one_where_it_was_cut() {
        let secret = "abcd1234";
        let refusal = |text: &str| SsoRefusal::new(SsoRefusalCode::IdpError).expected(text).received(text);
        for kept in 0..=secret.len() {
            let text = format!("{}{secret}", "x".repeat(MAX_TEXT - kept));
            let clean = refusal(&text).without(&["", secret]);
            for text in [clean.expected.unwrap(), clean.received.unwrap()] {
                // It may be cut again.
                assert_eq!(text.contains("[removed"), kept >= MIN_SECRET, "{kept}: {text}");
                assert!(!text.contains("abcd"), "{kept}: {text}");
                assert!(text.chars().count() <= MAX_TEXT, "{kept}: {text}");
            }
        }
        let often = refusal(&"abcd ".repeat(30)).without(&["abcd"]).received.unwrap();
        assert_eq!((often.chars().count(), often.contains("abcd")), (MAX_TEXT, false));
        let whole = "its name begins like abcd";
        assert_eq!(refusal(whole).without(&[secret]).received.as_deref(), Some(whole), "nothing was cut");
    }

    #[test]
    fn codes_are_stable_kebab_case_and_unique_with_texts_of_their_own() {
        let mut seen = std::collections::BTreeSet::new();
        for code in SsoRefusalCode::ALL {
            let text = code.as_str();
            assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{text}");
            assert!(seen.insert(text), "{text} is there twice");
            assert_eq!(SsoRefusalCode::parse(text), Some(*code));
            assert!(code.for_person().ends_with('.') && code.mend().ends_with('.'), "{text}");
        }
    }
}
