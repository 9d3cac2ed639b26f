//! What holds in any interleaving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use orgate_core::membership::is_last_owner;
use orgate_core::policy::PolicyEpoch;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Constraint, Mail, PasswordReset, SignIn, StoreError};

use crate::bed::{Bed, at, hash, id, user};

const TRIES: usize = 64;

async fn a_password_reset_is_consumed_by_one_of_many(bed: Bed) {
    let dana = bed.user("dana").await;
    let reset = PasswordReset {
        id: id(),
        token_hash: hash(7),
        user_id: dana.id,
        email_key: "dana@example.com".to_owned(),
        created_at: at(0),
        expires_at: at(50),
        policy_epoch: PolicyEpoch::from_number(6),
    };
    within!(bed, tx, [reset], tx.instance().insert_password_reset(reset).await);
    let tries = (0..TRIES).map(|_| {
        bed.write((), |tx, ()| Box::pin(async move { tx.instance().consume_password_reset(&hash(7), at(1)).await }))
    });
    let won = join_all(tries).await.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_some());
    assert_eq!(won.count(), 1);
}

async fn a_sign_in_is_consumed_by_one_of_many(bed: Bed) {
    let attempt = SignIn {
        id: id(),
        browser_hash: hash(1),
        state_hash: None,
        organization_id: None,
        connection_id: None,
        stage: "waiting".to_owned(),
        sealed_document: vec![1],
        created_at: at(0),
        expires_at: at(50),
    };
    within!(bed, tx, [attempt], tx.instance().insert_sign_in(attempt).await);
    let tries = (0..TRIES).map(|_| {
        bed.write(attempt.id.clone(), |tx, id| {
            Box::pin(async move { tx.instance().consume_sign_in(id, &hash(1), at(1)).await })
        })
    });
    let won = join_all(tries).await.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_some());
    assert_eq!(won.count(), 1);
}

async fn every_due_mail_is_claimed_by_one_sender(bed: Bed) {
    for _ in 0..20 {
        let mail = Mail { id: id(), sealed_content: vec![1], template: "code".to_owned(), created_at: at(1), tries: 0 };
        within!(bed, tx, [mail], tx.instance().insert_mail(mail).await);
    }
    let claims = (0..8).map(|_| {
        bed.write((), |tx, ()| Box::pin(async move { tx.instance().claim_due_mails(at(2), at(90), 5).await }))
    });
    let mut claimed: Vec<_> = join_all(claims).await.into_iter().flat_map(Result::unwrap).map(|mail| mail.id).collect();
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 20);
}

async fn every_attempt_is_counted(bed: Bed) {
    let hits = join_all((0..TRIES).map(|_| bed.store.hit_rate_counter("sign-in", at(0)))).await;
    let mut counts: Vec<u64> = hits.into_iter().map(Result::unwrap).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=64).collect::<Vec<u64>>());
}

/// Two Owners demote each other at the same moment: each sees two Owners, and together they would leave none.
async fn t_org_1_two_owners_who_demote_each_other_leave_one(bed: Bed) {
    for round in 0..10 {
        let (acme, one) = bed.organization(&format!("acme{round}")).await;
        let two = bed.member(&acme, &format!("two{round}"), OrganizationRole::Owner).await;
        let demotions = [&one, &two].map(|target| {
            bed.write((acme.clone(), target.id.clone()), |tx, (acme, target)| {
                Box::pin(async move {
                    let mut organization = tx.organization(acme);
                    if is_last_owner(organization.count_owners().await?) {
                        return Ok(false);
                    }
                    organization.set_role(target, OrganizationRole::Member).await
                })
            })
        });
        let demoted = join_all(demotions).await.into_iter().filter(|outcome| *outcome.as_ref().unwrap());
        assert_eq!(demoted.count(), 1);
        assert_eq!(within!(bed, tx, [acme], tx.organization(acme).count_owners().await), 1);
    }
}

/// A write that reads for long among short ones that never pause: it loses to them until it is given a turn of its own.
async fn a_long_write_is_not_starved_by_short_ones(bed: Bed) {
    const READS: usize = 40;
    let (acme, _) = bed.organization("acme").await;
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(bed.member(&acme, &format!("kim{number}"), OrganizationRole::Member).await.id);
    }
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let over = AtomicBool::new(false);
    let short_ones = people.into_iter().map(|person| async {
        let mut done = 0_u32;
        let input = (acme.clone(), person);
        while !over.load(Ordering::SeqCst) {
            let role = if done.is_multiple_of(2) { OrganizationRole::Owner } else { OrganizationRole::Member };
            let write = bed.write((input.clone(), role), |tx, ((acme, person), role)| {
                Box::pin(async move {
                    let mut organization = tx.organization(acme);
                    organization.count_owners().await?;
                    organization.set_role(person, *role).await
                })
            });
            assert!(write.await.unwrap());
            done += 1;
        }
        done
    });
    let long = async {
        let write = bed.write((acme.clone(), sam.id.clone()), |tx, (acme, sam)| {
            Box::pin(async move {
                let mut organization = tx.organization(acme);
                for _ in 0..READS {
                    organization.count_owners().await?;
                }
                organization.set_role(sam, OrganizationRole::Owner).await
            })
        });
        let outcome = write.await;
        over.store(true, Ordering::SeqCst);
        outcome
    };
    let (done, outcome) = tokio::join!(join_all(short_ones), long);
    assert!(outcome.unwrap());
    assert!(done.iter().all(|done| *done > 0), "{done:?}");
}

/// Whoever did not find a row and then meets it at inserting looks once more on PostgreSQL, where it may have come meanwhile; on
/// SQLite nothing comes meanwhile. In between the server is not sure to say that the two collided (REL-7).
async fn a_row_that_came_meanwhile_is_found_at_the_second_look(bed: Bed) {
    let dana = bed.user("dana").await;
    let looks = Arc::new(AtomicUsize::new(0));
    let write = bed.write((user("dana"), Arc::clone(&looks)), |tx, (rival, looks)| {
        Box::pin(async move {
            // The first look is as if it was before she came.
            if looks.fetch_add(1, Ordering::SeqCst) > 0
                && let Some(there) = tx.instance().list_users_by_email(&rival.email).await?.pop()
            {
                return Ok(there.id);
            }
            tx.instance().insert_user(rival).await.map(|()| rival.id.clone())
        })
    });
    let (outcome, looks) = (write.await, looks.load(Ordering::SeqCst));
    if bed.url().starts_with("postgres") {
        assert_eq!((outcome.unwrap(), looks), (dana.id, 2));
    } else {
        assert!(matches!(outcome, Err(StoreError::Conflict(Constraint::UserProvenEmail))), "{outcome:?}");
        assert_eq!(looks, 1);
    }
}

async fn the_end_of_sessions_never_goes_back_however_writes_are_ordered(bed: Bed) {
    let dana = bed.user("dana").await;
    let moments: Vec<Timestamp> = (0..20).map(|number| at((number * 7) % 20)).collect();
    let bumps = moments.into_iter().map(|moment| {
        bed.write((dana.id.clone(), moment), |tx, (id, moment)| {
            Box::pin(async move { tx.instance().set_sessions_not_before(id, *moment).await })
        })
    });
    let outcomes: Result<Vec<bool>, StoreError> = join_all(bumps).await.into_iter().collect();
    outcomes.unwrap();
    assert_eq!(within!(bed, tx, [dana], tx.instance().load_user(&dana.id).await).sessions_not_before_at, at(19));
}

on_each_engine! {
    a_password_reset_is_consumed_by_one_of_many
    a_sign_in_is_consumed_by_one_of_many
    every_due_mail_is_claimed_by_one_sender
    every_attempt_is_counted
    t_org_1_two_owners_who_demote_each_other_leave_one
    a_long_write_is_not_starved_by_short_ones
    a_row_that_came_meanwhile_is_found_at_the_second_look
    the_end_of_sessions_never_goes_back_however_writes_are_ordered
}
