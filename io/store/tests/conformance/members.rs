//! Memberships, and the merging of two people who turn out to be one.

use orgate_core::assertion::Subject;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::AddressState;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Constraint, Identity, Member, MemberFilter, Page, PasswordCredential, StoreError};

use crate::bed::{Bed, at, id, user};
use crate::invitations::{invitation, tokens};

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
        assert_eq!(organization.list_removed("", None, 10).await?.items.len(), 1);
        assert!(organization.find_member(&sam.id).await?.is_some(), "the page of who was removed");
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
        let mut found = organization.search_members(MemberFilter::All, "\u{f6}zl", None, 9).await?.items;
        found.extend(organization.search_members(MemberFilter::All, "\u{3b1}\u{3b2}", None, 9).await?.items);
        assert!(organization.end_membership(&person.id, MembershipState::Removed, at(5)).await?);
        found.extend(organization.list_removed("\u{f6}zl", None, 9).await?.items);
        Ok(found)
    });
    assert_eq!(found.len(), 3);
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
        let found = organization.search_members(MemberFilter::All, "sa", None, 9).await?.items;
        assert_eq!(found.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), vec!["sam"]);
        let by_address = organization.search_members(MemberFilter::All, "@example", None, 2).await?;
        assert_eq!((by_address.items.len(), by_address.has_more), (2, true), "the address counts, here only");
        let rest = organization.search_members(MemberFilter::All, "@example", Some(&sam.id), 2).await?;
        assert_eq!((rest.items.len(), rest.has_more), (1, false));
        let unused = organization.search_members(MemberFilter::NeverUsedSso, "@example", None, 2).await?;
        assert_eq!((unused.items.len(), unused.has_more), (2, false), "filtered before it is cut");
        assert_eq!(organization.search_members(MemberFilter::Owners, "sam", None, 9).await?.items, vec![]);
        let pattern = organization.search_members(MemberFilter::All, "%", None, 9).await?.items;
        assert_eq!(pattern, vec![], "a pattern is a text like any other");
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

async fn who_was_removed_is_listed_latest_first_and_goes_on_after_the_last_one(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let people = [bed.user("ann").await, bed.user("bob").await, bed.user("zoe").await];
    within!(bed, tx, [acme, owner, people], {
        let mut organization = tx.organization(acme);
        for (person, second) in people.iter().zip([20, 30, 30]) {
            organization.join(&person.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(6)).await?;
            assert!(organization.end_membership(&person.id, MembershipState::Removed, at(second)).await?);
        }
        let [ann, bob, zoe] = people;
        let names = |page: &Page<Member>| page.items.iter().map(|member| member.name.clone()).collect::<Vec<_>>();
        let first = organization.list_removed("", None, 2).await?;
        assert!(first.has_more && !names(&first).contains(&ann.name), "{first:?}");
        let last = &first.items[1].membership.user_id;
        let second = organization.list_removed("", Some(last), 2).await?;
        assert_eq!((names(&second), second.has_more), (vec![ann.name.clone()], false));
        let found = organization.list_removed("zo", None, 2).await?;
        assert_eq!(names(&found), vec![zoe.name.clone()]);
        assert!(organization.join(&bob.id, OrganizationRole::Member, MembershipOrigin::Sso, at(40)).await?);
        let anew = organization.list_removed("", Some(&bob.id), 9).await?;
        assert_eq!(names(&anew), vec![zoe.name.clone(), ann.name.clone()], "who came back begins it anew");
        assert!(organization.list_removed("", Some(&owner.id), 9).await?.items.is_empty());
        Ok(())
    });
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
    assert_eq!(places[0].proofs_not_before, at(9));
    assert_eq!(
        (places[0].organization.slug.as_str(), places[0].organization.enforcement.connection.as_ref()),
        ("acme", None)
    );
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
        let emptied = tx.instance().load_user(&from.id).await?;
        assert_eq!((emptied.closed_at, emptied.name.as_str()), (Some(at(8)), "Closed account"));
        assert!(emptied.email != from.email, "{emptied:?}");
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

async fn r_lnk_1_an_identity_stays_where_the_emptied_user_was_removed(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (connection_id, revision) = bed.connection(&acme, &owner).await;
    let (from, into) = (bed.member(&acme, "from", OrganizationRole::Member).await, bed.user("into").await);
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
    within!(bed, tx, [acme, from, into, identity], {
        let mut organization = tx.organization(acme);
        organization.insert_identity(identity).await?;
        assert!(organization.end_membership(&from.id, MembershipState::Removed, at(7)).await?);
        tx.instance().merge_users(&from.id, &into.id, at(8)).await?;
        let mut organization = tx.organization(acme);
        assert_eq!(organization.list_identities_of_user(&from.id).await?, std::slice::from_ref(identity));
        assert_eq!(organization.list_identities_of_user(&into.id).await?, []);
        assert_eq!(organization.find_membership(&into.id).await?, None);
        let removed = organization.list_removed_by_email(&from.email).await?;
        assert_eq!(removed.into_iter().map(|user| user.id).collect::<Vec<_>>(), std::slice::from_ref(&from.id));
        Ok(())
    });
}

async fn r_lnk_4_a_place_that_was_left_is_held_as_the_emptied_user_came_to_it(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let (from, into) = (bed.user("from").await, bed.user("into").await);
    within!(bed, tx, [acme, other, from, into], {
        let role = OrganizationRole::Member;
        for (organization, is_left) in [(acme, true), (other, false)] {
            let mut organization = tx.organization(organization);
            organization.join(&into.id, role, MembershipOrigin::Invitation, at(2)).await?;
            organization.touch_member_sign_in(&into.id, false, at(3)).await?;
            if is_left {
                assert!(organization.end_membership(&into.id, MembershipState::Left, at(4)).await?);
            }
            organization.join(&from.id, role, MembershipOrigin::Sso, at(6)).await?;
            organization.touch_member_sign_in(&from.id, true, at(7)).await?;
        }
        tx.instance().merge_users(&from.id, &into.id, at(8)).await?;
        let anew = tx.organization(acme).load_active_membership(&into.id).await?;
        assert_eq!((anew.origin, anew.joined_at), (MembershipOrigin::Sso, at(6)));
        assert_eq!((anew.last_sign_in_at, anew.ended_at, anew.proofs_not_before_at), (Some(at(7)), None, at(4)));
        let kept = tx.organization(other).load_active_membership(&into.id).await?;
        assert_eq!((kept.origin, kept.joined_at), (MembershipOrigin::Invitation, at(2)));
        assert_eq!((kept.last_sign_in_at, kept.last_sso_sign_in_at), (Some(at(3)), Some(at(7))));
        Ok(())
    });
}

async fn i7_after_a_return_proofs_count_from_the_end_of_the_membership_on(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    within!(bed, tx, [acme, sam], {
        let mut organization = tx.organization(acme);
        for (ended, returned) in [(5, 7), (20, 30)] {
            assert!(organization.end_membership(&sam.id, MembershipState::Left, at(ended)).await?);
            let origin = MembershipOrigin::Invitation;
            assert!(organization.join(&sam.id, OrganizationRole::Member, origin, at(returned)).await?);
            let membership = organization.load_active_membership(&sam.id).await?;
            assert_eq!((membership.joined_at, membership.proofs_not_before_at), (at(returned), at(ended)));
        }
        // What an Owner ended later than that stays ended.
        assert!(organization.set_proofs_not_before(&sam.id, at(50)).await?);
        assert!(organization.end_membership(&sam.id, MembershipState::Left, at(40)).await?);
        assert!(organization.join(&sam.id, OrganizationRole::Member, MembershipOrigin::Sso, at(60)).await?);
        assert_eq!(organization.load_active_membership(&sam.id).await?.proofs_not_before_at, at(50));
        Ok(())
    });
}

async fn r_org_6_what_the_emptied_user_invited_to_ends_with_who_they_were_brought_to(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let (from, into) = (bed.member(&acme, "from", OrganizationRole::Owner).await, bed.user("into").await);
    let (sent, over, by_owner) = (
        invitation(&acme, &from, "one@example.com", at(50)),
        invitation(&acme, &from, "two@example.com", at(50)),
        invitation(&acme, &owner, "three@example.com", at(50)),
    );
    within!(bed, tx, [acme, apollo, from, into, sent, over, by_owner], {
        let mut organization = tx.organization(acme);
        for (number, one) in (1..).zip([sent, over, by_owner]) {
            organization.insert_invitation(one, &tokens(number), &[]).await?;
        }
        organization.add_invited_project(&by_owner.id, apollo, ProjectRole::Admin, &from.id).await?;
        assert!(organization.revoke_invitation(&over.id, at(7)).await?);
        tx.instance().merge_users(&from.id, &into.id, at(8)).await?;
        let mut organization = tx.organization(acme);
        let revoked = organization.revoke_invitations_sent_by(&into.id, at(9)).await?;
        assert_eq!(revoked.iter().map(|one| &one.id).collect::<Vec<_>>(), [&sent.id]);
        assert_eq!(organization.delete_invited_projects_added_by(&into.id).await?.len(), 1);
        assert_eq!(organization.find_invitation(&over.id).await?.unwrap().invited_by, from.id, "it was over");
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
    who_was_removed_is_listed_latest_first_and_goes_on_after_the_last_one
    another_organizations_member_is_not_found
    r_in_7_an_owner_makes_older_proofs_not_count
    r_lnk_4_merging_unites_roles_and_grants_and_closes_the_emptied_user
    r_lnk_1_an_identity_stays_where_the_emptied_user_was_removed
    r_lnk_4_a_place_that_was_left_is_held_as_the_emptied_user_came_to_it
    i7_after_a_return_proofs_count_from_the_end_of_the_membership_on
    r_org_6_what_the_emptied_user_invited_to_ends_with_who_they_were_brought_to
    r_lnk_5_merging_into_who_is_linked_already_changes_nothing
}
