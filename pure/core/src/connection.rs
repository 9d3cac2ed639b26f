//! Owns the states of a connection and of its revisions, and what may be done in which.

use serde::{Deserialize, Serialize};

/// The state of a connection. *Source*: `api.md`, R-SSO-6, R-SSO-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Never activated.
    Draft,
    /// Lets people in.
    Active,
    /// Was active; lets nobody in.
    Disabled,
}

impl ConnectionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Disabled];

    /// The word in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The state of one revision of a connection's settings. *Source*: R-SSO-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisionState {
    /// Being written and tested.
    Draft,
    /// The one that sign-in uses.
    Active,
    /// Replaced.
    Retired,
}

impl RevisionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Retired];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What activation has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Whether the revision passed a complete test sign-in.
    pub validated: bool,
    /// Whether the organization is entitled to SSO (R-ORG-7).
    pub entitled: bool,
    /// Whether this connection is the active one already.
    pub already_active: bool,
}

/// Why a revision cannot be activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationRefusal {
    /// No complete test sign-in through it yet.
    NotValidated,
    /// The organization is not entitled to SSO, and this would be another IdP.
    NotEntitled,
}

impl Activation {
    /// Whether the revision may be activated. Losing the entitlement refuses another IdP, and lets the active one
    /// rotate its secret.
    ///
    /// *Source*: R-SSO-6, R-ORG-7.
    pub const fn decide(self) -> Result<(), ActivationRefusal> {
        if !self.entitled && !self.already_active {
            return Err(ActivationRefusal::NotEntitled);
        }
        if !self.validated {
            return Err(ActivationRefusal::NotValidated);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_org_7_an_active_connection_goes_on_without_the_entitlement() {
        let base = Activation { validated: true, entitled: false, already_active: true };
        assert_eq!(base.decide(), Ok(()));
        assert_eq!(Activation { already_active: false, ..base }.decide(), Err(ActivationRefusal::NotEntitled));
    }

    #[test]
    fn r_sso_6_only_a_validated_revision_is_activated() {
        let refused = Activation { validated: false, entitled: true, already_active: true };
        assert_eq!(refused.decide(), Err(ActivationRefusal::NotValidated));
    }
}
