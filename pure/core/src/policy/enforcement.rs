//! Owns whom enforced SSO binds and who is exempt. *Source*: section 6, R-ENF-1.

use super::{AddressState, Place, World};
use crate::id::{ConnectionId, OrganizationId};
use crate::role::OrganizationRole;
use crate::time::Timestamp;

/// The terms on which an organization lets its members in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforcement {
    /// Whether it enforces SSO.
    pub enforced: bool,
    /// "Allow Organization Owners to sign in without SSO".
    pub owner_exemption: bool,
    /// Owners without a second factor are not exempt (R-ENF-8).
    pub owner_second_factor: bool,
    /// The active connection and since when; older proofs through it do not count (R-SSO-7).
    pub connection: Option<(ConnectionId, Timestamp)>,
}

impl Enforcement {
    /// Whether these terms, coming after `before`, end the sessions of everybody whom they bind.
    ///
    /// *Source*: R-ENF-5, R-ENF-6: turning on, switching the exemption off, asking Owners for a second factor.
    pub const fn is_stricter_than(&self, before: &Self) -> bool {
        self.enforced
            && (!before.enforced
                || (before.owner_exemption && !self.owner_exemption)
                || (!before.owner_second_factor && self.owner_second_factor))
    }
}

/// The organizations that bind this person: those they are a member of, by their own making, that enforce SSO.
pub fn enforcing(world: &World) -> impl Iterator<Item = &Place> {
    world.places.iter().filter(|place| place.enforcement.enforced)
}

/// Whether the person may sign in by any method: Owner of every organization that binds them, and exempted by each.
///
/// *Source*: R-ENF-1, R-ENF-2. Organizations that do not enforce count neither way.
pub fn is_exempt(world: &World) -> bool {
    enforcing(world).all(|place| exempts(place, world))
}

/// Whether this organization exempts this person.
pub(super) fn exempts(place: &Place, world: &World) -> bool {
    let owner = match place.role {
        OrganizationRole::Owner => true,
        OrganizationRole::Member => false,
    };
    let Enforcement { enforced: _, owner_exemption, owner_second_factor, connection: _ } = place.enforcement;
    owner && owner_exemption && (!owner_second_factor || world.has_second_factor)
}

/// Whether this person is a way back into an organization when its IdP is down: an Owner who is exempt and can sign in by
/// something of their own, at their proven address.
///
/// *Source*: R-ENF-5. `has_own_credential` is an own password or passkey.
pub fn is_break_glass(world: &World, organization_id: &OrganizationId, has_own_credential: bool) -> bool {
    let owner = world.place(organization_id).is_some_and(|place| exempts(place, world));
    owner && is_exempt(world) && has_own_credential && world.address == AddressState::Proven
}

#[cfg(test)]
mod tests {
    use super::super::tests::{organization, place, world};
    use super::*;
    use crate::role::OrganizationRole::{Member, Owner};

    #[test]
    fn r_enf_2_the_table_of_the_seed() {
        for (name, a, b, c, exempt) in [
            ("X as member of C", Owner, Owner, Member, true),
            ("X as owner of C", Owner, Owner, Owner, true),
            ("Y1", Owner, Member, Owner, false),
            ("Y2", Owner, Member, Member, false),
            ("Y3", Member, Member, Owner, false),
            ("Z", Member, Member, Member, false),
        ] {
            let world = world(vec![place(1, a, true), place(2, b, true), place(3, c, false)]);
            assert_eq!(is_exempt(&world), exempt, "{name}");
        }
    }

    #[test]
    fn an_organization_that_does_not_allow_it_exempts_no_owner() {
        let mut strict = place(1, Owner, true);
        strict.enforcement.owner_exemption = false;
        assert!(!is_exempt(&world(vec![strict])));
    }

    #[test]
    fn r_enf_8_an_owner_without_a_second_factor_is_not_exempt_where_one_is_asked() {
        let mut strict = place(1, Owner, true);
        strict.enforcement.owner_second_factor = true;
        let mut world = world(vec![strict]);
        assert!(!is_exempt(&world));
        world.has_second_factor = true;
        assert!(is_exempt(&world));
    }

    #[test]
    fn r_enf_5_a_way_back_in_is_an_exempt_owner_with_a_credential_and_a_proven_address() {
        let here = organization(1);
        let mut owner = world(vec![place(1, Owner, true), place(2, Member, false)]);
        assert!(is_break_glass(&owner, &here, true));
        assert!(!is_break_glass(&owner, &here, false), "nothing to sign in with");
        assert!(!is_break_glass(&owner, &organization(2), true), "a member there");
        assert!(!is_break_glass(&owner, &organization(9), true), "nobody there");
        owner.places[1].enforcement.enforced = true;
        assert!(!is_break_glass(&owner, &here, true), "bound elsewhere");
        owner.places.truncate(1);
        owner.address = AddressState::LocalTo(here.clone());
        assert!(!is_break_glass(&owner, &here, true), "a password serves a proven address only");
    }

    #[test]
    fn r_enf_6_only_stricter_terms_end_sessions() {
        let off = place(1, Member, false).enforcement;
        let on = Enforcement { enforced: true, ..off.clone() };
        let without_exemption = Enforcement { owner_exemption: false, ..on.clone() };
        let with_factor = Enforcement { owner_second_factor: true, ..on.clone() };
        for (after, before, stricter) in [
            (&on, &off, true),
            (&without_exemption, &off, true),
            (&without_exemption, &on, true),
            (&with_factor, &on, true),
            (&on, &on, false),
            (&on, &without_exemption, false),
            (&on, &with_factor, false),
            (&off, &on, false),
            (&off, &off, false),
        ] {
            assert_eq!(after.is_stricter_than(before), stricter, "{after:?} after {before:?}");
        }
        let lax = Enforcement { owner_exemption: true, ..off.clone() };
        let strict_but_off = Enforcement { owner_exemption: false, ..off };
        assert!(!strict_but_off.is_stricter_than(&lax), "switches of what is off bind nobody");
    }
}
