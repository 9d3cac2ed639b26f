//! Owns the page that asks for a second factor: in a sign-in, and in a session (R-IN-4).

use askama::Template;

use super::passkeys::PasskeyForm;
use super::{Field, Hidden, Site};

/// Which factor the form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorField {
    /// A passkey.
    Passkey(PasskeyForm),
    /// The code of an authenticator app.
    Authenticator,
    /// A recovery code.
    RecoveryCode,
}

/// Another factor that the person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherFactor {
    /// "Use a recovery code".
    pub label: &'static str,
    /// Where it leads; none where what was typed already goes along, and the form itself shows the other one.
    pub url: Option<String>,
    /// The method in its own word.
    pub method: &'static str,
}

/// `/sign-in/second-factor/{id}`, and `/account/proof` when the factor is what is missing. *Forms*: POST `action` with
/// `method` = `totp` or `recovery-code`, `code`, and `hidden`; a passkey's posts as [`PasskeyForm`] says.
#[derive(Debug, Template)]
#[template(path = "sign_in/second_factor.html")]
pub struct SecondFactorPage {
    /// Deployment and theme.
    pub site: Site,
    /// Why it is asked for, as a sentence.
    pub reason: String,
    /// What the person sent before and has to send again, as a sentence.
    pub unsaved: Option<String>,
    /// Which one.
    pub with: FactorField,
    /// Field `code`; its value is never printed.
    pub code: Field,
    /// The others that the person has.
    pub others: Vec<OtherFactor>,
    /// Where the form posts.
    pub action: String,
    /// Fields that go along.
    pub hidden: Vec<Hidden>,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}
