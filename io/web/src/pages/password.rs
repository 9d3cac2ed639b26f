//! Owns the pages of an account with a password: sign-up, a forgotten password, the first organization.

use askama::Template;

use super::personal::Provider;
use super::second_factor::{FactorField, OtherFactor};
use super::{Field, Site};

/// `/sign-up`. *Forms*: POST `/sign-up` with `name`, `email`, `password`.
#[derive(Debug, Template)]
#[template(path = "sign_up/sign_up.html")]
pub struct SignUpPage {
    /// Deployment and theme.
    pub site: Site,
    /// Field `name`.
    pub name: Field,
    /// Field `email`.
    pub email: Field,
    /// Field `password`; its value is never printed.
    pub password: Field,
    /// The shortest password that is accepted. *Units*: characters.
    pub minimum_password_length: usize,
    /// Why the whole form was refused.
    pub problem: Option<String>,
    /// The providers of people's own accounts that are offered.
    pub providers: Vec<Provider>,
    /// Whether the operator offers passwords; without them there is no such form.
    pub password_offered: bool,
}

/// `/forgotten-password`. *Forms*: POST `/forgotten-password` with `email`.
#[derive(Debug, Template)]
#[template(path = "sign_up/forgotten_password.html")]
pub struct ForgottenPasswordPage {
    /// Deployment and theme.
    pub site: Site,
    /// Field `email`.
    pub email: Field,
}

/// The answer to it: the same for everybody (R-IN-5).
#[derive(Debug, Template)]
#[template(path = "sign_up/forgotten_password_mailed.html")]
pub struct ForgottenPasswordMailedPage {
    /// Deployment and theme.
    pub site: Site,
    /// The address as typed.
    pub email: String,
}

/// The second factor of the person's other account, which has the address proven (R-LNK-4).
#[derive(Debug, Clone)]
pub struct ResetFactor {
    /// Which one; never a passkey.
    pub with: FactorField,
    /// Field `code`; its value is never printed.
    pub code: Field,
    /// The others that can be typed.
    pub others: Vec<OtherFactor>,
}

/// `/password-reset/{token}`. *Forms*: POST `/password-reset/{token}` with `password`; with a factor also `method` = `totp`
/// or `recovery-code`, and `code`.
#[derive(Debug, Template)]
#[template(path = "sign_up/password_reset.html")]
pub struct PasswordResetPage {
    /// Deployment and theme.
    pub site: Site,
    /// The token of the link.
    pub token: String,
    /// The address that the link proves.
    pub email: String,
    /// The organizations of the person whose password it is, none to many.
    pub organizations: Vec<String>,
    /// Field `password`.
    pub password: Field,
    /// The shortest password that is accepted. *Units*: characters.
    pub minimum_password_length: usize,
    /// The second factor that is asked for beside it.
    pub factor: Option<ResetFactor>,
}

/// `/organizations/new`, and after sign-up the first one. *Forms*: POST `/organizations` with `name`, `slug`.
#[derive(Debug, Template)]
#[template(path = "sign_up/new_organization.html")]
pub struct NewOrganizationPage {
    /// Deployment and theme.
    pub site: Site,
    /// Whether it is the person's first: other words, no way back.
    pub first: bool,
    /// Field `name`.
    pub name: Field,
    /// Field `slug`; empty means: made from the name.
    pub slug: Field,
    /// What stands before the slug in the login address: `https://sign-in.example.com/sign-in/`.
    pub address_prefix: String,
    /// Why the whole form was refused.
    pub problem: Option<String>,
}

/// What stands under every field for a new password. *Units*: characters.
pub fn length_hint(minimum: usize) -> String {
    format!("At least {minimum} characters. A few words that you can remember are best.")
}
