//! Owns of which organizations a session is told how it stands with them. *Source*: R-IN-9, R-ORG-6.

use super::{Decision, Question, Requirement, World, counting, decide};
use crate::id::OrganizationId;
use crate::proof::{Proof, Proofs};

/// Whether a session with these proofs is told why this organization is not open to it; `None` is one that the person is
/// no member of, or that there is not.
///
/// *Source*: R-IN-9, R-ORG-6. Proofs that reach no account are the word of one organization's identity provider: it
/// learns of its own organization, and of no other whether its person is in it.
pub fn may_be_told(world: &World, proofs: &Proofs, organization_id: Option<&OrganizationId>) -> bool {
    let is_its_own =
        |id: &OrganizationId| counting(world, proofs).filter_map(Proof::organization_id).any(|own| own == id);
    decide(Question::Account, world, proofs) != Decision::Require(Requirement::Proof)
        || organization_id.is_some_and(is_its_own)
}

#[cfg(test)]
mod tests {
    use super::super::AddressState;
    use super::super::tests::{connection, organization, place, world};
    use super::*;
    use crate::role::OrganizationRole::Member;
    use crate::time::Timestamp;

    #[test]
    fn r_in_9_r_org_6_an_sso_proof_alone_is_told_of_its_own_organization_only() {
        let at = Timestamp::from_millis(9);
        let sso = Proof::Sso {
            connection_id: connection(1),
            organization_id: organization(1),
            at,
            authenticated_at: None,
            holds_until: None,
        };
        let mut world = world(vec![place(1, Member, false), place(2, Member, true), place(3, Member, false)]);
        let ids = [organization(1), organization(2), organization(3)];
        let told = |world: &World, proofs: &Proofs| {
            let of = |id| may_be_told(world, proofs, id);
            (ids.each_ref().map(|id| of(Some(id))), of(None))
        };
        let alone = Proofs::of(sso);
        assert_eq!(told(&world, &alone), ([true, false, false], false));
        for more in [Proof::Password { at }, Proof::Passkey { at }, Proof::MailedCode { at }] {
            assert_eq!(told(&world, &alone.with(more.clone())), ([true; 3], true), "{more:?}");
        }
        world.address = AddressState::Unproven;
        let with_code = alone.with(Proof::MailedCode { at });
        assert_eq!(told(&world, &with_code), ([true, false, false], false), "R-LNK-7: nobody's mailbox");
        world.address = AddressState::Proven;
        world.places[0].vouches = true;
        assert_eq!(told(&world, &alone), ([true; 3], true), "R-LNK-6: it reaches everywhere");
        world.places[0].vouches = false;
        world.has_second_factor = true;
        let without_factor = alone.with(Proof::Password { at });
        assert_eq!(told(&world, &without_factor), ([true; 3], true), "a factor is what is missing, and that is said");
    }
}
