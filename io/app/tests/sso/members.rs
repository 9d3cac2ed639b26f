//! Newcomers and former members: R-LNK-1, R-LNK-5, R-LNK-8, R-INV-4.

use orgate_app::account::{closing, email_change};
use orgate_app::connection;
use orgate_app::invitation::{self, NewInvitations, ProjectChoice};
use orgate_app::project::people::{self, Added};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::Answer;
use orgate_app::{membership, organization, project, session};
use orgate_core::linking::LinkingRefusal;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_testkit::Person as Subject;

use crate::support::refused;
use crate::world::{Site, World, asks};

async fn invite(world: &World, site: &Site, email: &str, role: OrganizationRole) {
    let new = NewInvitations {
        emails: vec![email.to_owned()],
        role,
        projects: vec![ProjectChoice { project: "rocket".to_owned(), role: ProjectRole::ReadOnly }],
    };
    invitation::invite(&world.bed.app, &site.owner.visitor, site.slug(), new).await.unwrap();
}

async fn r_lnk_1_who_was_removed_is_refused_until_an_owner_readmits_them(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    let dana = Subject::new("00uDana", "dana@acme.example");
    let local = world.enter(&site, dana.clone()).await;
    let by_address = Subject::new("00uKim", "kim@example.com");
    for id in [&kim.id, &local.id] {
        membership::remove(app, &site.owner.visitor, "acme", id.as_str()).await.unwrap();
    }
    // By identity, by address, and by another subject with that address: whichever rule finds them.
    for subject in [dana.clone(), by_address.clone(), Subject::new("00uOther", "dana@acme.example")] {
        let outcome = world.arrive(&site, subject).await;
        assert_eq!(world.code(&site, &outcome).await, "membership-removed");
    }
    assert_eq!(world.members(site.id()).await, std::slice::from_ref(&site.owner.id));

    membership::readmit(app, &site.owner.visitor, "acme", local.id.as_str()).await.unwrap();
    assert_eq!(world.members(site.id()).await.len(), 1, "it grants nothing");
    assert_eq!(world.enter(&site, dana).await.id, local.id, "at once, for the address is local");

    membership::readmit(app, &site.owner.visitor, "acme", kim.id.as_str()).await.unwrap();
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(by_address);
    let id = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    let outcome = world.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
    assert_eq!(world.signed_in(outcome, &visitor).id, kim.id, "on the terms of R-LNK-3");
}

async fn r_lnk_1_who_was_removed_and_is_invited_again_comes_back_through_sso(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let dana = Subject::new("00uDana", "dana@acme.example");
    let local = world.enter(&site, dana.clone()).await;
    membership::remove(app, &site.owner.visitor, "acme", local.id.as_str()).await.unwrap();
    world.bed.advance(1);
    let refused = world.arrive(&site, dana.clone()).await;
    assert_eq!(world.code(&site, &refused).await, "membership-removed");

    invite(&world, &site, "dana@acme.example", OrganizationRole::Member).await;
    let back = world.enter(&site, dana.clone()).await;
    assert_eq!(back.id, local.id);
    let projects = project::list(app, &back.visitor, "acme", None, None).await.unwrap().items;
    assert_eq!(projects.len(), 1, "what the invitation carries is theirs");

    membership::remove(app, &site.owner.visitor, "acme", local.id.as_str()).await.unwrap();
    let refused = world.arrive(&site, dana).await;
    assert_eq!(world.code(&site, &refused).await, "membership-removed", "the invitation is used up");
}

async fn r_lnk_1_the_invitation_of_a_project_admin_lifts_no_removal(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    people::add(app, &site.owner.visitor, "acme", "rocket", &lee.email, ProjectRole::Admin).await.unwrap();
    let dana = Subject::new("00uDana", "dana@acme.example");
    let local = world.enter(&site, dana.clone()).await;
    membership::remove(app, &site.owner.visitor, "acme", local.id.as_str()).await.unwrap();

    let added = people::add(app, &lee.visitor, "acme", "rocket", "dana@acme.example", ProjectRole::ReadOnly).await;
    assert!(matches!(added, Ok(Added::Invited(_))), "{added:?}");
    let refused = world.arrive(&site, dana.clone()).await;
    assert_eq!(world.code(&site, &refused).await, "membership-removed", "what an Owner did stays done");

    let visitor = &site.owner.visitor;
    let added = people::add(app, visitor, "acme", "rocket", "dana@acme.example", ProjectRole::ReadOnly).await;
    assert!(matches!(added, Ok(Added::Attached(_))), "{added:?}");
    assert_eq!(world.enter(&site, dana).await.id, local.id, "an Owner's lifts it, by a project as well");
}

async fn r_lnk_1_who_was_removed_and_closed_the_account_is_refused_until_readmitted(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let subjects = [Subject::new("00uKim", "kim@example.com"), Subject::new("00uLee", "lee@example.com")];
    let mut closed = Vec::new();
    for (name, subject) in ["kim", "lee"].into_iter().zip(&subjects) {
        let person = world.member(&site, name, OrganizationRole::Member).await;
        if name == "lee" {
            assert_eq!(world.enter(&site, subject.clone()).await.id, person.id, "linked");
        }
        membership::remove(app, &site.owner.visitor, "acme", person.id.as_str()).await.unwrap();
        closing::close(app, &person.visitor, &person.email).await.unwrap();
        closed.push(person);
    }
    // The one is found by the address, the other by the identity.
    for (person, subject) in closed.iter().zip(&subjects) {
        let outcome = world.arrive(&site, subject.clone()).await;
        assert_eq!(world.code(&site, &outcome).await, "membership-removed");
        membership::readmit(app, &site.owner.visitor, "acme", person.id.as_str()).await.unwrap();
        assert_ne!(world.enter(&site, subject.clone()).await.id, person.id, "somebody new");
    }
}

async fn r_lnk_1_who_was_removed_and_closed_the_account_is_somebody_new_when_invited_again(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    for (name, is_linked) in [("kim", false), ("lee", true)] {
        let person = world.member(&site, name, OrganizationRole::Member).await;
        let subject = Subject::new(format!("00u{name}"), person.email.clone());
        if is_linked {
            assert_eq!(world.enter(&site, subject.clone()).await.id, person.id);
        }
        membership::remove(app, &site.owner.visitor, "acme", person.id.as_str()).await.unwrap();
        closing::close(app, &person.visitor, &person.email).await.unwrap();
        let outcome = world.arrive(&site, subject.clone()).await;
        assert_eq!(world.code(&site, &outcome).await, "membership-removed");
        invite(&world, &site, &person.email, OrganizationRole::Member).await;
        let anew = world.enter(&site, subject).await;
        assert_ne!(anew.id, person.id);
        assert_eq!(project::list(app, &anew.visitor, "acme", None, None).await.unwrap().items.len(), 1);
    }
}

async fn r_lnk_1_another_address_undoes_no_removal(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    membership::remove(app, &site.owner.visitor, "acme", kim.id.as_str()).await.unwrap();
    let change = email_change::begin(app, &kim.visitor, "kim@other.example").await.unwrap();
    let code = world.bed.next_code("kim@other.example").await;
    email_change::confirm(app, &kim.visitor, change.id.as_str(), &code).await.unwrap();
    for address in ["kim@example.com", "kim@other.example"] {
        let outcome = world.arrive(&site, Subject::new("00uKim", address)).await;
        assert_eq!(world.code(&site, &outcome).await, "membership-removed", "{address}");
    }
    assert_eq!(world.members(site.id()).await.len(), 1);
    // An Owner who invites that address has its owner of then in mind, too.
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    invite(&world, &site, "kim@example.com", OrganizationRole::Member).await;
    assert_ne!(world.enter(&site, Subject::new("00uKim", "kim@example.com")).await.id, kim.id);
}

async fn r_lnk_1_an_account_made_anew_undoes_no_removal(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    people::add(app, &site.owner.visitor, "acme", "rocket", &lee.email, ProjectRole::Admin).await.unwrap();
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    membership::remove(app, &site.owner.visitor, "acme", kim.id.as_str()).await.unwrap();
    closing::close(app, &kim.visitor, &kim.email).await.unwrap();
    let anew = world.person("kim").await;
    assert_ne!(anew.id, kim.id);

    let subject = Subject::new("00uKim", "kim@example.com");
    let outcome = world.arrive(&site, subject.clone()).await;
    assert_eq!(world.code(&site, &outcome).await, "membership-removed");
    // Nor does the invitation of who may not re-admit anybody.
    let added = people::add(app, &lee.visitor, "acme", "rocket", &anew.email, ProjectRole::ReadOnly).await;
    let Ok(Added::Invited(sent)) = added else { panic!("{added:?}") };
    let token = sent.link.rsplit('/').next().unwrap().to_owned();
    let refusal = refused(invitation::accept(app, &anew.visitor, &token, None).await);
    assert_eq!(refusal, Refusal::Linking(LinkingRefusal::MembershipRemoved));

    membership::readmit(app, &site.owner.visitor, "acme", kim.id.as_str()).await.unwrap();
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(subject);
    world.bed.read_all(&anew.email).await;
    let id = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = world.bed.next_code(&anew.email).await;
    let outcome = world.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
    assert_eq!(world.signed_in(outcome, &visitor).id, anew.id);
}

async fn r_lnk_1_who_left_comes_back_as_member_with_no_project(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    let subject = Subject::new("00uKim", "kim@example.com");
    world.enter(&site, subject.clone()).await;
    world.bed.read_all("kim@example.com").await;
    organization::leave(app, &kim.visitor, "acme").await.unwrap();

    let visitor = world.bed.stranger();
    world.idp.sign_in_as(subject);
    let id = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    let outcome = world.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
    let back = world.signed_in(outcome, &visitor);
    let opened = session::open(app, back.visitor.session, "acme").await.unwrap();
    assert_eq!((back.id, opened.role), (kim.id, OrganizationRole::Member));
    assert!(project::list(app, &back.visitor, "acme", None, None).await.unwrap().items.is_empty());
    assert_eq!(world.identities(site.id()).await.len(), 1);
}

async fn r_lnk_1_who_left_is_asked_for_the_stored_address_whatever_domain_is_asserted(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    world.hold(&site, "acme.example").await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    let dana = world.person_at("dana", "dana@acme.example").await;
    world.join(site.id(), &dana, OrganizationRole::Member).await;
    for (person, subject) in [(&kim, "00uKim"), (&dana, "00uDana")] {
        assert_eq!(world.enter(&site, Subject::new(subject, &person.email)).await.id, person.id, "linked");
        organization::leave(app, &person.visitor, "acme").await.unwrap();
        world.bed.read_all(&person.email).await;
    }

    // The organization answers for its own domain, and not for the address that Kim has.
    for asserted in ["kim@acme.example", "kim@example.com"] {
        asks(&world.arrive(&site, Subject::new("00uKim", asserted)).await);
        world.bed.next_code("kim@example.com").await;
        asks(&world.arrive(&site, Subject::new("00uDana", asserted)).await);
        world.bed.next_code("dana@acme.example").await;
    }
    assert_eq!(world.members(site.id()).await, std::slice::from_ref(&site.owner.id));
    let back = world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await;
    assert_eq!(back.id, dana.id, "at once, for the organization has proven the domain of the stored address");
}

async fn r_lnk_5_another_subject_for_a_linked_person_is_refused_until_an_owner_clears_it_t_lnk_12(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    world.enter(&site, Subject::new("00uKim", "kim@example.com")).await;
    let reborn = Subject::new("00uReborn", "kim@example.com");
    let outcome = world.arrive(&site, reborn.clone()).await;
    assert_eq!(world.code(&site, &outcome).await, "linked-to-another-subject");
    assert_eq!(world.identities(site.id()).await.len(), 1);
    let cleared = connection::clear(app, &site.owner.visitor, "acme", vec![kim.id.clone()]).await.unwrap();
    assert_eq!(cleared, 1);
    assert_eq!(world.enter(&site, reborn).await.id, kim.id);
    let outcome = world.arrive(&site, Subject::new("00uKim", "kim@example.com")).await;
    assert_eq!(world.code(&site, &outcome).await, "linked-to-another-subject", "the old one is the other one now");
}

async fn r_sso_9_a_stranger_without_an_address_is_refused_with_a_reference(world: World) {
    let site = world.site("Acme", &world.idp).await;
    for subject in [
        Subject::new("00uNone", "x").without("email"),
        Subject::new("00uOdd", "not an address"),
        Subject::new("00uLong", format!("{}@acme.example", "a".repeat(300))),
    ] {
        let outcome = world.arrive(&site, subject).await;
        assert_eq!(world.code(&site, &outcome).await, "email-missing");
        let Outcome::Refused(page) = outcome else { panic!("{outcome:?}") };
        let attempt = world.found(&site, &page.reference).await;
        assert!(attempt.mend.contains("send the claim email"), "the Owner is told how to mend it: {attempt:?}");
    }
    let outcome = world.arrive(&site, Subject::new("00uEve", "eve@acme.example").unassigned()).await;
    let Outcome::Refused(page) = outcome else { panic!("{outcome:?}") };
    let attempt = world.found(&site, &page.reference).await;
    assert_eq!(attempt.record.code, "idp-access-denied");
    assert!(attempt.record.received.unwrap().contains("not assigned"));
    assert!(attempt.mend.contains("Assign the application"));
    assert_eq!(attempt.text, "The identity provider did not let this person into the application.");
    let shown =
        orgate_app::sign_in::sso::attempts::refused(&world.bed.app, "acme", page.reference.as_str()).await.unwrap();
    assert!(shown.text.contains("Ask your administrator to assign"), "{shown:?}");
    assert_eq!(world.members(site.id()).await.len(), 1);
}

#[tokio::test]
async fn r_lnk_8_a_full_organization_refuses_a_newcomer_and_mails_its_owners() {
    let world = World::sqlite_with(&[("ORGATE_LIMIT_MEMBERS", "2")]).await;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    let owner = &site.owner.email;
    world.bed.read_all(owner).await;
    for subject in ["00uOne", "00uTwo"] {
        let outcome = world.arrive(&site, Subject::new(subject, "new@acme.example")).await;
        assert_eq!(world.code(&site, &outcome).await, "member-limit");
    }
    let mail = world.bed.next_mail(owner).await;
    assert!(mail.text.contains("new@acme.example") && mail.link("/members").is_some(), "{}", mail.text);
    assert!(world.bed.mail(owner).await.is_none(), "once an hour");
    assert!(world.users("new@acme.example").await.is_empty());
    assert_eq!(world.enter(&site, Subject::new("00uKim", "kim@example.com")).await.id, kim.id);
}

async fn r_inv_4_a_newcomer_takes_the_invitation_along_but_not_the_role_owner(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    for email in ["dana@acme.example", "mute@acme.example", "denied@acme.example"] {
        invite(&world, &site, email, OrganizationRole::Owner).await;
    }
    let verified = Subject::new("00uDana", "dana@acme.example");
    let missing = Subject::new("00uMute", "mute@acme.example").without("email_verified");
    let denied = Subject::new("00uDenied", "denied@acme.example").claim("email_verified", false);
    for (subject, projects) in [(verified, 1), (missing, 1), (denied, 0)] {
        let person = world.enter(&site, subject).await;
        let opened = session::open(app, person.visitor.session, "acme").await.unwrap();
        assert_eq!(opened.role, OrganizationRole::Member, "nobody becomes Owner by SSO");
        let seen = project::list(app, &person.visitor, "acme", None, None).await.unwrap().items;
        assert_eq!(seen.len(), projects, "{}", person.email);
    }
    let pending = invitation::list(app, &site.owner.visitor, "acme", None, None).await.unwrap().items;
    let left: Vec<_> = pending.iter().map(|pending| pending.invitation.email.as_str()).collect();
    assert_eq!(left, ["denied@acme.example"], "the others are used up");
}

async fn r_inv_4_who_comes_back_by_a_code_takes_along_what_was_sent_to_either_address(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    project::create(app, &site.owner.visitor, "acme", "Rocket").await.unwrap();
    let other = "lee@acme.example";
    for (name, invited, asserted) in [("kim", "kim@example.com", None), ("lee", other, Some(other))] {
        let person = world.member(&site, name, OrganizationRole::Member).await;
        let subject = Subject::new(format!("00u{name}"), person.email.clone());
        assert_eq!(world.enter(&site, subject.clone()).await.id, person.id, "linked");
        organization::leave(app, &person.visitor, "acme").await.unwrap();
        invite(&world, &site, invited, OrganizationRole::Member).await;
        world.bed.read_all(&person.email).await;
        let visitor = world.bed.stranger();
        world.idp.sign_in_as(match asserted {
            Some(other) => Subject::new(format!("00u{name}"), other),
            None => subject.without("email"),
        });
        let id = asks(&world.sign_in(&visitor, &site, &world.idp).await);
        let code = world.bed.next_code(&person.email).await;
        let outcome = world.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
        let back = world.signed_in(outcome, &visitor);
        assert_eq!(back.id, person.id);
        let seen = project::list(app, &back.visitor, "acme", None, None).await.unwrap().items;
        assert_eq!(seen.len(), 1, "{name}");
    }
}

on_each_world! {
    r_lnk_1_who_was_removed_is_refused_until_an_owner_readmits_them
    r_lnk_1_who_was_removed_and_is_invited_again_comes_back_through_sso
    r_lnk_1_the_invitation_of_a_project_admin_lifts_no_removal
    r_lnk_1_who_was_removed_and_closed_the_account_is_refused_until_readmitted
    r_lnk_1_who_was_removed_and_closed_the_account_is_somebody_new_when_invited_again
    r_lnk_1_another_address_undoes_no_removal
    r_lnk_1_an_account_made_anew_undoes_no_removal
    r_lnk_1_who_left_comes_back_as_member_with_no_project
    r_lnk_1_who_left_is_asked_for_the_stored_address_whatever_domain_is_asserted
    r_lnk_5_another_subject_for_a_linked_person_is_refused_until_an_owner_clears_it_t_lnk_12
    r_sso_9_a_stranger_without_an_address_is_refused_with_a_reference
    r_inv_4_a_newcomer_takes_the_invitation_along_but_not_the_role_owner
    r_inv_4_who_comes_back_by_a_code_takes_along_what_was_sent_to_either_address
}
