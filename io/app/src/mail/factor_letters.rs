//! Owns what the mails about a person's second factors and passkeys say.

use orgate_core::time::Timestamp;

use super::letter::Letter;
use super::templates::{code_letter, day_and_time};
use crate::token::SixDigitCode;

/// What was set up or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// An authenticator app.
    Authenticator,
    /// A passkey.
    Passkey,
}

impl Factor {
    const fn words(self) -> &'static str {
        match self {
            Self::Authenticator => "authenticator app",
            Self::Passkey => "passkey",
        }
    }

    const fn with_article(self) -> &'static str {
        match self {
            Self::Authenticator => "An authenticator app",
            Self::Passkey => "A passkey",
        }
    }
}

/// A mail about somebody's second factors.
#[derive(Debug, Clone)]
pub enum FactorMail {
    /// The code before a first factor is set up (R-IN-4).
    EnrolmentCode {
        /// The code.
        code: SixDigitCode,
    },
    /// A factor was set up.
    Added {
        /// Which.
        factor: Factor,
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
    /// A factor was taken away.
    Removed {
        /// Which.
        factor: Factor,
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
    /// New recovery codes took the place of the old ones.
    RecoveryCodesReplaced {
        /// When.
        at: Timestamp,
        /// Sign-in and security.
        security_url: String,
    },
}

impl FactorMail {
    /// The name for metrics and the outbox; no personal data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EnrolmentCode { .. } => "enrolment-code",
            Self::Added { .. } => "factor-added",
            Self::Removed { .. } => "factor-removed",
            Self::RecoveryCodesReplaced { .. } => "recovery-codes-replaced",
        }
    }

    /// The letter, under the name of the product.
    pub fn letter(&self, product: &str) -> Letter {
        match self {
            Self::EnrolmentCode { code } => {
                let why = "Somebody who is signed in to your account wants to add a second factor to it. If it is you, enter \
                           this code there:";
                code_letter(product, "Your code to add a second factor", why, code)
            }
            Self::Added { factor, at, security_url } => added(product, *factor, *at, security_url),
            Self::Removed { factor, at, security_url } => removed(product, *factor, *at, security_url),
            Self::RecoveryCodesReplaced { at, security_url } => replaced(product, *at, security_url),
        }
    }
}

const NOT_YOU: &str =
    "If it was not you, somebody else is in your account: set a new password and look at your ways to sign in at once.";

fn added(product: &str, factor: Factor, at: Timestamp, url: &str) -> Letter {
    let (words, when) = (factor.words(), day_and_time(at));
    let asked = match factor {
        Factor::Authenticator => {
            "From now on a code of it is asked for when you sign in without your organization's SSO."
        }
        Factor::Passkey => "It signs you in by itself, and serves as your second factor.",
    };
    Letter::new(format!("New {words} at {product}"))
        .paragraph(format!(
            "{} was added to your account at {product} on {when}. {asked} Other sessions have ended.",
            factor.with_article()
        ))
        .paragraph(NOT_YOU)
        .link("Look at your ways to sign in", url)
}

fn removed(product: &str, factor: Factor, at: Timestamp, url: &str) -> Letter {
    let (words, when) = (factor.words(), day_and_time(at));
    Letter::new(format!("Your {words} at {product} was removed"))
        .paragraph(format!(
            "{} was removed from your account at {product} on {when}. It no longer serves when you sign in. Other sessions \
             have ended.",
            factor.with_article()
        ))
        .paragraph(NOT_YOU)
        .link("Look at your ways to sign in", url)
}

fn replaced(product: &str, at: Timestamp, url: &str) -> Letter {
    Letter::new(format!("New recovery codes at {product}"))
        .paragraph(format!(
            "New recovery codes were made for your account at {product} on {}. The old ones no longer serve: throw them away.",
            day_and_time(at)
        ))
        .paragraph(NOT_YOU)
        .link("Look at your ways to sign in", url)
}
