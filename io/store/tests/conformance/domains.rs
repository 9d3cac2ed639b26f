//! Domains: one holder, who held one last, and what the check of a session reads of it.

use orgate_core::domain::{CheckResult, DomainName, DomainState, ProvenDomains};
use orgate_core::email::EmailAddress;
use orgate_core::id::{DomainId, OrganizationId};
use orgate_core::policy::AddressState;
use orgate_core::role::OrganizationRole;
use orgate_store::{Constraint, Domain, StoreError, User};

use crate::bed::{Bed, at, hash, id, user};
use crate::invitations::{invitation, tokens};

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

pub async fn claim(bed: &Bed, organization: &OrganizationId, owner: &User, text: &str) -> Domain {
    let (id, name): (DomainId, _) = (id(), name(text));
    within!(bed, tx, [organization, owner, id, name], {
        let mut view = tx.organization(organization);
        view.insert_domain(id, name, "token", &owner.id, at(10)).await?;
        view.load_domain(id).await
    })
}

async fn person_at(bed: &Bed, text: &str) -> User {
    let person = User { email: EmailAddress::parse(text).unwrap(), ..user("person") };
    within!(bed, tx, [person], tx.instance().insert_user(person).await);
    person
}

async fn r_lnk_7_a_claim_goes_from_pending_to_held_to_lapsed(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let domain = claim(&bed, &acme, &owner, "acme.example").await;
    assert_eq!((domain.state, domain.looks(), domain.token.as_str()), (DomainState::Pending, None, "token"));
    within!(bed, tx, [acme, domain], {
        assert_eq!(tx.instance().find_domain_holder(&domain.name).await?, None, "a claim reserves nothing");
        let mut view = tx.organization(acme);
        assert!(view.note_domain_check(&domain.id, CheckResult::RecordMissing, at(11)).await?);
        assert!(!view.note_unanswered_domain(&domain.id, at(11), at(11)).await?, "not held");
        assert!(view.hold_domain(domain, at(20)).await?);
        let held = view.load_domain(&domain.id).await?;
        assert_eq!(
            (held.state, held.verified_at, held.last_result),
            (DomainState::Verified, Some(at(20)), Some(CheckResult::Found))
        );
        assert!(!view.note_domain_check(&domain.id, CheckResult::RecordMissing, at(21)).await?, "held");
        assert!(view.note_unanswered_domain(&domain.id, at(30), at(31)).await?);
        let looks = view.load_domain(&domain.id).await?.looks().unwrap();
        assert_eq!((looks.checked_at, looks.tried_at, looks.unanswered_since), (at(20), at(31), Some(at(30))));
        assert!(view.hold_domain(domain, at(40)).await?);
        let held = view.load_domain(&domain.id).await?;
        assert_eq!((held.verified_at, held.checked_at, held.unanswered_since), (Some(at(20)), Some(at(40)), None));
        assert_eq!(tx.instance().find_domain_holder(&domain.name).await?, Some(held));
        let mut view = tx.organization(acme);
        assert!(view.lapse_domain(&domain.id, CheckResult::NoAnswer, at(50)).await?);
        assert!(!view.lapse_domain(&domain.id, CheckResult::NoAnswer, at(51)).await?);
        let lapsed = view.find_domain(&domain.id).await?.unwrap();
        assert_eq!((lapsed.state, lapsed.lapsed_at, lapsed.looks()), (DomainState::Lapsed, Some(at(50)), None));
        assert_eq!(view.list_domains().await?, [lapsed]);
        assert!(view.delete_domain(&domain.id).await?);
        assert!(!view.delete_domain(&domain.id).await?);
        Ok(())
    });
}

async fn r_lnk_7_one_organization_holds_a_domain_and_the_last_is_remembered(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (beta, rival) = bed.organization("beta").await;
    let (one, two) =
        (claim(&bed, &acme, &owner, "acme.example").await, claim(&bed, &beta, &rival, "acme.example").await);
    within!(bed, tx, [acme, one], {
        assert_eq!(tx.instance().find_last_domain_holder(&one.name).await?, None);
        tx.organization(acme).hold_domain(one, at(20)).await
    });
    let second = bed.write((beta.clone(), two.clone()), |tx, (beta, two)| {
        Box::pin(async move { tx.organization(beta).hold_domain(two, at(21)).await })
    });
    let refused = second.await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(Constraint::DomainHolder)), "{refused}");
    let again = bed.write((acme.clone(), owner.clone(), one.clone()), |tx, (acme, owner, one)| {
        Box::pin(async move { tx.organization(acme).insert_domain(&id(), &one.name, "other", &owner.id, at(22)).await })
    });
    assert!(matches!(again.await.unwrap_err(), StoreError::Conflict(Constraint::DomainName)));
    within!(bed, tx, [acme, beta, one, two], {
        assert_eq!(tx.instance().find_last_domain_holder(&one.name).await?.as_ref(), Some(acme));
        assert!(tx.organization(acme).delete_domain(&one.id).await?);
        assert_eq!(tx.instance().find_last_domain_holder(&one.name).await?.as_ref(), Some(acme));
        assert!(tx.organization(beta).hold_domain(two, at(30)).await?);
        assert_eq!(tx.instance().find_last_domain_holder(&one.name).await?.as_ref(), Some(beta));
        assert_eq!(tx.organization(acme).find_domain(&two.id).await?, None, "another organization's");
        assert!(!tx.organization(acme).delete_domain(&two.id).await?);
        assert!(!tx.organization(acme).lapse_domain(&two.id, CheckResult::NoAnswer, at(31)).await?);
        assert!(!tx.organization(acme).hold_domain(two, at(31)).await?);
        Ok(())
    });
}

async fn r_lnk_7_held_domains_come_due_by_the_day_and_by_the_hour(bed: Bed) {
    const HOUR: i64 = 3_600_000;
    let (acme, owner) = bed.organization("acme").await;
    let (one, two) = (claim(&bed, &acme, &owner, "one.example").await, claim(&bed, &acme, &owner, "two.example").await);
    within!(bed, tx, [acme, one, two], {
        let mut view = tx.organization(acme);
        view.hold_domain(one, at(0)).await?;
        view.hold_domain(two, at(0)).await?;
        view.note_unanswered_domain(&two.id, at(0), at(0)).await?;
        let mut instance = tx.instance();
        assert_eq!(instance.list_due_domains(at(HOUR - 1), 10).await?.len(), 0);
        let due = instance.list_due_domains(at(HOUR), 10).await?;
        assert_eq!(due.iter().map(|domain| &domain.id).collect::<Vec<_>>(), [&two.id]);
        assert_eq!(instance.list_due_domains(at(24 * HOUR), 10).await?.len(), 2);
        assert_eq!(instance.list_due_domains(at(24 * HOUR), 1).await?.len(), 1);
        let unanswered = instance.list_unanswered_domains(10).await?;
        assert_eq!(unanswered.iter().map(|domain| &domain.id).collect::<Vec<_>>(), [&two.id]);
        Ok(())
    });
}

async fn r_lnk_7_addresses_of_exactly_one_domain_become_unproven_and_match_members_only(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let dana = person_at(&bed, "Dana@acme.example").await;
    let elsewhere = person_at(&bed, "sam@eu.acme.example").await;
    let other = person_at(&bed, "kim@acme.example.test").await;
    within!(bed, tx, [acme, dana], {
        let role = OrganizationRole::Owner;
        tx.organization(acme).join(&dana.id, role, orgate_core::membership::MembershipOrigin::Invitation, at(3)).await
    });
    let acme_example = name("acme.example");
    within!(bed, tx, [acme, owner, dana, elsewhere, other, acme_example], {
        assert_eq!(tx.organization(acme).count_members_in_domain(acme_example).await?, 1);
        let mut instance = tx.instance();
        assert_eq!(instance.list_owners_of_domain(acme_example).await?, std::slice::from_ref(&dana.id));
        assert_eq!(instance.unprove_addresses(acme_example).await?, 1);
        assert_eq!(instance.unprove_addresses(acme_example).await?, 0);
        assert!(instance.list_owners_of_domain(acme_example).await?.is_empty());
        assert_eq!(instance.load_user(&dana.id).await?.address, AddressState::Unproven);
        for person in [elsewhere, other, owner] {
            assert_eq!(instance.load_user(&person.id).await?.address, AddressState::Proven);
        }
        assert_eq!(instance.find_user_by_proven_email(&dana.email).await?, None);
        let found = tx.organization(acme).find_user_by_local_email(&dana.email).await?;
        assert_eq!(found.map(|user| user.id).as_ref(), Some(&dana.id), "a member here");
        assert!(tx.instance().set_email_proven(&dana.id, at(9)).await?);
        assert_eq!(tx.instance().load_user(&dana.id).await?.address, AddressState::Proven);
        Ok(())
    });
    let (beta, _) = bed.organization("beta").await;
    within!(bed, tx, [beta, dana, acme_example], {
        tx.instance().unprove_addresses(acme_example).await?;
        assert_eq!(tx.organization(beta).find_user_by_local_email(&dana.email).await?, None, "no member there");
        Ok(())
    });
}

async fn r_lnk_7_since_when_a_domain_is_held_changes_with_its_holder_alone(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (beta, rival) = bed.organization("beta").await;
    let (one, two) =
        (claim(&bed, &acme, &owner, "acme.example").await, claim(&bed, &beta, &rival, "acme.example").await);
    within!(bed, tx, [acme, beta, one, two], {
        assert_eq!(tx.instance().find_domain_held_since(&one.name).await?, None);
        tx.organization(acme).hold_domain(one, at(20)).await?;
        tx.organization(acme).hold_domain(one, at(25)).await?;
        assert_eq!(tx.instance().find_domain_held_since(&one.name).await?, Some(at(20)));
        tx.organization(acme).lapse_domain(&one.id, CheckResult::RecordMissing, at(26)).await?;
        tx.organization(acme).hold_domain(one, at(27)).await?;
        assert_eq!(tx.instance().find_domain_held_since(&one.name).await?, Some(at(20)), "it is the same one");
        tx.organization(acme).delete_domain(&one.id).await?;
        tx.organization(beta).hold_domain(two, at(30)).await?;
        assert_eq!(tx.instance().find_domain_held_since(&one.name).await?, Some(at(30)));
        Ok(())
    });
}

async fn r_lnk_7_the_mailed_links_of_pending_invitations_into_a_domain_are_made_void(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (beta, rival) = bed.organization("beta").await;
    let [one, two, elsewhere, over] = [
        invitation(&acme, &owner, "Kim@acme.example", at(50)),
        invitation(&beta, &rival, "lee@acme.example", at(50)),
        invitation(&acme, &owner, "kim@eu.acme.example", at(50)),
        invitation(&acme, &owner, "sam@acme.example", at(50)),
    ];
    let acme_example = name("acme.example");
    within!(bed, tx, [one, two, elsewhere, over, acme_example], {
        for (seed, sent) in (1..).zip([one, two, elsewhere, over]) {
            tx.organization(&sent.organization_id).insert_invitation(sent, &tokens(seed), &[]).await?;
        }
        assert!(tx.organization(&over.organization_id).revoke_invitation(&over.id, at(2)).await?);
        let mut instance = tx.instance();
        let pending = instance.list_invitations_into_domain(acme_example).await?;
        assert_eq!(pending, [one.id.clone(), two.id.clone()]);
        assert!(instance.void_mailed_link(&one.id, &hash(90)).await?);
        assert!(!instance.void_mailed_link(&over.id, &hash(91)).await?, "it is over");
        assert_eq!(instance.find_invitation_by_token(&hash(1)).await?, None);
        assert!(instance.find_invitation_by_token(&hash(101)).await?.is_some(), "the copied one proves no address");
        assert!(instance.find_invitation_by_token(&hash(3)).await?.is_some());
        Ok(())
    });
}

async fn r_lnk_6_r_api_2_a_check_of_a_session_sees_a_domain_that_is_held_or_lost(bed: Bed) {
    bed.instance().await;
    let (acme, _) = bed.organization("acme").await;
    let dana = person_at(&bed, "dana@acme.example").await;
    let domain = claim(&bed, &acme, &dana, "acme.example").await;
    let session = crate::sessions::session(&dana);
    within!(bed, tx, [acme, dana, session], {
        let role = OrganizationRole::Member;
        tx.organization(acme).join(&dana.id, role, orgate_core::membership::MembershipOrigin::Sso, at(3)).await?;
        tx.instance().insert_session(session, &hash(1)).await
    });
    for (step, vouches) in [("nothing", false), ("hold", true), ("lapse", false), ("hold", true), ("unprove", false)] {
        within!(bed, tx, [acme, domain, step], {
            match *step {
                "hold" => tx.organization(acme).hold_domain(domain, at(20)).await.map(drop),
                "lapse" => {
                    tx.organization(acme).lapse_domain(&domain.id, CheckResult::RecordMissing, at(21)).await.map(drop)
                }
                "unprove" => tx.instance().unprove_addresses(&domain.name).await.map(drop),
                _ => Ok(()),
            }
        });
        for _ in 0..2 {
            // The second time from what is remembered.
            let check = bed.store.check_session(&hash(1)).await.unwrap().unwrap();
            assert_eq!(check.places[0].vouches, vouches, "{step}");
            let listed = within!(bed, tx, [dana], tx.instance().list_places(&dana.id).await);
            assert_eq!(listed, check.places, "{step}");
        }
    }
    let check = bed.store.check_session(&hash(1)).await.unwrap().unwrap();
    assert_eq!(check.places[0].organization.domains, ProvenDomains::of([&domain.name].into_iter()));
}

on_each_engine! {
    r_lnk_7_a_claim_goes_from_pending_to_held_to_lapsed
    r_lnk_7_one_organization_holds_a_domain_and_the_last_is_remembered
    r_lnk_7_held_domains_come_due_by_the_day_and_by_the_hour
    r_lnk_7_addresses_of_exactly_one_domain_become_unproven_and_match_members_only
    r_lnk_7_since_when_a_domain_is_held_changes_with_its_holder_alone
    r_lnk_7_the_mailed_links_of_pending_invitations_into_a_domain_are_made_void
    r_lnk_6_r_api_2_a_check_of_a_session_sees_a_domain_that_is_held_or_lost
}
