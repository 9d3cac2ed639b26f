//! Owns the pages on which a person sets second factors up and takes them away (R-IN-4).

use askama::Template;

use super::qr::QrDrawing;
use super::{Field, Frame, Moment};

/// The card "Two-step verification" of `/account/security`. *Links*: `/account/totp/new`, `/account/totp/removal`,
/// `/account/recovery-codes/new`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondFactorCard {
    /// Whether there is a second factor.
    pub on: bool,
    /// Since when there is an authenticator app.
    pub authenticator_since: Option<Moment>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
    /// The organizations that require a second factor.
    pub required_by: Vec<String>,
}

impl SecondFactorCard {
    /// Whether it is time for new recovery codes.
    pub fn is_running_out(&self) -> bool {
        self.recovery_codes_left <= 3
    }

    /// "Acme and Borealis ask their members for one."
    pub fn requirement(&self) -> Option<String> {
        match self.required_by.as_slice() {
            [] => None,
            [name] => Some(format!("{name} asks its members for one.")),
            [first @ .., last] => Some(format!("{} and {last} ask their members for one.", first.join(", "))),
        }
    }
}

/// What stands before setting one up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// Nothing: the QR code is next.
    Nothing,
    /// A code that is mailed to this address.
    MailedCode {
        /// The address, mostly hidden.
        address: String,
    },
    /// The address has to be proven.
    AddressProof,
}

impl Before {
    /// The heading of what comes first.
    pub const fn title(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::MailedCode { .. } => Some("First, confirm your address"),
            Self::AddressProof => Some("First, make the address yours"),
        }
    }
}

/// `/account/totp/new`. *Forms*: POST `begin_action`; POST `code_action` mails the code; POST `/account/address-proof`. None
/// has fields.
#[derive(Debug, Template)]
#[template(path = "second_factor/new_totp.html")]
pub struct NewTotpPage {
    /// Side bar.
    pub frame: Frame,
    /// What comes first.
    pub before: Before,
    /// Draws the secret.
    pub begin_action: String,
    /// Mails the code.
    pub code_action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

/// `/account/totp`. *Forms*: POST `action` with `code`; POST `begin_action` for another secret.
#[derive(Debug, Template)]
#[template(path = "second_factor/totp.html")]
pub struct TotpPage {
    /// Side bar.
    pub frame: Frame,
    /// The QR code.
    pub drawing: QrDrawing,
    /// The secret in groups of four.
    pub secret: String,
    /// The same as a link that an app on this device opens.
    pub uri: String,
    /// Name of the product, as the app shows it.
    pub issuer: String,
    /// Field `code`.
    pub code: Field,
    /// Where the code goes.
    pub action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

/// The answer to what made recovery codes: they are shown this once.
#[derive(Debug, Template)]
#[template(path = "second_factor/recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// Side bar.
    pub frame: Frame,
    /// What was just done: "Your authenticator app is set up."
    pub done: String,
    /// The codes.
    pub codes: Vec<String>,
    /// Whether older ones are void now.
    pub replaces: bool,
    /// Where "Continue" leads.
    pub onward_url: String,
    /// What that is called.
    pub onward_label: String,
}

impl RecoveryCodesPage {
    /// The codes as a file, in the address of its link.
    pub fn file(&self) -> String {
        let product = &self.frame.site.product;
        let text = format!(
            "Recovery codes of {} at {product}\nEach serves once, in place of the second factor.\n\n{}\n",
            self.frame.person.email,
            self.codes.join("\n")
        );
        format!("data:text/plain;charset=utf-8;base64,{}", data_encoding::BASE64.encode(text.as_bytes()))
    }
}

/// `/account/second-factor/new?organization={slug}`: an organization requires a second factor and the person has none.
/// *Links*: `totp_url`, `passkey_url`, and the organization's own sign-in.
#[derive(Debug, Template)]
#[template(path = "second_factor/required.html")]
pub struct RequiredFactorPage {
    /// Deployment and theme.
    pub site: super::Site,
    /// Who is signed in.
    pub person: super::Person,
    /// Name of the organization.
    pub organization_name: String,
    /// Sets up an authenticator app.
    pub totp_url: String,
    /// Adds a passkey, where they are offered.
    pub passkey_url: Option<String>,
    /// Where the organization's own SSO begins, if it has one.
    pub sso_url: Option<String>,
}
