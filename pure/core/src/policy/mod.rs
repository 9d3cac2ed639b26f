//! Owns the one [`decide`]: what a person with these proofs may open, in this world, at this moment. One file a rule;
//! nothing else in the program knows who is exempt or what reaches where.

mod account;
mod enforcement;
mod entry;
mod organization;
mod past;
mod proofs;
mod session;
mod telling;

pub use enforcement::{Enforcement, enforcing, is_break_glass, is_exempt};
pub use past::{Change, MOST_CHANGES, Past, PolicyEpoch};
pub use proofs::{counting, counts};
pub use telling::may_be_told;

use std::time::Duration;

use crate::id::OrganizationId;
use crate::proof::Proofs;
use crate::role::OrganizationRole;
use crate::time::Timestamp;

/// Whose address a person's address is. *Source*: R-ORG-1, R-LNK-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressState {
    /// Proven: it is this person's everywhere.
    Proven,
    /// Unproven: it names this person in one organization only.
    LocalTo(OrganizationId),
    /// Unproven since its domain passed to another organization (R-LNK-7): it names this person nowhere but where they are
    /// a member already.
    Unproven,
}

/// What policy knows of one organization that the person is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which organization.
    pub organization_id: OrganizationId,
    /// The person's role in it.
    pub role: OrganizationRole,
    /// The terms on which it lets its members in.
    pub enforcement: Enforcement,
    /// What the terms were before.
    pub past: Past,
    /// Members need a second factor (R-IN-4).
    pub mfa_required: bool,
    /// The person's proofs from before this moment do not open it (R-IN-7).
    pub proofs_not_before: Timestamp,
    /// It holds the domain of the address that is stored and proven on the person, so what its connection proves reaches
    /// further than itself (R-LNK-6).
    pub vouches: bool,
}

/// What policy knows of a person: who they are and the active memberships of their own making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Whose address theirs is.
    pub address: AddressState,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// Where they are a member.
    pub places: Vec<Place>,
}

impl World {
    /// Their place in one organization.
    pub fn place(&self, organization_id: &OrganizationId) -> Option<&Place> {
        self.places.iter().find(|place| place.organization_id == *organization_id)
    }

    /// The same world if one organization had these terms.
    #[must_use]
    pub fn under(&self, organization_id: &OrganizationId, enforcement: &Enforcement) -> Self {
        let mut world = self.clone();
        world.put_under(organization_id, enforcement);
        world
    }

    fn put_under(&mut self, organization_id: &OrganizationId, enforcement: &Enforcement) {
        for place in &mut self.places {
            if place.organization_id == *organization_id {
                place.enforcement = enforcement.clone();
            }
        }
    }
}

/// What is to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question<'a> {
    /// A session at all, to keep one (R-ENF-4).
    Session,
    /// A new session, which a second factor that the person has is asked for (R-ENF-4, R-IN-4, R-ENF-8).
    Entry,
    /// One organization (R-ENF-4, R-LNK-6).
    Organization(&'a OrganizationId),
    /// The person's own account (R-IN-9).
    Account,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// Not yet: this is missing.
    Require(Requirement),
    /// No.
    Deny(Denial),
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// The organization's own SSO.
    Sso,
    /// A personal method, or a mailed code on top of an SSO proof.
    Proof,
    /// A second factor.
    SecondFactor,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// No proof that counts.
    NoProof,
    /// These organizations require their SSO, and the person is not exempt (R-ENF-3).
    SsoRequired(Vec<OrganizationId>),
    /// Not a member there.
    NotAMember,
}

/// Proofs are recent for this long. *Units*: 15 minutes. *Source*: R-IN-8.
pub const RECENT: Duration = Duration::from_secs(15 * 60);

/// Decides: the only place where policy is decided.
///
/// *Source*: R-IN-2, R-IN-9, R-LNK-6, R-ENF-1, R-ENF-4.
pub fn decide(question: Question<'_>, world: &World, proofs: &Proofs) -> Decision {
    match session::decide(world, proofs) {
        Decision::Allow => {}
        refused @ (Decision::Require(_) | Decision::Deny(_)) => return refused,
    }
    let counting = counting(world, proofs);
    match question {
        Question::Session => Decision::Allow,
        Question::Entry => entry::decide(world, counting),
        Question::Organization(id) => world
            .place(id)
            .map_or(Decision::Deny(Denial::NotAMember), |place| organization::decide(world, place, counting)),
        Question::Account => account::decide(world, counting),
    }
}

/// Decides whether a session that began when `began` changes had been counted is alive: it passes the first gate today,
/// and has passed it after every change since.
///
/// *Source*: R-ENF-4, R-ENF-6, R-ENF-7, I7.
pub fn decide_life(world: &World, proofs: &Proofs, began: PolicyEpoch) -> Decision {
    match session::decide(world, proofs) {
        Decision::Allow => past::decide(world, proofs, began),
        refused @ (Decision::Require(_) | Decision::Deny(_)) => refused,
    }
}

/// Decides on recent proofs alone: what far-reaching acts need.
///
/// *Source*: R-IN-8. The proofs that open the thing, each made at most [`RECENT`] ago; an SSO proof is as old as the
/// `auth_time` that a request with `max_age=0` brought, and never recent without.
pub fn decide_recent(question: Question<'_>, world: &World, proofs: &Proofs, now: Timestamp) -> Decision {
    let recent = proofs.filter(|proof| proof.recent_at().is_some_and(|at| now.since(at) <= RECENT));
    decide(question, world, &recent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, Identifier};
    use crate::proof::Proof;

    const NOW: Timestamp = Timestamp::from_millis(100_000_000);

    pub(super) fn organization(number: u8) -> OrganizationId {
        OrganizationId::new(Timestamp::from_millis(1), [number; 10])
    }

    pub(super) fn connection(number: u8) -> ConnectionId {
        ConnectionId::new(Timestamp::from_millis(1), [number; 10])
    }

    pub(super) fn place(number: u8, role: OrganizationRole, enforced: bool) -> Place {
        Place {
            organization_id: organization(number),
            role,
            enforcement: Enforcement {
                enforced,
                owner_exemption: true,
                owner_second_factor: false,
                connection: Some((connection(number), Timestamp::from_millis(0))),
            },
            past: Past::default(),
            mfa_required: false,
            proofs_not_before: Timestamp::from_millis(0),
            vouches: false,
        }
    }

    pub(super) fn world(places: Vec<Place>) -> World {
        World { address: AddressState::Proven, has_second_factor: false, places }
    }

    fn sso(number: u8) -> Proof {
        Proof::Sso {
            connection_id: connection(number),
            organization_id: organization(number),
            at: NOW,
            authenticated_at: None,
            holds_until: None,
        }
    }

    const PASSWORD: Proof = Proof::Password { at: NOW };
    const CODE: Proof = Proof::MailedCode { at: NOW };

    #[test]
    fn r_lnk_6_a_proof_by_one_organizations_idp_opens_no_other() {
        let world = world(vec![place(1, OrganizationRole::Owner, false), place(2, OrganizationRole::Owner, false)]);
        let proofs = Proofs::of(sso(1));
        assert_eq!(decide(Question::Organization(&organization(1)), &world, &proofs), Decision::Allow);
        assert_eq!(
            decide(Question::Organization(&organization(2)), &world, &proofs),
            Decision::Require(Requirement::Proof)
        );
    }

    #[test]
    fn r_lnk_6_a_mailed_code_opens_the_others_only_on_top_of_an_sso_proof() {
        let world = world(vec![place(1, OrganizationRole::Member, false), place(2, OrganizationRole::Member, false)]);
        let both = Proofs::of(sso(1)).with(CODE);
        assert_eq!(decide(Question::Organization(&organization(2)), &world, &both), Decision::Allow);
        assert_eq!(decide(Question::Session, &world, &Proofs::of(CODE)), Decision::Deny(Denial::NoProof));
    }

    #[test]
    fn r_lnk_6_r_lnk_7_a_mailed_code_serves_a_proven_address_only() {
        let mut world =
            world(vec![place(1, OrganizationRole::Member, false), place(2, OrganizationRole::Member, false)]);
        let both = Proofs::of(sso(1)).with(CODE);
        let (own, other) = (organization(1), organization(2));
        let missing = Decision::Require(Requirement::Proof);
        for (address, decision) in [
            (AddressState::Proven, Decision::Allow),
            (AddressState::LocalTo(organization(1)), missing.clone()),
            (AddressState::Unproven, missing),
        ] {
            world.address = address;
            for question in [Question::Organization(&other), Question::Account] {
                assert_eq!(decide(question, &world, &both), decision, "{question:?}: {:?}", world.address);
            }
            assert_eq!(decide(Question::Organization(&own), &world, &both), Decision::Allow);
        }
    }

    #[test]
    fn r_in_9_an_sso_proof_alone_does_not_open_the_account() {
        let mut world = world(vec![place(1, OrganizationRole::Member, false)]);
        assert_eq!(decide(Question::Account, &world, &Proofs::of(sso(1))), Decision::Require(Requirement::Proof));
        assert_eq!(decide(Question::Account, &world, &Proofs::of(sso(1)).with(CODE)), Decision::Allow);
        assert_eq!(decide(Question::Account, &world, &Proofs::of(PASSWORD)), Decision::Allow);
        world.address = AddressState::LocalTo(organization(1));
        assert_eq!(
            decide(Question::Account, &world, &Proofs::of(sso(1)).with(CODE)),
            Decision::Require(Requirement::Proof),
            "an unproven address proves nothing"
        );
    }

    #[test]
    fn r_in_8_a_proof_is_recent_for_fifteen_minutes() {
        let proofs = Proofs::of(PASSWORD);
        let world = world(vec![place(1, OrganizationRole::Owner, false)]);
        let asked = |minutes: u64| {
            decide_recent(Question::Account, &world, &proofs, NOW.plus(Duration::from_secs(60 * minutes)))
        };
        assert_eq!(asked(15), Decision::Allow);
        assert_eq!(asked(16), Decision::Deny(Denial::NoProof));
    }

    #[test]
    fn r_sso_7_a_disabled_or_replaced_connection_takes_its_proofs_along() {
        let mut world = world(vec![place(1, OrganizationRole::Member, false)]);
        for connection in
            [None, Some((connection(9), Timestamp::from_millis(0))), Some((connection(1), NOW.plus(RECENT)))]
        {
            world.places[0].enforcement.connection = connection;
            assert_eq!(decide(Question::Session, &world, &Proofs::of(sso(1))), Decision::Deny(Denial::NoProof));
        }
    }

    #[test]
    fn r_org_6_a_removed_members_sso_proof_keeps_no_session() {
        assert_eq!(decide(Question::Session, &world(vec![]), &Proofs::of(sso(1))), Decision::Deny(Denial::NoProof));
    }

    #[test]
    fn r_in_7_proofs_from_before_an_owners_cut_do_not_open_the_organization() {
        let mut world = world(vec![place(1, OrganizationRole::Member, false)]);
        world.places[0].proofs_not_before = NOW.plus(RECENT);
        let question = Question::Organization(&world.places[0].organization_id);
        assert_eq!(decide(question, &world, &Proofs::of(PASSWORD)), Decision::Require(Requirement::Proof));
        assert_eq!(decide(question, &world, &Proofs::of(sso(1))), Decision::Require(Requirement::Proof));
    }

    #[test]
    fn r_enf_4_an_enforcing_organization_opens_to_its_own_idp_or_to_an_owner_it_exempts() {
        let bound = world(vec![place(1, OrganizationRole::Member, true), place(2, OrganizationRole::Member, false)]);
        assert_eq!(
            decide(Question::Session, &bound, &Proofs::of(PASSWORD)),
            Decision::Deny(Denial::SsoRequired(vec![organization(1)]))
        );
        assert_eq!(
            decide(Question::Organization(&organization(1)), &bound, &Proofs::of(sso(2))),
            Decision::Require(Requirement::Sso)
        );
        assert_eq!(decide(Question::Organization(&organization(1)), &bound, &Proofs::of(sso(1))), Decision::Allow);
        let owner = world(vec![place(1, OrganizationRole::Owner, true)]);
        assert_eq!(decide(Question::Organization(&organization(1)), &owner, &Proofs::of(PASSWORD)), Decision::Allow);
    }

    #[test]
    fn r_in_8_an_sso_proof_is_recent_only_by_the_auth_time_that_max_age_brought() {
        let world = world(vec![place(1, OrganizationRole::Owner, false)]);
        let question = Question::Organization(&world.places[0].organization_id);
        assert_eq!(decide_recent(question, &world, &Proofs::of(sso(1)), NOW), Decision::Deny(Denial::NoProof));
        let asked = |authenticated_at| Proof::Sso {
            connection_id: connection(1),
            organization_id: organization(1),
            at: NOW,
            authenticated_at: Some(authenticated_at),
            holds_until: None,
        };
        assert_eq!(decide_recent(question, &world, &Proofs::of(asked(NOW)), NOW), Decision::Allow);
        let old = asked(NOW.minus(RECENT).minus(Duration::from_millis(1)));
        assert_eq!(decide_recent(question, &world, &Proofs::of(old), NOW), Decision::Deny(Denial::NoProof));
        assert_eq!(decide_recent(question, &world, &Proofs::of(PASSWORD), NOW.plus(RECENT)), Decision::Allow);
    }

    #[test]
    fn r_in_4_sso_answers_for_the_second_factor_only_where_it_was_made() {
        let mut world =
            world(vec![place(1, OrganizationRole::Member, false), place(2, OrganizationRole::Member, false)]);
        world.has_second_factor = true;
        let proofs = Proofs::of(sso(1)).with(CODE);
        assert_eq!(decide(Question::Organization(&organization(1)), &world, &proofs), Decision::Allow);
        assert_eq!(
            decide(Question::Organization(&organization(2)), &world, &proofs),
            Decision::Require(Requirement::SecondFactor)
        );
        let factor = proofs.with(Proof::Totp { at: NOW });
        assert_eq!(decide(Question::Organization(&organization(2)), &world, &factor), Decision::Allow);
    }

    #[test]
    fn r_in_4_r_enf_8_a_second_factor_that_a_person_has_is_asked_for_before_a_session_is_made() {
        let mut world = world(vec![place(1, OrganizationRole::Owner, true)]);
        let password = Proofs::of(PASSWORD);
        assert_eq!(decide(Question::Entry, &world, &password), Decision::Allow);
        world.has_second_factor = true;
        let missing = Decision::Require(Requirement::SecondFactor);
        assert_eq!(decide(Question::Entry, &world, &password), missing);
        assert_eq!(decide(Question::Session, &world, &password), Decision::Allow, "what there is stays");
        for factor in [Proof::Totp { at: NOW }, Proof::RecoveryCode { at: NOW }, Proof::Passkey { at: NOW }] {
            assert_eq!(decide(Question::Entry, &world, &password.with(factor.clone())), Decision::Allow, "{factor:?}");
        }
        assert_eq!(decide(Question::Entry, &world, &Proofs::of(Proof::Passkey { at: NOW })), Decision::Allow);
        for first in [Proof::Google { at: NOW }, Proof::GitHub { at: NOW }] {
            assert_eq!(decide(Question::Entry, &world, &Proofs::of(first)), missing);
        }
        assert_eq!(decide(Question::Entry, &world, &Proofs::of(sso(1))), Decision::Allow);
    }

    #[test]
    fn r_in_4_a_second_factor_that_was_removed_answers_for_nothing() {
        let mut world = world(vec![place(1, OrganizationRole::Member, false)]);
        world.places[0].mfa_required = true;
        let proofs = Proofs::of(PASSWORD).with(Proof::Totp { at: NOW });
        let question = Question::Organization(&world.places[0].organization_id);
        assert_eq!(decide(question, &world, &proofs), Decision::Require(Requirement::SecondFactor));
        let has = World { has_second_factor: true, ..world.clone() };
        assert_eq!(decide(question, &has, &proofs), Decision::Allow);
    }
}
