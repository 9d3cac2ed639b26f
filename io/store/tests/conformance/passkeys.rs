//! Passkeys and the challenges to authenticators.

use futures_util::future::join_all;
use orgate_core::id::{CeremonyId, Identifier as _, PasskeyId};
use orgate_core::passkey::CeremonyPurpose::{Confirmation, SignIn};
use orgate_store::{Ceremony, Constraint, Expiring, Passkey, StoreError, User};

use crate::bed::{Bed, at};

const TRIES: usize = 64;

fn passkey(user: &User, number: u8) -> Passkey {
    Passkey {
        id: PasskeyId::new(at(1), [number; 10]),
        user_id: user.id.clone(),
        credential_id: vec![number, 7],
        public_key: vec![number, 9],
        name: format!("Key {number}"),
        sign_count: 5,
        backup_eligible: true,
        backed_up: false,
        created_at: at(1),
        last_used_at: None,
    }
}

pub fn ceremony(number: u8) -> Ceremony {
    Ceremony {
        id: CeremonyId::new(at(1), [number; 10]),
        purpose: SignIn,
        bound_to: "browser 1".to_owned(),
        challenge: [number; 32],
        created_at: at(1),
        expires_at: at(10),
    }
}

async fn a_passkey_is_found_by_its_persons_and_its_authenticators_name(bed: Bed) {
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    within!(bed, tx, [kim, lee], {
        let mut instance = tx.instance();
        let (one, two) = (passkey(kim, 1), passkey(kim, 2));
        instance.insert_passkey(&one).await?;
        instance.insert_passkey(&two).await?;
        assert_eq!(instance.list_passkeys(&kim.id).await?, [one.clone(), two.clone()]);
        assert_eq!((instance.count_passkeys(&kim.id).await?, instance.count_passkeys(&lee.id).await?), (2, 0));
        assert_eq!(instance.find_passkey_by_credential(&[2, 7]).await?, Some(two));
        assert_eq!(instance.find_passkey_by_credential(&[3, 7]).await?, None);
        assert!(!instance.rename_passkey(&lee.id, &one.id, "Mine").await?, "somebody else's");
        assert!(instance.rename_passkey(&kim.id, &one.id, "Phone").await?);
        assert_eq!(instance.list_passkeys(&kim.id).await?[0].name, "Phone");
        assert!(!instance.delete_passkey(&lee.id, &one.id).await?, "somebody else's");
        assert!(instance.delete_passkey(&kim.id, &one.id).await?);
        assert!(!instance.delete_passkey(&kim.id, &one.id).await?);
        assert_eq!(instance.count_passkeys(&kim.id).await?, 1);
        assert!(instance.erase_user(&kim.id, at(9)).await?);
        assert_eq!(instance.count_passkeys(&kim.id).await?, 0);
        Ok(())
    });
}

async fn an_authenticators_name_is_known_once(bed: Bed) {
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    let refused = bed
        .write((kim, lee), |tx, (kim, lee)| {
            Box::pin(async move {
                tx.instance().insert_passkey(&passkey(kim, 1)).await?;
                let same = Passkey { id: PasskeyId::new(at(2), [9; 10]), ..passkey(lee, 1) };
                tx.instance().insert_passkey(&same).await
            })
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict(Constraint::PasskeyCredential))), "{refused:?}");
}

async fn a_counter_only_goes_forward_and_one_that_stands_at_zero_does_not_count(bed: Bed) {
    let kim = bed.user("kim").await;
    within!(bed, tx, [kim], {
        let mut instance = tx.instance();
        let counting = passkey(kim, 1);
        instance.insert_passkey(&counting).await?;
        for (count, taken) in [(5, false), (4, false), (0, false), (6, true), (6, false), (90, true)] {
            assert_eq!(instance.touch_passkey(&counting.id, count, true, at(3)).await?, taken, "{count}");
        }
        let found = instance.list_passkeys(&kim.id).await?[0].clone();
        assert_eq!((found.sign_count, found.backed_up, found.last_used_at), (90, true, Some(at(3))));
        let still = Passkey { sign_count: 0, ..passkey(kim, 2) };
        instance.insert_passkey(&still).await?;
        for count in [0, 0, 3] {
            assert!(instance.touch_passkey(&still.id, count, false, at(4)).await?, "{count}");
        }
        assert!(!instance.touch_passkey(&still.id, 0, false, at(5)).await?, "it began to count");
        Ok(())
    });
}

async fn a_challenge_serves_once_for_its_purpose_and_whom_it_is_bound_to(bed: Bed) {
    let kim = bed.user("kim").await;
    within!(bed, tx, [kim], {
        let _ = kim;
        let mut instance = tx.instance();
        let one = ceremony(1);
        instance.insert_ceremony(&one).await?;
        assert_eq!(instance.consume_ceremony(&one.id, Confirmation, "browser 1", at(2)).await?, None);
        assert_eq!(instance.consume_ceremony(&one.id, SignIn, "browser 2", at(2)).await?, None);
        assert_eq!(instance.consume_ceremony(&one.id, SignIn, "browser 1", at(10)).await?, None, "expired");
        assert_eq!(instance.consume_ceremony(&one.id, SignIn, "browser 1", at(9)).await?, Some([1; 32]));
        assert_eq!(instance.consume_ceremony(&one.id, SignIn, "browser 1", at(9)).await?, None, "used");
        assert_eq!(instance.delete_expired(Expiring::Ceremonies, at(10), 9).await?, 0);
        assert_eq!(instance.delete_expired(Expiring::Ceremonies, at(11), 9).await?, 1);
        Ok(())
    });
}

async fn of_64_parallel_answers_to_a_challenge_one_is_taken(bed: Bed) {
    let one = ceremony(3);
    bed.write(one.clone(), |tx, one| Box::pin(async move { tx.instance().insert_ceremony(one).await })).await.unwrap();
    let tries = (0..TRIES).map(|_| {
        bed.write(one.id.clone(), |tx, id| {
            Box::pin(async move { tx.instance().consume_ceremony(id, SignIn, "browser 1", at(2)).await })
        })
    });
    let taken = join_all(tries).await.into_iter().filter(|taken| taken.as_ref().unwrap().is_some()).count();
    assert_eq!(taken, 1);
}

on_each_engine! {
    a_passkey_is_found_by_its_persons_and_its_authenticators_name
    an_authenticators_name_is_known_once
    a_counter_only_goes_forward_and_one_that_stands_at_zero_does_not_count
    a_challenge_serves_once_for_its_purpose_and_whom_it_is_bound_to
    of_64_parallel_answers_to_a_challenge_one_is_taken
}
