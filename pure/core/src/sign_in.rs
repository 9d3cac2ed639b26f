//! Owns the dispatcher: what comes next in a sign-in. Steps never call steps; each returns here. It reads nothing.

use crate::id::{OrganizationId, UserId};
use crate::linking::{Linking, LinkingRefusal};
use crate::policy::{Decision, Denial, Question, Requirement, World, decide};
use crate::proof::Proofs;

/// Who started the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Started {
    /// The person, on one of our pages.
    Here,
    /// The IdP's tile, through `initiate_login_uri`: anybody's link can do that, so it asks before it creates or
    /// links a person (R-SSO-8).
    ByTile,
}

/// Where an attempt stands when the dispatcher is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who started it.
    pub started: Started,
    /// Whether the person said yes to being created or linked.
    pub creation_confirmed: bool,
    /// The user of the session that the browser has now.
    pub browser_user: Option<UserId>,
    /// Whether the person said yes to changing from that user to the other.
    pub change_confirmed: bool,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Mail a code to this user's stored address and ask for it.
    ProveAddress(UserId),
    /// Ask whether the person wants to become known here.
    ConfirmCreation,
    /// Name both users and ask whether to change.
    ConfirmChange {
        /// Who the browser is signed in as.
        from: UserId,
        /// Whom the IdP named; `None` when that would be somebody new.
        to: Option<UserId>,
    },
    /// Ask for the second factor.
    SecondFactor,
    /// Make the session.
    Issue,
    /// Name the organizations that require their SSO (R-ENF-3).
    SsoRequired(Vec<OrganizationId>),
    /// No.
    Refuse(LinkingRefusal),
    /// No proof that counts: the connection was replaced or disabled meanwhile.
    NoProof,
}

/// After an IdP spoke: what comes next, before any session is made.
///
/// *Source*: R-SSO-8, section 5. Questions come in the order in which their answers matter: whether it is allowed at
/// all, whether it is the person's address, whether they want it, whether they mean to change users.
pub fn after_linking(linking: &Linking, attempt: &Attempt) -> Option<Next> {
    let (to, creates) = match linking {
        Linking::Refuse(refusal) => return Some(Next::Refuse(*refusal)),
        Linking::Prove { user_id } => {
            // The code is mailed only to who wants it: a tile's link must not make us mail people.
            return Some(if attempt.started == Started::ByTile && !attempt.creation_confirmed {
                Next::ConfirmCreation
            } else {
                Next::ProveAddress(user_id.clone())
            });
        }
        Linking::Existing { user_id } => (Some(user_id), false),
        Linking::Link { user_id } | Linking::Join { user_id, .. } => (Some(user_id), true),
        Linking::Provision { .. } => (None, true),
    };
    if creates && attempt.started == Started::ByTile && !attempt.creation_confirmed {
        return Some(Next::ConfirmCreation);
    }
    match &attempt.browser_user {
        Some(from) if to != Some(from) && !attempt.change_confirmed => {
            Some(Next::ConfirmChange { from: from.clone(), to: to.cloned() })
        }
        Some(_) | None => None,
    }
}

/// With a user and proofs at hand: whether a session is made. Asked in the transaction that would insert it (R-IN-2).
pub fn before_session(world: &World, proofs: &Proofs) -> Next {
    match decide(Question::Entry, world, proofs) {
        Decision::Allow => Next::Issue,
        Decision::Deny(Denial::SsoRequired(organizations)) => Next::SsoRequired(organizations),
        Decision::Require(Requirement::SecondFactor) => Next::SecondFactor,
        Decision::Require(Requirement::Sso | Requirement::Proof)
        | Decision::Deny(Denial::NoProof | Denial::NotAMember) => Next::NoProof,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Identifier;
    use crate::time::Timestamp;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn attempt() -> Attempt {
        Attempt { started: Started::Here, creation_confirmed: false, browser_user: None, change_confirmed: false }
    }

    #[test]
    fn r_sso_8_a_tile_asks_before_it_creates_or_links_a_person() {
        let tile = Attempt { started: Started::ByTile, ..attempt() };
        for linking in [
            Linking::Provision { proven: false },
            Linking::Link { user_id: user(1) },
            Linking::Join { user_id: user(1), bind: true },
            Linking::Prove { user_id: user(1) },
        ] {
            assert_eq!(after_linking(&linking, &tile), Some(Next::ConfirmCreation), "{linking:?}");
        }
        assert_eq!(after_linking(&Linking::Existing { user_id: user(1) }, &tile), None);
        let confirmed = Attempt { creation_confirmed: true, ..tile };
        assert_eq!(after_linking(&Linking::Provision { proven: false }, &confirmed), None);
        assert_eq!(after_linking(&Linking::Prove { user_id: user(1) }, &confirmed), Some(Next::ProveAddress(user(1))));
    }

    #[test]
    fn r_sso_8_a_callback_for_another_user_adds_nothing_to_the_browsers_session() {
        let signed_in = Attempt { browser_user: Some(user(1)), ..attempt() };
        let other = Linking::Existing { user_id: user(2) };
        let asked = Next::ConfirmChange { from: user(1), to: Some(user(2)) };
        assert_eq!(after_linking(&other, &signed_in), Some(asked));
        assert_eq!(after_linking(&Linking::Existing { user_id: user(1) }, &signed_in), None);
        let new = Linking::Provision { proven: false };
        assert_eq!(after_linking(&new, &signed_in), Some(Next::ConfirmChange { from: user(1), to: None }));
        assert_eq!(after_linking(&other, &Attempt { change_confirmed: true, ..signed_in }), None);
    }

    #[test]
    fn a_refusal_comes_before_every_question() {
        let tile = Attempt { started: Started::ByTile, browser_user: Some(user(3)), ..attempt() };
        let refused = Linking::Refuse(LinkingRefusal::MemberLimit);
        assert_eq!(after_linking(&refused, &tile), Some(Next::Refuse(LinkingRefusal::MemberLimit)));
    }
}
