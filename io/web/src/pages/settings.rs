//! Owns Settings > General.

use askama::Template;

use super::{Field, Frame};

/// `/organizations/{slug}/settings`. *Forms*: POST the same URL with `name`. *Links*: `/organizations/{slug}/departure`
/// (leave), `/organizations/{slug}/deletion`, `/organizations/{slug}/settings/second-factor`.
#[derive(Debug, Template)]
#[template(path = "settings/general.html")]
pub struct GeneralSettingsPage {
    /// Side bar.
    pub frame: Frame,
    /// Id of the organization.
    pub id: String,
    /// Field `name`.
    pub name: Field,
    /// The login address to hand out: `https://sign-in.example.com/sign-in/acme`.
    pub login_address: String,
    /// Whether the plan includes single sign-on (R-ORG-7).
    pub sso_entitled: bool,
    /// Whether members need a second factor.
    pub mfa_required: bool,
    /// Whether SSO is enforced, so that second factors are the identity provider's matter.
    pub sso_enforced: bool,
    /// The reader's role, as a word.
    pub role: String,
    /// Whether the reader may rename and delete (Owners).
    pub may_manage: bool,
    /// Why the reader cannot leave, as a sentence: they are the last Owner.
    pub leave_refused: Option<String>,
}
