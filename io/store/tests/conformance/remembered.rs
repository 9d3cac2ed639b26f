//! What a check of a session takes from elsewhere than the rows that say it first, a node's memory of organizations and the
//! session's own row: never anything but what is committed.

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::{Change, PolicyEpoch};
use orgate_core::role::OrganizationRole;
use orgate_store::{OrgTx, Session, Store, StoreError, StoreSettings, Tx, UserPlace};

use crate::bed::{Bed, at, email, hash, user};
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

/// Somebody of a third organization, who shares none with Dana, with a session.
async fn stranger(bed: &Bed) -> OrganizationId {
    let (third, owner) = bed.organization("third").await;
    let session = session(&owner);
    within!(bed, tx, [session], tx.instance().insert_session(session, &hash(2)).await);
    third
}

/// Also when somebody else's check was the first to notice that anything was changed.
async fn r_api_2_whatever_changes_an_organization_is_seen_by_the_next_check(bed: Bed) {
    let (acme, dana) = scene(&bed).await;
    stranger(&bed).await;
    for step in STEPS {
        let before = places(&bed.store).await;
        assert_eq!(places(&bed.store).await, before, "{step}");
        bed.store.check_session(&hash(2)).await.unwrap();
        assert!(within!(bed, tx, [acme, step], change(tx.organization(acme), step).await), "{step}");
        bed.store.check_session(&hash(2)).await.unwrap();
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
                assert!(inside.places.iter().any(|place| place.organization.name == "Never"));
                Err::<(), _>(StoreError::NotFound { noun: "reason to keep this" })
            })
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(places(&bed.store).await, before);
    // The next change takes the number that the undone one had.
    within!(bed, tx, [acme], tx.organization(acme).rename_organization("Kept").await);
    assert!(places(&bed.store).await.iter().any(|place| place.organization.name == "Kept"));
}

/// What was not noted as changed is what was not changed: here it was, behind the back of whoever notes it.
async fn r_api_2_a_change_has_the_changed_organization_read_again_and_no_other_until_there_were_very_many(bed: Bed) {
    scene(&bed).await;
    let third = stranger(&bed).await;
    let other = async || places(&bed.store).await.iter().any(|place| place.organization.name == "Unnoted");
    let third_name =
        async || bed.store.check_session(&hash(2)).await.unwrap().unwrap().places[0].organization.name.clone();
    assert_eq!((other().await, third_name().await.as_str()), (false, "third"));

    bed.raw("update organizations set name = 'Unnoted' where slug = 'other'; delete from changed_organizations").await;
    within!(bed, tx, [third], tx.organization(third).rename_organization("Third Ltd").await);
    assert_eq!(third_name().await, "Third Ltd");
    assert!(!other().await, "it was read again");
    bed.raw("update instance set organization_changes = organization_changes + 1001").await;
    assert_eq!(third_name().await, "Third Ltd");
    assert!(other().await, "after so many changes everything is read again");
}

/// Changes of a user or a membership, in an order in which each changes something that a check answers.
const ACTS: [&str; 12] = [
    "rename",
    "other address",
    "second factor",
    "settle",
    "not before",
    "demote",
    "proofs not before",
    "leave",
    "come back",
    "join a third",
    "delete a third",
    "close",
];

async fn act(
    tx: &mut Tx,
    step: &str,
    acme: &OrganizationId,
    third: &OrganizationId,
    dana: &UserId,
) -> Result<bool, StoreError> {
    match step {
        "rename" => tx.instance().rename_user(dana, "Dana, of two; places").await,
        "other address" => tx.instance().change_email(dana, &email("dana@elsewhere.example"), at(6)).await,
        "second factor" => tx.instance().set_has_second_factor(dana, true).await,
        "settle" => tx.instance().settle_user(dana, PolicyEpoch::from_number(5)).await,
        "not before" => tx.instance().set_sessions_not_before(dana, at(9)).await,
        "demote" => tx.organization(acme).set_role(dana, OrganizationRole::Member).await,
        "proofs not before" => tx.organization(acme).set_proofs_not_before(dana, at(9)).await,
        "leave" => tx.organization(acme).end_membership(dana, MembershipState::Left, at(9)).await,
        "come back" => {
            tx.organization(acme).join(dana, OrganizationRole::Member, MembershipOrigin::Invitation, at(10)).await
        }
        "join a third" => {
            tx.organization(third).join(dana, OrganizationRole::Owner, MembershipOrigin::Created, at(10)).await
        }
        "delete a third" => {
            tx.organization(third).request_deletion(at(10), at(11)).await?;
            Ok(tx.organization(third).perform_deletion(at(12)).await?.is_some())
        }
        _ => tx.instance().erase_user(dana, at(13)).await,
    }
}

async fn r_api_2_a_sessions_row_says_of_its_user_what_the_users_own_rows_say(bed: Bed) {
    rows_agree(&bed, &bed).await;
}

async fn r_api_2_a_sessions_row_says_so_also_when_another_program_changed_the_users(bed: Bed) {
    let other = Store::open(&StoreSettings::parse(bed.url()).unwrap(), at(0)).await.unwrap();
    rows_agree(&bed, &Bed::on(other)).await;
}

async fn rows_agree(bed: &Bed, by: &Bed) {
    let (acme, dana) = scene(bed).await;
    let (third, _) = bed.organization("third").await;
    let mut before = bed.store.check_session(&hash(1)).await.unwrap();
    for (number, step) in (2..).zip(ACTS) {
        let later = Session { user_id: dana.clone(), ..session(&user("nobody")) };
        let changed = within!(by, tx, [acme, third, dana, step, later, number], {
            let changed = act(tx, step, acme, third, dana).await?;
            tx.instance().insert_session(later, &hash(*number)).await?;
            Ok(changed)
        });
        assert!(changed, "{step}");
        let own = bed.store.check_session(&hash(1)).await.unwrap();
        assert_ne!(own, before, "{step}");
        for number in 1..=number {
            let own = bed.store.check_session(&hash(number)).await.unwrap();
            assert_eq!(own, within!(bed, tx, [number], tx.instance().check_session(&hash(*number)).await), "{step}");
        }
        before = own;
    }
    assert_eq!(before, None);
}

async fn r_api_2_accounts_that_become_one_are_one_in_their_sessions_too(bed: Bed) {
    let (_, dana) = scene(&bed).await;
    let (third, owner) = bed.organization("third").await;
    let held = Session { ..session(&owner) };
    within!(bed, tx, [held, dana, owner], {
        tx.instance().insert_session(held, &hash(2)).await?;
        tx.instance().merge_users(&owner.id, dana, at(12)).await
    });
    let own = bed.store.check_session(&hash(1)).await.unwrap().unwrap();
    assert_eq!(Some(&own), within!(bed, tx, [], tx.instance().check_session(&hash(1)).await).as_ref());
    assert!(own.places.iter().any(|place| place.organization_id == third));
    assert_eq!(bed.store.check_session(&hash(2)).await.unwrap(), None);
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
    let role = |id| places.iter().find(|place| place.organization_id == id).map(|place| place.role);
    assert_eq!((role(acme), role(third)), (Some(OrganizationRole::Member), Some(OrganizationRole::Owner)));
}

on_each_engine! {
    r_api_2_whatever_changes_an_organization_is_seen_by_the_next_check
    r_api_2_a_change_that_was_undone_is_never_remembered
    r_api_2_a_change_has_the_changed_organization_read_again_and_no_other_until_there_were_very_many
    r_api_2_a_sessions_row_says_of_its_user_what_the_users_own_rows_say
    r_api_2_a_sessions_row_says_so_also_when_another_program_changed_the_users
    r_api_2_accounts_that_become_one_are_one_in_their_sessions_too
    r_api_2_a_new_role_and_a_new_place_are_seen_by_the_next_check
}

/// Another program that writes the same file, such as an operator's command, is seen at once.
#[tokio::test]
async fn r_api_2_what_another_process_changes_is_seen_by_the_next_check_and_a_closed_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings::parse(&format!("sqlite:{}", folder.path().join("orgate.db").display())).unwrap();
    let bed = Bed::on(Store::open(&settings, at(0)).await.unwrap());
    let (acme, _) = scene(&bed).await;
    let before = places(&bed.store).await;
    let other = Bed::on(Store::open(&settings, at(0)).await.unwrap());
    within!(other, tx, [acme], tx.organization(acme).rename_organization("Elsewhere").await);
    assert_ne!(places(&bed.store).await, before);
    assert!(places(&bed.store).await.iter().any(|place| place.organization.name == "Elsewhere"));
    drop((bed, other));
    assert!(!folder.path().join("orgate.db-wal").exists());
    let again = Store::open(&settings, at(0)).await.unwrap();
    assert!(places(&again).await.iter().any(|place| place.organization.name == "Elsewhere"));
}
