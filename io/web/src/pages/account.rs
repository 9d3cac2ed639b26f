//! Owns the pages of a person's own account.

use askama::Template;

use super::parts::initials;
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
/// `/account/sessions/{id}/removal`. *Links*: `/account/other-sessions/removal`.
#[derive(Debug, Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    /// Side bar.
    pub frame: Frame,
    /// Whether the address is proven.
    pub email_proven: bool,
    /// Whether the person has a password.
    pub has_password: bool,
    /// Field `current_password`; its value is never printed.
    pub current_password: Field,
    /// Field `new_password`; its value is never printed.
    pub new_password: Field,
    /// The shortest password that is accepted. *Units*: characters.
    pub minimum_password_length: usize,
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
