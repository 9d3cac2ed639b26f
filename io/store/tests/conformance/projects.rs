//! Projects and the grants in them.

use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Constraint, StoreError};

use crate::bed::{Bed, at, id};

async fn a_project_is_found_listed_renamed_and_deleted(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let gemini = bed.project(&acme, &owner, "gemini").await;
    within!(bed, tx, [acme, apollo, gemini], {
        let mut organization = tx.organization(acme);
        assert!(organization.rename_project(apollo, "Apollo 11").await?);
        let found = organization.find_project(apollo).await?.unwrap();
        assert_eq!(organization.find_project_by_slug("apollo").await?, Some(found.clone()));
        assert_eq!(found.name, "Apollo 11");
        let first = organization.list_projects(None, 1).await?;
        assert_eq!((first.items, first.has_more), (vec![found], true));
        let second = organization.list_projects(Some(apollo), 1).await?;
        assert_eq!((second.items[0].id.clone(), second.has_more), (gemini.clone(), false));
        assert_eq!(organization.count_projects().await?, 2);
        assert!(organization.delete_project(apollo).await?);
        assert!(!organization.delete_project(apollo).await?);
        assert_eq!(organization.count_projects().await?, 1);
        Ok(())
    });
}

async fn a_project_slug_is_taken_once_in_an_organization(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, other_owner) = bed.organization("other").await;
    bed.project(&acme, &owner, "apollo").await;
    bed.project(&other, &other_owner, "apollo").await;
    let again = bed.write((acme, owner), |tx, (acme, owner)| {
        Box::pin(async move { tx.organization(acme).insert_project(&id(), "apollo", "A", &owner.id, at(1)).await })
    });
    assert!(matches!(again.await, Err(StoreError::Conflict(Constraint::ProjectSlug))));
}

async fn grants_are_given_changed_listed_and_taken(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let gemini = bed.project(&acme, &owner, "gemini").await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    within!(bed, tx, [acme, owner, apollo, gemini, sam], {
        let mut organization = tx.organization(acme);
        assert!(organization.set_grant(apollo, &sam.id, ProjectRole::ReadOnly, &owner.id, at(1)).await?);
        assert!(organization.set_grant(apollo, &sam.id, ProjectRole::Admin, &owner.id, at(2)).await?);
        assert!(organization.set_grant(gemini, &sam.id, ProjectRole::ReadWrite, &owner.id, at(3)).await?);
        assert_eq!(organization.find_grant(apollo, &sam.id).await?, Some(ProjectRole::Admin));
        let grants = organization.list_grants(apollo, None, 5).await?.items;
        assert_eq!((grants.len(), grants[0].name.as_str(), grants[0].created_at), (1, "sam", at(1)));
        assert_eq!(organization.count_grants(apollo).await?, 1);
        assert_eq!(organization.list_grants(apollo, Some(&sam.id), 5).await?.items, vec![]);
        let mine = organization.list_projects_of_user(&sam.id, None, 5).await?.items;
        let roles: Vec<_> = mine.iter().map(|(project, role)| (project.slug.as_str(), *role)).collect();
        assert_eq!(roles, vec![("apollo", ProjectRole::Admin), ("gemini", ProjectRole::ReadWrite)]);
        assert!(organization.delete_grant(apollo, &sam.id).await?);
        assert!(!organization.delete_grant(apollo, &sam.id).await?);
        assert_eq!(organization.delete_grants_of_user(&sam.id).await?, 1);
        Ok(())
    });
}

async fn a_grant_needs_a_project_and_a_member_of_this_organization(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (other, stranger) = bed.organization("other").await;
    let apollo = bed.project(&acme, &owner, "apollo").await;
    let foreign = bed.project(&other, &stranger, "foreign").await;
    within!(bed, tx, [acme, owner, stranger, apollo, foreign], {
        let mut organization = tx.organization(acme);
        assert!(!organization.set_grant(apollo, &stranger.id, ProjectRole::Admin, &owner.id, at(1)).await?);
        assert!(!organization.set_grant(foreign, &owner.id, ProjectRole::Admin, &owner.id, at(1)).await?);
        assert_eq!(organization.find_project(foreign).await?, None);
        assert!(!organization.rename_project(foreign, "Mine").await?);
        assert!(!organization.delete_project(foreign).await?);
        Ok(())
    });
}

on_each_engine! {
    a_project_is_found_listed_renamed_and_deleted
    a_project_slug_is_taken_once_in_an_organization
    grants_are_given_changed_listed_and_taken
    a_grant_needs_a_project_and_a_member_of_this_organization
}
