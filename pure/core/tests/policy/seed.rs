//! Owns the seed's table of who is exempt, by the names it gives its people.

use orgate_core::policy::{Decision, Denial, Question, decide, is_exempt};

use crate::bridge;
use crate::model::{Organization, Role, Shown, World};

/// A and B enforce SSO, C does not.
fn world(a: Role, b: Role, c: Role) -> World {
    let organization = |role, enforced| Organization {
        role,
        enforced,
        owner_exemption: true,
        owner_second_factor: false,
        mfa_required: false,
        connection: Some(0),
        has_domain: false,
    };
    World {
        organizations: [organization(a, true), organization(b, true), organization(c, false)],
        has_second_factor: false,
        has_proven_address: true,
    }
}

#[test]
fn r_enf_2_the_seeds_people_sign_in_with_a_password_as_its_table_says() {
    use Role::{Absent, Member, Owner};
    for (name, a, b, c, exempt) in [
        ("X, nobody in C", Owner, Owner, Absent, true),
        ("X, member of C", Owner, Owner, Member, true),
        ("X, owner of C", Owner, Owner, Owner, true),
        ("Y1", Owner, Member, Owner, false),
        ("Y2", Owner, Member, Member, false),
        ("Y3", Member, Member, Owner, false),
        ("Z", Member, Member, Member, false),
    ] {
        let model = world(a, b, c);
        let world = bridge::world(&model);
        assert_eq!((is_exempt(&world), model.is_exempt()), (exempt, exempt), "{name}");
        let password = bridge::proofs(Shown { password: true, ..Shown::default() });
        let expected = if exempt {
            Decision::Allow
        } else {
            Decision::Deny(Denial::SsoRequired(vec![bridge::organization_id(0), bridge::organization_id(1)]))
        };
        assert_eq!(decide(Question::Session, &world, &password), expected, "{name} with a password");
        for organization in 0..2 {
            let mut shown = Shown::default();
            shown.sso[organization] = Some(0);
            let sso = bridge::proofs(shown);
            assert_eq!(decide(Question::Session, &world, &sso), Decision::Allow, "{name} through {organization}");
        }
    }
}
