//! How far a sign-in through an organization's IdP reaches (R-LNK-6, R-IN-9), and what a proven local address becomes
//! (R-LNK-4).

use orgate_app::organization::{self, NewOrganization};
use orgate_app::project::{self, people};
use orgate_app::session::{self, Access};
use orgate_app::sign_in::step_up;
use orgate_app::{account, membership};
use orgate_core::linking::LinkingRefusal;
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_testkit::Person as Subject;

use crate::support::{Person, refused};
use crate::world::{Site, World};

/// Confirms that it is them by the code mailed to `address`.
async fn confirmed(world: &World, person: &Person, address: &str) -> Person {
    step_up::mail_code(&world.bed.app, &person.visitor).await.unwrap();
    let code = world.bed.next_code(address).await;
    let issued = step_up::confirm(&world.bed.app, &person.visitor, &code).await.unwrap();
    Person::of(&issued, person.visitor.clone())
}

/// Gives somebody a role in a project, whatever else they are.
async fn grant(world: &World, site: &Site, project: &'static str, person: &Person, role: ProjectRole) {
    let input = (site.id().clone(), person.id.clone(), role, site.owner.id.clone(), world.bed.now());
    world
        .bed
        .write(input, move |tx, (organization, user, role, owner, now)| {
            Box::pin(async move {
                let mut view = tx.organization(organization);
                let found = view.find_project_by_slug(project).await?.unwrap();
                view.set_grant(&found.id, user, *role, owner, *now).await.map(drop)
            })
        })
        .await;
}

/// A member of two organizations, in a session that the first one's IdP made.
async fn of_two(world: &World) -> (Site, Site, Person) {
    let (acme, other) = (world.site("Acme", &world.idp).await, world.site("Other", &world.idp).await);
    let kim = world.member(&acme, "kim", OrganizationRole::Member).await;
    world.join(other.id(), &kim, OrganizationRole::Member).await;
    let by_sso = world.enter(&acme, Subject::new("00uKim", "kim@example.com")).await;
    assert_eq!(by_sso.id, kim.id);
    world.bed.read_all("kim@example.com").await;
    (acme, other, by_sso)
}

async fn r_lnk_6_an_sso_proof_opens_its_own_organization_and_a_code_on_top_the_others(world: World) {
    let app = &world.bed.app;
    let (acme, other, kim) = of_two(&world).await;
    assert!(session::open(app, kim.visitor.session, acme.slug()).await.is_ok());
    assert_eq!(refused(session::open(app, kim.visitor.session, other.slug()).await), Refusal::NeedsProof);
    assert_eq!(refused(organization::get(app, &kim.visitor, other.slug()).await), Refusal::NeedsProof);
    let current = session::current(app, &kim.visitor).await.unwrap();
    let named: Vec<_> = current.organizations.iter().map(|place| place.slug.as_str()).collect();
    assert_eq!(named, ["acme"], "R-IN-9: nothing of the others");
    assert!(current.others_hidden && !current.account_open);
    let ways = step_up::ways(app, &kim.visitor, None).await.unwrap();
    assert_eq!(ways.sso, [("acme".to_owned(), "Acme".to_owned())]);
    assert!(ways.mailed_code.is_some() && !ways.password);

    assert_eq!(refused(account::security(app, &kim.visitor).await.map(drop)), Refusal::NeedsProof);
    assert_eq!(refused(session::list(app, &kim.visitor).await), Refusal::NeedsProof);
    let new = NewOrganization { name: "Third".to_owned(), slug: None };
    assert_eq!(refused(organization::create(app, &kim.visitor, new).await.map(drop)), Refusal::NeedsProof);

    let stronger = confirmed(&world, &kim, "kim@example.com").await;
    assert_eq!(refused(session::current(app, &kim.visitor).await), Refusal::NoSession, "R-IN-7: a new token");
    let current = session::current(app, &stronger.visitor).await.unwrap();
    assert!(current.account_open && !current.others_hidden);
    assert!(current.organizations.iter().all(|place| place.access == Access::Open));
    assert!(session::list(app, &stronger.visitor).await.is_ok());
}

async fn r_lnk_6_the_code_is_of_this_session_and_serves_only_on_top_of_sso(world: World) {
    let app = &world.bed.app;
    let (acme, _, kim) = of_two(&world).await;
    let twin = world.enter(&acme, Subject::new("00uKim", "kim@example.com")).await;
    step_up::mail_code(app, &kim.visitor).await.unwrap();
    let code = world.bed.next_code("kim@example.com").await;
    assert_eq!(refused(step_up::confirm(app, &twin.visitor, &code).await), Refusal::AttemptOver);
    step_up::mail_code(app, &twin.visitor).await.unwrap();
    for _ in 0..5 {
        assert_eq!(refused(step_up::confirm(app, &twin.visitor, &code).await), Refusal::InvalidCode);
    }
    let right = world.bed.next_code("kim@example.com").await;
    assert_eq!(refused(step_up::confirm(app, &twin.visitor, &right).await), Refusal::AttemptOver, "five tries");
    step_up::confirm(app, &kim.visitor, &code).await.unwrap();

    let lee = world.person("lee").await;
    assert_eq!(refused(step_up::mail_code(app, &lee.visitor).await), Refusal::NeedsProof, "no SSO proof to serve on");
}

async fn r_lnk_4_a_local_address_that_its_person_proves_is_theirs(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await;
    assert_eq!(refused(session::list(app, &dana.visitor).await), Refusal::NeedsProof);
    let proven = confirmed(&world, &dana, "dana@acme.example").await;
    assert_eq!(proven.id, dana.id);
    let current = session::current(app, &proven.visitor).await.unwrap();
    assert!(current.email_proven && current.account_open);
    assert_eq!(world.users("dana@acme.example").await[0].address, AddressState::Proven);
    assert_eq!(world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await.id, dana.id);
}

async fn r_lnk_4_a_proven_local_address_brings_its_person_to_who_has_it(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let owner = &site.owner.visitor;
    for name in ["Rocket", "Probe"] {
        project::create(app, owner, "acme", name).await.unwrap();
    }
    let dana = world.enter(&site, Subject::new("00uDana", "kim@example.com")).await;
    membership::change_role(app, owner, "acme", dana.id.as_str(), OrganizationRole::Owner).await.unwrap();
    grant(&world, &site, "rocket", &dana, ProjectRole::Admin).await;
    // Kim signs up elsewhere with that address proven, joins by an invitation, and gets other grants.
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    grant(&world, &site, "rocket", &kim, ProjectRole::ReadOnly).await;
    grant(&world, &site, "probe", &kim, ProjectRole::ReadWrite).await;

    let merged = confirmed(&world, &dana, "kim@example.com").await;
    assert_eq!(merged.id, kim.id);
    let opened = session::open(app, merged.visitor.session, "acme").await.unwrap();
    assert_eq!(opened.role, OrganizationRole::Owner, "roles are united");
    for (slug, role) in [("rocket", ProjectRole::Admin), ("probe", ProjectRole::ReadWrite)] {
        let (_, found) = people::get(app, owner, "acme", slug, kim.id.as_str()).await.unwrap();
        assert_eq!(found, role, "grants are united: {slug}");
    }
    let [bond] = <[_; 1]>::try_from(world.identities(site.id()).await).unwrap();
    assert_eq!((&bond.user_id, bond.subject.as_str()), (&kim.id, "00uDana"));
    assert_eq!(refused(session::current(app, &dana.visitor).await), Refusal::NoSession);
    assert!(!world.members(site.id()).await.contains(&dana.id), "the emptied person is closed");
    assert_eq!(world.enter(&site, Subject::new("00uDana", "kim@example.com")).await.id, kim.id);
}

async fn r_lnk_4_the_bringing_together_is_refused_where_section_5_refuses(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let removed = world.member(&site, "removed", OrganizationRole::Member).await;
    let local = world.enter(&site, Subject::new("00uLocal", "local@acme.example")).await;
    membership::remove(app, &site.owner.visitor, "acme", removed.id.as_str()).await.unwrap();
    // The holder appears after the local person did, so that no rule of the first contact meets them.
    let born = world.bed.born_by_sso(&site.organization, "Twin", "removed@example.com").await;
    step_up::mail_code(app, &born.visitor).await.unwrap();
    let code = world.bed.next_code("removed@example.com").await;
    let outcome = refused(step_up::confirm(app, &born.visitor, &code).await);
    assert_eq!(outcome, Refusal::Linking(LinkingRefusal::MembershipRemoved));
    assert!(session::current(app, &born.visitor).await.is_ok(), "and ends nothing");
    assert!(session::current(app, &local.visitor).await.is_ok());
}

async fn t_lnk_5_an_address_that_nobody_has_proven_gets_no_more_codes_for_many_organizations(world: World) {
    let app = &world.bed.app;
    let mut locals = Vec::new();
    for name in ["Acme", "Other"] {
        let site = world.site(name, &world.idp).await;
        locals.push(world.enter(&site, Subject::new("00uVictim", "victim@else.example")).await);
    }
    let mut mailed = 0;
    for number in 0..20 {
        match step_up::mail_code(app, &locals[number % 2].visitor).await {
            Ok(()) => mailed += 1,
            beyond => assert!(matches!(refused(beyond), Refusal::TooManyRequests { .. })),
        }
    }
    assert_eq!(mailed, app.settings.limits.mails_per_hour.get());
}

on_each_world! {
    t_lnk_5_an_address_that_nobody_has_proven_gets_no_more_codes_for_many_organizations
    r_lnk_6_an_sso_proof_opens_its_own_organization_and_a_code_on_top_the_others
    r_lnk_6_the_code_is_of_this_session_and_serves_only_on_top_of_sso
    r_lnk_4_a_local_address_that_its_person_proves_is_theirs
    r_lnk_4_a_proven_local_address_brings_its_person_to_who_has_it
    r_lnk_4_the_bringing_together_is_refused_where_section_5_refuses
}
