//! Owns what making a session asks for beyond what keeping one does: a second factor that the person has. *Source*:
//! R-IN-4, R-ENF-8.

use super::proofs::has_shown_second_factor;
use super::{Decision, Requirement, World};
use crate::method::AuthenticationMethod;
use crate::proof::Proof;

/// Decides on proofs that count already and pass the first gate. An SSO proof carries a session without a second factor:
/// its IdP answered for it, and nothing but its own organization opens to it alone.
pub(super) fn decide<'p>(world: &World, counting: impl Iterator<Item = &'p Proof> + Clone) -> Decision {
    let sso = counting.clone().any(|proof| proof.method() == AuthenticationMethod::Sso);
    if sso || !world.has_second_factor || has_shown_second_factor(world, counting) {
        Decision::Allow
    } else {
        Decision::Require(Requirement::SecondFactor)
    }
}
