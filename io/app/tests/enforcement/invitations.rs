//! Invitations while SSO is enforced: T-ENF-16, R-INV-3, R-INV-4.

use orgate_app::invitation::{self, InvitationStanding, NewInvitations, ProjectChoice};
use orgate_app::project::people::{self, Added};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::{project, session};
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_testkit::Person as Subject;

use crate::scene::{acme, opens};
use crate::support::{Bed, PASSWORD, Person, refused};
use crate::world::{Site, World, asks};
use orgate_app::sign_in::sso::answer::Answer;

fn to(emails: &[&str]) -> NewInvitations {
    NewInvitations {
        emails: emails.iter().map(|&email| email.to_owned()).collect(),
        role: OrganizationRole::Owner,
        projects: vec![ProjectChoice { project: "falcon".to_owned(), role: ProjectRole::ReadWrite }],
    }
}

async fn token(bed: &Bed, email: &str) -> String {
    let link = bed.next_mail(email).await.link("/invitations/").unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

async fn t_enf_16_r_inv_3_nobody_is_invited_on_any_path(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let app = &bed.app;
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let invited = invitation::invite(app, &sam.visitor, "acme", to(&["al@example.com"])).await.unwrap();
    let pending = invited.items[0].invitation.id.clone();
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    people::add(app, &sam.visitor, "acme", "falcon", &bo.email, ProjectRole::Admin).await.unwrap();
    bed.enforce(&sam, &acme).await;
    let bo = bed.sso_session(&bo, &acme.id).await;
    for new in [to(&["jo@example.com"]), to(&["jo@example.com", "lee@example.com"]), to(&["al@example.com"])] {
        let refusal = refused(invitation::invite(app, &sam.visitor, "acme", new).await);
        assert_eq!(refusal, Refusal::InvitationsDisabledBySso, "single, bulk, replacing");
    }
    let again = invitation::resend(app, &sam.visitor, "acme", pending.as_str()).await;
    assert_eq!(refused(again), Refusal::InvitationsDisabledBySso);
    for inviter in [&sam, &bo] {
        let outsider =
            people::add(app, &inviter.visitor, "acme", "falcon", "jo@example.com", ProjectRole::ReadOnly).await;
        assert_eq!(refused(outsider), Refusal::NotAnOrganizationMember, "{}", inviter.name);
    }
    let member = people::add(app, &bo.visitor, "acme", "falcon", &sam.email, ProjectRole::ReadOnly).await;
    assert!(matches!(member.unwrap(), Added::Granted(_)), "members are added as before");
    invitation::revoke(app, &sam.visitor, "acme", pending.as_str()).await.unwrap();
    assert!(bed.mail("jo@example.com").await.is_none() && bed.mail("lee@example.com").await.is_none());
}

async fn t_enf_16_a_pending_invitation_waits_until_enforcement_is_off_again(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let app = &bed.app;
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let jo = bed.person("jo").await;
    let copied = invitation::invite(app, &sam.visitor, "acme", to(&[&jo.email])).await.unwrap().items.remove(0).link;
    let (mailed, copied) = (token(&bed, &jo.email).await, copied.rsplit('/').next().unwrap().to_owned());
    bed.enforce(&sam, &acme).await;
    for token in [&mailed, &copied] {
        let accepted = invitation::accept(app, &jo.visitor, token, None).await;
        assert_eq!(refused(accepted), Refusal::InvitationsDisabledBySso);
        let code = invitation::request_code(app, &jo.visitor, token).await;
        assert_eq!(refused(code), Refusal::InvitationsDisabledBySso);
        let seen = invitation::open(app, &jo.visitor, token).await.unwrap().unwrap();
        assert_eq!(seen.standing, InvitationStanding::SsoOnly);
    }
    let copy = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap();
    assert_eq!(copy.items.len(), 1, "it is still there");
    bed.stop_enforcing(&sam, &acme).await;
    let accepted = invitation::accept(app, &jo.visitor, &mailed, None).await.unwrap();
    assert_eq!(accepted.role, OrganizationRole::Owner, "afterwards it can be accepted in full");
}

async fn t_enf_16_a_pending_invitation_expires_while_sso_is_enforced_as_any_other(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    project::create(&bed.app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let jo = bed.person("jo").await;
    invitation::invite(&bed.app, &sam.visitor, "acme", to(&[&jo.email])).await.unwrap();
    let mailed = token(&bed, &jo.email).await;
    bed.enforce(&sam, &acme).await;
    bed.advance(48 * 60);
    let sam = crate::scene::by_password(&bed, &sam).await;
    let jo = crate::scene::by_password(&bed, &jo).await;
    bed.stop_enforcing(&sam, &acme).await;
    let accepted = invitation::accept(&bed.app, &jo.visitor, &mailed, None).await;
    assert!(matches!(refused(accepted), Refusal::InvitationOver(_)));
}

/// An invitation opens a closed sign-up; while SSO is enforced the account that comes of it joins nothing.
#[tokio::test]
async fn t_enf_16_a_sign_up_by_invitation_joins_nothing_while_sso_is_enforced() {
    let bed = Bed::sqlite_with(&[("ORGATE_SIGN_UP", "closed")]).await;
    let open = bed.reopened(&[("ORGATE_LIMIT_SIGN_INS", "301")]).await;
    let (sam, acme) = acme(&open).await;
    project::create(&open.app, &sam.visitor, "acme", "Falcon").await.unwrap();
    invitation::invite(&open.app, &sam.visitor, "acme", to(&["jo@example.com"])).await.unwrap();
    let mailed = token(&open, "jo@example.com").await;
    open.enforce(&sam, &acme).await;
    let closed = open.reopened(&[("ORGATE_SIGN_UP", "closed"), ("ORGATE_LIMIT_SIGN_INS", "302")]).await;
    let visitor = closed.stranger();
    let typed = NewSignUp {
        email: "jo@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        name: "Jo".to_owned(),
        invitation: Some(mailed.clone()),
    };
    match sign_up::begin(&closed.app, &visitor, typed).await {
        Ok(begun) => {
            let code = closed.next_code("jo@example.com").await;
            let issued = sign_up::verify(&closed.app, &visitor, begun.id.as_str(), &code).await.unwrap();
            let jo = Person::of(&issued, visitor);
            assert!(!opens(&closed, &jo, "acme").await);
            let accepted = invitation::accept(&closed.app, &jo.visitor, &mailed, None).await;
            assert_eq!(refused(accepted), Refusal::InvitationsDisabledBySso);
        }
        Err(error) => {
            let refusal = refused(Err::<(), _>(error));
            assert!(matches!(refusal, Refusal::SignUpClosed | Refusal::InvitationsDisabledBySso), "{refusal:?}");
        }
    }
}

async fn r_inv_4_a_newcomer_through_sso_takes_the_projects_of_an_invitation_and_not_the_owner_role(world: World) {
    let (bed, app) = (&world.bed, &world.bed.app);
    let sam = bed.person("sam").await;
    let organization = bed.organization(&sam, "Acme").await;
    let connection = world.connect(&sam, "acme", &world.idp).await;
    let site = Site { owner: sam.clone(), organization, connection };
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let (new, known) = ("new@acme.example", "jo@example.com");
    bed.person("jo").await;
    for email in [new, known] {
        invitation::invite(app, &sam.visitor, "acme", to(&[email])).await.unwrap();
        bed.read_all(email).await;
    }
    bed.enforce(&sam, &site.organization).await;
    let newcomer = world.enter(&site, Subject::new("00uNew", new)).await;
    let visitor = bed.stranger();
    world.idp.sign_in_as(Subject::new("00uJo", known));
    let question = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = bed.next_code(known).await;
    let outcome = world.answer(&visitor, &question, Answer::Code(code)).await.unwrap();
    let jo = world.signed_in(outcome, &visitor);
    for person in [&newcomer, &jo] {
        let opened = session::open(app, person.visitor.session, "acme").await.unwrap();
        assert_eq!(opened.role, OrganizationRole::Member, "{}", person.email);
        let projects = project::list(app, &person.visitor, "acme", None, None).await.unwrap().items;
        assert_eq!(projects.len(), 1, "{}", person.email);
    }
    let left = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap();
    assert!(left.items.is_empty(), "used up");
}

on_each_engine! {
    t_enf_16_r_inv_3_nobody_is_invited_on_any_path
    t_enf_16_a_pending_invitation_waits_until_enforcement_is_off_again
    t_enf_16_a_pending_invitation_expires_while_sso_is_enforced_as_any_other
}

mod worlds {
    use super::r_inv_4_a_newcomer_through_sso_takes_the_projects_of_an_invitation_and_not_the_owner_role;

    on_each_world! {
        r_inv_4_a_newcomer_through_sso_takes_the_projects_of_an_invitation_and_not_the_owner_role
    }
}
