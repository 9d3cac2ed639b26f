//! Identities: the bond of a connection and a subject to a user.

use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_core::role::OrganizationRole;
use orgate_store::{Constraint, Identity, KeySpace, StoreError, User};

use crate::bed::{Bed, at, id};

fn identity(
    organization: &OrganizationId,
    connection: &ConnectionId,
    client_id: &str,
    subject: &str,
    user: &User,
) -> Identity {
    Identity {
        id: id(),
        organization_id: organization.clone(),
        connection_id: connection.clone(),
        issuer: "https://idp.example".to_owned(),
        client_id: client_id.to_owned(),
        subject: Subject::parse(subject).unwrap(),
        user_id: user.id.clone(),
        created_at: at(5),
        last_sign_in_at: None,
    }
}

fn space(identity: &Identity) -> KeySpace<'_> {
    KeySpace { connection_id: &identity.connection_id, issuer: &identity.issuer, client_id: &identity.client_id }
}

async fn a_subject_means_a_person_in_its_own_key_space_only(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let old = identity(&acme, &okta, "old", "00u1", &owner);
    let new = identity(&acme, &okta, "new", "00u1", &sam);
    within!(bed, tx, [acme, owner, sam, old, new], {
        let mut organization = tx.organization(acme);
        organization.insert_identity(old).await?;
        assert_eq!(organization.find_identity(space(new), &new.subject).await?, None);
        organization.insert_identity(new).await?;
        assert_eq!(organization.find_identity(space(old), &old.subject).await?.as_ref(), Some(old));
        assert_eq!(organization.find_identity(space(new), &old.subject).await?.as_ref(), Some(new));
        assert_eq!(organization.find_identity(space(new), &Subject::parse("00U1").unwrap()).await?, None);
        assert_eq!(organization.find_identity_of_user(space(old), &owner.id).await?.as_ref(), Some(old));
        assert_eq!(organization.find_identity_of_user(space(old), &sam.id).await?, None);
        assert_eq!(organization.count_identities(space(old)).await?, 1);
        Ok(())
    });
}

async fn r_lnk_5_a_key_space_binds_a_subject_and_a_person_once(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let first = identity(&acme, &okta, "c", "00u1", &owner);
    let same_subject = identity(&acme, &okta, "c", "00u1", &sam);
    let same_person = identity(&acme, &okta, "c", "00u2", &owner);
    within!(bed, tx, [acme, first], tx.organization(acme).insert_identity(first).await);
    for (rival, constraint) in [(same_subject, Constraint::IdentitySubject), (same_person, Constraint::IdentityUser)] {
        let insert = bed.write((acme.clone(), rival), |tx, (acme, rival)| {
            Box::pin(async move { tx.organization(acme).insert_identity(rival).await })
        });
        let refused = insert.await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(found) if found == constraint), "{refused}");
    }
}

async fn identities_are_listed_cleared_and_bound_to_another_person(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let one = identity(&acme, &okta, "c", "00u1", &owner);
    let two = identity(&acme, &okta, "d", "00u2", &owner);
    within!(bed, tx, [acme, owner, sam, one, two], {
        let mut organization = tx.organization(acme);
        organization.insert_identity(one).await?;
        organization.insert_identity(two).await?;
        let space = KeySpace { connection_id: &one.connection_id, issuer: &one.issuer, client_id: &one.client_id };
        assert!(organization.touch_identity(space, &one.subject, at(9)).await?);
        assert!(!organization.touch_identity(space, &two.subject, at(9)).await?, "of another client");
        let first = organization.list_identities(None, None, 1).await?;
        assert_eq!(
            (first.items[0].name.as_str(), first.items[0].email == owner.email, first.has_more),
            ("acme-owner", true, true)
        );
        assert_eq!(first.items[0].identity.last_sign_in_at, Some(at(9)));
        let second = organization.list_identities(None, Some(&one.id), 1).await?;
        assert_eq!((second.items[0].identity.clone(), second.has_more), (two.clone(), false));
        assert!(organization.reassign_identity(&two.id, &sam.id).await?);
        assert_eq!(organization.list_identities_of_user(&sam.id).await?.len(), 1);
        let linked = tx.instance().list_linked_identities(&sam.id).await?;
        assert_eq!((linked.len(), linked[0].1.as_str()), (1, "acme"));
        let mut organization = tx.organization(acme);
        assert!(organization.delete_identity(&two.id).await?);
        assert!(!organization.delete_identity(&two.id).await?);
        assert_eq!(organization.delete_identities_of_user(&owner.id).await?, 1);
        Ok(())
    });
}

async fn those_of_one_connection_are_listed_from_its_first_page(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let ((old, _), (new, _)) = (bed.connection(&acme, &owner).await, bed.connection(&acme, &owner).await);
    let mut identities = Vec::from(["a", "b", "c"].map(|client| identity(&acme, &old, client, "00u1", &owner)));
    identities.push(identity(&acme, &new, "a", "00u1", &owner));
    within!(bed, tx, [acme, old, new, identities], {
        let mut organization = tx.organization(acme);
        for identity in identities {
            organization.insert_identity(identity).await?;
        }
        let first = organization.list_identities(Some(new), None, 2).await?;
        assert_eq!((first.items.len(), first.has_more), (1, false), "however many the one before has");
        assert_eq!(Some(&first.items[0].identity), identities.last());
        let first = organization.list_identities(Some(old), None, 2).await?;
        let second = organization.list_identities(Some(old), Some(&first.items[1].identity.id), 2).await?;
        assert_eq!((first.has_more, second.items.len(), second.has_more), (true, 1, false));
        assert_eq!(organization.list_identities(None, None, 9).await?.items.len(), 4);
        Ok(())
    });
}

async fn another_organizations_identity_is_not_found(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let one = identity(&acme, &okta, "c", "00u1", &owner);
    within!(bed, tx, [acme, other, owner, one], {
        tx.organization(acme).insert_identity(one).await?;
        let mut stranger = tx.organization(other);
        assert_eq!(stranger.find_identity(space(one), &one.subject).await?, None);
        assert!(!stranger.delete_identity(&one.id).await?);
        assert!(!stranger.reassign_identity(&one.id, &owner.id).await?);
        assert_eq!(stranger.delete_identities_of_user(&owner.id).await?, 0);
        assert_eq!(stranger.count_identities(space(one)).await?, 0);
        Ok(())
    });
}

on_each_engine! {
    a_subject_means_a_person_in_its_own_key_space_only
    r_lnk_5_a_key_space_binds_a_subject_and_a_person_once
    identities_are_listed_cleared_and_bound_to_another_person
    those_of_one_connection_are_listed_from_its_first_page
    another_organizations_identity_is_not_found
}
