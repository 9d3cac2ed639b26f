//! Owns what the mails about a person's own account at Google or GitHub say.

use orgate_core::personal::PersonalProvider;
use orgate_core::time::Timestamp;

use super::letter::{Letter, foreign};
use super::templates::{code_letter, day_and_time};
use crate::token::SixDigitCode;

/// A mail about an account at Google or GitHub.
#[derive(Debug, Clone)]
pub enum PersonalMail {
    /// The code that proves the address which the provider named (R-LNK-9).
    Code {
        /// The code.
        code: SixDigitCode,
        /// Which provider.
        provider: PersonalProvider,
        /// Whether the address has an account: the code then links to it.
        known: bool,
    },
    /// An account at the provider opens this person's account from now on.
    Linked {
        /// Which provider.
        provider: PersonalProvider,
        /// The address that the provider named.
        account: Option<String>,
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
    /// It does no more.
    Unlinked {
        /// Which provider.
        provider: PersonalProvider,
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
}

impl PersonalMail {
    /// The name for metrics and the outbox; no personal data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Code { .. } => "personal-code",
            Self::Linked { .. } => "personal-linked",
            Self::Unlinked { .. } => "personal-unlinked",
        }
    }

    /// The letter, under the name of the product.
    pub fn letter(&self, product: &str) -> Letter {
        match self {
            Self::Code { code, provider, known } => {
                let provider = provider.words();
                let what = if *known {
                    "The code links that account to yours, so that it opens yours from then on. If it is you, enter it:"
                } else {
                    "If it is you, enter this code to confirm your address:"
                };
                let why = format!("Somebody signs in with an account at {provider} that names this address. {what}");
                code_letter(product, "Your sign-in code", &why, code)
            }
            Self::Linked { provider, account, at, security_url } => {
                linked(product, *provider, account.as_deref(), *at, security_url)
            }
            Self::Unlinked { provider, at, security_url } => unlinked(product, *provider, *at, security_url),
        }
    }
}

fn linked(product: &str, provider: PersonalProvider, account: Option<&str>, at: Timestamp, url: &str) -> Letter {
    let provider = provider.words();
    let account = account.map(|account| format!(" {}", foreign(account))).unwrap_or_default();
    Letter::new(format!("{provider} is linked to your account at {product}"))
        .paragraph(format!(
            "On {} the {provider} account{account} was linked to your account at {product}. Whoever can sign in there can \
             sign in to your account.",
            day_and_time(at)
        ))
        .paragraph("If it was not you, unlink it at once and change your password.")
        .link("Look at your ways to sign in", url)
}

fn unlinked(product: &str, provider: PersonalProvider, at: Timestamp, url: &str) -> Letter {
    let provider = provider.words();
    Letter::new(format!("{provider} is no longer linked to your account at {product}"))
        .paragraph(format!(
            "On {} your {provider} account was unlinked from your account at {product}. It no longer signs you in, and your \
             other sessions have ended.",
            day_and_time(at)
        ))
        .paragraph("If it was not you, change your password at once and look at your other ways to sign in.")
        .link("Look at your ways to sign in", url)
}
