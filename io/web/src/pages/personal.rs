//! Owns the pages of a sign-in through a person's own account at Google or GitHub.

use askama::Template;

use super::{Moment, Person, Site};

/// A provider, as a button names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// Its name: "Google".
    pub name: String,
    /// Its word in addresses: "google".
    pub word: String,
}

/// A provider in the list of linked accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkedAccount {
    /// Which provider.
    pub provider: Provider,
    /// The account there that is linked, if one is.
    pub linked: Option<Linked>,
}

/// An account that is linked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linked {
    /// The address that the provider named last.
    pub email: String,
    /// When it was linked.
    pub at: Moment,
    /// When it last signed the person in.
    pub used: Option<Moment>,
}

/// On the way to the provider: the page goes on by itself, or by its link.
#[derive(Debug, Template)]
#[template(path = "sign_in/personal_leave.html")]
pub struct ProviderLeavePage {
    /// Deployment and theme.
    pub site: Site,
    /// Which provider.
    pub provider: Provider,
    /// Its address with this attempt's values.
    pub url: String,
}

/// `/sign-in/with/attempts/{id}`: the address has an account (R-LNK-9). *Links*: `link_url`. *Forms*: POST `code_action`
/// without fields; POST `cancel_action` with `choice` = `cancel`.
#[derive(Debug, Template)]
#[template(path = "sign_in/personal_account.html")]
pub struct KnownAddressPage {
    /// Deployment and theme.
    pub site: Site,
    /// Which provider.
    pub provider: Provider,
    /// The address that it named.
    pub email: String,
    /// Where the person signs in and links.
    pub link_url: String,
    /// Where a code is asked for.
    pub code_action: String,
    /// Where "Cancel" posts.
    pub cancel_action: String,
}

/// `/sign-in/with/attempts/{id}/link`. *Forms*: POST `action` without fields.
#[derive(Debug, Template)]
#[template(path = "sign_in/personal_link.html")]
pub struct LinkPage {
    /// Deployment and theme.
    pub site: Site,
    /// Which provider.
    pub provider: Provider,
    /// The address that it named; empty if none.
    pub email: String,
    /// Who is signed in.
    pub person: Person,
    /// Where the button posts.
    pub action: String,
}

/// The provider says somebody else than this browser's session does. *Forms*: POST `action` with `choice` = `switch` or
/// `keep`.
#[derive(Debug, Template)]
#[template(path = "sign_in/personal_change.html")]
pub struct OtherPersonPage {
    /// Deployment and theme.
    pub site: Site,
    /// Which provider.
    pub provider: Provider,
    /// Who is signed in.
    pub current: Person,
    /// Who was chosen at the provider.
    pub asserted: Person,
    /// Where both buttons post.
    pub action: String,
}

/// A sign-in through the provider that opened nothing.
#[derive(Debug, Template)]
#[template(path = "sign_in/personal_refused.html")]
pub struct PersonalRefusalPage {
    /// Deployment and theme.
    pub site: Site,
    /// What happened, in a few words.
    pub title: String,
    /// What to do.
    pub advice: String,
    /// The number in the instance's log.
    pub reference: String,
    /// Where the button leads.
    pub back_url: String,
    /// What it says.
    pub back_label: String,
}
