//! Owns the roles: two in an organization, three in a project. What a role may do stands in [`crate::permission`].

use serde::{Deserialize, Serialize};

/// A user's role in an organization. *Source*: R-ORG-3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRole {
    /// Sees the organization and its own profile, and the projects it has a grant in.
    Member,
    /// May do everything; `admin` in every project.
    Owner,
}

impl OrganizationRole {
    /// Every role, weakest first.
    pub const ALL: [Self; 2] = [Self::Member, Self::Owner];

    /// The word in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A user's role in one project. *Source*: R-ORG-3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectRole {
    /// Looks.
    ReadOnly,
    /// Looks and changes.
    ReadWrite,
    /// Looks, changes, and decides who else may.
    Admin,
}

impl ProjectRole {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::ReadWrite, Self::Admin];

    /// The word in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::ReadWrite => "read_write",
            Self::ReadOnly => "read_only",
        }
    }

    /// The words a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::ReadWrite => "Read and write",
            Self::ReadOnly => "Read only",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl OrganizationRole {
    /// The words a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Member => "Member",
        }
    }
}
