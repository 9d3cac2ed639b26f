//! Members: listing, roles, removal, re-admission, ending proofs.

use orgate_app::invitation::{self, NewInvitations};
use orgate_app::membership::{self, MemberFilter, MemberQuery};
use orgate_app::organization;
use orgate_app::project;
use orgate_app::project::people;
use orgate_app::session::{self, Access};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};

use crate::support::{Bed, Person, refused};

async fn names(bed: &Bed, reader: &Person, query: MemberQuery) -> Vec<String> {
    let page = membership::list(&bed.app, &reader.visitor, "acme", query).await.unwrap();
    page.members.items.into_iter().map(|member| member.name).collect()
}

async fn members_are_listed_filtered_searched_and_paged(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.advance(1);
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.advance(1);
    bed.member(&acme, "bo", OrganizationRole::Owner).await;
    assert_eq!(names(&bed, &sam, MemberQuery::default()).await, ["sam", "kim", "bo"]);
    let owners = MemberQuery { filter: MemberFilter::Owners, ..MemberQuery::default() };
    assert_eq!(names(&bed, &sam, owners.clone()).await, ["sam", "bo"]);
    let searched = MemberQuery { search: " KIM@ ".to_owned(), ..MemberQuery::default() };
    assert_eq!(names(&bed, &sam, searched.clone()).await, ["kim"]);
    assert!(names(&bed, &sam, MemberQuery { filter: MemberFilter::Owners, ..searched }).await.is_empty());
    let never = MemberFilter::NeverUsedSso;
    let one = MemberQuery { filter: never, search: "@example".to_owned(), limit: Some(1), ..MemberQuery::default() };
    let page = membership::list(&bed.app, &sam.visitor, "acme", one.clone()).await.unwrap();
    let rest = MemberQuery { cursor: page.members.next_cursor, limit: None, ..one };
    assert_eq!(names(&bed, &sam, rest).await, ["kim", "bo"], "a search goes on like any list");

    let first = MemberQuery { limit: Some(2), ..MemberQuery::default() };
    let page = membership::list(&bed.app, &sam.visitor, "acme", first.clone()).await.unwrap();
    assert_eq!((page.members.items.len(), page.total, page.invited), (2, 3, 0));
    let rest = MemberQuery { cursor: page.members.next_cursor, ..first };
    assert_eq!(names(&bed, &sam, rest).await, ["bo"]);
    let strange = MemberQuery { cursor: Some("x".to_owned()), ..MemberQuery::default() };
    let refusal = refused(membership::list(&bed.app, &sam.visitor, "acme", strange).await);
    assert!(matches!(refusal, Refusal::InvalidInput(_)));

    membership::remove(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    let removed = MemberQuery { filter: MemberFilter::Removed, ..MemberQuery::default() };
    assert_eq!(names(&bed, &sam, removed.clone()).await, ["kim"]);
    for (search, found) in [(" KIM@ ", 1), ("zoe", 0)] {
        let query = MemberQuery { search: search.to_owned(), ..removed.clone() };
        assert_eq!(names(&bed, &sam, query).await.len(), found, "{search}");
    }
    let found = membership::get(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    assert_eq!(found.member.name, "kim");
}

async fn t_org_4_nobody_gives_a_role_above_their_own(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    for role in OrganizationRole::ALL {
        let own = membership::change_role(app, &kim.visitor, "acme", kim.id.as_str(), role).await;
        assert_eq!(refused(own), Refusal::NotPermitted);
    }
    let project = project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap().project;
    people::add(app, &sam.visitor, "acme", "falcon", &kim.email, ProjectRole::ReadWrite).await.unwrap();
    let own =
        people::change_role(app, &kim.visitor, "acme", project.id.as_str(), kim.id.as_str(), ProjectRole::Admin).await;
    assert_eq!(refused(own), Refusal::NotPermitted);
}

async fn r_in_8_granting_owner_needs_a_recent_proof_and_is_told_to_all_owners(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    bed.read_all(&kim.email).await;
    bed.advance(16);
    let stale = membership::change_role(&bed.app, &sam.visitor, "acme", bo.id.as_str(), OrganizationRole::Owner).await;
    assert_eq!(refused(stale), Refusal::NeedsRecentProof);
    let fresh = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    membership::change_role(&bed.app, &fresh.visitor, "acme", bo.id.as_str(), OrganizationRole::Owner).await.unwrap();
    assert!(bed.next_mail(&kim.email).await.text.contains("made bo an Owner"));
    let taken = membership::change_role(&bed.app, &sam.visitor, "acme", bo.id.as_str(), OrganizationRole::Member).await;
    taken.unwrap();
}

async fn r_org_6_removal_ends_grants_and_access_at_once(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    people::add(app, &sam.visitor, "acme", "falcon", &kim.email, ProjectRole::Admin).await.unwrap();
    project::get(app, &kim.visitor, "acme", "falcon").await.unwrap();
    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    assert_eq!(refused(project::get(app, &kim.visitor, "acme", "falcon").await), Refusal::NotFound);
    assert!(session::current(app, &kim.visitor).await.unwrap().organizations.is_empty());
    let people = people::list(app, &sam.visitor, "acme", "falcon", None, None).await.unwrap();
    assert!(people.grants.items.is_empty());
    let again = membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await;
    assert_eq!(refused(again), Refusal::NotFound);
}

async fn r_org_6_a_removed_persons_sso_proof_keeps_no_session(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    assert_eq!(session::current(&bed.app, &born.visitor).await.unwrap().organizations.len(), 1);
    membership::remove(&bed.app, &sam.visitor, "acme", born.id.as_str()).await.unwrap();
    assert_eq!(refused(session::current(&bed.app, &born.visitor).await), Refusal::NoSession);
}

async fn r_lnk_1_re_admitting_lifts_the_refusal_and_grants_nothing(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    let member = membership::readmit(app, &sam.visitor, "acme", kim.id.as_str()).await;
    assert_eq!(refused(member), Refusal::NotFound, "not removed");
    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    membership::readmit(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    assert_eq!(refused(organization::get(app, &kim.visitor, "acme").await), Refusal::NotFound);
}

async fn r_in_7_an_owner_makes_a_members_proofs_no_longer_open_the_organization(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let own = bed.organization(&kim, "Own").await;
    let app = &bed.app;
    membership::end_proofs(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    assert_eq!(refused(organization::get(app, &kim.visitor, "acme").await), Refusal::NeedsProof);
    organization::get(app, &kim.visitor, own.id.as_str()).await.unwrap();
    let places = session::current(app, &kim.visitor).await.unwrap().organizations;
    let access: Vec<_> = places.iter().map(|place| (place.slug.as_str(), place.access)).collect();
    assert!(access.contains(&("acme", Access::NeedsProof)) && access.contains(&("own", Access::Open)), "{access:?}");
    bed.advance(1);
    let fresh = bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await;
    organization::get(app, &fresh.visitor, "acme").await.unwrap();
}

/// R-LNK-6, R-INV-2: only proofs from before the end of a membership open nothing after a return (I7).
async fn i7_who_comes_back_is_let_in_by_a_proof_from_before_they_accept(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    bed.advance(1);
    organization::leave(app, &kim.visitor, "acme").await.unwrap();
    let emails = vec![kim.email.clone()];
    let new = NewInvitations { emails, role: OrganizationRole::Member, projects: Vec::new() };
    let invited = invitation::invite(app, &sam.visitor, "acme", new).await.unwrap();
    bed.advance(1);
    let back = bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await;
    bed.advance(5);
    let token = invited.items[0].link.rsplit('/').next().unwrap();
    invitation::accept(app, &back.visitor, token, None).await.unwrap();
    organization::get(app, &back.visitor, "acme").await.unwrap();
    assert_eq!(refused(organization::get(app, &kim.visitor, "acme").await), Refusal::NeedsProof);
}

async fn t_org_5_a_member_of_another_organization_is_not_found(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let bo = bed.member(&other, "bo", OrganizationRole::Member).await;
    let (app, visitor, id) = (&bed.app, &sam.visitor, bo.id.as_str());
    assert_eq!(refused(membership::get(app, visitor, "acme", id).await), Refusal::NotFound);
    assert_eq!(refused(membership::remove(app, visitor, "acme", id).await), Refusal::NotFound);
    assert_eq!(refused(membership::readmit(app, visitor, "acme", id).await), Refusal::NotFound);
    assert_eq!(refused(membership::end_proofs(app, visitor, "acme", id).await), Refusal::NotFound);
    let role = membership::change_role(app, visitor, "acme", id, OrganizationRole::Owner).await;
    assert_eq!(refused(role), Refusal::NotFound);
    assert_eq!(refused(membership::remove(app, visitor, "other", id).await), Refusal::NotFound);
    assert_eq!(names_of(&bed, &kim).await, 2);
}

async fn names_of(bed: &Bed, reader: &Person) -> usize {
    let page = membership::list(&bed.app, &reader.visitor, "other", MemberQuery::default()).await.unwrap();
    page.members.items.len()
}

async fn members_see_no_list_of_members(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let listed = membership::list(&bed.app, &kim.visitor, "acme", MemberQuery::default()).await;
    assert_eq!(refused(listed), Refusal::NotPermitted);
    let removed = membership::remove(&bed.app, &kim.visitor, "acme", sam.id.as_str()).await;
    assert_eq!(refused(removed), Refusal::NotPermitted);
    membership::remove(&bed.app, &kim.visitor, "acme", kim.id.as_str()).await.unwrap();
    assert_eq!(refused(organization::get(&bed.app, &kim.visitor, "acme").await), Refusal::NotFound, "anyone may leave");
}

on_each_engine! {
    members_are_listed_filtered_searched_and_paged
    t_org_4_nobody_gives_a_role_above_their_own
    r_in_8_granting_owner_needs_a_recent_proof_and_is_told_to_all_owners
    r_org_6_removal_ends_grants_and_access_at_once
    r_org_6_a_removed_persons_sso_proof_keeps_no_session
    r_lnk_1_re_admitting_lifts_the_refusal_and_grants_nothing
    r_in_7_an_owner_makes_a_members_proofs_no_longer_open_the_organization
    i7_who_comes_back_is_let_in_by_a_proof_from_before_they_accept
    t_org_5_a_member_of_another_organization_is_not_found
    members_see_no_list_of_members
}
