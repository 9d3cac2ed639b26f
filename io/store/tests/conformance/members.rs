//! Memberships, and the merging of two people who turn out to be one.

use orgate_core::assertion::Subject;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::AddressState;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Constraint, Identity, MemberFilter, PasswordCredential, StoreError};

use crate::bed::{Bed, at, id, user};

async fn joining_again_never_overwrites_a_role_held(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let again = within!(bed, tx, [acme, owner], {
        let mut organization = tx.organization(acme);
        let again = organization.join(&owner.id, OrganizationRole::Member, MembershipOrigin::Sso, at(9)).await?;
        assert_eq!(organization.load_active_membership(&owner.id).await?.role, OrganizationRole::Owner);
        Ok(again)
    });
    assert!(!again);
}

async fn r_lnk_1_who_was_removed_stays_out_until_readmitted_or_joined_anew(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Owner).await;
    within!(bed, tx, [acme, sam], {
        let mut organization = tx.organization(acme);
        assert!(organization.end_membership(&sam.id, MembershipState::Removed, at(5)).await?);
        assert!(!organization.end_membership(&sam.id, MembershipState::Left, at(6)).await?);
        assert_eq!(organization.list_removed(10).await?.len(), 1);
        assert!(!organization.set_role(&sam.id, OrganizationRole::Member).await?);
        assert!(matches!(organization.load_active_membership(&sam.id).await, Err(StoreError::NotFound { .. })));
        assert_eq!(organization.find_member_by_email(&sam.email).await?.map(|user| user.id), Some(sam.id.clone()));
        assert!(organization.readmit(&sam.id).await?);
        assert!(!organization.readmit(&sam.id).await?);
        let membership = organization.find_membership(&sam.id).await?.unwrap();
        assert_eq!((membership.state, membership.ended_at), (MembershipState::Readmitted, Some(at(5))));
        assert!(organization.join(&sam.id, OrganizationRole::Member, MembershipOrigin::Sso, at(7)).await?);
        let membership = organization.load_active_membership(&sam.id).await?;
        assert_eq!((membership.role, membership.origin), (OrganizationRole::Member, MembershipOrigin::Sso));
        assert_eq!((membership.joined_at, membership.ended_at), (at(7), None));
        Ok(())
    });
}

async fn a_member_is_found_by_capitals_of_every_alphabet(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let person = bed.member(&acme, "oezlem", OrganizationRole::Member).await;
    let found = within!(bed, tx, [acme, person], {
        assert!(tx.instance().rename_user(&person.id, "\u{d6}zlem \u{391}\u{3b2}").await?);
        let mut organization = tx.organization(acme);
        let mut found = organization.search_members("\u{f6}zl", 9).await?;
        found.extend(organization.search_members("\u{3b1}\u{3b2}", 9).await?);
        Ok(found)
    });
    assert_eq!(found.len(), 2);
}

async fn the_members_list_filters_and_pages(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.member(&other, "far", OrganizationRole::Member).await;
    let credential = PasswordCredential { user_id: sam.id.clone(), hash: "h".to_owned(), set_at: at(1) };
    let (first, second, owners, never, one) = within!(bed, tx, [acme, owner, sam, credential], {
        tx.instance().set_password(credential).await?;
        assert!(tx.instance().set_has_second_factor(&sam.id, true).await?);
        let mut organization = tx.organization(acme);
        assert!(organization.touch_member_sign_in(&owner.id, false, at(8)).await?);
        assert!(organization.touch_member_sign_in(&sam.id, true, at(9)).await?);
        let first = organization.list_members(MemberFilter::All, None, 2).await?;
        let second = organization.list_members(MemberFilter::All, Some(&sam.id), 2).await?;
        let owners = organization.list_members(MemberFilter::Owners, None, 9).await?;
        let never = organization.list_members(MemberFilter::NeverUsedSso, None, 9).await?;
        let without = organization.list_members(MemberFilter::NoSecondFactor, None, 9).await?;
        assert!(without.items.iter().all(|member| member.membership.user_id != sam.id));
        assert_eq!((organization.count_without_second_factor().await?, without.items.len()), (2, 2));
        let found = organization.search_members("sa", 9).await?;
        assert_eq!(found.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), vec!["sam"]);
        assert_eq!(organization.search_members("@example", 9).await?.len(), 3, "the address counts, here only");
        assert_eq!(organization.search_members("%", 9).await?, vec![], "a pattern is a text like any other");
        assert_eq!(organization.count_members().await?, 3);
        assert_eq!(organization.count_owners().await?, 1);
        assert_eq!(organization.list_owners().await?, vec![owner.clone()]);
        Ok((first, second, owners, never, organization.find_member(&sam.id).await?.unwrap()))
    });
    let names = |items: &[orgate_store::Member]| items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&first.items), first.has_more), (vec!["acme-owner".to_owned(), "sam".to_owned()], true));
    assert_eq!((names(&second.items), second.has_more), (vec!["kim".to_owned()], false));
    assert_eq!(names(&owners.items), vec!["acme-owner".to_owned()]);
    assert_eq!(names(&never.items), vec!["acme-owner".to_owned(), kim.name]);
    assert!(one.has_password && one.email_proven);
    assert_eq!(
        (one.identities, one.membership.last_sign_in_at, one.membership.last_sso_sign_in_at),
        (0, Some(at(9)), Some(at(9)))
    );
}

async fn another_organizations_member_is_not_found(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let (_, stranger) = bed.organization("other").await;
    within!(bed, tx, [acme, stranger], {
        let mut organization = tx.organization(acme);
        assert_eq!(organization.find_membership(&stranger.id).await?, None);
        assert_eq!(organization.find_member(&stranger.id).await?, None);
        assert_eq!(organization.find_member_by_email(&stranger.email).await?, None);
        assert!(!organization.set_role(&stranger.id, OrganizationRole::Member).await?);
        assert!(!organization.set_proofs_not_before(&stranger.id, at(9)).await?);
        assert!(!organization.end_membership(&stranger.id, MembershipState::Removed, at(9)).await.unwrap());
        assert_eq!(organization.id(), acme);
        Ok(())
    });
}

async fn r_in_7_an_owner_makes_older_proofs_not_count(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let places = within!(bed, tx, [acme, owner], {
        let mut organization = tx.organization(acme);
        assert!(organization.set_proofs_not_before(&owner.id, at(9)).await?);
        assert!(!organization.set_proofs_not_before(&owner.id, at(8)).await?);
        tx.instance().list_places(&owner.id).await
    });
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].place.proofs_not_before, at(9));
    assert_eq!((&*places[0].slug, places[0].place.enforcement.connection.as_ref()), ("acme", None));
}

async fn r_lnk_4_merging_unites_roles_and_grants_and_closes_the_emptied_user(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (connection_id, revision) = bed.connection(&acme, &owner).await;
    let project = bed.project(&acme, &owner, "apollo").await;
    let into = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let mut from = user("sam");
    from.address = AddressState::LocalTo(acme.clone());
    let identity = Identity {
        id: id(),
        organization_id: acme.clone(),
        connection_id,
        issuer: revision.issuer,
        client_id: revision.client_id,
        subject: Subject::parse("00u1").unwrap(),
        user_id: from.id.clone(),
        created_at: at(6),
        last_sign_in_at: None,
    };
    within!(bed, tx, [acme, owner, project, from, into, identity], {
        tx.instance().insert_user(from).await?;
        let mut organization = tx.organization(acme);
        organization.join(&from.id, OrganizationRole::Owner, MembershipOrigin::Sso, at(6)).await?;
        organization.insert_identity(identity).await?;
        organization.set_grant(project, &from.id, ProjectRole::Admin, &owner.id, at(7)).await?;
        organization.set_grant(project, &into.id, ProjectRole::ReadOnly, &owner.id, at(7)).await?;
        tx.instance().merge_users(&from.id, &into.id, at(8)).await?;
        assert_eq!(tx.instance().load_user(&from.id).await?.closed_at, Some(at(8)));
        let mut organization = tx.organization(acme);
        assert_eq!(organization.load_active_membership(&into.id).await?.role, OrganizationRole::Owner);
        assert_eq!(organization.find_membership(&from.id).await?, None);
        assert_eq!(organization.find_grant(project, &into.id).await?, Some(ProjectRole::Admin));
        assert_eq!(organization.find_grant(project, &from.id).await?, None);
        assert_eq!(organization.list_identities_of_user(&into.id).await?.len(), 1);
        assert_eq!(organization.count_members().await?, 2);
        Ok(())
    });
}

async fn r_lnk_5_merging_into_who_is_linked_already_changes_nothing(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (connection_id, revision) = bed.connection(&acme, &owner).await;
    let into = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let from = bed.member(&acme, "sam2", OrganizationRole::Member).await;
    let identity = |user: &orgate_store::User, subject: &str| Identity {
        id: id(),
        organization_id: acme.clone(),
        connection_id: connection_id.clone(),
        issuer: revision.issuer.clone(),
        client_id: revision.client_id.clone(),
        subject: Subject::parse(subject).unwrap(),
        user_id: user.id.clone(),
        created_at: at(6),
        last_sign_in_at: None,
    };
    let (one, two) = (identity(&into, "00u1"), identity(&from, "00u2"));
    within!(bed, tx, [acme, one, two], {
        tx.organization(acme).insert_identity(one).await?;
        tx.organization(acme).insert_identity(two).await
    });
    let merged = bed.write((from.clone(), into), |tx, (from, into)| {
        Box::pin(async move { tx.instance().merge_users(&from.id, &into.id, at(8)).await })
    });
    assert!(matches!(merged.await, Err(StoreError::Conflict(Constraint::IdentityUser))));
    let untouched = within!(bed, tx, [acme, from], tx.organization(acme).load_active_membership(&from.id).await);
    assert_eq!(untouched.user_id, from.id);
}

on_each_engine! {
    joining_again_never_overwrites_a_role_held
    r_lnk_1_who_was_removed_stays_out_until_readmitted_or_joined_anew
    a_member_is_found_by_capitals_of_every_alphabet
    the_members_list_filters_and_pages
    another_organizations_member_is_not_found
    r_in_7_an_owner_makes_older_proofs_not_count
    r_lnk_4_merging_unites_roles_and_grants_and_closes_the_emptied_user
    r_lnk_5_merging_into_who_is_linked_already_changes_nothing
}
