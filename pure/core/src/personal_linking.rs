//! Owns whose account an assertion by Google or GitHub opens. It reads nothing; the facts are gathered by the caller in the
//! transaction that acts on the answer. A provider's word never opens an account by its address: only the link of its
//! subject does, and only the person makes one (R-LNK-9, T-LNK-3, T-LNK-11).

use crate::id::UserId;

/// Somebody who has the named address proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub user_id: UserId,
    /// Whether another subject of the same provider is linked to them.
    pub linked_to_another_subject: bool,
}

/// What is known when an assertion arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The user whom the subject is linked to.
    pub identity: Option<UserId>,
    /// Whether an address was named that an account can have.
    pub has_email: bool,
    /// Whether the provider answers for the address (R-LNK-9).
    pub authoritative: bool,
    /// Who has that address proven. An address that an organization's SSO told, and nobody proved, is no one's here: it
    /// reserves nothing (R-LNK-4, T-LNK-5).
    pub holder: Option<Holder>,
    /// Whether a code bound to this attempt was mailed to the address as it stands now, and was right (T-LNK-4).
    pub code_proven: bool,
    /// Whether this person may sign up: anybody may, or they hold an invitation to the address.
    pub sign_up_open: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonalLinking {
    /// The subject is linked: this user, whatever the address says now.
    SignIn {
        /// Who.
        user_id: UserId,
    },
    /// The person proved the address by a code: link the subject, once the second factor was shown if there is one.
    Link {
        /// Who.
        user_id: UserId,
    },
    /// Nobody has the address, and it counts as proven: a new user.
    Provision,
    /// Somebody has the address, and the provider answers for it: the person uses a way in that they have, or a mailed code
    /// and their second factor.
    AskToLink {
        /// Who.
        user_id: UserId,
    },
    /// A code has to be mailed first, to this user's stored address or, if nobody is known, to the named one. To the person
    /// both look the same, for the provider does not answer for the address (R-IN-5).
    ProveAddress {
        /// Who has the address.
        user_id: Option<UserId>,
    },
    /// No.
    Refuse(PersonalLinkingRefusal),
}

/// Why an assertion by Google or GitHub opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalLinkingRefusal {
    /// No address that an account can have, and nobody known by the subject.
    AddressMissing,
    /// The user who has the address, or who is signed in, has another account of this provider linked.
    AnotherAccountLinked,
    /// The account at the provider is linked to somebody else.
    LinkedToSomebodyElse,
    /// Nobody is known, and sign-up is closed.
    SignUpClosed,
}

impl PersonalLinkingRefusal {
    /// Every refusal.
    pub const ALL: [Self; 4] =
        [Self::AddressMissing, Self::AnotherAccountLinked, Self::LinkedToSomebodyElse, Self::SignUpClosed];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AddressMissing => "address-missing",
            Self::AnotherAccountLinked => "another-account-linked",
            Self::LinkedToSomebodyElse => "linked-to-somebody-else",
            Self::SignUpClosed => "sign-up-closed",
        }
    }
}

/// Decides whose account it is, for somebody who comes in.
///
/// What is told before the address is proven is the same for known and unknown people: of an address for which the provider
/// does not answer, a code is asked first, and everything else afterwards.
///
/// *Source*: R-LNK-9, R-IN-5.
pub fn link(facts: &Facts) -> PersonalLinking {
    if let Some(user_id) = &facts.identity {
        return PersonalLinking::SignIn { user_id: user_id.clone() };
    }
    if !facts.has_email {
        return PersonalLinking::Refuse(PersonalLinkingRefusal::AddressMissing);
    }
    let holder = facts.holder.as_ref();
    if !facts.authoritative && !facts.code_proven {
        return PersonalLinking::ProveAddress { user_id: holder.map(|holder| holder.user_id.clone()) };
    }
    match holder {
        Some(holder) if holder.linked_to_another_subject => {
            PersonalLinking::Refuse(PersonalLinkingRefusal::AnotherAccountLinked)
        }
        Some(holder) if facts.code_proven => PersonalLinking::Link { user_id: holder.user_id.clone() },
        Some(holder) => PersonalLinking::AskToLink { user_id: holder.user_id.clone() },
        None if facts.sign_up_open => PersonalLinking::Provision,
        None => PersonalLinking::Refuse(PersonalLinkingRefusal::SignUpClosed),
    }
}

/// What comes of an assertion that a person in a session wants linked to their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnLink {
    /// Link it.
    Bind,
    /// It is theirs already.
    Bound,
    /// No.
    Refuse(PersonalLinkingRefusal),
}

/// Decides whether a subject can be linked to the person who is signed in: `identity` is whose it is, `has_another` says
/// that they have another subject of the provider linked. The address plays no part.
///
/// *Source*: R-IN-9, R-LNK-9.
pub fn link_own(own: &UserId, identity: Option<&UserId>, has_another: bool) -> OwnLink {
    match identity {
        Some(user_id) if user_id == own => OwnLink::Bound,
        Some(_) => OwnLink::Refuse(PersonalLinkingRefusal::LinkedToSomebodyElse),
        None if has_another => OwnLink::Refuse(PersonalLinkingRefusal::AnotherAccountLinked),
        None => OwnLink::Bind,
    }
}

#[cfg(test)]
mod tests {
    use super::PersonalLinking::{AskToLink, Link, ProveAddress, Provision, Refuse, SignIn};
    use super::PersonalLinkingRefusal::{AddressMissing, AnotherAccountLinked, LinkedToSomebodyElse, SignUpClosed};
    use super::*;
    use crate::id::Identifier;
    use crate::time::Timestamp;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::from_millis(1), [number; 10])
    }

    fn worlds() -> Vec<Facts> {
        let mut all = Vec::new();
        for bits in 0..16_u8 {
            let bit = |place: u8| bits >> place & 1 == 1;
            for identity in [None, Some(user(1))] {
                for holder in [None, Some(false), Some(true)] {
                    all.push(Facts {
                        identity: identity.clone(),
                        has_email: bit(0),
                        authoritative: bit(1),
                        holder: holder.map(|linked| Holder { user_id: user(2), linked_to_another_subject: linked }),
                        code_proven: bit(2),
                        sign_up_open: bit(3),
                    });
                }
            }
        }
        all
    }

    /// One row of the table: authoritative, code proven, who has the address (`None` nobody, else whether another subject
    /// is linked), sign-up open, and what comes of it.
    type RowOf = (bool, bool, Option<bool>, bool, PersonalLinking);

    #[test]
    fn r_lnk_9_who_is_not_linked_proves_the_address_before_anything_is_told_or_made() {
        let known = || Some(user(2));
        let rows: Vec<RowOf> = vec![
            // Google answers for it.
            (true, false, None, true, Provision),
            (true, false, None, false, Refuse(SignUpClosed)),
            (true, false, Some(false), true, AskToLink { user_id: user(2) }),
            (true, false, Some(false), false, AskToLink { user_id: user(2) }),
            (true, false, Some(true), true, Refuse(AnotherAccountLinked)),
            (true, true, Some(false), true, Link { user_id: user(2) }),
            (true, true, Some(true), true, Refuse(AnotherAccountLinked)),
            // Nobody answers for it: a code first, whoever is known.
            (false, false, None, true, ProveAddress { user_id: None }),
            (false, false, None, false, ProveAddress { user_id: None }),
            (false, false, Some(false), true, ProveAddress { user_id: known() }),
            (false, false, Some(false), false, ProveAddress { user_id: known() }),
            (false, false, Some(true), true, ProveAddress { user_id: known() }),
            // Afterwards.
            (false, true, None, true, Provision),
            (false, true, None, false, Refuse(SignUpClosed)),
            (false, true, Some(false), true, Link { user_id: user(2) }),
            (false, true, Some(false), false, Link { user_id: user(2) }),
            (false, true, Some(true), true, Refuse(AnotherAccountLinked)),
        ];
        for (authoritative, code_proven, holder, sign_up_open, expected) in rows {
            let facts = Facts {
                identity: None,
                has_email: true,
                authoritative,
                holder: holder.map(|linked| Holder { user_id: user(2), linked_to_another_subject: linked }),
                code_proven,
                sign_up_open,
            };
            assert_eq!(link(&facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn t_lnk_11_a_linked_subject_opens_its_user_whatever_the_address_says() {
        for facts in worlds().into_iter().filter(|facts| facts.identity.is_some()) {
            assert_eq!(link(&facts), SignIn { user_id: user(1) }, "{facts:?}");
        }
    }

    #[test]
    fn t_lnk_3_no_address_opens_an_account_without_a_code_mailed_to_it() {
        for facts in worlds().into_iter().filter(|facts| facts.identity.is_none()) {
            match link(&facts) {
                Link { .. } => assert!(facts.code_proven && facts.has_email, "{facts:?}"),
                Provision => {
                    let proven = facts.code_proven || facts.authoritative;
                    assert!(proven && facts.sign_up_open && facts.holder.is_none(), "{facts:?}");
                }
                SignIn { .. } => panic!("nobody is linked: {facts:?}"),
                AskToLink { .. } | ProveAddress { .. } | Refuse(_) => {}
            }
        }
    }

    #[test]
    fn r_in_5_before_the_code_known_and_unknown_look_the_same() {
        let unproven = |facts: &Facts| facts.identity.is_none() && !facts.authoritative && !facts.code_proven;
        for facts in worlds().into_iter().filter(unproven) {
            let seen = link(&facts);
            let same =
                if facts.has_email { matches!(seen, ProveAddress { .. }) } else { seen == Refuse(AddressMissing) };
            assert!(same, "{facts:?}: {seen:?}");
        }
    }

    #[test]
    fn r_lnk_9_a_person_links_what_is_nobodys_and_one_of_a_kind() {
        for (identity, has_another, expected) in [
            (None, false, OwnLink::Bind),
            (None, true, OwnLink::Refuse(AnotherAccountLinked)),
            (Some(user(1)), false, OwnLink::Bound),
            (Some(user(2)), false, OwnLink::Refuse(LinkedToSomebodyElse)),
            (Some(user(2)), true, OwnLink::Refuse(LinkedToSomebodyElse)),
        ] {
            assert_eq!(link_own(&user(1), identity.as_ref(), has_another), expected);
        }
    }

    #[test]
    fn each_refusal_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = PersonalLinkingRefusal::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(codes.len(), PersonalLinkingRefusal::ALL.len());
    }
}
