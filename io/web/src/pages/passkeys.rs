//! Owns what pages show of passkeys: a form that the browser's script fills, the card of those that a person has, and the
//! pages on which they are added and named.

use askama::Template;

use super::factors::Before;
use super::{Field, Frame, Hidden, Moment};

/// A form that the script fills: it posts to `challenge`, hands what it is answered to the browser, and sends the form with
/// `ceremony_id` and `credential`. Without the script there are no passkeys, and the form says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyForm {
    /// Answers POST with `{ceremony_id, options}`.
    pub challenge: String,
    /// Where the form posts.
    pub action: String,
    /// Fields that go along.
    pub hidden: Vec<Hidden>,
}

impl PasskeyForm {
    /// At this address, its challenge one step below.
    pub fn at(action: &str) -> Self {
        Self { challenge: format!("{action}/challenge"), action: action.to_owned(), hidden: Vec::new() }
    }

    /// With fields that go along.
    pub fn carrying(self, hidden: Vec<Hidden>) -> Self {
        Self { hidden, ..self }
    }
}

/// One passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Its id.
    pub id: String,
    /// The person's name for it.
    pub name: String,
    /// Since when.
    pub added: Moment,
    /// When it was last used.
    pub used: Option<Moment>,
    /// Whether more than one device keeps it.
    pub synced: bool,
}

/// The card "Passkeys" of `/account/security`. *Links*: `/account/passkeys/new`, `/account/passkeys/{id}` and its
/// `/removal`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PasskeysCard {
    /// Oldest first.
    pub passkeys: Vec<PasskeyRow>,
    /// Whether one can be added: the operator offers them.
    pub offered: bool,
}

/// `/account/passkeys/new`. *Forms*: `form` with `name`; POST `code_action` mails the code; POST `/account/address-proof`.
#[derive(Debug, Template)]
#[template(path = "second_factor/new_passkey.html")]
pub struct NewPasskeyPage {
    /// Side bar.
    pub frame: Frame,
    /// What comes first.
    pub before: Before,
    /// Field `name`.
    pub name: Field,
    /// Why the last one was refused.
    pub problem: Option<String>,
    /// Makes it.
    pub form: PasskeyForm,
    /// Mails the code.
    pub code_action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

/// `/account/passkeys/{id}`. *Forms*: POST the same address with `name`.
#[derive(Debug, Template)]
#[template(path = "second_factor/passkey.html")]
pub struct PasskeyPage {
    /// Side bar.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The name so far.
    pub current_name: String,
    /// Field `name`.
    pub name: Field,
}
