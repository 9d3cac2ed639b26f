//! Owns the list of a person's organizations.

use askama::Template;

use super::parts::initials;
use super::{Badge, Frame, Tone};

/// What opens an organization to this session (R-LNK-6, R-IN-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// It is open.
    #[default]
    Open,
    /// Its own SSO is missing.
    NeedsSso,
    /// A proof is missing.
    NeedsProof,
    /// The second factor is missing.
    NeedsSecondFactor,
}

impl Access {
    /// What the list says.
    pub fn badge(self) -> Badge {
        match self {
            Self::Open => Badge::new("Open", Tone::Success),
            Self::NeedsSso => Badge::new("Needs its SSO", Tone::Accent),
            Self::NeedsProof => Badge::new("Confirm it is you", Tone::Warning),
            Self::NeedsSecondFactor => Badge::new("Needs a second factor", Tone::Warning),
        }
    }
}

/// One organization of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// The person's role, as a word: "Owner".
    pub role: String,
    /// What opens it.
    pub access: Access,
    /// Where a click leads: into it, or to what is missing.
    pub url: String,
    /// Whether it is being deleted.
    pub being_deleted: bool,
}

impl OrganizationRow {
    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// `/organizations`. The frame has no organization and section `Organizations`; `frame.others_hidden` adds the line
/// "Other organizations: confirm it is you".
#[derive(Debug, Template)]
#[template(path = "organizations/organizations.html")]
pub struct OrganizationsPage {
    /// Side bar.
    pub frame: Frame,
    /// The organizations that may be named.
    pub items: Vec<OrganizationRow>,
    /// Whether the person may create one.
    pub may_create: bool,
}
