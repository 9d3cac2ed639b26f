//! Owns what surrounds a page: the deployment's name and theme, and in the console the side bar.

use super::parts::{Notice, Person, initials};

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the browser asks.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme`, and of the form field `theme`.
    pub fn value(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What every page knows about this deployment and this browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Name of the product whose front door this is.
    pub product: String,
    /// The theme that this browser chose.
    pub theme: Theme,
}

impl Site {
    /// The letter of the mark.
    pub fn initials(&self) -> String {
        self.product.chars().next().into_iter().flat_map(char::to_uppercase).collect()
    }
}

/// Which entry of the side bar the page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// The list of organizations.
    #[default]
    Organizations,
    /// Projects.
    Projects,
    /// Members and invitations.
    Members,
    /// Audit log.
    AuditLog,
    /// Settings > General.
    Settings,
    /// Settings > Single Sign-On.
    SingleSignOn,
    /// Settings > Domains.
    Domains,
    /// Account > Profile.
    Profile,
    /// Account > Sign-in and security.
    Security,
    /// Account > Organizations.
    AccountOrganizations,
}

/// The organization that the page is in, and what its side bar offers this person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationHead {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Whether the person may see the list of members.
    pub shows_members: bool,
    /// Whether the person may read the audit log.
    pub shows_audit_log: bool,
    /// Whether Settings offers Single Sign-On (Owners).
    pub shows_single_sign_on: bool,
    /// Whether Settings offers Domains (Owners).
    pub shows_domains: bool,
}

impl OrganizationHead {
    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// Another organization that the switcher offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherOrganization {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
}

impl OtherOrganization {
    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// A line across the top of every page of an organization that is being deleted.
///
/// *Forms*: POST `/organizations/{slug}/deletion/removal` (undo), when `may_undo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Banner {
    /// When the organization will be gone.
    pub gone_at: super::Moment,
    /// Whether this person may undo the deletion.
    pub may_undo: bool,
}

/// The frame of every console page.
///
/// *Forms*: POST `/sign-out`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Deployment and theme.
    pub site: Site,
    /// The signed-in person.
    pub person: Person,
    /// The organization, or none on the pages of the account and the list of organizations.
    pub organization: Option<OrganizationHead>,
    /// The person's other organizations that may be named here.
    pub others: Vec<OtherOrganization>,
    /// Whether there are organizations that may not be named before the person confirms who they are (R-IN-9).
    pub others_hidden: bool,
    /// Whether the switcher offers to create an organization: the person's account is open. The page says what else keeps them
    /// from it.
    pub may_create: bool,
    /// Where "confirm it is you" leads, when `others_hidden`.
    pub confirm_url: String,
    /// The entry of the side bar to mark.
    pub section: Section,
    /// What the last act did.
    pub notice: Option<Notice>,
    /// The deletion that is under way.
    pub deletion: Option<Banner>,
}

impl Frame {
    /// The slug of the organization, empty outside one; templates build URLs with it.
    pub fn slug(&self) -> &str {
        self.organization.as_ref().map_or("", |organization| organization.slug.as_str())
    }

    /// The name of the organization, empty outside one.
    pub fn organization_name(&self) -> &str {
        self.organization.as_ref().map_or("", |organization| organization.name.as_str())
    }
}
