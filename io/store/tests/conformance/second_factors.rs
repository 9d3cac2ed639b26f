//! Authenticator apps and recovery codes.

use futures_util::future::join_all;

use crate::bed::{Bed, at, hash};

const TRIES: usize = 64;

async fn r_in_4_a_secret_is_a_factor_once_a_code_confirmed_it(bed: Bed) {
    let kim = bed.user("kim").await;
    within!(bed, tx, [kim], {
        let mut instance = tx.instance();
        assert_eq!(instance.find_totp(&kim.id).await?, None);
        assert!(instance.set_pending_totp(&kim.id, &[1], at(1)).await?);
        let first = instance.find_totp(&kim.id).await?.unwrap();
        assert_eq!((first.confirmed_at, first.last_step, first.created_at), (None, 0, at(1)));
        assert!(!instance.accept_totp_step(&first, 7).await?, "an unconfirmed secret accepts nothing");
        assert!(instance.set_pending_totp(&kim.id, &[2], at(2)).await?);
        assert!(!instance.confirm_totp(&first, 7, at(3)).await?, "it was replaced");
        let second = instance.find_totp(&kim.id).await?.unwrap();
        assert!(instance.confirm_totp(&second, 7, at(3)).await?);
        assert!(!instance.confirm_totp(&second, 8, at(4)).await?, "it is confirmed");
        assert!(!instance.set_pending_totp(&kim.id, &[3], at(5)).await?, "a confirmed secret stays");
        let found = instance.find_totp(&kim.id).await?.unwrap();
        assert_eq!((found.sealed_secret, found.confirmed_at, found.last_step), (vec![2], Some(at(3)), 7));
        Ok(())
    });
}

async fn t_mfa_3_a_step_is_accepted_once_and_no_older_one_after_it(bed: Bed) {
    let kim = bed.user("kim").await;
    within!(bed, tx, [kim], {
        let mut instance = tx.instance();
        instance.set_pending_totp(&kim.id, &[1], at(1)).await?;
        let pending = instance.find_totp(&kim.id).await?.unwrap();
        instance.confirm_totp(&pending, 7, at(2)).await?;
        for (step, accepted) in [(7, false), (6, false), (9, true), (9, false), (8, false), (10, true)] {
            assert_eq!(instance.accept_totp_step(&pending, step).await?, accepted, "{step}");
        }
        assert!(instance.delete_totp(&kim.id).await?);
        assert!(!instance.delete_totp(&kim.id).await?);
        assert!(!instance.accept_totp_step(&pending, 11).await?);
        Ok(())
    });
}

async fn t_mfa_3_a_recovery_code_serves_its_person_once(bed: Bed) {
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    within!(bed, tx, [kim, lee], {
        let mut instance = tx.instance();
        instance.replace_recovery_codes(&kim.id, &[hash(1), hash(2)], at(1)).await?;
        assert_eq!(instance.count_unused_recovery_codes(&kim.id).await?, 2);
        for (user, code, served) in
            [(lee, 1, false), (kim, 3, false), (kim, 1, true), (kim, 1, false), (kim, 2, true), (kim, 2, false)]
        {
            assert_eq!(instance.consume_recovery_code(&user.id, &hash(code), at(2)).await?, served, "{code}");
        }
        assert_eq!(instance.count_unused_recovery_codes(&kim.id).await?, 0);
        instance.replace_recovery_codes(&kim.id, &[hash(1), hash(4)], at(3)).await?;
        assert_eq!(instance.count_unused_recovery_codes(&kim.id).await?, 2);
        assert_eq!(instance.delete_recovery_codes(&kim.id).await?, 2);
        assert!(!instance.consume_recovery_code(&kim.id, &hash(1), at(4)).await?);
        Ok(())
    });
}

async fn what_a_person_has_is_said_on_their_row(bed: Bed) {
    let kim = bed.user("kim").await;
    within!(bed, tx, [kim], {
        let mut instance = tx.instance();
        for has_one in [true, false] {
            assert!(instance.set_has_second_factor(&kim.id, has_one).await?);
            assert_eq!(instance.load_user(&kim.id).await?.has_second_factor, has_one);
        }
        Ok(())
    });
}

async fn t_lnk_5_what_the_merged_account_confirmed_by_confirms_nobody_else(bed: Bed) {
    let (from, into) = (bed.user("from").await, bed.user("into").await);
    within!(bed, tx, [from, into], {
        let mut instance = tx.instance();
        for (user, seed) in [(from, 1), (into, 2)] {
            instance.set_pending_totp(&user.id, &[seed], at(1)).await?;
            instance.replace_recovery_codes(&user.id, &[hash(seed)], at(1)).await?;
        }
        instance.merge_users(&from.id, &into.id, at(8)).await?;
        assert_eq!(instance.find_totp(&from.id).await?, None);
        assert_eq!(instance.find_totp(&into.id).await?.unwrap().sealed_secret, [2]);
        assert_eq!(instance.count_unused_recovery_codes(&from.id).await?, 0);
        assert!(!instance.consume_recovery_code(&into.id, &hash(1), at(9)).await?);
        Ok(())
    });
}

async fn t_mfa_3_a_code_is_accepted_for_one_of_many(bed: Bed) {
    let kim = bed.user("kim").await;
    let confirmed = within!(bed, tx, [kim], {
        let mut instance = tx.instance();
        instance.set_pending_totp(&kim.id, &[1], at(1)).await?;
        let pending = instance.find_totp(&kim.id).await?.unwrap();
        instance.confirm_totp(&pending, 7, at(2)).await?;
        instance.replace_recovery_codes(&kim.id, &[hash(1), hash(2)], at(1)).await?;
        Ok(pending)
    });
    let tries = (0..TRIES).map(|_| {
        bed.write(confirmed.clone(), |tx, confirmed| {
            Box::pin(async move { tx.instance().accept_totp_step(confirmed, 8).await })
        })
    });
    assert_eq!(join_all(tries).await.into_iter().filter(|accepted| *accepted.as_ref().unwrap()).count(), 1);
    let tries = (0..TRIES).map(|_| {
        bed.write(kim.id.clone(), |tx, kim| {
            Box::pin(async move { tx.instance().consume_recovery_code(kim, &hash(1), at(3)).await })
        })
    });
    assert_eq!(join_all(tries).await.into_iter().filter(|served| *served.as_ref().unwrap()).count(), 1);
}

on_each_engine! {
    r_in_4_a_secret_is_a_factor_once_a_code_confirmed_it
    t_mfa_3_a_step_is_accepted_once_and_no_older_one_after_it
    t_mfa_3_a_recovery_code_serves_its_person_once
    what_a_person_has_is_said_on_their_row
    t_lnk_5_what_the_merged_account_confirmed_by_confirms_nobody_else
    t_mfa_3_a_code_is_accepted_for_one_of_many
}
