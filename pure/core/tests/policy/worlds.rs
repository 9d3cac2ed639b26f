//! Owns the lists of all there is: organizations, ways of showing, and choices of several of them.

use crate::model::{ELSEWHERE, ORGANIZATIONS, Organization, Role, Shown};

/// No and yes.
pub const BOTH: [bool; 2] = [false, true];

/// Every organization that the person can meet, with each of these connections; one of them is elsewhere.
pub fn organizations(connections: &[Option<u8>]) -> Vec<Organization> {
    let mut all = vec![ELSEWHERE];
    for role in [Role::Member, Role::Owner] {
        for enforced in BOTH {
            for owner_exemption in BOTH {
                for owner_second_factor in BOTH {
                    for mfa_required in BOTH {
                        for &connection in connections {
                            all.push(Organization {
                                role,
                                enforced,
                                owner_exemption,
                                owner_second_factor,
                                mfa_required,
                                connection,
                                has_domain: false,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

/// Every set of proofs with SSO of the first so many organizations, all shown under activation 0.
pub fn shown(organizations: usize) -> Vec<Shown> {
    (0..8_u32 << organizations)
        .map(|bits| {
            let [password, code, factor] = [1, 2, 4].map(|bit| bits & bit != 0);
            let mut shown = Shown { password, code, factor, sso: [None; ORGANIZATIONS] };
            for (number, sso) in shown.sso.iter_mut().enumerate() {
                *sso = (bits >> (3 + number) & 1 != 0).then_some(0);
            }
            shown
        })
        .collect()
}

/// Every choice of three positions in a list of this length, up to their order.
pub fn threes(length: usize) -> impl Iterator<Item = [usize; 3]> {
    (0..length).flat_map(move |a| (a..length).flat_map(move |b| (b..length).map(move |c| [a, b, c])))
}
