//! Connections, their revisions, tests and recent attempts.

use orgate_core::connection::{ConnectionState, RevisionState};
use orgate_core::id::{ConnectionId, Reference};
use orgate_core::time::Timestamp;
use orgate_store::{ConnectionTest, Constraint, Expiring, SsoAttempt, StoreError};

use crate::bed::{Bed, at, id, revision};

async fn a_connection_goes_from_draft_to_active_to_disabled_to_removed(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, draft) = bed.connection(&acme, &owner).await;
    within!(bed, tx, [acme, okta, draft], {
        let mut organization = tx.organization(acme);
        assert_eq!(organization.load_connection(okta).await?.state, ConnectionState::Draft);
        assert!(organization.rename_connection(okta, "Okta EU").await?);
        assert!(!organization.disable_connection(okta).await?);
        assert!(organization.activate_connection(okta, &draft.id, at(6)).await?);
        assert!(!organization.remove_connection(okta, at(7)).await?);
        assert!(organization.touch_connection(okta, at(8)).await?);
        let active = organization.load_connection(okta).await?;
        assert_eq!((active.name.as_str(), active.state), ("Okta EU", ConnectionState::Active));
        assert_eq!((active.active_revision_id, active.activated_at), (Some(draft.id.clone()), Some(at(6))));
        assert_eq!(active.last_sign_in_at, Some(at(8)));
        assert_eq!(tx.instance().find_connection(okta).await?.map(|found| found.organization_id), Some(acme.clone()));
        let mut organization = tx.organization(acme);
        assert_eq!(organization.list_connections().await?.len(), 1);
        assert!(organization.disable_connection(okta).await?);
        assert!(organization.remove_connection(okta, at(9)).await?);
        assert!(!organization.remove_connection(okta, at(9)).await?);
        assert_eq!(organization.find_connection(okta).await?, None);
        assert_eq!(organization.find_revision(&draft.id).await?.unwrap().sealed_settings, Vec::<u8>::new());
        assert_eq!(tx.instance().find_connection(okta).await?, None);
        Ok(())
    });
}

async fn r_sso_7_an_organization_has_one_active_connection(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (one, first) = bed.connection(&acme, &owner).await;
    let (two, second) = bed.connection(&acme, &owner).await;
    let both = bed.write((acme, one, first, two, second), |tx, (acme, one, first, two, second)| {
        Box::pin(async move {
            tx.organization(acme).activate_connection(one, &first.id, at(6)).await?;
            tx.organization(acme).activate_connection(two, &second.id, at(6)).await
        })
    });
    assert!(matches!(both.await, Err(StoreError::Conflict(Constraint::ConnectionActive))));
}

async fn another_organizations_connection_is_not_found(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, other_owner) = bed.organization("other").await;
    let (foreign, draft) = bed.connection(&other, &other_owner).await;
    let edit = revision(&foreign, &owner, "https://evil.example");
    within!(bed, tx, [acme, foreign, draft, owner], {
        let mut organization = tx.organization(acme);
        assert!(matches!(organization.load_connection(foreign).await, Err(StoreError::NotFound { .. })));
        assert!(!organization.rename_connection(foreign, "Mine").await?);
        assert!(!organization.activate_connection(foreign, &draft.id, at(6)).await?);
        assert_eq!(organization.find_revision(&draft.id).await?, None);
        assert_eq!(organization.find_revision_in_state(foreign, RevisionState::Draft).await?, None);
        assert!(!organization.set_revision_validated(&draft.id, &owner.id, at(6)).await?);
        assert!(!organization.set_revision_checks(&draft.id, "[1]").await?);
        Ok(())
    });
    let inserted = bed.write((acme, edit), |tx, (acme, edit)| {
        Box::pin(async move { tx.organization(acme).insert_draft_revision(edit).await })
    });
    assert!(matches!(inserted.await, Err(StoreError::NotFound { noun: "connection" })));
}

async fn r_sso_6_only_a_validated_revision_takes_the_active_ones_place(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, first) = bed.connection(&acme, &owner).await;
    let second = revision(&okta, &owner, "https://idp.example");
    within!(bed, tx, [acme, owner, okta, first, second], {
        let mut organization = tx.organization(acme);
        assert!(!organization.activate_revision(okta, &first.id).await?);
        assert!(organization.set_revision_validated(&first.id, &owner.id, at(6)).await?);
        assert!(organization.activate_revision(okta, &first.id).await?);
        assert_eq!(organization.insert_draft_revision(second).await?, 2);
        assert!(!organization.activate_revision(okta, &second.id).await?);
        let active = organization.find_revision_in_state(okta, RevisionState::Active).await?.unwrap();
        assert_eq!((active.id, active.validated_by), (first.id.clone(), Some(owner.id.clone())));
        assert!(organization.set_revision_checks(&second.id, "[{}]").await?);
        assert!(organization.set_revision_validated(&second.id, &owner.id, at(7)).await?);
        assert!(organization.activate_revision(okta, &second.id).await?);
        let all = organization.list_revisions(okta, 5).await?;
        let states: Vec<_> = all.iter().map(|one| (one.number, one.state, one.checks.as_str())).collect();
        assert_eq!(states, vec![(2, RevisionState::Active, "[{}]"), (1, RevisionState::Retired, "[]")]);
        assert!(!organization.set_revision_validated(&first.id, &owner.id, at(8)).await?);
        assert!(!organization.activate_revision(okta, &first.id).await?);
        let active = organization.find_revision_in_state(okta, RevisionState::Active).await?.unwrap();
        assert_eq!(active.id, second.id);
        Ok(())
    });
}

async fn a_new_draft_retires_the_draft_before(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, first) = bed.connection(&acme, &owner).await;
    let second = revision(&okta, &owner, "https://other.example");
    within!(bed, tx, [acme, okta, first, second], {
        let mut organization = tx.organization(acme);
        assert_eq!(organization.find_revision(&first.id).await?.as_ref(), Some(first));
        assert_eq!(organization.insert_draft_revision(second).await?, 2);
        let draft = organization.find_revision_in_state(okta, RevisionState::Draft).await?.unwrap();
        assert_eq!((draft.id, draft.issuer.as_str()), (second.id.clone(), "https://other.example"));
        assert_eq!(organization.find_revision(&first.id).await?.unwrap().state, RevisionState::Retired);
        Ok(())
    });
}

async fn a_test_is_finished_once_in_time_and_not_after_its_starter_is_gone(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, draft) = bed.connection(&acme, &owner).await;
    let test = ConnectionTest {
        id: id(),
        connection_id: okta.clone(),
        revision_id: draft.id.clone(),
        started_by: owner.id.clone(),
        created_at: at(1),
        expires_at: at(50),
        finished_at: None,
        outcome: None,
        sealed_result: None,
    };
    let revoked = ConnectionTest { id: id(), ..test.clone() };
    within!(bed, tx, [acme, owner, okta, test, revoked], {
        let mut organization = tx.organization(acme);
        organization.insert_connection_test(test).await?;
        assert_eq!(organization.find_connection_test(&test.id).await?.as_ref(), Some(test));
        assert!(!organization.finish_connection_test(&test.id, "succeeded", &[1], at(50)).await?);
        assert!(organization.finish_connection_test(&test.id, "succeeded", &[1], at(49)).await?);
        assert!(!organization.finish_connection_test(&test.id, "refused", &[2], at(49)).await?);
        let done = organization.find_connection_test(&test.id).await?.unwrap();
        assert_eq!((done.outcome.as_deref(), done.sealed_result), (Some("succeeded"), Some(vec![1])));
        organization.insert_connection_test(revoked).await?;
        let latest = organization.find_latest_connection_test(okta).await?;
        assert_eq!(latest.as_ref(), Some(revoked));
        assert_eq!(organization.count_tests_started_by(&owner.id, at(20)).await?, 1);
        assert_eq!(organization.revoke_tests_started_by(&owner.id, at(20)).await?, 1);
        assert_eq!(organization.count_tests_started_by(&owner.id, at(20)).await?, 0);
        assert!(!organization.finish_connection_test(&revoked.id, "succeeded", &[1], at(20)).await?);
        assert_eq!(tx.instance().delete_expired(Expiring::ConnectionTests, at(21), 9).await?, 1);
        Ok(())
    });
}

fn attempt(connection_id: &ConnectionId, number: u8, moment: Timestamp) -> SsoAttempt {
    SsoAttempt {
        reference: Reference::new([0, 0, 0, 0, number]),
        connection_id: connection_id.clone(),
        at: moment,
        purpose: "sign-in".to_owned(),
        outcome: "refused".to_owned(),
        code: "wrong-issuer".to_owned(),
        expected: Some("https://idp.example".to_owned()),
        received: None,
        person: Some("dana@example.com".to_owned()),
        user_id: None,
    }
}

async fn r_sso_9_attempts_are_found_by_reference_paged_and_trimmed(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let attempts =
        vec![attempt(&okta, 1, at(1)), attempt(&okta, 2, at(2)), attempt(&okta, 3, at(2)), attempt(&okta, 4, at(4))];
    within!(bed, tx, [acme, other, okta, attempts], {
        let mut organization = tx.organization(acme);
        for attempt in attempts {
            organization.insert_sso_attempt(attempt).await?;
        }
        let [one, two, three, four] = attempts.as_slice() else { unreachable!() };
        assert_eq!(organization.find_sso_attempt(&two.reference).await?.as_ref(), Some(two));
        let first = organization.list_sso_attempts(okta, None, 2).await?;
        assert_eq!((first.items, first.has_more), (vec![four.clone(), three.clone()], true));
        let second = organization.list_sso_attempts(okta, Some((three.at, &three.reference)), 2).await?;
        assert_eq!((second.items, second.has_more), (vec![two.clone(), one.clone()], false));
        assert_eq!(organization.trim_sso_attempts(okta, 9).await?, 0);
        assert_eq!(organization.trim_sso_attempts(okta, 3).await?, 1);
        assert_eq!(organization.find_sso_attempt(&one.reference).await?, None);
        assert_eq!(tx.organization(other).find_sso_attempt(&two.reference).await?, None);
        Ok(())
    });
}

on_each_engine! {
    a_connection_goes_from_draft_to_active_to_disabled_to_removed
    r_sso_7_an_organization_has_one_active_connection
    another_organizations_connection_is_not_found
    r_sso_6_only_a_validated_revision_takes_the_active_ones_place
    a_new_draft_retires_the_draft_before
    a_test_is_finished_once_in_time_and_not_after_its_starter_is_gone
    r_sso_9_attempts_are_found_by_reference_paged_and_trimmed
}
