//! Owns the first gate: whether there is, or stays, a session at all. *Source*: R-ENF-3, R-ENF-4.

use super::{Decision, Denial, World, enforcing, is_exempt};
use crate::method::AuthenticationMethod;
use crate::proof::Proofs;

/// Decides on proofs that count already.
pub(super) fn decide(world: &World, counting: &Proofs) -> Decision {
    let has = |wanted: fn(AuthenticationMethod) -> bool| counting.iter().any(|proof| wanted(proof.method()));
    let sso = has(|method| method == AuthenticationMethod::Sso);
    if is_exempt(world) {
        // A mailed code alone is no way in: it serves only on top of an SSO proof (R-LNK-6).
        if sso || has(AuthenticationMethod::is_personal) { Decision::Allow } else { Decision::Deny(Denial::NoProof) }
    } else if sso {
        Decision::Allow
    } else if counting.is_empty() {
        Decision::Deny(Denial::NoProof)
    } else {
        Decision::Deny(Denial::SsoRequired(enforcing(world).map(|place| place.organization_id.clone()).collect()))
    }
}
