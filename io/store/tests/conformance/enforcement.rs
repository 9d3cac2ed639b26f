//! The terms of an organization: counted, remembered, swept, and never enforced without a connection.

use orgate_core::enforcement::State;
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{Change, Enforcement, PolicyEpoch};
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{StoreError, Terms};

use crate::bed::{Bed, at, hash};
use crate::sessions::session;

fn number(number: i64) -> PolicyEpoch {
    PolicyEpoch::from_number(number)
}

/// The terms after one more change.
fn changed(before: &Terms, epoch: PolicyEpoch, change: impl Fn(&mut Enforcement)) -> Terms {
    let mut after = before.clone();
    change(&mut after.state.terms);
    after.past = after.past.with(Change { epoch, before: before.state.terms.clone() });
    after.epoch = epoch;
    after
}

async fn changes_are_counted_for_the_whole_deployment(bed: Bed) {
    let without = bed.write((), |tx, ()| Box::pin(async move { tx.instance().next_policy_epoch().await })).await;
    assert!(matches!(without, Err(StoreError::NotFound { .. })));
    bed.instance().await;
    let counted = within!(bed, tx, [], {
        let mut instance = tx.instance();
        let first = instance.load_policy_epoch().await?;
        Ok::<_, StoreError>((first, instance.next_policy_epoch().await?, instance.next_policy_epoch().await?))
    });
    assert_eq!(counted, (number(0), number(1), number(2)));
}

async fn r_enf_6_terms_are_read_back_as_they_were_written(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    within!(bed, tx, [acme, okta], {
        let before = tx.organization(acme).load_terms().await?;
        assert_eq!((before.epoch, before.past.changes()), (number(0), &[][..]));
        assert!(!before.state.terms.enforced && before.state.terms.owner_exemption);
        let mut after = changed(&before, number(4), |terms| {
            *terms = Enforcement {
                enforced: true,
                owner_exemption: false,
                owner_second_factor: true,
                connection: Some((okta.clone(), at(5))),
            };
        });
        after.state = State { operator_recovery: true, trial_ends_at: Some(at(9)), ..after.state };
        (after.since, after.mfa_before) = (Some(at(6)), true);
        assert!(tx.organization(acme).store_terms(before.epoch, &after).await?);
        assert!(!tx.organization(acme).store_terms(before.epoch, &after).await?, "somebody else was faster");
        assert_eq!(tx.organization(acme).load_terms().await?, after);
        let row = tx.organization(acme).load_organization().await?;
        assert_eq!(row.enforcement, after.state.terms);
        assert_eq!((row.trial_ends_at, row.operator_recovery), (Some(at(9)), true));
        assert_eq!(tx.instance().list_due_trials(at(8), 5).await?, vec![]);
        assert_eq!(tx.instance().list_due_trials(at(9), 5).await?, vec![acme.clone()]);
        Ok(())
    });
}

async fn i4_nothing_is_enforced_without_a_connection(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let outcome = bed.write(acme.clone(), |tx, acme| {
        Box::pin(async move {
            let before = tx.organization(acme).load_terms().await?;
            let after = changed(&before, number(1), |terms| terms.enforced = true);
            tx.organization(acme).store_terms(before.epoch, &after).await
        })
    });
    assert!(outcome.await.is_err());
    assert!(!within!(bed, tx, [acme], tx.organization(acme).load_terms().await).state.terms.enforced);
}

async fn what_was_swept_is_forgotten_and_no_later_change(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    within!(bed, tx, [acme, okta], {
        let first = tx.organization(acme).load_terms().await?;
        let second = changed(&first, number(3), |terms| terms.connection = Some((okta.clone(), at(1))));
        let third = changed(&second, number(7), |terms| terms.enforced = true);
        assert!(tx.organization(acme).store_terms(first.epoch, &second).await?);
        assert!(tx.organization(acme).store_terms(second.epoch, &third).await?);
        assert_eq!(tx.instance().list_unswept(5).await?, vec![acme.clone()]);
        assert!(tx.organization(acme).mark_swept(number(3)).await?);
        assert!(!tx.organization(acme).mark_swept(number(2)).await?, "never back");
        let left = tx.organization(acme).load_terms().await?;
        assert_eq!((left.past.changes().len(), left.past.swept()), (1, number(3)));
        assert_eq!(tx.instance().list_unswept(5).await?, vec![acme.clone()]);
        assert!(tx.organization(acme).mark_swept(number(7)).await?);
        assert_eq!(tx.organization(acme).load_terms().await?.past.changes(), []);
        assert_eq!(tx.instance().list_unswept(5).await?, vec![]);
        Ok(())
    });
}

async fn r_enf_14_a_lost_way_back_is_told_once(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    within!(bed, tx, [acme], {
        let mut view = tx.organization(acme);
        assert!(!view.set_way_back_lost(None).await?);
        assert!(view.set_way_back_lost(Some(at(3))).await?);
        assert!(!view.set_way_back_lost(Some(at(4))).await?);
        assert_eq!(view.load_organization().await?.way_back_lost_at, Some(at(3)));
        assert!(view.set_way_back_lost(None).await?);
        Ok(())
    });
}

async fn members_and_their_living_sessions_are_counted(bed: Bed) {
    bed.instance().await;
    let (acme, owner) = bed.organization("acme").await;
    let (other, stranger) = bed.organization("other").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let sessions = [session(&owner), session(&kim), session(&stranger)];
    within!(bed, tx, [acme, other, owner, kim, sessions], {
        for (seed, session) in (1..).zip(sessions) {
            tx.instance().insert_session(session, &hash(seed)).await?;
        }
        let mut view = tx.organization(acme);
        assert_eq!(view.list_member_ids(None, 1).await?.items, vec![owner.id.clone()]);
        let rest = view.list_member_ids(Some(&owner.id), 5).await?;
        assert_eq!((rest.items, rest.has_more), (vec![kim.id.clone()], false));
        assert_eq!(view.count_never_used_sso().await?, 2);
        view.touch_member_sign_in(&kim.id, true, at(20)).await?;
        assert_eq!(view.count_never_used_sso().await?, 1);
        assert_eq!(view.count_sessions_of_members(at(20), at(9)).await?, 2);
        assert_eq!(view.count_sessions_of_members(at(20), at(10)).await?, 0, "not used since");
        tx.instance().end_session(&kim.id, &sessions[1].id, "signed-out", at(20)).await?;
        assert_eq!(tx.organization(acme).count_sessions_of_members(at(20), at(9)).await?, 1);
        assert_eq!(tx.organization(acme).count_sessions_of_members(at(2_000_000), at(9)).await?, 0, "expired");
        tx.organization(other).join(&kim.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(4)).await?;
        Ok(())
    });
}

async fn r_enf_7_a_person_is_settled_and_never_less(bed: Bed) {
    let dana = bed.user("dana").await;
    let after = within!(bed, tx, [dana], {
        let mut instance = tx.instance();
        assert!(instance.settle_user(&dana.id, number(5)).await?);
        assert!(!instance.settle_user(&dana.id, number(4)).await?);
        assert!(instance.set_sessions_not_before(&dana.id, Timestamp::from_millis(7)).await?);
        instance.load_user(&dana.id).await
    });
    assert_eq!(after.settled_epoch, number(5));
}

on_each_engine! {
    changes_are_counted_for_the_whole_deployment
    r_enf_6_terms_are_read_back_as_they_were_written
    i4_nothing_is_enforced_without_a_connection
    what_was_swept_is_forgotten_and_no_later_change
    r_enf_14_a_lost_way_back_is_told_once
    members_and_their_living_sessions_are_counted
    r_enf_7_a_person_is_settled_and_never_less
}
