//! Invitations.

use orgate_core::id::OrganizationId;
use orgate_core::invitation::InvitationLink;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;
use orgate_store::{Constraint, Invitation, InvitationTokens, StoreError, User};

use crate::bed::{Bed, at, email, hash, id};

pub fn invitation(organization_id: &OrganizationId, owner: &User, to: &str, expires_at: Timestamp) -> Invitation {
    Invitation {
        id: id(),
        organization_id: organization_id.clone(),
        email: email(to),
        role: OrganizationRole::Member,
        invited_by: owner.id.clone(),
        created_at: at(1),
        sent_at: at(1),
        expires_at,
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
    }
}

pub fn tokens(seed: u8) -> InvitationTokens {
    InvitationTokens { mailed: hash(seed), copied: hash(seed + 100) }
}

async fn r_inv_2_each_token_finds_the_invitation_and_tells_which_link_it_is(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    within!(bed, tx, [acme, apollo, sent], {
        let projects = [(apollo.clone(), ProjectRole::ReadWrite)];
        let mut organization = tx.organization(acme);
        assert_eq!(organization.insert_invitation(sent, &tokens(1), &projects).await?, None);
        assert_eq!(organization.find_invitation(&sent.id).await?.as_ref(), Some(sent));
        let carried = organization.list_invited_projects(&sent.id).await?;
        assert_eq!((carried.len(), carried[0].name.as_str(), carried[0].role), (1, "apollo", ProjectRole::ReadWrite));
        assert_eq!(carried[0].added_by, sent.invited_by);
        let mut instance = tx.instance();
        let mailed = instance.find_invitation_by_token(&hash(1)).await?;
        assert_eq!(mailed, Some((sent.clone(), InvitationLink::Mailed)));
        let copied = instance.find_invitation_by_token(&hash(101)).await?;
        assert_eq!(copied, Some((sent.clone(), InvitationLink::Copied)));
        assert_eq!(instance.find_invitation_by_token(&hash(3)).await?, None);
        Ok(())
    });
}

async fn a_pending_invitation_takes_on_a_role_in_a_project(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, stranger) = bed.organization("other").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let foreign = bed.project(&other, &stranger, "foreign").await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    within!(bed, tx, [acme, owner, apollo, foreign, sent], {
        let mut organization = tx.organization(acme);
        organization.insert_invitation(sent, &tokens(1), &[]).await?;
        assert!(organization.add_invited_project(&sent.id, apollo, ProjectRole::ReadOnly, &owner.id).await?);
        assert!(
            !organization.add_invited_project(&sent.id, apollo, ProjectRole::ReadOnly, &owner.id).await?,
            "it does"
        );
        assert!(organization.add_invited_project(&sent.id, apollo, ProjectRole::Admin, &owner.id).await?);
        assert!(
            !organization.add_invited_project(&sent.id, foreign, ProjectRole::Admin, &owner.id).await?,
            "not of this organization"
        );
        let carrying = organization.list_invitations_to_project(apollo, 5).await?;
        assert_eq!(carrying, vec![(sent.clone(), ProjectRole::Admin)]);
        assert!(organization.revoke_invitation(&sent.id, at(2)).await?);
        let late = organization.add_invited_project(&sent.id, apollo, ProjectRole::ReadOnly, &owner.id).await?;
        assert!(!late, "it is over");
        assert_eq!(organization.list_invitations_to_project(apollo, 5).await?, vec![]);
        Ok(())
    });
}

async fn inviting_an_address_again_revokes_the_invitation_before(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let first = invitation(&acme, &owner, "guest@example.com", at(50));
    let second = invitation(&acme, &owner, "GUEST@example.com", at(60));
    within!(bed, tx, [acme, first, second], {
        let mut organization = tx.organization(acme);
        assert_eq!(organization.insert_invitation(first, &tokens(1), &[]).await?, None);
        let replaced = organization.insert_invitation(second, &tokens(2), &[]).await?;
        assert_eq!(replaced, Some(Invitation { revoked_at: Some(at(1)), ..first.clone() }));
        assert_eq!(organization.find_invitation(&first.id).await?.unwrap().revoked_at, Some(at(1)));
        assert_eq!(organization.count_pending_invitations(at(59)).await?, 1);
        assert_eq!(organization.count_pending_invitations(at(60)).await?, 0, "nobody can accept it any more");
        let page = organization.list_pending_invitations(None, 5).await?;
        assert_eq!((page.items, page.has_more), (vec![second.clone()], false));
        assert_eq!(organization.list_pending_invitations(Some(&second.id), 5).await?.items, vec![]);
        Ok(())
    });
}

async fn t_inv_1_an_invitation_is_accepted_once_and_never_late(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    within!(bed, tx, [acme, owner, sent], {
        let mut organization = tx.organization(acme);
        organization.insert_invitation(sent, &tokens(1), &[]).await?;
        assert_eq!(organization.find_pending_invitation(&sent.email, at(49)).await?.as_ref(), Some(sent));
        assert_eq!(organization.find_pending_invitation(&sent.email, at(50)).await?, None);
        assert!(!organization.accept_invitation(&sent.id, &owner.id, at(50)).await?);
        assert!(organization.accept_invitation(&sent.id, &owner.id, at(49)).await?);
        assert!(!organization.accept_invitation(&sent.id, &owner.id, at(49)).await?);
        assert!(!organization.revoke_invitation(&sent.id, at(49)).await?);
        let accepted = organization.find_invitation(&sent.id).await?.unwrap();
        assert_eq!((accepted.accepted_at, &accepted.accepted_by), (Some(at(49)), &Some(owner.id.clone())));
        assert_eq!(tx.instance().find_invitation(&sent.id).await?, Some(accepted));
        Ok(())
    });
}

async fn sending_again_kills_both_links_and_copying_again_only_the_copied_one(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    within!(bed, tx, [acme, owner, sent], {
        let mut organization = tx.organization(acme);
        organization.insert_invitation(sent, &tokens(1), &[]).await?;
        assert!(organization.renew_invitation(&sent.id, &tokens(2), &owner.id, at(60), at(90)).await?);
        assert!(organization.set_copied_token(&sent.id, &hash(77), &owner.id).await?);
        let mut instance = tx.instance();
        for dead in [1, 101, 102] {
            assert_eq!(instance.find_invitation_by_token(&hash(dead)).await?, None);
        }
        let (found, _) = instance.find_invitation_by_token(&hash(2)).await?.unwrap();
        assert_eq!((found.sent_at, found.expires_at), (at(60), at(90)));
        assert!(instance.find_invitation_by_token(&hash(77)).await?.is_some());
        let mut organization = tx.organization(acme);
        assert!(organization.revoke_invitation(&sent.id, at(61)).await?);
        assert!(!organization.renew_invitation(&sent.id, &tokens(3), &owner.id, at(62), at(99)).await?);
        assert!(!organization.set_copied_token(&sent.id, &hash(78), &owner.id).await?);
        Ok(())
    });
}

async fn r_org_6_whoever_sends_it_again_or_copies_its_link_takes_over_what_the_sender_before_had_it_carry(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let gemini = bed.project(&acme, &owner, "gemini").await;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Member).await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    within!(bed, tx, [acme, owner, apollo, gemini, bo, lee, sent], {
        let mut organization = tx.organization(acme);
        organization.insert_invitation(sent, &tokens(1), &[(apollo.clone(), ProjectRole::ReadOnly)]).await?;
        assert!(organization.add_invited_project(&sent.id, gemini, ProjectRole::Admin, &lee.id).await?);
        assert!(organization.set_copied_token(&sent.id, &hash(77), &bo.id).await?);
        let found = organization.find_invitation(&sent.id).await?.unwrap();
        assert_eq!((&found.invited_by, found.sent_at), (&bo.id, at(1)));
        let carried = organization.list_invited_projects(&sent.id).await?;
        let authors: Vec<_> = carried.iter().map(|one| (&one.project_id, &one.added_by)).collect();
        assert_eq!(authors, [(apollo, &bo.id), (gemini, &lee.id)]);
        assert!(organization.renew_invitation(&sent.id, &tokens(2), &owner.id, at(60), at(90)).await?);
        assert_eq!(organization.find_invitation(&sent.id).await?.unwrap().invited_by, owner.id);
        assert_eq!(organization.revoke_invitations_sent_by(&bo.id, at(61)).await?, vec![]);
        assert_eq!(organization.delete_invited_projects_added_by(&bo.id).await?, vec![]);
        Ok(())
    });
}

async fn r_org_6_what_was_sent_to_a_project_alone_is_revoked_with_it_unless_an_owner_sent_it(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let gemini = bed.project(&acme, &owner, "gemini").await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Member).await;
    let to_one = invitation(&acme, &lee, "one@example.com", at(50));
    let to_both = invitation(&acme, &lee, "two@example.com", at(50));
    let by_owner = invitation(&acme, &owner, "three@example.com", at(50));
    within!(bed, tx, [acme, other, apollo, gemini, to_one, to_both, by_owner], {
        let one = [(apollo.clone(), ProjectRole::ReadOnly)];
        let both = [(apollo.clone(), ProjectRole::ReadOnly), (gemini.clone(), ProjectRole::ReadOnly)];
        let mut organization = tx.organization(acme);
        organization.insert_invitation(to_one, &tokens(1), &one).await?;
        organization.insert_invitation(to_both, &tokens(2), &both).await?;
        organization.insert_invitation(by_owner, &tokens(3), &one).await?;
        assert_eq!(tx.organization(other).revoke_invitations_to_project_alone(apollo, at(8)).await?, vec![]);
        let mut organization = tx.organization(acme);
        let revoked = organization.revoke_invitations_to_project_alone(apollo, at(9)).await?;
        assert_eq!(revoked, vec![Invitation { revoked_at: Some(at(9)), ..to_one.clone() }]);
        assert_eq!(organization.revoke_invitations_to_project_alone(apollo, at(9)).await?, vec![]);
        assert_eq!(organization.count_pending_invitations(at(9)).await?, 2);
        Ok(())
    });
}

async fn r_org_6_what_a_person_sent_is_revoked_here_only(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, other_owner) = bed.organization("other").await;
    let here = invitation(&acme, &owner, "one@example.com", at(50));
    let there = invitation(&other, &owner, "one@example.com", at(50));
    let by_another = invitation(&acme, &other_owner, "two@example.com", at(50));
    within!(bed, tx, [acme, other, owner, here, there, by_another], {
        tx.organization(acme).insert_invitation(here, &tokens(1), &[]).await?;
        tx.organization(acme).insert_invitation(by_another, &tokens(2), &[]).await?;
        tx.organization(other).insert_invitation(there, &tokens(3), &[]).await?;
        let both = tx.instance().list_invitations_to(&here.email, at(49)).await?;
        assert_eq!(both, vec![(here.clone(), "acme".to_owned()), (there.clone(), "other".to_owned())]);
        let mut organization = tx.organization(acme);
        assert_eq!(organization.count_invitations_sent_by(&owner.id, at(49)).await?, 1, "the one of here");
        assert_eq!(organization.count_invitations_sent_by(&owner.id, at(50)).await?, 0, "it has expired");
        let revoked = organization.revoke_invitations_sent_by(&owner.id, at(9)).await?;
        assert_eq!(organization.count_invitations_sent_by(&owner.id, at(9)).await?, 0);
        assert_eq!(revoked, [Invitation { revoked_at: Some(at(9)), ..here.clone() }]);
        assert_eq!(tx.organization(acme).revoke_invitations_sent_by(&owner.id, at(10)).await?, [], "once");
        let left = tx.instance().list_invitations_to(&here.email, at(49)).await?;
        assert_eq!(left, vec![(there.clone(), "other".to_owned())]);
        assert_eq!(tx.organization(acme).count_pending_invitations(at(9)).await?, 1);
        assert_eq!(tx.organization(acme).find_invitation(&there.id).await?, None);
        Ok(())
    });
}

async fn r_org_6_a_role_that_a_person_had_an_invitation_carry_ends_with_their_right_to(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let (apollo, gemini) = (bed.project(&acme, &owner, "apollo").await, bed.project(&acme, &owner, "gemini").await);
    let sent = invitation(&acme, &owner, "one@example.com", at(50));
    let over = invitation(&acme, &owner, "two@example.com", at(50));
    within!(bed, tx, [acme, kim, apollo, gemini, sent, over], {
        let mut organization = tx.organization(acme);
        organization.insert_invitation(sent, &tokens(1), &[(gemini.clone(), ProjectRole::ReadOnly)]).await?;
        organization.insert_invitation(over, &tokens(2), &[]).await?;
        for one in [sent, over] {
            assert!(organization.add_invited_project(&one.id, apollo, ProjectRole::Admin, &kim.id).await?);
        }
        // What is carried already stays who had it carried's.
        assert!(!organization.add_invited_project(&sent.id, gemini, ProjectRole::ReadOnly, &kim.id).await?);
        assert!(organization.accept_invitation(&over.id, &kim.id, at(2)).await?);
        let listed = organization.list_invited_projects_added_by(&kim.id).await?;
        let ended = organization.delete_invited_projects_added_by(&kim.id).await?;
        assert_eq!(ended, listed);
        let (invitation, role) = &ended[0];
        assert_eq!((ended.len(), invitation), (1, sent));
        assert_eq!((&role.project_id, role.name.as_str()), (apollo, "apollo"));
        assert_eq!((role.role, &role.added_by), (ProjectRole::Admin, &kim.id));
        assert_eq!(organization.delete_invited_projects_added_by(&kim.id).await?, []);
        let left = organization.list_invited_projects(&sent.id).await?;
        assert_eq!((left.len(), &left[0].project_id, &left[0].added_by), (1, gemini, &sent.invited_by));
        assert_eq!(organization.list_invited_projects(&over.id).await?.len(), 1, "it is accepted");
        Ok(())
    });
    bed.raw("update invitation_projects set added_by = null").await;
    let of_before =
        within!(bed, tx, [acme, sent], tx.organization(acme).list_invited_projects(&sent.id).await).remove(0);
    assert_eq!(of_before.added_by, owner.id, "who sent the invitation");
}

async fn an_invitation_carries_no_project_of_another_organization(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, other_owner) = bed.organization("other").await;
    let foreign = bed.project(&other, &other_owner, "foreign").await;
    let sent = invitation(&acme, &owner, "guest@example.com", at(50));
    let refused = bed.write((acme.clone(), sent, foreign), |tx, (acme, sent, foreign)| {
        Box::pin(async move {
            let projects = [(foreign.clone(), ProjectRole::Admin)];
            tx.organization(acme).insert_invitation(sent, &tokens(1), &projects).await
        })
    });
    assert!(matches!(refused.await, Err(StoreError::NotFound { noun: "project" })));
    assert_eq!(within!(bed, tx, [acme], tx.organization(acme).count_pending_invitations(at(2)).await), 0);
}

async fn a_token_belongs_to_one_invitation(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let one = invitation(&acme, &owner, "one@example.com", at(50));
    let two = invitation(&acme, &owner, "two@example.com", at(50));
    for (rival, constraint) in [
        (InvitationTokens { copied: hash(9), ..tokens(1) }, Constraint::InvitationMailedToken),
        (InvitationTokens { mailed: hash(9), ..tokens(1) }, Constraint::InvitationCopiedToken),
    ] {
        let insert = bed.write((acme.clone(), one.clone(), two.clone(), rival), |tx, (acme, one, two, rival)| {
            Box::pin(async move {
                tx.organization(acme).insert_invitation(one, &tokens(1), &[]).await?;
                tx.organization(acme).insert_invitation(two, rival, &[]).await
            })
        });
        let refused = insert.await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(found) if found == constraint), "{refused}");
    }
}

on_each_engine! {
    r_inv_2_each_token_finds_the_invitation_and_tells_which_link_it_is
    a_pending_invitation_takes_on_a_role_in_a_project
    inviting_an_address_again_revokes_the_invitation_before
    t_inv_1_an_invitation_is_accepted_once_and_never_late
    sending_again_kills_both_links_and_copying_again_only_the_copied_one
    r_org_6_whoever_sends_it_again_or_copies_its_link_takes_over_what_the_sender_before_had_it_carry
    r_org_6_what_was_sent_to_a_project_alone_is_revoked_with_it_unless_an_owner_sent_it
    r_org_6_what_a_person_sent_is_revoked_here_only
    r_org_6_a_role_that_a_person_had_an_invitation_carry_ends_with_their_right_to
    an_invitation_carries_no_project_of_another_organization
    a_token_belongs_to_one_invitation
}
