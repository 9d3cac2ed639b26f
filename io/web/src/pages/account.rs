//! Owns the pages of a person's own account.

use askama::Template;

use super::factors::SecondFactorCard;
use super::parts::initials;
use super::passkeys::PasskeysCard;
use super::personal::LinkedAccount;
use super::{Choice, Field, Frame, Moment};

/// `/account/profile`. *Forms*: POST `/account/profile` with `name`; POST `/account/appearance` with `theme` = `system`,
/// `light` or `dark`.
#[derive(Debug, Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    /// Side bar.
    pub frame: Frame,
    /// Field `name`.
    pub name: Field,
}

impl ProfilePage {
    /// The options of the select `theme`.
    pub fn themes(&self) -> Vec<Choice> {
        Choice::list(
            &[("system", "Same as this device"), ("light", "Light"), ("dark", "Dark")],
            self.frame.site.theme.value(),
        )
    }
}

/// `/account/email-changes/new`. *Forms*: POST `/account/email-changes` with `email`.
#[derive(Debug, Template)]
#[template(path = "account/email_change.html")]
pub struct EmailChangePage {
    /// Side bar.
    pub frame: Frame,
    /// Field `email`.
    pub email: Field,
}

/// An organization that needs the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeededBy {
    /// Its name.
    pub name: String,
    /// Why, and what to do.
    pub why: String,
    /// Where that is done.
    pub url: String,
    /// The words of that link.
    pub act: String,
}

/// `/account/deletion`, while organizations need the person.
#[derive(Debug, Template)]
#[template(path = "account/closing_refused.html")]
pub struct ClosingRefusedPage {
    /// Side bar.
    pub frame: Frame,
    /// Which.
    pub organizations: Vec<NeededBy>,
}

/// `/account/data`. *Links*: `/account/data.json`.
#[derive(Debug, Template)]
#[template(path = "account/own_data.html")]
pub struct OwnDataPage {
    /// Side bar.
    pub frame: Frame,
    /// How many memberships, held or once held.
    pub memberships: u64,
    /// How many roles in projects.
    pub project_roles: u64,
    /// How many sessions.
    pub sessions: u64,
    /// How many links to identity providers.
    pub identities: u64,
    /// How many events.
    pub events: u64,
    /// Whether there are older ones.
    pub has_older_events: bool,
}

/// One browser in which the person is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionCard {
    /// Id of the session.
    pub id: String,
    /// Browser and system: "Firefox on Linux".
    pub device: String,
    /// Network address.
    pub ip: String,
    /// How they signed in, as words: "Password", "SSO of Acme Robotics".
    pub methods: Vec<String>,
    /// When they signed in.
    pub signed_in: Moment,
    /// When it was last used.
    pub last_used: Moment,
    /// Whether it is this browser.
    pub current: bool,
}

/// An IdP's name for the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// Name of the organization.
    pub organization_name: String,
    /// The IdP: "acme.okta.com".
    pub host: String,
    /// When it was linked.
    pub linked: Moment,
}

/// `/account/security`. *Forms*: POST `/account/password` with `current_password` (when there is one) and
/// `new_password`; POST `/account/address-proof` mails the code that proves an unproven address; POST
/// `/account/security/sessions/{id}/removal`. *Links*: `/account/other-sessions/removal`.
#[derive(Debug, Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    /// Side bar.
    pub frame: Frame,
    /// Whether the address is proven.
    pub email_proven: bool,
    /// Whether the person has a password.
    pub has_password: bool,
    /// Whether they come in without it too, so that it may be removed.
    pub may_remove_password: bool,
    /// Field `current_password`; its value is never printed.
    pub current_password: Field,
    /// Field `new_password`; its value is never printed.
    pub new_password: Field,
    /// The shortest password that is accepted; none where the operator offers no passwords, and none can be set (R-IN-1). *Units*:
    /// characters.
    pub minimum_password_length: Option<usize>,
    /// Accounts at Google and GitHub, linked or to be linked.
    pub linked_accounts: Vec<LinkedAccount>,
    /// Passkeys.
    pub passkeys: PasskeysCard,
    /// Two-step verification.
    pub second_factor: SecondFactorCard,
    /// Identities at IdPs.
    pub identities: Vec<LinkedIdentity>,
    /// The sessions, this one first.
    pub sessions: Vec<SessionCard>,
}

/// One organization of the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnOrganization {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// The role, as a word.
    pub role: String,
    /// When the person joined.
    pub joined: Moment,
    /// Why the person cannot leave; nothing when they can.
    pub leave_refused: Option<String>,
}

impl OwnOrganization {
    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// `/account/organizations`. *Links*: `/organizations/{slug}/departure`.
#[derive(Debug, Template)]
#[template(path = "account/organizations.html")]
pub struct AccountOrganizationsPage {
    /// Side bar.
    pub frame: Frame,
    /// The organizations.
    pub items: Vec<OwnOrganization>,
}
