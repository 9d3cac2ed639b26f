//! Sessions, and the one statement that checks one.

use orgate_core::id::SessionId;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::{AddressState, Change, PolicyEpoch};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_core::session::{SessionEnd, SessionLimits};
use orgate_store::{Expiring, Session, User};

use crate::bed::{Bed, at, hash, id};

pub fn session(user: &User) -> Session {
    Session {
        id: id::<SessionId>(),
        user_id: user.id.clone(),
        created_at: at(10),
        last_used_at: at(10),
        expires_at: at(1_000_000),
        proofs: Proofs::of(Proof::Password { at: at(10) }),
        policy_epoch: PolicyEpoch::from_number(3),
        ended_at: None,
        end_reason: None,
        ip: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
    }
}

async fn a_session_is_checked_with_its_person_and_all_of_their_places(bed: Bed) {
    bed.instance().await;
    let (acme, dana) = bed.organization("acme").await;
    let (other, owner) = bed.organization("other").await;
    let (left, _) = bed.organization("left").await;
    let (okta, _) = bed.connection(&other, &owner).await;
    let session = session(&dana);
    within!(bed, tx, [other, left, okta, dana, session], {
        tx.organization(other).join(&dana.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(4)).await?;
        let before = tx.organization(other).load_terms().await?;
        let mut after = before.clone();
        after.state.terms.connection = Some((okta.clone(), at(5)));
        after.epoch = PolicyEpoch::from_number(4);
        after.past = after.past.with(Change { epoch: after.epoch, before: before.state.terms.clone() });
        tx.organization(other).store_terms(before.epoch, &after).await?;
        tx.instance().settle_user(&dana.id, PolicyEpoch::from_number(2)).await?;
        tx.organization(other).set_mfa_required(true).await?;
        tx.organization(left).join(&dana.id, OrganizationRole::Owner, MembershipOrigin::Invitation, at(4)).await?;
        tx.organization(left).end_membership(&dana.id, MembershipState::Left, at(5)).await?;
        tx.instance().insert_session(session, &hash(1)).await
    });
    assert_eq!(bed.store.check_session(&hash(2)).await.unwrap(), None);
    let check = bed.store.check_session(&hash(1)).await.unwrap().unwrap();
    assert_eq!((&check.session_id, &check.user_id, &check.proofs), (&session.id, &dana.id, &session.proofs));
    assert_eq!((check.name.as_str(), check.email.as_str()), ("acme-owner", "acme-owner@example.com"));
    assert_eq!(
        (&check.address, check.has_second_factor, check.began, check.settled),
        (&AddressState::Proven, false, PolicyEpoch::from_number(3), PolicyEpoch::from_number(2))
    );
    assert_eq!((check.judged(), &check.end_reason), (PolicyEpoch::from_number(3), &None));
    assert_eq!(check.life.end(SessionLimits::default(), at(11)), None);
    let places = within!(bed, tx, [dana], tx.instance().list_places(&dana.id).await);
    assert_eq!(check.places, places);
    let summary: Vec<_> =
        places.iter().map(|one| (&one.organization_id, one.role, one.organization.mfa_required)).collect();
    assert_eq!(summary, vec![(&acme, OrganizationRole::Owner, false), (&other, OrganizationRole::Member, true)]);
    assert_eq!(places[1].organization.enforcement.connection, Some((okta, at(5))));
    assert_eq!(places[1].organization.past.changes().len(), 1);
}

async fn a_person_without_a_place_has_a_session_all_the_same(bed: Bed) {
    bed.instance().await;
    let dana = bed.user("dana").await;
    let session = session(&dana);
    within!(bed, tx, [session], tx.instance().insert_session(session, &hash(1)).await);
    assert_eq!(bed.store.check_session(&hash(1)).await.unwrap().unwrap().places, vec![]);
}

async fn a_session_is_over_once_its_person_or_the_deployment_says_so(bed: Bed) {
    bed.instance().await;
    let dana = bed.user("dana").await;
    let session = session(&dana);
    within!(bed, tx, [session, dana], {
        tx.instance().insert_session(session, &hash(1)).await?;
        tx.instance().set_sessions_not_before(&dana.id, at(11)).await
    });
    let check = bed.store.check_session(&hash(1)).await.unwrap().unwrap();
    assert_eq!(check.life.end(SessionLimits::default(), at(12)), Some(SessionEnd::Ended));
    within!(bed, tx, [dana], tx.instance().erase_user(&dana.id, at(12)).await);
    assert_eq!(bed.store.check_session(&hash(1)).await.unwrap(), None);
}

async fn r_in_7_a_new_token_replaces_the_old_one_once(bed: Bed) {
    bed.instance().await;
    let dana = bed.user("dana").await;
    let session = session(&dana);
    within!(bed, tx, [session], {
        let mut instance = tx.instance();
        instance.insert_session(session, &hash(1)).await?;
        let more = session.proofs.with(Proof::MailedCode { at: at(20) });
        assert!(instance.renew_session(&hash(1), &hash(2), &more, at(20)).await?);
        assert!(!instance.renew_session(&hash(1), &hash(3), &more, at(20)).await?);
        assert_eq!(instance.find_session_by_token(&hash(1)).await?, None);
        let renewed = instance.find_session_by_token(&hash(2)).await?.unwrap();
        assert_eq!((renewed.id, renewed.created_at, renewed.proofs), (session.id.clone(), at(10), more.clone()));
        assert!(instance.touch_session(&hash(2), at(30)).await?);
        assert!(!instance.touch_session(&hash(2), at(25)).await?);
        assert!(instance.end_session(&session.user_id, &session.id, "signed-out", at(31)).await?);
        assert!(!instance.renew_session(&hash(2), &hash(4), &more, at(32)).await?);
        Ok(())
    });
}

async fn sessions_are_listed_ended_and_forgotten(bed: Bed) {
    let (dana, sam) = (bed.user("dana").await, bed.user("sam").await);
    let (one, two, three) = (session(&dana), session(&dana), session(&dana));
    let foreign = session(&sam);
    within!(bed, tx, [dana, sam, one, two, three, foreign], {
        let mut instance = tx.instance();
        for (session, seed) in [(one, 1), (two, 2), (three, 3), (foreign, 4)] {
            instance.insert_session(session, &hash(seed)).await?;
        }
        let listed = instance.list_sessions_of_user(&dana.id, at(11)).await?;
        assert_eq!(listed, vec![three.clone(), two.clone(), one.clone()]);
        assert!(!instance.end_session(&dana.id, &foreign.id, "ended", at(12)).await?);
        assert!(instance.end_session(&dana.id, &one.id, "ended", at(12)).await?);
        assert!(!instance.end_session(&dana.id, &one.id, "ended", at(12)).await?);
        assert_eq!(instance.end_sessions_of_user(&dana.id, Some(&two.id), "others", at(13)).await?, 1);
        assert_eq!(instance.list_sessions_of_user(&dana.id, at(14)).await?, vec![two.clone()]);
        assert_eq!(instance.end_sessions_of_user(&dana.id, None, "all", at(14)).await?, 1);
        assert_eq!(instance.end_sessions_of_user(&sam.id, None, "all", at(14)).await?, 1);
        let ended = instance.find_session_by_token(&hash(3)).await?.unwrap();
        assert_eq!((ended.ended_at, ended.end_reason.as_deref()), (Some(at(13)), Some("others")));
        assert_eq!(instance.delete_expired(Expiring::Sessions, at(1_000_000), 9).await?, 0);
        assert_eq!(instance.delete_expired(Expiring::Sessions, at(1_000_001), 3).await?, 3);
        assert_eq!(instance.delete_expired(Expiring::Sessions, at(1_000_001), 3).await?, 1);
        Ok(())
    });
}

on_each_engine! {
    a_session_is_checked_with_its_person_and_all_of_their_places
    a_person_without_a_place_has_a_session_all_the_same
    a_session_is_over_once_its_person_or_the_deployment_says_so
    r_in_7_a_new_token_replaces_the_old_one_once
    sessions_are_listed_ended_and_forgotten
}
