//! Users, their passwords, and the pending proofs of an address.

use orgate_core::challenge::ChallengePurpose;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_store::{Challenge, Constraint, Expiring, PasswordCredential, PasswordReset, SignUp, StoreError};

use crate::bed::{Bed, at, email, hash, id, user};

async fn the_deployment_is_remembered_once(bed: Bed) {
    assert_eq!(within!(bed, tx, [], tx.instance().find_instance().await), None);
    let instance = bed.instance().await;
    assert_eq!(within!(bed, tx, [], tx.instance().find_instance().await), Some(instance.clone()));
    let again =
        bed.write(instance, |tx, instance| Box::pin(async move { tx.instance().insert_instance(instance).await }));
    assert!(matches!(again.await, Err(StoreError::Conflict(_))));
}

async fn a_person_is_found_by_id_and_by_a_proven_address_in_any_case(bed: Bed) {
    let dana = bed.user("dana").await;
    let address = email("DANA@Example.com");
    let (by_id, by_email, loaded) = within!(bed, tx, [dana, address], {
        let mut instance = tx.instance();
        let by_id = instance.find_user(&dana.id).await?;
        let by_email = instance.find_user_by_proven_email(address).await?;
        Ok((by_id, by_email, instance.load_user(&dana.id).await?))
    });
    assert_eq!(by_id.as_ref(), Some(&dana));
    assert_eq!(by_email.as_ref(), Some(&dana));
    assert_eq!(loaded, dana);
    let nobody = user("nobody");
    let missing = bed.write(nobody, |tx, nobody| Box::pin(async move { tx.instance().load_user(&nobody.id).await }));
    assert!(matches!(missing.await, Err(StoreError::NotFound { noun: "user" })));
}

async fn r_org_1_an_address_is_proven_by_one_open_account_only(bed: Bed) {
    let dana = bed.user("dana").await;
    let rival = user("dana");
    let insert = bed.write(rival.clone(), |tx, rival| Box::pin(async move { tx.instance().insert_user(rival).await }));
    assert!(matches!(insert.await, Err(StoreError::Conflict(Constraint::UserProvenEmail))));
    assert!(within!(bed, tx, [dana], tx.instance().erase_user(&dana.id, at(9)).await));
    assert!(!within!(bed, tx, [dana], tx.instance().erase_user(&dana.id, at(10)).await));
    within!(bed, tx, [rival], tx.instance().insert_user(rival).await);
    let address = rival.email.clone();
    let found = within!(bed, tx, [address], tx.instance().list_users_by_email(address).await);
    assert_eq!(found, vec![rival]);
}

async fn r_lnk_4_a_local_address_reserves_nothing_and_can_be_proven_later(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let mut local = user("sam");
    local.address = AddressState::LocalTo(acme.clone());
    within!(bed, tx, [local], tx.instance().insert_user(local).await);
    let proven = bed.user("sam").await;
    let twin = {
        let mut twin = user("sam");
        twin.address = AddressState::LocalTo(acme.clone());
        twin
    };
    let again = bed.write(twin, |tx, twin| Box::pin(async move { tx.instance().insert_user(twin).await }));
    assert!(matches!(again.await, Err(StoreError::Conflict(Constraint::UserLocalEmail))));

    let address = local.email.clone();
    let (all, here) = within!(bed, tx, [address, acme], {
        let all = tx.instance().list_users_by_email(address).await?;
        Ok((all, tx.organization(acme).find_user_by_local_email(address).await?))
    });
    assert_eq!(all, vec![proven.clone(), local.clone()]);
    assert_eq!(here.as_ref(), Some(&local));

    let taken = bed.write(local.clone(), |tx, local| {
        Box::pin(async move { tx.instance().set_email_proven(&local.id, at(5)).await })
    });
    assert!(matches!(taken.await, Err(StoreError::Conflict(Constraint::UserProvenEmail))));
    let after = within!(bed, tx, [local, proven], {
        tx.instance().erase_user(&proven.id, at(6)).await?;
        assert!(tx.instance().set_email_proven(&local.id, at(7)).await?);
        assert!(!tx.instance().set_email_proven(&local.id, at(8)).await?);
        tx.instance().load_user(&local.id).await
    });
    assert_eq!(after.address, AddressState::Proven);
}

async fn the_end_of_sessions_never_goes_back(bed: Bed) {
    let dana = bed.user("dana").await;
    let after = within!(bed, tx, [dana], {
        let mut instance = tx.instance();
        assert!(instance.rename_user(&dana.id, "Dana R.").await?);
        assert!(instance.set_sessions_not_before(&dana.id, at(7)).await?);
        assert!(!instance.set_sessions_not_before(&dana.id, at(6)).await?);
        instance.load_user(&dana.id).await
    });
    assert_eq!((after.name.as_str(), after.sessions_not_before_at), ("Dana R.", at(7)));
}

async fn a_password_is_set_replaced_rehashed_and_taken_away(bed: Bed) {
    let dana = bed.user("dana").await;
    let credential = PasswordCredential { user_id: dana.id.clone(), hash: "one".to_owned(), set_at: at(1) };
    let found = within!(bed, tx, [credential], {
        let mut instance = tx.instance();
        assert!(instance.find_password(&credential.user_id).await?.is_none());
        instance.set_password(credential).await?;
        let second = PasswordCredential { hash: "two".to_owned(), set_at: at(2), ..credential.clone() };
        instance.set_password(&second).await?;
        assert!(!instance.rehash_password(&credential.user_id, "one", "three").await?);
        assert!(instance.rehash_password(&credential.user_id, "two", "three").await?);
        let found = instance.find_password(&credential.user_id).await?;
        assert!(instance.delete_password(&credential.user_id).await?);
        assert!(!instance.delete_password(&credential.user_id).await?);
        Ok(found)
    });
    assert_eq!(found.map(|found| (found.hash, found.set_at)), Some(("three".to_owned(), at(2))));
}

pub fn sign_up() -> SignUp {
    SignUp {
        id: id(),
        email: email("new@example.com"),
        name: "New".to_owned(),
        password_hash: "hash".to_owned(),
        code_mac: hash(4).to_vec(),
        tries_left: 2,
        invitation_id: Some(id()),
        begun_at: at(0),
        created_at: at(0),
        expires_at: at(100),
        ip: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
    }
}

async fn r_org_2_a_sign_up_has_so_many_tries_and_is_used_once(bed: Bed) {
    let sign_up = sign_up();
    within!(bed, tx, [sign_up], {
        let mut instance = tx.instance();
        instance.insert_sign_up(sign_up).await?;
        assert!(instance.find_sign_up(&sign_up.id, at(1)).await?.as_ref() == Some(sign_up));
        assert!(instance.find_sign_up(&sign_up.id, at(100)).await?.is_none());
        assert!(instance.spend_sign_up_try(&sign_up.id, at(1)).await?);
        assert!(instance.spend_sign_up_try(&sign_up.id, at(1)).await?);
        assert!(!instance.spend_sign_up_try(&sign_up.id, at(1)).await?);
        assert!(!instance.consume_sign_up(&sign_up.id, at(100)).await?);
        assert!(instance.consume_sign_up(&sign_up.id, at(99)).await?);
        assert!(!instance.consume_sign_up(&sign_up.id, at(99)).await?);
        assert!(instance.find_sign_up(&sign_up.id, at(1)).await?.is_none());
        assert_eq!(instance.delete_expired(Expiring::SignUps, at(100), 9).await?, 0);
        assert_eq!(instance.delete_expired(Expiring::SignUps, at(101), 9).await?, 1);
        Ok(())
    });
}

async fn a_password_reset_is_used_once_and_never_late(bed: Bed) {
    let dana = bed.user("dana").await;
    let reset = PasswordReset {
        id: id(),
        token_hash: hash(7),
        user_id: dana.id.clone(),
        email_key: dana.email.key().to_owned(),
        created_at: at(0),
        expires_at: at(50),
        policy_epoch: PolicyEpoch::from_number(6),
    };
    within!(bed, tx, [reset], {
        let mut instance = tx.instance();
        instance.insert_password_reset(reset).await?;
        assert_eq!(instance.find_password_reset(&hash(7), at(1)).await?.as_ref(), Some(reset));
        let (own, epoch) = (&reset.user_id, reset.policy_epoch);
        assert_eq!(instance.find_oldest_reset_epoch(own, at(49)).await?, Some(epoch));
        assert_eq!(instance.find_oldest_reset_epoch(own, at(50)).await?, None, "it is over");
        assert_eq!(instance.consume_password_reset(&hash(8), at(1)).await?, None);
        assert_eq!(instance.consume_password_reset(&hash(7), at(50)).await?, None);
        assert_eq!(instance.consume_password_reset(&hash(7), at(49)).await?.as_ref(), Some(reset));
        assert_eq!(instance.consume_password_reset(&hash(7), at(49)).await?, None);
        assert_eq!(instance.find_password_reset(&hash(7), at(1)).await?, None);
        assert_eq!(instance.find_oldest_reset_epoch(own, at(1)).await?, None, "it was used");
        let other = PasswordReset { id: id(), token_hash: hash(9), expires_at: at(10), ..reset.clone() };
        instance.insert_password_reset(&other).await?;
        assert_eq!(instance.delete_expired(Expiring::PasswordResets, at(11), 9).await?, 1);
        assert_eq!(instance.delete_password_resets_of_user(&reset.user_id).await?, 1);
        Ok(())
    });
}

pub fn challenge(purpose: ChallengePurpose, tries_left: i64) -> Challenge {
    Challenge {
        id: id(),
        purpose,
        bound_to: "sin_1".to_owned(),
        user_id: None,
        email: email("dana@example.com"),
        code_mac: hash(3).to_vec(),
        tries_left,
        created_at: at(0),
        expires_at: at(60),
    }
}

async fn t_web_7_a_challenge_serves_its_own_purpose_once_and_a_newer_one_voids_it(bed: Bed) {
    let old = challenge(ChallengePurpose::SignIn, 5);
    let new = challenge(ChallengePurpose::SignIn, 1);
    within!(bed, tx, [old, new], {
        let mut instance = tx.instance();
        instance.insert_challenge(old).await?;
        assert!(instance.find_challenge(ChallengePurpose::Session, "sin_1", at(1)).await?.is_none());
        assert!(instance.find_challenge(ChallengePurpose::SignIn, "sin_2", at(1)).await?.is_none());
        instance.insert_challenge(new).await?;
        assert!(!instance.consume_challenge(&old.id, at(1)).await?);
        assert!(instance.find_challenge(ChallengePurpose::SignIn, "sin_1", at(1)).await?.as_ref() == Some(new));
        assert!(instance.spend_challenge_try(&new.id, at(1)).await?);
        assert!(!instance.spend_challenge_try(&new.id, at(1)).await?);
        assert!(instance.find_challenge(ChallengePurpose::SignIn, "sin_1", at(1)).await?.is_none(), "no try is left");
        assert!(instance.consume_challenge(&new.id, at(1)).await?);
        assert!(!instance.consume_challenge(&new.id, at(1)).await?);
        assert!(instance.find_challenge(ChallengePurpose::SignIn, "sin_1", at(1)).await?.is_none());
        assert_eq!(instance.delete_expired(Expiring::Challenges, at(61), 9).await?, 1);
        Ok(())
    });
}

on_each_engine! {
    the_deployment_is_remembered_once
    a_person_is_found_by_id_and_by_a_proven_address_in_any_case
    r_org_1_an_address_is_proven_by_one_open_account_only
    r_lnk_4_a_local_address_reserves_nothing_and_can_be_proven_later
    the_end_of_sessions_never_goes_back
    a_password_is_set_replaced_rehashed_and_taken_away
    r_org_2_a_sign_up_has_so_many_tries_and_is_used_once
    a_password_reset_is_used_once_and_never_late
    t_web_7_a_challenge_serves_its_own_purpose_once_and_a_newer_one_voids_it
}
