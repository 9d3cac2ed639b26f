//! Owns whose account an assertion opens: section 5 of the specification as one function over values. It reads nothing;
//! the facts are gathered by the caller in the transaction that acts on the answer.

use crate::assertion::EmailVerified;
use crate::id::UserId;
use crate::membership::MembershipState;
use crate::role::OrganizationRole;

/// Where a known person stands towards the organization whose IdP speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub user_id: UserId,
    /// Their place here, if they ever had one.
    pub membership: Option<(MembershipState, OrganizationRole)>,
    /// Whether their address is more than local to this organization: proven, or once proven and theirs elsewhere too.
    pub address_proven: bool,
    /// Whether another subject of the same key space (connection, issuer, client id) is linked to them (R-LNK-5).
    pub linked_to_another_subject: bool,
}

/// What is known when an assertion arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The user whom the identity (connection, issuer, client id, subject) names.
    pub identity: Option<Candidate>,
    /// Whether a usable address was asserted.
    pub has_email: bool,
    /// What was said of it.
    pub email_verified: EmailVerified,
    /// The user who has the asserted address: one with it proven, or one to whom it is local here. When both exist,
    /// the member of this organization.
    pub holder: Option<Candidate>,
    /// Whether this organization has proven the domain of the asserted address (R-LNK-7).
    pub domain_proven: bool,
    /// Whether the asserted address is the one that is stored on the identity's user.
    pub asserts_stored_address: bool,
    /// Whether the organization has room for one more (R-LNK-8).
    pub has_room: bool,
    /// Whether the holder's address, or that of the identity's user, was proven by a code bound to this attempt.
    pub code_proven: bool,
    /// The user of the browser's own session, if it opens their account (R-LNK-2: "by own session").
    pub own_session: Option<UserId>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linking {
    /// The identity is known and its user is a member: R-LNK-1.
    Existing {
        /// Who.
        user_id: UserId,
    },
    /// A member here has the address: bind the identity to them, change nothing else. R-LNK-2.
    Link {
        /// Who.
        user_id: UserId,
    },
    /// A known person becomes a member, with no project. R-LNK-1, R-LNK-3.
    Join {
        /// Who.
        user_id: UserId,
        /// Whether the identity is new and has to be bound.
        bind: bool,
    },
    /// Nobody has the address: create a user and a membership. R-LNK-4.
    Provision {
        /// Whether the address counts as proven.
        proven: bool,
    },
    /// A code has to be mailed to this user's stored address first.
    Prove {
        /// Whose address.
        user_id: UserId,
    },
    /// No.
    Refuse(LinkingRefusal),
}

/// Why an assertion opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkingRefusal {
    /// An Owner removed this person (R-LNK-1).
    MembershipRemoved,
    /// Another subject is linked to the user with this address (R-LNK-5).
    LinkedToAnotherSubject,
    /// The organization is full (R-LNK-8).
    MemberLimit,
    /// No usable address, and nobody known by the subject.
    EmailMissing,
}

impl LinkingRefusal {
    /// Every refusal.
    pub const ALL: [Self; 4] =
        [Self::MembershipRemoved, Self::LinkedToAnotherSubject, Self::MemberLimit, Self::EmailMissing];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MembershipRemoved => "membership-removed",
            Self::LinkedToAnotherSubject => "linked-to-another-subject",
            Self::MemberLimit => "member-limit",
            Self::EmailMissing => "email-missing",
        }
    }

    /// For the Owner: how to mend it. What the person can do is [`Refusal::advice`](crate::refusal::Refusal::advice).
    pub const fn mend(self) -> &'static str {
        match self {
            Self::MembershipRemoved => {
                "Re-admit the person under Members, if they should come back. Look there for the address among those who were \
                 removed: the one who had it then may have another one now."
            }
            Self::LinkedToAnotherSubject => {
                "The account was made anew at the identity provider. Clear the link under Linked people, after you made sure \
                 that it is the same person."
            }
            Self::MemberLimit => "Remove members who are gone, or ask whoever runs this site for more room.",
            Self::EmailMissing => {
                "Neither the ID token nor UserInfo named an address. Give the person an e-mail address at the identity \
                 provider, and let the application have the scope email and send the claim email."
            }
        }
    }
}

/// Decides whose account it is.
///
/// *Source*: R-LNK-1 to R-LNK-5, R-LNK-8.
pub fn link(facts: &Facts) -> Linking {
    if let Some(known) = &facts.identity {
        return by_identity(facts, known);
    }
    if !facts.has_email {
        return Linking::Refuse(LinkingRefusal::EmailMissing);
    }
    match &facts.holder {
        Some(holder) => by_address(facts, holder),
        None if facts.has_room => Linking::Provision { proven: is_authoritative(facts) },
        None => Linking::Refuse(LinkingRefusal::MemberLimit),
    }
}

/// R-LNK-1.
fn by_identity(facts: &Facts, known: &Candidate) -> Linking {
    match known.membership {
        Some((MembershipState::Active, _)) => Linking::Existing { user_id: known.user_id.clone() },
        Some((MembershipState::Removed, _)) => Linking::Refuse(LinkingRefusal::MembershipRemoved),
        Some((MembershipState::Left | MembershipState::Readmitted, _)) | None => {
            let at_once = !known.address_proven || answers_for_stored_address(facts);
            join(facts, known, at_once, false)
        }
    }
}

/// R-LNK-2 for members and for former ones whose address is local; R-LNK-3 for everybody else.
fn by_address(facts: &Facts, holder: &Candidate) -> Linking {
    if matches!(holder.membership, Some((MembershipState::Removed, _))) {
        return Linking::Refuse(LinkingRefusal::MembershipRemoved);
    }
    if holder.linked_to_another_subject {
        return Linking::Refuse(LinkingRefusal::LinkedToAnotherSubject);
    }
    match holder.membership {
        Some((MembershipState::Active, role)) => {
            if is_believed(facts, role, &holder.user_id) {
                Linking::Link { user_id: holder.user_id.clone() }
            } else {
                Linking::Prove { user_id: holder.user_id.clone() }
            }
        }
        Some((MembershipState::Left | MembershipState::Readmitted | MembershipState::Removed, _)) | None => {
            let at_once = if holder.address_proven { is_authoritative(facts) } else { is_claimed(facts) };
            join(facts, holder, at_once, true)
        }
    }
}

fn join(facts: &Facts, who: &Candidate, at_once: bool, bind: bool) -> Linking {
    if !facts.has_room {
        return Linking::Refuse(LinkingRefusal::MemberLimit);
    }
    if at_once || facts.code_proven {
        Linking::Join { user_id: who.user_id.clone(), bind }
    } else {
        Linking::Prove { user_id: who.user_id.clone() }
    }
}

/// Whether the IdP's word about a member's address is enough. An Owner's is not when `email_verified` is missing.
fn is_believed(facts: &Facts, role: OrganizationRole, user_id: &UserId) -> bool {
    if facts.code_proven {
        return true;
    }
    match (facts.email_verified, role) {
        (EmailVerified::True, _) | (EmailVerified::Missing, OrganizationRole::Member) => true,
        (EmailVerified::Missing, OrganizationRole::Owner) => {
            facts.domain_proven || facts.own_session.as_ref() == Some(user_id)
        }
        (EmailVerified::FalseOrMalformed, _) => false,
    }
}

/// `email_verified` true, or missing because IdPs omit it.
fn is_claimed(facts: &Facts) -> bool {
    match facts.email_verified {
        EmailVerified::True | EmailVerified::Missing => true,
        EmailVerified::FalseOrMalformed => false,
    }
}

/// The organization has proven the domain, and its IdP vouches for the address.
fn is_authoritative(facts: &Facts) -> bool {
    facts.domain_proven && is_claimed(facts)
}

/// The same for the address that is stored on the identity's user: what is said of another one proves nothing of theirs.
fn answers_for_stored_address(facts: &Facts) -> bool {
    facts.asserts_stored_address && is_authoritative(facts)
}

/// Whether a sign-in proves the unproven address of the person whom its subject named: the IdP vouches for exactly that
/// address, and the organization has proven its domain. Somebody else may have it proven; that is asked by whoever writes.
///
/// *Source*: R-LNK-4, last sentence.
pub fn proves_address(linking: &Linking, facts: &Facts) -> bool {
    match linking {
        Linking::Existing { .. } | Linking::Join { bind: false, .. } => answers_for_stored_address(facts),
        Linking::Link { .. }
        | Linking::Join { bind: true, .. }
        | Linking::Provision { .. }
        | Linking::Prove { .. }
        | Linking::Refuse(_) => false,
    }
}

/// Whether a newcomer's pending invitation is taken along: the one to the address that a code of this attempt proved, or to
/// the asserted one, if [`claims_address`].
///
/// *Source*: R-INV-4.
pub fn takes_invitation(linking: &Linking, facts: &Facts) -> bool {
    match linking {
        Linking::Join { .. } | Linking::Provision { .. } => facts.code_proven || claims_address(facts),
        Linking::Existing { .. } | Linking::Link { .. } | Linking::Prove { .. } | Linking::Refuse(_) => false,
    }
}

/// Whether an address was asserted that the IdP does not deny.
///
/// *Source*: R-INV-4.
pub fn claims_address(facts: &Facts) -> bool {
    facts.has_email && is_claimed(facts)
}

/// What becomes of an SSO-born person's local address once they have proven it by a mailed code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressClaim {
    /// It is theirs.
    MakeTheirs,
    /// Somebody has it proven: identity and membership move to that user, roles and grants are united.
    Merge {
        /// The user who has it proven.
        into: UserId,
    },
    /// No.
    Refuse(LinkingRefusal),
}

/// Decides what a proven local address does.
///
/// *Source*: R-LNK-4, R-LNK-1. `own` is the membership of the person whose address it is in the organization that it is local to,
/// and `holder` the user who has the address proven, seen from there. A removal of either brings nobody to the other: what the
/// one is refused, the other would be let in by.
pub fn claim_address(own: Option<MembershipState>, holder: Option<&Candidate>) -> AddressClaim {
    let Some(holder) = holder else { return AddressClaim::MakeTheirs };
    let is_holder_removed = matches!(holder.membership, Some((MembershipState::Removed, _)));
    if is_holder_removed || own == Some(MembershipState::Removed) {
        return AddressClaim::Refuse(LinkingRefusal::MembershipRemoved);
    }
    if holder.linked_to_another_subject {
        return AddressClaim::Refuse(LinkingRefusal::LinkedToAnotherSubject);
    }
    AddressClaim::Merge { into: holder.user_id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Identifier;
    use crate::time::Timestamp;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn facts() -> Facts {
        Facts {
            identity: None,
            has_email: true,
            email_verified: EmailVerified::True,
            holder: None,
            domain_proven: false,
            asserts_stored_address: true,
            has_room: true,
            code_proven: false,
            own_session: None,
        }
    }

    fn candidate(membership: Option<(MembershipState, OrganizationRole)>) -> Candidate {
        Candidate { user_id: user(1), membership, address_proven: true, linked_to_another_subject: false }
    }

    const MEMBER: Option<(MembershipState, OrganizationRole)> =
        Some((MembershipState::Active, OrganizationRole::Member));
    const OWNER: Option<(MembershipState, OrganizationRole)> = Some((MembershipState::Active, OrganizationRole::Owner));

    #[test]
    fn r_lnk_1_a_known_subject_opens_its_user_whatever_the_address_says_now() {
        for email_verified in [EmailVerified::True, EmailVerified::Missing, EmailVerified::FalseOrMalformed] {
            let facts = Facts { identity: Some(candidate(OWNER)), has_email: false, email_verified, ..facts() };
            assert_eq!(link(&facts), Linking::Existing { user_id: user(1) });
        }
    }

    #[test]
    fn r_lnk_1_a_removed_person_is_refused_whichever_rule_finds_them() {
        let removed = Some(candidate(Some((MembershipState::Removed, OrganizationRole::Member))));
        let refused = Linking::Refuse(LinkingRefusal::MembershipRemoved);
        assert_eq!(link(&Facts { identity: removed.clone(), code_proven: true, ..facts() }), refused);
        assert_eq!(link(&Facts { holder: removed, code_proven: true, domain_proven: true, ..facts() }), refused);
    }

    #[test]
    fn r_lnk_1_who_left_or_was_readmitted_rejoins_after_a_code_or_at_once_with_a_local_address() {
        for state in [MembershipState::Left, MembershipState::Readmitted] {
            let mut person = candidate(Some((state, OrganizationRole::Owner)));
            let known = Facts { identity: Some(person.clone()), ..facts() };
            assert_eq!(link(&known), Linking::Prove { user_id: user(1) });
            assert_eq!(link(&Facts { code_proven: true, ..known }), Linking::Join { user_id: user(1), bind: false });
            person.address_proven = false;
            let local = Facts { identity: Some(person), ..facts() };
            assert_eq!(link(&local), Linking::Join { user_id: user(1), bind: false });
        }
    }

    #[test]
    fn r_lnk_1_the_proven_domain_of_another_address_brings_nobody_back_without_a_code() {
        let left = candidate(Some((MembershipState::Left, OrganizationRole::Member)));
        let stored = Facts { identity: Some(left), domain_proven: true, ..facts() };
        assert_eq!(link(&stored), Linking::Join { user_id: user(1), bind: false });
        let denied = Facts { email_verified: EmailVerified::FalseOrMalformed, ..stored.clone() };
        assert_eq!(link(&denied), Linking::Prove { user_id: user(1) });
        let other = Facts { asserts_stored_address: false, ..stored };
        assert_eq!(link(&other), Linking::Prove { user_id: user(1) });
        assert_eq!(link(&Facts { code_proven: true, ..other }), Linking::Join { user_id: user(1), bind: false });
    }

    #[test]
    fn r_lnk_2_t_lnk_9_a_members_address_matches_unless_the_idp_denies_it() {
        let holder = Some(candidate(MEMBER));
        for (email_verified, expected) in [
            (EmailVerified::True, Linking::Link { user_id: user(1) }),
            (EmailVerified::Missing, Linking::Link { user_id: user(1) }),
            (EmailVerified::FalseOrMalformed, Linking::Prove { user_id: user(1) }),
        ] {
            assert_eq!(
                link(&Facts { holder: holder.clone(), email_verified, ..facts() }),
                expected,
                "{email_verified:?}"
            );
        }
    }

    #[test]
    fn r_lnk_2_an_owner_whose_claim_is_missing_confirms_first() {
        let missing = Facts { holder: Some(candidate(OWNER)), email_verified: EmailVerified::Missing, ..facts() };
        let linked = Linking::Link { user_id: user(1) };
        assert_eq!(link(&missing), Linking::Prove { user_id: user(1) });
        assert_eq!(link(&Facts { code_proven: true, ..missing.clone() }), linked);
        assert_eq!(link(&Facts { own_session: Some(user(1)), ..missing.clone() }), linked);
        assert_eq!(link(&Facts { own_session: Some(user(2)), ..missing.clone() }), Linking::Prove { user_id: user(1) });
        assert_eq!(link(&Facts { domain_proven: true, ..missing }), linked);
    }

    #[test]
    fn r_lnk_3_t_lnk_3_a_person_known_elsewhere_proves_the_address_first() {
        let elsewhere = Facts { holder: Some(candidate(None)), ..facts() };
        assert_eq!(link(&elsewhere), Linking::Prove { user_id: user(1) });
        let joined = Linking::Join { user_id: user(1), bind: true };
        assert_eq!(link(&Facts { code_proven: true, ..elsewhere.clone() }), joined);
        assert_eq!(link(&Facts { domain_proven: true, ..elsewhere.clone() }), joined);
        let denied = Facts { domain_proven: true, email_verified: EmailVerified::FalseOrMalformed, ..elsewhere };
        assert_eq!(link(&denied), Linking::Prove { user_id: user(1) });
    }

    /// A rogue organization's IdP says anything at all about people who are nowhere near it: it has not proven their domain,
    /// and nobody of them typed a code.
    #[test]
    fn t_lnk_7_of_a_thousand_people_elsewhere_no_claim_links_or_joins_one() {
        let mut asked = 0;
        for number in 0..1_000_u16 {
            let [high, low] = number.to_be_bytes();
            let user_id = UserId::new(Timestamp::from_millis(1), [high, low, 0, 0, 0, 0, 0, 0, 0, 0]);
            for shape in 0..32_u8 {
                let is = |bit: u8| shape & (1 << bit) != 0;
                let who = Candidate {
                    user_id: user_id.clone(),
                    membership: None,
                    address_proven: true,
                    linked_to_another_subject: is(0),
                };
                for email_verified in [EmailVerified::True, EmailVerified::Missing, EmailVerified::FalseOrMalformed] {
                    let claimed = Facts {
                        // As if the subject were known from an earlier membership, too.
                        identity: is(1).then(|| who.clone()),
                        holder: Some(who.clone()),
                        has_email: is(2),
                        has_room: is(3),
                        own_session: is(4).then(|| user(9)),
                        email_verified,
                        ..facts()
                    };
                    let answer = link(&claimed);
                    let is_asked = answer == Linking::Prove { user_id: user_id.clone() };
                    assert!(is_asked || matches!(answer, Linking::Refuse(_)), "{claimed:?}: {answer:?}");
                    assert!(!proves_address(&answer, &claimed) && !takes_invitation(&answer, &claimed));
                    asked += usize::from(is_asked);
                }
            }
        }
        assert!(asked > 1_000, "{asked} are asked for a code");
    }

    #[test]
    fn r_lnk_4_a_new_person_gets_an_unproven_address_unless_the_domain_is_proven() {
        assert_eq!(link(&facts()), Linking::Provision { proven: false });
        assert_eq!(link(&Facts { domain_proven: true, ..facts() }), Linking::Provision { proven: true });
        let denied = Facts { domain_proven: true, email_verified: EmailVerified::FalseOrMalformed, ..facts() };
        assert_eq!(link(&denied), Linking::Provision { proven: false });
    }

    #[test]
    fn r_lnk_5_t_lnk_12_another_subject_with_the_same_address_is_refused() {
        for membership in [MEMBER, OWNER, None, Some((MembershipState::Left, OrganizationRole::Member))] {
            let mut holder = candidate(membership);
            holder.linked_to_another_subject = true;
            let facts = Facts { holder: Some(holder), code_proven: true, domain_proven: true, ..facts() };
            assert_eq!(link(&facts), Linking::Refuse(LinkingRefusal::LinkedToAnotherSubject));
        }
    }

    #[test]
    fn r_lnk_8_a_full_organization_refuses_newcomers_and_no_member() {
        let full = Facts { has_room: false, code_proven: true, ..facts() };
        let refused = Linking::Refuse(LinkingRefusal::MemberLimit);
        assert_eq!(link(&full), refused);
        assert_eq!(link(&Facts { holder: Some(candidate(None)), ..full.clone() }), refused);
        assert_eq!(
            link(&Facts { holder: Some(candidate(MEMBER)), ..full.clone() }),
            Linking::Link { user_id: user(1) }
        );
        assert_eq!(link(&Facts { identity: Some(candidate(MEMBER)), ..full }), Linking::Existing { user_id: user(1) });
    }

    #[test]
    fn a_stranger_without_an_address_is_refused() {
        let facts = Facts { has_email: false, ..facts() };
        assert_eq!(link(&facts), Linking::Refuse(LinkingRefusal::EmailMissing));
    }

    #[test]
    fn r_inv_4_only_a_newcomer_with_a_credible_address_takes_an_invitation() {
        let newcomer = Linking::Provision { proven: false };
        assert!(takes_invitation(&newcomer, &facts()));
        let denied = Facts { email_verified: EmailVerified::FalseOrMalformed, ..facts() };
        assert!(!takes_invitation(&newcomer, &denied));
        assert!(takes_invitation(&newcomer, &Facts { code_proven: true, ..denied.clone() }));
        assert!(!takes_invitation(&Linking::Link { user_id: user(1) }, &facts()));
        assert!(claims_address(&facts()) && !claims_address(&denied));
    }

    #[test]
    fn r_inv_4_an_address_that_a_code_proved_needs_no_asserted_one() {
        let back = Linking::Join { user_id: user(1), bind: false };
        let silent = Facts { has_email: false, ..facts() };
        assert!(!takes_invitation(&back, &silent) && !claims_address(&silent));
        assert!(takes_invitation(&back, &Facts { code_proven: true, ..silent }));
    }

    #[test]
    fn r_lnk_4_a_proven_local_address_is_theirs_or_brings_them_to_its_holder() {
        let own = Some(MembershipState::Active);
        assert_eq!(claim_address(own, None), AddressClaim::MakeTheirs);
        assert_eq!(claim_address(own, Some(&candidate(None))), AddressClaim::Merge { into: user(1) });
        let removed = candidate(Some((MembershipState::Removed, OrganizationRole::Member)));
        assert_eq!(claim_address(own, Some(&removed)), AddressClaim::Refuse(LinkingRefusal::MembershipRemoved));
        let linked = Candidate { linked_to_another_subject: true, ..candidate(None) };
        assert_eq!(claim_address(own, Some(&linked)), AddressClaim::Refuse(LinkingRefusal::LinkedToAnotherSubject));
    }

    #[test]
    fn r_lnk_1_who_was_removed_is_brought_to_no_account_of_the_same_address() {
        for (own, is_brought) in [
            (Some(MembershipState::Removed), false),
            (Some(MembershipState::Left), true),
            (Some(MembershipState::Readmitted), true),
            (None, true),
        ] {
            for holder in [candidate(None), candidate(MEMBER)] {
                let expected = if is_brought {
                    AddressClaim::Merge { into: user(1) }
                } else {
                    AddressClaim::Refuse(LinkingRefusal::MembershipRemoved)
                };
                assert_eq!(claim_address(own, Some(&holder)), expected, "{own:?}");
            }
            assert_eq!(claim_address(own, None), AddressClaim::MakeTheirs, "{own:?}: it lets nobody in");
        }
    }

    #[test]
    fn r_lnk_4_a_sign_in_by_a_known_subject_proves_the_stored_address_once_the_domain_is_proven() {
        let existing = Linking::Existing { user_id: user(1) };
        let proven = Facts { domain_proven: true, ..facts() };
        assert!(proves_address(&existing, &proven));
        assert!(proves_address(&Linking::Join { user_id: user(1), bind: false }, &proven));
        assert!(proves_address(&existing, &Facts { email_verified: EmailVerified::Missing, ..proven.clone() }));
        let other = Facts { asserts_stored_address: false, ..proven.clone() };
        assert!(!proves_address(&existing, &other), "another address was asserted");
        assert!(!proves_address(&existing, &facts()), "the domain is not proven");
        let denied = Facts { email_verified: EmailVerified::FalseOrMalformed, ..proven.clone() };
        assert!(!proves_address(&existing, &denied));
        assert!(!proves_address(&Linking::Link { user_id: user(1) }, &proven), "a first contact");
    }

    #[test]
    fn every_refusal_has_its_code() {
        let codes = LinkingRefusal::ALL.map(LinkingRefusal::code);
        assert_eq!(codes, ["membership-removed", "linked-to-another-subject", "member-limit", "email-missing"]);
    }
}
