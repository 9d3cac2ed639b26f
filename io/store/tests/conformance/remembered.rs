//! What a node remembers of organizations for the check of a session: never anything but what is committed.

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::membership::MembershipOrigin;
use orgate_core::policy::{Change, PolicyEpoch};
use orgate_core::role::OrganizationRole;
use orgate_store::{OrgTx, Store, StoreError, StoreSettings, UserPlace};

use crate::bed::{Bed, at, hash};
use crate::sessions::session;

/// Changes of an organization that a place shows, in an order in which each changes something.
const STEPS: [&str; 9] =
    ["rename", "mfa", "connection", "enforce", "sweep", "no mfa", "ask for deletion", "undo deletion", "rename again"];

async fn change(mut organization: OrgTx<'_>, step: &str) -> Result<bool, StoreError> {
    match step {
        "rename" => organization.rename_organization("Acme Ltd").await,
        "rename again" => organization.rename_organization("Acme plc").await,
        "mfa" => organization.set_mfa_required(true).await,
        "no mfa" => organization.set_mfa_required(false).await,
        "ask for deletion" => organization.request_deletion(at(20), at(40)).await,
        "undo deletion" => organization.undo_deletion(at(21)).await,
        "sweep" => organization.mark_swept(PolicyEpoch::from_number(1)).await,
        _ => {
            let before = organization.load_terms().await?;
            let mut after = before.clone();
            after.epoch = PolicyEpoch::from_number(before.epoch.as_number() + 1);
            after.past = after.past.with(Change { epoch: after.epoch, before: before.state.terms.clone() });
            after.state.terms.owner_exemption = !before.state.terms.owner_exemption;
            organization.store_terms(before.epoch, &after).await
        }
    }
}

async fn places(store: &Store) -> Vec<UserPlace> {
    store.check_session(&hash(1)).await.unwrap().unwrap().places
}

/// Dana, in the organization "acme" and in another one, with a session.
async fn scene(bed: &Bed) -> (OrganizationId, UserId) {
    bed.instance().await;
    let (acme, dana) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let session = session(&dana);
    within!(bed, tx, [other, dana, session], {
        tx.organization(other).join(&dana.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(4)).await?;
        tx.instance().insert_session(session, &hash(1)).await
    });
    (acme, dana.id)
}

async fn r_api_2_whatever_changes_an_organization_is_seen_by_the_next_check(bed: Bed) {
    let (acme, dana) = scene(&bed).await;
    for step in STEPS {
        let before = places(&bed.store).await;
        assert_eq!(places(&bed.store).await, before, "{step}");
        assert!(within!(bed, tx, [acme, step], change(tx.organization(acme), step).await), "{step}");
        let after = places(&bed.store).await;
        assert_ne!(after, before, "{step}");
        assert_eq!(after, within!(bed, tx, [dana], tx.instance().list_places(dana).await), "{step}");
    }
}

async fn r_api_2_a_change_that_was_undone_is_never_remembered(bed: Bed) {
    let (acme, _) = scene(&bed).await;
    let before = places(&bed.store).await;
    let undone = bed
        .write(acme.clone(), |tx, acme| {
            Box::pin(async move {
                tx.organization(acme).rename_organization("Never").await?;
                let inside = tx.instance().check_session(&hash(1)).await?.unwrap();
                assert!(inside.places.iter().any(|place| place.name == "Never"));
                Err::<(), _>(StoreError::NotFound { noun: "reason to keep this" })
            })
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(places(&bed.store).await, before);
    // The next change takes the number that the undone one had.
    within!(bed, tx, [acme], tx.organization(acme).rename_organization("Kept").await);
    assert!(places(&bed.store).await.iter().any(|place| place.name == "Kept"));
}

async fn r_api_2_a_new_role_and_a_new_place_are_seen_by_the_next_check(bed: Bed) {
    let (acme, dana) = scene(&bed).await;
    assert_eq!(places(&bed.store).await.len(), 2);
    let (third, _) = bed.organization("third").await;
    within!(bed, tx, [acme, third, dana], {
        tx.organization(acme).set_role(dana, OrganizationRole::Member).await?;
        tx.organization(third).join(dana, OrganizationRole::Owner, MembershipOrigin::Created, at(5)).await
    });
    let places = places(&bed.store).await;
    assert_eq!(places.len(), 3);
    let role = |id| places.iter().find(|place| place.place.organization_id == id).map(|place| place.place.role);
    assert_eq!((role(acme), role(third)), (Some(OrganizationRole::Member), Some(OrganizationRole::Owner)));
}

on_each_engine! {
    r_api_2_whatever_changes_an_organization_is_seen_by_the_next_check
    r_api_2_a_change_that_was_undone_is_never_remembered
    r_api_2_a_new_role_and_a_new_place_are_seen_by_the_next_check
}

/// Another program that writes the same file, such as an operator's command, is seen at once.
#[tokio::test]
async fn r_api_2_what_another_process_changes_is_seen_by_the_next_check_and_a_folded_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings::parse(&format!("sqlite:{}", folder.path().join("orgate.db").display())).unwrap();
    let bed = Bed::on(Store::open(&settings, at(0)).await.unwrap());
    let (acme, _) = scene(&bed).await;
    let before = places(&bed.store).await;
    let other = Bed::on(Store::open(&settings, at(0)).await.unwrap());
    within!(other, tx, [acme], tx.organization(acme).rename_organization("Elsewhere").await);
    assert_ne!(places(&bed.store).await, before);
    bed.store.fold().await.unwrap();
    let log = folder.path().join("orgate.db-wal").metadata().unwrap();
    assert_eq!(log.len(), 0);
    assert!(places(&bed.store).await.iter().any(|place| place.name == "Elsewhere"));
}
