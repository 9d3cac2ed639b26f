//! Owns on what somebody is taken for a person, as counting sees it. An organization's IdP can say so of any of its members as
//! often as it likes: what is tried on its word alone uses up nothing that the person's own way in, or out, needs (R-ENF-13),
//! and a place that it let somebody in from is no place of theirs (L5).

use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::{Decision, Question, World, decide};
use orgate_core::proof::{Proof, Proofs};

/// On what somebody is taken for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Something of the person's own: a password, an account at Google or GitHub, a passkey, their mailbox.
    Own,
    /// Nothing but the word of an organization's IdP.
    Sso,
}

impl Basis {
    /// Of what is tried in a session that holds these proofs.
    pub(crate) fn of(proofs: &Proofs) -> Self {
        if proofs.iter().any(|proof| is_own(proof.method())) { Self::Own } else { Self::Sso }
    }

    /// Of a sign-in that ended in these proofs: their own is what opens the account without any organization's word, the
    /// second factor with it if there is one.
    pub(crate) fn of_entry(world: &World, proofs: &Proofs) -> Self {
        let own = proofs.filter(|proof: &Proof| proof.organization_id().is_none());
        match decide(Question::Account, world, &own) {
            Decision::Allow => Self::Own,
            Decision::Require(_) | Decision::Deny(_) => Self::Sso,
        }
    }
}

const fn is_own(method: AuthenticationMethod) -> bool {
    match method {
        AuthenticationMethod::Password
        | AuthenticationMethod::Google
        | AuthenticationMethod::GitHub
        | AuthenticationMethod::Passkey
        | AuthenticationMethod::MailedCode => true,
        // A factor alone makes no session.
        AuthenticationMethod::Totp | AuthenticationMethod::RecoveryCode | AuthenticationMethod::Sso => false,
    }
}

#[cfg(test)]
mod tests {
    use orgate_core::id::{ConnectionId, Identifier as _, OrganizationId};
    use orgate_core::policy::AddressState;
    use orgate_core::time::Timestamp;

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1);

    fn sso() -> Proofs {
        Proofs::of(Proof::Sso {
            connection_id: ConnectionId::new(AT, [1; 10]),
            organization_id: OrganizationId::new(AT, [1; 10]),
            at: AT,
            authenticated_at: None,
            holds_until: None,
        })
    }

    #[test]
    fn l5_a_session_that_sso_alone_made_is_tried_in_on_its_word_whatever_factor_it_shows() {
        assert_eq!(Basis::of(&sso()), Basis::Sso);
        assert_eq!(Basis::of(&sso().with(Proof::Totp { at: AT })), Basis::Sso);
        assert_eq!(Basis::of(&sso().with(Proof::MailedCode { at: AT })), Basis::Own);
        assert_eq!(Basis::of(&Proofs::of(Proof::Password { at: AT })), Basis::Own);
    }

    #[test]
    fn l5_a_place_is_the_persons_own_where_what_is_theirs_opened_the_account() {
        let world = |has_second_factor| World { address: AddressState::Proven, has_second_factor, places: Vec::new() };
        let password = Proofs::of(Proof::Password { at: AT });
        let both = password.with(Proof::Totp { at: AT });
        for (has_factor, proofs, basis) in [
            (false, &password, Basis::Own),
            (true, &password, Basis::Sso),
            (true, &both, Basis::Own),
            (false, &sso(), Basis::Sso),
            (true, &sso().with(Proof::Totp { at: AT }), Basis::Sso),
        ] {
            assert_eq!(Basis::of_entry(&world(has_factor), proofs), basis, "{proofs:?}");
        }
    }
}
