//! Owns the translation between the model's words and the policy's.

use std::sync::LazyLock;

use orgate_core::id::{ConnectionId, Identifier as _, OrganizationId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::{AddressState, Decision, Denial, Enforcement, Past, Place, Requirement, World};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;

use crate::model::{self, Answer, ORGANIZATIONS, Role, Shown};

/// A moment, by its number.
pub fn moment(number: u8) -> Timestamp {
    Timestamp::from_millis(1_000_000 + i64::from(number))
}

static ORGANIZATION_IDS: LazyLock<[OrganizationId; ORGANIZATIONS]> =
    LazyLock::new(|| std::array::from_fn(|number| OrganizationId::new(moment(0), [small(number); 10])));
static CONNECTION_IDS: LazyLock<[[ConnectionId; 2]; ORGANIZATIONS]> = LazyLock::new(|| {
    std::array::from_fn(|number| [0, 1].map(|which| ConnectionId::new(moment(which), [small(number); 10])))
});

/// The organization of this number.
pub fn organization_id(number: usize) -> OrganizationId {
    ORGANIZATION_IDS[number].clone()
}

/// One of the two connections of an organization.
pub fn connection_id(organization: usize, which: u8) -> ConnectionId {
    CONNECTION_IDS[organization][usize::from(which)].clone()
}

/// A number that is small.
pub fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// A role for who is somewhere.
pub const fn role(role: Role) -> Option<OrganizationRole> {
    match role {
        Role::Absent => None,
        Role::Member => Some(OrganizationRole::Member),
        Role::Owner => Some(OrganizationRole::Owner),
    }
}

/// The terms. Activation 0 is from before anything was shown, activation 1 of the same connection from after it, and
/// activation 2 put another connection in its place.
pub fn terms(number: usize, organization: model::Organization) -> Enforcement {
    let connection = organization.connection.map(|activation| match activation {
        0 => (connection_id(number, 0), moment(0)),
        1 => (connection_id(number, 0), moment(1)),
        _ => (connection_id(number, 1), moment(0)),
    });
    Enforcement {
        enforced: organization.enforced,
        owner_exemption: organization.owner_exemption,
        owner_second_factor: organization.owner_second_factor,
        connection,
    }
}

/// The world in the policy's words, without a past.
pub fn world(model: &model::World) -> World {
    let place = |(number, organization): (usize, &model::Organization)| {
        role(organization.role).map(|role| Place {
            organization_id: organization_id(number),
            role,
            enforcement: terms(number, *organization),
            past: Past::default(),
            mfa_required: organization.mfa_required,
            proofs_not_before: moment(0),
            vouches: organization.has_domain,
        })
    };
    World {
        address: if model.has_proven_address {
            AddressState::Proven
        } else {
            AddressState::LocalTo(organization_id(0))
        },
        has_second_factor: model.has_second_factor,
        places: model.organizations.iter().enumerate().filter_map(place).collect(),
    }
}

/// The proofs in the policy's words, all shown at moment 0.
pub fn proofs(shown: Shown) -> Proofs {
    proofs_since(shown, Shown::default())
}

/// The proofs in the policy's words: those of `since` shown at moment 1, the others at moment 0.
pub fn proofs_since(shown: Shown, since: Shown) -> Proofs {
    let mut proofs = Proofs::default();
    if shown.password {
        proofs = proofs.with(Proof::Password { at: moment(u8::from(since.password)) });
    }
    for (number, activation) in shown.sso.iter().enumerate() {
        if activation.is_some() {
            proofs = proofs.with(sso(number, 0, u8::from(since.sso[number].is_some())));
        }
    }
    if shown.code {
        proofs = proofs.with(Proof::MailedCode { at: moment(u8::from(since.code)) });
    }
    if shown.factor { proofs.with(Proof::Totp { at: moment(u8::from(since.factor)) }) } else { proofs }
}

/// The same shown by every other method of its kind, at moment 0.
pub fn same_by_other_methods(shown: Shown, proofs: &Proofs) -> Vec<Proofs> {
    let at = moment(0);
    let without = |method| proofs.filter(|proof| proof.method() != method);
    let mut others = Vec::new();
    if shown.password {
        let rest = without(AuthenticationMethod::Password);
        others.extend([Proof::Google { at }, Proof::GitHub { at }].map(|personal| rest.with(personal)));
    }
    if shown.factor {
        let rest = without(AuthenticationMethod::Totp);
        others.push(rest.with(Proof::RecoveryCode { at }));
        if shown.password {
            others.push(rest.filter(|proof| !proof.method().is_personal()).with(Proof::Passkey { at }));
        }
    }
    others
}

/// A proof through one of the connections of an organization.
pub fn sso(organization: usize, connection: u8, at: u8) -> Proof {
    Proof::Sso {
        connection_id: connection_id(organization, connection),
        organization_id: organization_id(organization),
        at: moment(at),
        authenticated_at: None,
        holds_until: None,
    }
}

/// A decision in the model's words.
pub fn answer(decision: &Decision) -> Answer {
    match decision {
        Decision::Allow => Answer::Opens,
        Decision::Require(Requirement::Sso) => Answer::ShowSso,
        Decision::Require(Requirement::Proof) => Answer::ShowMore,
        Decision::Require(Requirement::SecondFactor) => Answer::ShowSecondFactor,
        Decision::Deny(Denial::NoProof) => Answer::NothingShown,
        Decision::Deny(Denial::NotAMember) => Answer::NotAMember,
        Decision::Deny(Denial::SsoRequired(by)) => {
            let mut named = [false; ORGANIZATIONS];
            for (number, named) in named.iter_mut().enumerate() {
                *named = by.contains(&organization_id(number));
            }
            Answer::SsoRequiredBy(named)
        }
    }
}
