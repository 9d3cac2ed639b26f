//! Whose account a first sign-in opens: R-LNK-1 to R-LNK-4, T-LNK-1 to T-LNK-3, T-LNK-9.

use orgate_app::project::{self, people};
use orgate_app::session::{self, Access};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::begin::begin;
use orgate_core::policy::AddressState;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::AuditFilter;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, catalogue};

use crate::world::{World, address, asks, sign_in};

async fn r_lnk_4_a_new_person_gets_a_local_address_a_membership_and_no_project(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let dana = world.enter(&site, Subject::new("00uDana", "dana@acme.example").claim("name", "Dana Diaz")).await;
    assert_eq!((dana.name.as_str(), dana.email.as_str()), ("Dana Diaz", "dana@acme.example"));
    let [user] = <[_; 1]>::try_from(world.users("dana@acme.example").await).unwrap();
    assert_eq!(user.address, AddressState::LocalTo(site.id().clone()));
    let filter = AuditFilter { action: Some("user.created".to_owned()), ..AuditFilter::default() };
    let listed = world
        .bed
        .write(filter, |tx, filter| Box::pin(async move { tx.instance().list_audit_events(filter, None, 9).await }))
        .await;
    let [created] = <[_; 1]>::try_from(listed.items).unwrap();
    assert_eq!(created.target.as_deref(), Some(user.id.as_str()), "R-OPS-3: as with every other way to an account");
    assert_eq!((created.target_name.as_deref(), created.data.as_str()), (Some("Dana Diaz"), r#"{"method":"sso"}"#));

    let current = session::current(app, &dana.visitor).await.unwrap();
    let [place] = current.organizations.as_slice() else { panic!("{current:?}") };
    assert_eq!((place.role, place.access), (OrganizationRole::Member, Access::Open));
    assert!(!current.email_proven && !current.account_open);
    let projects = project::list(app, &dana.visitor, "acme", None, None).await.unwrap();
    assert!(projects.items.is_empty(), "R-ORG-4");

    // The first seed's path goes on: the Owner puts them into a project, and they see it.
    let added =
        people::add(app, &site.owner.visitor, "acme", "rocket", "dana@acme.example", ProjectRole::ReadWrite).await;
    assert!(matches!(added, Ok(people::Added::Granted(id)) if id == dana.id));
    assert_eq!(project::list(app, &dana.visitor, "acme", None, None).await.unwrap().items.len(), 1);
}

async fn r_lnk_1_the_subject_decides_whatever_the_address_says_now_t_lnk_2(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.member(&site, "kim", OrganizationRole::Member).await;
    let dana = world.enter(&site, Subject::new("00uDana", "dana@acme.example").claim("name", "Dana")).await;
    for subject in [
        Subject::new("00uDana", "diaz@acme.example").claim("name", "Somebody else"),
        Subject::new("00uDana", "kim@example.com"),
        Subject::new("00uDana", "dana@acme.example").claim("email_verified", false),
        Subject::new("00uDana", "x").without("email"),
    ] {
        let again = world.enter(&site, subject.clone()).await;
        assert_eq!(
            (again.id, again.name.as_str(), again.email.as_str()),
            (dana.id.clone(), "Dana", "dana@acme.example"),
            "{subject:?}"
        );
    }
    assert_eq!(world.identities(site.id()).await.len(), 1);
}

async fn r_lnk_2_an_existing_member_is_matched_and_nothing_of_theirs_changes(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    let rocket = project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap().project;
    people::add(app, &site.owner.visitor, "acme", "rocket", "lee@example.com", ProjectRole::ReadWrite).await.unwrap();
    for address in ["kim@example.com", "lee@example.com"] {
        world.bed.read_all(address).await;
    }

    for (person, role) in [(&kim, OrganizationRole::Owner), (&lee, OrganizationRole::Member)] {
        let subject =
            Subject::new(format!("00u{}", person.name), person.email.to_uppercase()).claim("name", "Another Name");
        let entered = world.enter(&site, subject).await;
        assert_eq!((&entered.id, &entered.name, &entered.email), (&person.id, &person.name, &person.email));
        let place = session::open(app, entered.visitor.session, "acme").await.unwrap();
        assert_eq!(place.role, role);
        let mail = world.bed.next_mail(&person.email).await;
        assert!(mail.text.contains("Acme") && mail.code().is_none(), "{}", mail.text);
    }
    let (_, role) = people::get(app, &site.owner.visitor, "acme", rocket.id.as_str(), lee.id.as_str()).await.unwrap();
    assert_eq!(role, ProjectRole::ReadWrite);
    assert_eq!(world.members(site.id()).await.len(), 3);
    world.enter(&site, Subject::new("00ulee", "lee@example.com")).await;
    assert!(world.bed.mail("lee@example.com").await.is_none(), "told once");
}

async fn t_lnk_9_the_shapes_of_email_verified(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (mut members, mut owners) = (Vec::new(), Vec::new());
    for (number, (shape, _)) in catalogue::email_verified_shapes("", "").into_iter().enumerate() {
        for (role, told) in [(OrganizationRole::Member, &mut members), (OrganizationRole::Owner, &mut owners)] {
            let name = format!("{}{number}", role.as_str());
            world.member(&site, &name, role).await;
            let shapes = catalogue::email_verified_shapes(&name, &format!("{name}@example.com"));
            match world.arrive(&site, shapes[number].1.clone()).await {
                Outcome::SignedIn { .. } => told.push(shape),
                outcome => drop(asks(&outcome)),
            }
        }
    }
    assert_eq!(members, ["true", "missing"], "the others prove the address by a code first");
    assert_eq!(owners, ["true"]);
    assert_eq!(world.identities(site.id()).await.len(), 3);
}

async fn r_lnk_2_an_owner_whose_claim_is_missing_confirms_by_own_session(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com").without("email_verified"));
    let by_sso_alone = world.bed.sso_session(&kim, site.id()).await;
    asks(&world.sign_in(&by_sso_alone.visitor, &site, &world.idp).await);
    let outcome = world.sign_in(&kim.visitor, &site, &world.idp).await;
    assert_eq!(world.signed_in(outcome, &kim.visitor).id, kim.id);
}

async fn t_lnk_1_two_organizations_know_the_same_subject_and_address_as_two_people(world: World) {
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.idp).await);
    let here = world.enter(&acme, Subject::new("00uDana", "dana@acme.example")).await;
    let there = world.enter(&rival, Subject::new("00uDana", "dana@acme.example")).await;
    assert_ne!(here.id, there.id);
    assert_eq!(world.users("dana@acme.example").await.len(), 2);
}

async fn r_sso_8_user_info_is_read_only_where_it_matters(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let asked = async |subject: Subject| {
        world.idp.forget_requests();
        world.enter(&site, subject).await;
        world.idp.requests_to(Endpoint::UserInfo).len()
    };
    assert_eq!(asked(Subject::new("thin", "thin@acme.example")).await, 1, "Okta's thin tokens");
    assert_eq!(asked(Subject::new("thin", "thin@acme.example")).await, 1);
    world.idp.configure(|setup| setup.thin = false);
    assert_eq!(asked(Subject::new("fat", "fat@acme.example")).await, 0);
    let silent = Subject::new("silent", "silent@acme.example").without("email_verified");
    assert_eq!(asked(silent.clone()).await, 1, "a first contact");
    assert_eq!(asked(silent).await, 0, "known by then");
    assert_eq!(world.members(site.id()).await.len(), 4);
}

async fn r_in_8_only_a_sign_in_that_asked_the_person_anew_is_a_recent_proof(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    world.idp.sign_in_as(Subject::new("00uKim", &kim.email));
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &site, &world.idp).await;
    let stale = world.signed_in(outcome, &visitor);
    let disable = async |who| orgate_app::connection::disable(app, who, "acme", site.connection.as_str()).await;
    assert_eq!(crate::support::refused(disable(&stale.visitor).await).code(), "needs-recent-proof");

    let mut new = sign_in("acme");
    new.fresh = true;
    let url = address(begin(app, &stale.visitor, new).await.unwrap());
    assert_eq!(crate::world::parameter(&url, "max_age"), "0");
    let outcome = world.come_back(&stale.visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap();
    let fresh = world.signed_in(outcome, &stale.visitor);
    assert!(session::current(app, &stale.visitor).await.is_err(), "R-IN-7: a new token, and the old one is over");
    disable(&fresh.visitor).await.unwrap();
}

on_each_world! {
    r_lnk_4_a_new_person_gets_a_local_address_a_membership_and_no_project
    r_lnk_1_the_subject_decides_whatever_the_address_says_now_t_lnk_2
    r_lnk_2_an_existing_member_is_matched_and_nothing_of_theirs_changes
    t_lnk_9_the_shapes_of_email_verified
    r_lnk_2_an_owner_whose_claim_is_missing_confirms_by_own_session
    t_lnk_1_two_organizations_know_the_same_subject_and_address_as_two_people
    r_sso_8_user_info_is_read_only_where_it_matters
    r_in_8_only_a_sign_in_that_asked_the_person_anew_is_a_recent_proof
}
