//! Owns the first gate: whether there is, or stays, a session at all. *Source*: R-ENF-3, R-ENF-4.

use super::proofs::counting;
use super::{Decision, Denial, World, enforcing, is_exempt};
use crate::method::AuthenticationMethod;
use crate::proof::Proofs;

/// Decides on all that was shown; what does not count any more is left out first.
pub(super) fn decide(world: &World, proofs: &Proofs) -> Decision {
    let counting = counting(world, proofs);
    let has = |wanted: fn(AuthenticationMethod) -> bool| counting.clone().any(|proof| wanted(proof.method()));
    let sso = has(|method| method == AuthenticationMethod::Sso);
    if is_exempt(world) {
        // A mailed code alone is no way in: it serves only on top of an SSO proof (R-LNK-6).
        if sso || has(AuthenticationMethod::is_personal) { Decision::Allow } else { Decision::Deny(Denial::NoProof) }
    } else if sso {
        Decision::Allow
    } else if counting.clone().next().is_none() {
        Decision::Deny(Denial::NoProof)
    } else {
        ended(world)
    }
}

/// The "no" that names the organizations whose SSO is asked for in this world.
pub(super) fn ended(world: &World) -> Decision {
    Decision::Deny(Denial::SsoRequired(enforcing(world).map(|place| place.organization_id.clone()).collect()))
}
