//! Owns what opens a person's own account: credentials, address, other sessions, creating organizations, accepting an
//! invitation. *Source*: R-IN-9. An SSO proof alone never does, unless it reaches everywhere (R-LNK-6).

use super::organization::is_confirmed_by_mail;
use super::proofs::{has_shown_second_factor, reaches};
use super::{Decision, Requirement, World};
use crate::proof::Proof;

/// Decides on proofs that count already.
pub(super) fn decide<'p>(world: &World, counting: impl Iterator<Item = &'p Proof> + Clone) -> Decision {
    let reaching = counting.clone().any(|proof| reaches(world, proof));
    if !reaching && !is_confirmed_by_mail(world, &counting) {
        return Decision::Require(Requirement::Proof);
    }
    if world.has_second_factor && !has_shown_second_factor(world, counting) {
        return Decision::Require(Requirement::SecondFactor);
    }
    Decision::Allow
}
