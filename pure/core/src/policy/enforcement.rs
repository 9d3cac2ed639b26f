//! Owns whom enforced SSO binds and who is exempt. *Source*: section 6, R-ENF-1.

use super::{Place, World};
use crate::role::OrganizationRole;

/// The organizations that bind this person: those they are a member of, by their own making, that enforce SSO.
pub fn enforcing(world: &World) -> impl Iterator<Item = &Place> {
    world.places.iter().filter(|place| place.enforced)
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
    owner && place.owner_exemption && (!place.owner_second_factor || world.has_second_factor)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{place, world};
    use super::is_exempt;
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
        strict.owner_exemption = false;
        assert!(!is_exempt(&world(vec![strict])));
    }

    #[test]
    fn r_enf_8_an_owner_without_a_second_factor_is_not_exempt_where_one_is_asked() {
        let mut strict = place(1, Owner, true);
        strict.owner_second_factor = true;
        let mut world = world(vec![strict]);
        assert!(!is_exempt(&world));
        world.has_second_factor = true;
        assert!(is_exempt(&world));
    }
}
