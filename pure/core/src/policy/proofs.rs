//! Owns which proofs of a session still count. The moments that a proof is compared with only move forward, so one that
//! an organization's connection stops vouching for never counts again while its person stays a member there. The one that a
//! clock wrote which was ahead is put right, though.

use super::{AddressState, Place, World};
use crate::proof::{Proof, Proofs};

/// The proofs that count today. None is copied: every check of a session asks for them more than once.
///
/// *Source*: R-SSO-7 (a replaced, disabled or deleted connection takes its proofs along), R-ORG-6 (a removed member's
/// SSO proof is nobody's).
pub fn counting<'p>(world: &'p World, proofs: &'p Proofs) -> impl Iterator<Item = &'p Proof> + Clone {
    proofs.iter().filter(|proof| counts(world, proof))
}

/// Whether a proof counts today, as in [`counting`].
pub fn counts(world: &World, proof: &Proof) -> bool {
    match proof {
        Proof::Sso { organization_id, .. } => {
            world.place(organization_id).is_some_and(|place| is_by_own_connection(place, proof))
        }
        Proof::Password { .. }
        | Proof::Google { .. }
        | Proof::GitHub { .. }
        | Proof::Passkey { .. }
        | Proof::Totp { .. }
        | Proof::RecoveryCode { .. }
        | Proof::MailedCode { .. } => true,
    }
}

/// Whether the proof was made through this organization's active connection, since it became active.
pub(super) fn is_by_own_connection(place: &Place, proof: &Proof) -> bool {
    match (proof, &place.enforcement.connection) {
        (Proof::Sso { connection_id, organization_id, at, .. }, Some((active, since))) => {
            *organization_id == place.organization_id && connection_id == active && at >= since
        }
        (_, _) => false,
    }
}

/// Whether a proof reaches further than the organization whose connection made it: every personal one does, and an SSO
/// proof if its organization holds the domain of the address that is stored and proven on the person.
///
/// *Source*: R-LNK-6. What the IdP asserted does not come into it.
pub(super) fn reaches(world: &World, proof: &Proof) -> bool {
    if proof.method().is_personal() {
        return true;
    }
    let place = proof.organization_id().and_then(|id| world.place(id));
    world.address == AddressState::Proven
        && place.is_some_and(|place| place.vouches && is_by_own_connection(place, proof))
}

/// Whether a second factor was shown that the person still has.
///
/// *Source*: R-IN-4.
pub(super) fn has_shown_second_factor<'p>(world: &World, mut proofs: impl Iterator<Item = &'p Proof>) -> bool {
    world.has_second_factor && proofs.any(|proof| proof.method().is_second_factor())
}
