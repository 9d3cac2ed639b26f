//! Owns the second gate: what opens one organization. *Source*: R-ENF-4, R-LNK-6, R-IN-4.

use super::enforcement::exempts;
use super::proofs::{has_shown_second_factor, is_by_own_connection, reaches};
use super::{AddressState, Decision, Place, Requirement, World};
use crate::method::AuthenticationMethod;
use crate::proof::Proof;

/// Decides on proofs that count already, for a member.
pub(super) fn decide<'p>(world: &World, place: &Place, counting: impl Iterator<Item = &'p Proof> + Clone) -> Decision {
    let here = counting.filter(|proof| proof.at() >= place.proofs_not_before);
    let own = here.clone().any(|proof| is_by_own_connection(place, proof));
    if own {
        // SSO answers for the second factor in the organization whose connection made the proof (R-IN-4).
        return Decision::Allow;
    }
    let personal = here.clone().any(|proof| proof.method().is_personal());
    if place.enforcement.enforced && !(personal && exempts(place, world)) {
        return Decision::Require(Requirement::Sso);
    }
    if !here.clone().any(|proof| reaches(world, proof)) && !is_confirmed_by_mail(world, &here) {
        return Decision::Require(Requirement::Proof);
    }
    if (world.has_second_factor || place.mfa_required) && !has_shown_second_factor(world, here) {
        return Decision::Require(Requirement::SecondFactor);
    }
    Decision::Allow
}

/// An SSO proof of another organization and a code mailed to the proven address: the code serves on top (R-LNK-6).
pub(super) fn is_confirmed_by_mail<'p>(world: &World, proofs: &(impl Iterator<Item = &'p Proof> + Clone)) -> bool {
    let is_proven = match world.address {
        AddressState::Proven => true,
        // The code would prove a local address first, and that makes it a proven one (R-LNK-4). One that became unproven
        // may be somebody else's mailbox by now (R-LNK-7).
        AddressState::LocalTo(_) | AddressState::Unproven => false,
    };
    let has = |method| proofs.clone().any(|proof| proof.method() == method);
    is_proven && has(AuthenticationMethod::Sso) && has(AuthenticationMethod::MailedCode)
}
