//! Owns [`Sid`]: an IdP's name for one of its sessions.

use serde::{Deserialize, Serialize};

/// An IdP's name for one session of a person there, as OpenID Connect calls it; compared byte for byte. *Source*: T-LO-2.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sid(String);

impl Sid {
    /// Accepts 1 to 255 printable ASCII characters, unchanged.
    ///
    /// *Errors*: `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as the IdP wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_lo_2_a_sessions_name_is_kept_as_it_is_or_refused() {
        for name in ["a", " 08a5019c-17e1-4977-8f42-65a12843ea02 ", &"x".repeat(255)] {
            assert_eq!(Sid::parse(name).as_ref().map(Sid::as_str), Some(name));
        }
        for name in ["", "ünal", "a\n", &"x".repeat(256)] {
            assert_eq!(Sid::parse(name), None, "{name:?}");
        }
    }
}
