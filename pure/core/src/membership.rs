//! Owns the state of a user's place in one organization.

use serde::{Deserialize, Serialize};

/// Whether the place is held. *Source*: R-ORG-6, R-LNK-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipState {
    /// A member.
    Active,
    /// Removed by an Owner: no rule lets them in until an Owner re-admits or invites them.
    Removed,
    /// Gone by own act.
    Left,
    /// Removed once; an Owner lifted the refusal, which grants nothing.
    Readmitted,
}

impl MembershipState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Removed, Self::Left, Self::Readmitted];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Removed => "removed",
            Self::Left => "left",
            Self::Readmitted => "readmitted",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How a person came; each is an act of their own, so each counts for `enforcing(u)` (section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipOrigin {
    /// Created the organization.
    Created,
    /// Accepted an invitation.
    Invitation,
    /// Signed in through the organization's connection.
    Sso,
}

impl MembershipOrigin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Created, Self::Invitation, Self::Sso];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Invitation => "invitation",
            Self::Sso => "sso",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}

/// Whether taking one Owner away (demoting, removing, leaving, closing) would leave the organization without any.
///
/// *Source*: R-ORG-5, T-ORG-1. `owners` is counted in the transaction that takes the Owner away.
pub const fn is_last_owner(owners: u64) -> bool {
    owners <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_origins_are_read_as_they_are_written() {
        let states = MembershipState::ALL.map(MembershipState::as_str);
        assert_eq!(states, ["active", "removed", "left", "readmitted"]);
        let origins = MembershipOrigin::ALL.map(MembershipOrigin::as_str);
        assert_eq!(origins, ["created", "invitation", "sso"]);
        for state in MembershipState::ALL {
            assert_eq!(MembershipState::parse(state.as_str()), Some(state));
        }
        for origin in MembershipOrigin::ALL {
            assert_eq!(MembershipOrigin::parse(origin.as_str()), Some(origin));
        }
        assert_eq!((MembershipState::parse(""), MembershipOrigin::parse("xyzzy")), (None, None));
    }

    #[test]
    fn r_org_5_the_last_owner_is_the_only_one() {
        assert_eq!([0, 1, 2].map(is_last_owner), [true, true, false]);
    }
}
