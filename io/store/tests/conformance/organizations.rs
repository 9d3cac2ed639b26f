//! Organizations, from their creation to their deletion.

use orgate_core::id::OrganizationId;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::AddressState;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{AuditEvent, Constraint, Invitation, InvitationTokens, PasswordCredential, StoreError};

use crate::bed::{Bed, at, email, hash, id, proof, user};

async fn an_organization_is_found_by_id_and_slug_and_renamed(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (found, missing, created) = within!(bed, tx, [acme, owner], {
        assert!(tx.organization(acme).rename_organization("Acme Robotics").await?);
        let found = tx.instance().find_organization_by_slug("acme").await?.unwrap();
        assert_eq!(tx.organization(acme).find_organization().await?, Some(found.clone()));
        assert_eq!(tx.organization(acme).load_organization().await?, found);
        assert_eq!(tx.instance().list_organizations(None, 5).await?.items, vec![found.clone()]);
        assert_eq!(tx.instance().list_organizations(Some(acme), 5).await?.items, vec![]);
        let missing = tx.instance().find_organization_by_slug("nobody").await?;
        Ok((found, missing, tx.instance().count_organizations_created_by(&owner.id).await?))
    });
    assert_eq!((found.id, found.name.as_str(), found.slug.as_str()), (acme, "Acme Robotics", "acme"));
    assert!(found.sso_entitled && found.enforcement.owner_exemption);
    assert!(!found.enforcement.enforced && !found.mfa_required);
    assert_eq!((missing, created), (None, 1));
    let unknown: OrganizationId = id();
    let load = bed.write(unknown, |tx, id| Box::pin(async move { tx.organization(id).load_organization().await }));
    assert!(matches!(load.await, Err(StoreError::NotFound { noun: "organization" })));
}

async fn a_slug_is_taken_once(bed: Bed) {
    let (_, owner) = bed.organization("acme").await;
    let again = bed.write(owner, |tx, owner| {
        Box::pin(async move { tx.instance().insert_organization(&id(), "acme", "Other", &owner.id, at(1)).await })
    });
    assert!(matches!(again.await, Err(StoreError::Conflict(Constraint::OrganizationSlug))));
}

async fn switches_tell_whether_they_changed(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    within!(bed, tx, [acme], {
        let mut organization = tx.organization(acme);
        assert!(organization.set_sso_entitled(false).await?);
        assert!(!organization.set_sso_entitled(false).await?);
        assert!(organization.set_mfa_required(true).await?);
        assert!(!organization.set_mfa_required(true).await?);
        Ok(())
    });
}

async fn r_org_5_deletion_is_asked_for_undone_and_performed_when_due(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    within!(bed, tx, [acme], {
        let mut organization = tx.organization(acme);
        assert!(organization.request_deletion(at(10), at(20)).await?);
        assert!(!organization.request_deletion(at(11), at(21)).await?);
        assert_eq!(organization.perform_deletion(at(19)).await?, None);
        assert!(organization.undo_deletion(at(19)).await?);
        assert!(!organization.undo_deletion(at(19)).await?);
        assert!(organization.request_deletion(at(10), at(20)).await?);
        assert!(!organization.undo_deletion(at(20)).await?);
        assert_eq!(tx.instance().list_due_deletions(at(19), 5).await?, vec![]);
        assert_eq!(tx.instance().list_due_deletions(at(20), 5).await?, vec![acme.clone()]);
        assert_eq!(tx.organization(acme).perform_deletion(at(20)).await?, Some(0));
        assert_eq!(tx.organization(acme).perform_deletion(at(20)).await?, None);
        assert_eq!(tx.organization(acme).find_organization().await?, None);
        Ok(())
    });
}

fn event(organization_id: Option<OrganizationId>) -> AuditEvent {
    AuditEvent {
        id: id(),
        organization_id,
        at: at(3),
        action: "organization.deleted".to_owned(),
        actor: "system".to_owned(),
        actor_name: None,
        target: None,
        target_name: None,
        outcome: "success".to_owned(),
        ip: None,
        user_agent: None,
        data: "{}".to_owned(),
        tries: 1,
        position: None,
        link: None,
    }
}

async fn r_org_5_deletion_takes_everything_of_the_organization_and_nothing_else(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, other_owner) = bed.organization("other").await;
    let project = bed.project(&acme, &owner, "apollo").await;
    bed.connection(&acme, &owner).await;
    let (mut local, mut removed) = (user("local"), user("removed"));
    for user in [&mut local, &mut removed] {
        user.address = AddressState::LocalTo(acme.clone());
    }
    let invitation = Invitation {
        id: id(),
        organization_id: acme.clone(),
        email: email("guest@example.com"),
        role: OrganizationRole::Member,
        invited_by: owner.id.clone(),
        created_at: at(1),
        sent_at: at(1),
        expires_at: at(99),
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
    };
    let (acme_event, instance_event) = (event(Some(acme.clone())), event(None));
    let password = PasswordCredential { user_id: local.id.clone(), hash: "h".to_owned(), set_at: at(1) };
    let people = (local, removed);
    within!(
        bed,
        tx,
        [acme, other, owner, other_owner, project, people, password, invitation, acme_event, instance_event],
        {
            let (local, removed) = people;
            for user in [local, removed] {
                tx.instance().insert_user(user).await?;
            }
            tx.instance().set_password(password).await?;
            tx.instance().insert_audit_event(instance_event, &proof()).await?;
            let mut organization = tx.organization(acme);
            organization.join(&local.id, OrganizationRole::Member, MembershipOrigin::Sso, at(2)).await?;
            organization.join(&removed.id, OrganizationRole::Member, MembershipOrigin::Sso, at(2)).await?;
            organization.end_membership(&removed.id, MembershipState::Removed, at(2)).await?;
            organization.join(&other_owner.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(2)).await?;
            organization.set_grant(project, &local.id, ProjectRole::Admin, &owner.id, at(2)).await?;
            let tokens = InvitationTokens { mailed: hash(1), copied: hash(2) };
            organization.insert_invitation(invitation, &tokens, &[(project.clone(), ProjectRole::Admin)]).await?;
            organization.insert_audit_event(acme_event, &proof()).await?;
            organization.request_deletion(at(3), at(4)).await?;
            assert_eq!(organization.perform_deletion(at(5)).await?, Some(2));
            for user in [local, removed] {
                let left = tx.instance().load_user(&user.id).await?;
                assert_eq!((left.closed_at, left.name.as_str()), (Some(at(5)), "Closed account"));
                assert!(left.email != user.email, "{left:?}");
            }
            assert!(tx.instance().find_password(&local.id).await?.is_none());
            assert_eq!(tx.instance().load_user(&owner.id).await?.closed_at, None);
            assert_eq!(tx.instance().list_places(&other_owner.id).await?.len(), 1);
            assert_eq!(tx.organization(other).count_owners().await?, 1);
            let left = tx.instance().list_audit_events(&orgate_store::AuditFilter::default(), None, 9).await?;
            assert_eq!(left.items, vec![instance_event.clone()]);
            Ok(())
        }
    );
}

on_each_engine! {
    an_organization_is_found_by_id_and_slug_and_renamed
    a_slug_is_taken_once
    switches_tell_whether_they_changed
    r_org_5_deletion_is_asked_for_undone_and_performed_when_due
    r_org_5_deletion_takes_everything_of_the_organization_and_nothing_else
}
