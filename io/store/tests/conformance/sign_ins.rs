//! Sign-ins in flight.

use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_store::{Constraint, Expiring, SignIn, StoreError};

use crate::bed::{Bed, at, hash, id};

pub fn sign_in(place: Option<(&OrganizationId, &ConnectionId)>, seed: u8) -> SignIn {
    SignIn {
        id: id(),
        browser_hash: hash(seed),
        state_hash: place.is_some().then(|| hash(seed + 100)),
        organization_id: place.map(|(organization_id, _)| organization_id.clone()),
        connection_id: place.map(|(_, connection_id)| connection_id.clone()),
        stage: "waiting".to_owned(),
        sealed_document: vec![seed],
        created_at: at(0),
        expires_at: at(50),
    }
}

async fn t_bcp_1_an_idps_answer_serves_its_browser_and_connection_once(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (other, _) = bed.connection(&acme, &owner).await;
    let attempt = sign_in(Some((&acme, &okta)), 1);
    within!(bed, tx, [okta, other, attempt], {
        let mut instance = tx.instance();
        instance.insert_sign_in(attempt).await?;
        assert_eq!(instance.consume_sign_in_by_state(&hash(102), &hash(1), okta, at(1)).await?, None);
        assert_eq!(instance.consume_sign_in_by_state(&hash(101), &hash(2), okta, at(1)).await?, None);
        assert_eq!(instance.consume_sign_in_by_state(&hash(101), &hash(1), other, at(1)).await?, None);
        assert_eq!(instance.consume_sign_in_by_state(&hash(101), &hash(1), okta, at(50)).await?, None);
        let used = instance.consume_sign_in_by_state(&hash(101), &hash(1), okta, at(49)).await?;
        assert_eq!(used.as_ref(), Some(attempt));
        assert_eq!(instance.consume_sign_in_by_state(&hash(101), &hash(1), okta, at(49)).await?, None);
        assert_eq!(instance.find_sign_in(&attempt.id, &hash(1), at(1)).await?, None);
        Ok(())
    });
}

async fn an_attempt_moves_on_only_from_what_was_read(bed: Bed) {
    let attempt = sign_in(None, 1);
    within!(bed, tx, [attempt], {
        let mut instance = tx.instance();
        instance.insert_sign_in(attempt).await?;
        assert_eq!(instance.find_sign_in(&attempt.id, &hash(9), at(1)).await?, None);
        let read = instance.find_sign_in(&attempt.id, &hash(1), at(1)).await?.unwrap();
        assert!(instance.replace_sign_in(&read, "code", &[7], at(1)).await?);
        assert!(!instance.replace_sign_in(&read, "done", &[8], at(1)).await?);
        assert_eq!(instance.consume_sign_in(&attempt.id, &hash(2), at(2)).await?, None);
        let used = instance.consume_sign_in(&attempt.id, &hash(1), at(2)).await?.unwrap();
        assert_eq!((used.stage.as_str(), used.sealed_document.clone()), ("code", vec![7]));
        assert_eq!(instance.consume_sign_in(&attempt.id, &hash(1), at(2)).await?, None);
        assert!(!instance.replace_sign_in(&used, "again", &[9], at(2)).await?);
        Ok(())
    });
}

async fn a_state_is_used_for_one_attempt(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (one, two) = (sign_in(Some((&acme, &okta)), 1), sign_in(Some((&acme, &okta)), 1));
    let insert = bed.write((one, two), |tx, (one, two)| {
        Box::pin(async move {
            tx.instance().insert_sign_in(one).await?;
            tx.instance().insert_sign_in(two).await
        })
    });
    assert!(matches!(insert.await, Err(StoreError::Conflict(Constraint::SignInState))));
}

async fn r_sso_7_attempts_in_flight_go_with_their_connection_and_old_ones_with_time(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (through, local) = (sign_in(Some((&acme, &okta)), 1), sign_in(None, 2));
    within!(bed, tx, [acme, other, okta, through, local], {
        tx.instance().insert_sign_in(through).await?;
        tx.instance().insert_sign_in(local).await?;
        assert_eq!(tx.organization(other).delete_sign_ins_of_connection(okta).await?, 0);
        assert_eq!(tx.organization(acme).delete_sign_ins_of_connection(okta).await?, 1);
        assert_eq!(tx.instance().find_sign_in(&through.id, &hash(1), at(1)).await?, None);
        assert_eq!(tx.instance().delete_expired(Expiring::SignIns, at(50), 9).await?, 0);
        assert_eq!(tx.instance().delete_expired(Expiring::SignIns, at(51), 9).await?, 1);
        Ok(())
    });
}

on_each_engine! {
    t_bcp_1_an_idps_answer_serves_its_browser_and_connection_once
    an_attempt_moves_on_only_from_what_was_read
    a_state_is_used_for_one_attempt
    r_sso_7_attempts_in_flight_go_with_their_connection_and_old_ones_with_time
}
