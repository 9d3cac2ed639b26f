//! Projects and their people.

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::invitation;
use orgate_app::organization::{self, OrganizationView};
use orgate_app::project;
use orgate_app::project::people::{self, Added};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};

use crate::support::{Bed, Person, refused};

/// Sam's organization with a project, of which Kim is an admin.
async fn falcon(bed: &Bed) -> (OrganizationView, Person, Person) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    project::create(&bed.app, &sam.visitor, "acme", "Falcon").await.unwrap();
    people::add(&bed.app, &sam.visitor, "acme", "falcon", &kim.email, ProjectRole::Admin).await.unwrap();
    (acme, sam, kim)
}

async fn r_org_4_a_member_sees_the_projects_of_their_grants_only(bed: Bed) {
    let (acme, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    project::create(app, &sam.visitor, "acme", "Heron").await.unwrap();
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    for (reader, expected) in [(&sam, vec!["Falcon", "Heron"]), (&kim, vec!["Falcon"]), (&bo, vec![])] {
        let page = project::list(app, &reader.visitor, "acme", None, None).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|view| view.project.name.as_str()).collect();
        assert_eq!(names, expected, "{}", reader.name);
    }
    assert_eq!(refused(project::get(app, &kim.visitor, "acme", "heron").await), Refusal::NotFound);
    assert_eq!(refused(project::create(app, &kim.visitor, "acme", "Mine").await), Refusal::NotPermitted);
    let seen = project::get(app, &kim.visitor, "acme", "falcon").await.unwrap();
    assert_eq!((seen.role(), seen.people), (Some(ProjectRole::Admin), 1));
    assert!(seen.may(Permission::ProjectManage) && !seen.may(Permission::ProjectDelete));
    let page = project::list(app, &sam.visitor, "acme", None, Some(1)).await.unwrap();
    let rest = project::list(app, &sam.visitor, "acme", page.next_cursor, Some(1)).await.unwrap();
    assert_eq!((rest.items[0].project.name.as_str(), rest.next_cursor), ("Heron", None));
}

async fn r_inv_1_an_admin_adds_a_member_at_once_and_invites_an_outsider(bed: Bed) {
    let (acme, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    let added =
        people::add(app, &kim.visitor, "acme", "falcon", "BO@example.com", ProjectRole::ReadOnly).await.unwrap();
    assert!(matches!(added, Added::Granted(id) if id == bo.id));
    let seen = project::get(app, &bo.visitor, "acme", "falcon").await.unwrap();
    assert_eq!(seen.grant, Some(ProjectRole::ReadOnly));

    let added =
        people::add(app, &kim.visitor, "acme", "falcon", "jo@example.com", ProjectRole::ReadWrite).await.unwrap();
    let Added::Invited(sent) = added else { panic!("an outsider is invited") };
    assert_eq!(sent.invitation.role, OrganizationRole::Member);
    let again = people::add(app, &kim.visitor, "acme", "falcon", "jo@example.com", ProjectRole::Admin).await.unwrap();
    assert!(matches!(again, Added::Attached(invitation) if invitation.id == sent.invitation.id));
    let people = people::list(app, &kim.visitor, "acme", "falcon", None, None).await.unwrap();
    assert_eq!(people.owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["sam"]);
    assert_eq!((people.grants.items.len(), people.invitations.len()), (2, 1));
    let hidden = people::list(app, &bo.visitor, "acme", "falcon", None, None).await.unwrap();
    assert!(hidden.invitations.is_empty(), "for those who manage");
    let jo = bed.person("jo").await;
    let token = sent.link.rsplit('/').next().unwrap();
    invitation::accept(app, &jo.visitor, token, None).await.unwrap();
    let seen = project::get(app, &jo.visitor, "acme", "falcon").await.unwrap();
    assert_eq!(seen.grant, Some(ProjectRole::Admin));
    drop(sam);
}

async fn r_org_9_admins_change_and_remove_the_people_of_their_project(bed: Bed) {
    let (acme, _sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    let (visitor, id) = (&kim.visitor, bo.id.as_str());
    let absent = people::change_role(app, visitor, "acme", "falcon", id, ProjectRole::Admin).await;
    assert_eq!(refused(absent), Refusal::NotFound);
    people::add(app, visitor, "acme", "falcon", &bo.email, ProjectRole::ReadOnly).await.unwrap();
    people::change_role(app, visitor, "acme", "falcon", id, ProjectRole::ReadWrite).await.unwrap();
    let others = people::remove(app, &bo.visitor, "acme", "falcon", kim.id.as_str()).await;
    assert_eq!(refused(others), Refusal::NotPermitted);
    people::remove(app, visitor, "acme", "falcon", id).await.unwrap();
    assert_eq!(refused(project::get(app, &bo.visitor, "acme", "falcon").await), Refusal::NotFound);
    organization::get(app, &bo.visitor, "acme").await.unwrap();
    people::add(app, visitor, "acme", "falcon", &bo.email, ProjectRole::ReadOnly).await.unwrap();
    people::remove(app, &bo.visitor, "acme", "falcon", id).await.unwrap();
}

async fn r_org_6_a_demoted_admins_invitations_are_revoked(bed: Bed) {
    let (_, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    let added =
        people::add(app, &kim.visitor, "acme", "falcon", "jo@example.com", ProjectRole::ReadOnly).await.unwrap();
    assert!(matches!(added, Added::Invited(_)));
    people::change_role(app, &sam.visitor, "acme", "falcon", kim.id.as_str(), ProjectRole::ReadOnly).await.unwrap();
    let pending = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap();
    assert!(pending.items.is_empty());
    let more = people::add(app, &kim.visitor, "acme", "falcon", "jo@example.com", ProjectRole::ReadOnly).await;
    assert_eq!(refused(more.map(|_| ())), Refusal::NotPermitted);
}

async fn r_org_6_an_admin_who_is_added_again_with_a_lesser_role_invites_no_more(bed: Bed) {
    let (_, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    people::add(app, &kim.visitor, "acme", "falcon", "jo@example.com", ProjectRole::ReadOnly).await.unwrap();
    // R-API-1: the call can be repeated.
    for _ in 0..2 {
        let added = people::add(app, &sam.visitor, "acme", "falcon", &kim.email, ProjectRole::ReadOnly).await.unwrap();
        assert!(matches!(added, Added::Granted(id) if id == kim.id));
    }
    assert!(invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap().items.is_empty());
    let seen = project::get(app, &kim.visitor, "acme", "falcon").await.unwrap();
    assert_eq!(seen.grant, Some(ProjectRole::ReadOnly));
    let events = audit_log::list(app, &sam.visitor, "acme", AuditQuery::default()).await.unwrap().items;
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    let [newest @ .., "project-member.added", "project.created", "organization.created"] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!(newest, ["invitation.revoked", "project-member.role-changed", "project-member.invited"]);
}

async fn a_project_is_renamed_by_its_admins_and_deleted_by_owners(bed: Bed) {
    let (_, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    let renamed = project::rename(app, &kim.visitor, "acme", "falcon", "Falcon Nine").await.unwrap();
    assert_eq!((renamed.project.name.as_str(), renamed.project.slug.as_str()), ("Falcon Nine", "falcon"));
    assert_eq!(refused(project::delete(app, &kim.visitor, "acme", "falcon").await), Refusal::NotPermitted);
    project::delete(app, &sam.visitor, "acme", "falcon").await.unwrap();
    assert_eq!(refused(project::get(app, &sam.visitor, "acme", "falcon").await), Refusal::NotFound);
}

async fn t_org_5_another_organizations_project_is_not_found(bed: Bed) {
    let (_, sam, kim) = falcon(&bed).await;
    let app = &bed.app;
    let own = project::get(app, &sam.visitor, "acme", "falcon").await.unwrap().project.id;
    let bo = bed.person("bo").await;
    bed.organization(&bo, "Other").await;
    let (visitor, id) = (&bo.visitor, own.as_str());
    for named in [id, "falcon"] {
        assert_eq!(refused(project::get(app, visitor, "other", named).await), Refusal::NotFound);
        assert_eq!(refused(project::rename(app, visitor, "other", named, "Mine").await), Refusal::NotFound);
        assert_eq!(refused(project::delete(app, visitor, "other", named).await), Refusal::NotFound);
        let people = people::list(app, visitor, "other", named, None, None).await;
        assert_eq!(refused(people.map(|_| ())), Refusal::NotFound);
        let added = people::add(app, visitor, "other", named, &bo.email, ProjectRole::Admin).await;
        assert_eq!(refused(added.map(|_| ())), Refusal::NotFound);
        let removed = people::remove(app, visitor, "other", named, kim.id.as_str()).await;
        assert_eq!(refused(removed), Refusal::NotFound);
        assert_eq!(refused(project::get(app, visitor, "acme", named).await), Refusal::NotFound);
    }
    let outsider = people::change_role(app, &sam.visitor, "acme", id, bo.id.as_str(), ProjectRole::Admin).await;
    assert_eq!(refused(outsider), Refusal::NotFound);
}

on_each_engine! {
    r_org_4_a_member_sees_the_projects_of_their_grants_only
    r_inv_1_an_admin_adds_a_member_at_once_and_invites_an_outsider
    r_org_9_admins_change_and_remove_the_people_of_their_project
    r_org_6_a_demoted_admins_invitations_are_revoked
    r_org_6_an_admin_who_is_added_again_with_a_lesser_role_invites_no_more
    a_project_is_renamed_by_its_admins_and_deleted_by_owners
    t_org_5_another_organizations_project_is_not_found
}
