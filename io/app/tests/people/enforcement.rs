//! What people's use cases do once SSO is enforced: invitations, passwords (R-ENF-11).

use orgate_app::account::{self, PasswordChange};
use orgate_app::invitation::{self, InvitationStanding, NewInvitations};
use orgate_app::password_reset;
use orgate_app::project;
use orgate_app::project::people::{self, Added};
use orgate_app::session;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};

use crate::support::{Bed, PASSWORD, refused};

on_each_engine! {
    r_inv_3_while_sso_is_enforced_nobody_from_outside_is_invited
    t_enf_3_a_reset_link_passes_no_enforcement
    t_enf_4_who_is_not_exempt_changes_no_password
}

const NEW: &str = "another long pass phrase";

async fn r_inv_3_while_sso_is_enforced_nobody_from_outside_is_invited(bed: Bed) {
    let app = &bed.app;
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    let new = |email: &str| NewInvitations {
        emails: vec![email.to_owned()],
        role: OrganizationRole::Member,
        projects: Vec::new(),
    };
    let sent = invitation::invite(app, &sam.visitor, "acme", new("jo@example.com")).await.unwrap().items.remove(0);
    let jo = bed.person("jo").await;
    bed.enforce(&sam, &acme).await;
    let direct = invitation::invite(app, &sam.visitor, "acme", new("al@example.com")).await;
    assert_eq!(refused(direct), Refusal::InvitationsDisabledBySso);
    let again = invitation::resend(app, &sam.visitor, "acme", sent.invitation.id.as_str()).await;
    assert_eq!(refused(again), Refusal::InvitationsDisabledBySso);
    let outsider = people::add(app, &sam.visitor, "acme", "falcon", "al@example.com", ProjectRole::ReadOnly).await;
    assert_eq!(refused(outsider), Refusal::NotAnOrganizationMember);
    let member = people::add(app, &sam.visitor, "acme", "falcon", &bo.email, ProjectRole::ReadOnly).await.unwrap();
    assert!(matches!(member, Added::Granted(_)));
    let token = sent.link.rsplit('/').next().unwrap();
    let accepted = invitation::accept(app, &jo.visitor, token, None).await;
    assert_eq!(refused(accepted), Refusal::InvitationsDisabledBySso);
    let seen = invitation::open(app, &jo.visitor, token).await.unwrap().unwrap();
    assert_eq!(seen.standing, InvitationStanding::SsoOnly);
}

/// A link asked for before dies with enforcement; asked for after, the mail says where to sign in.
async fn t_enf_3_a_reset_link_passes_no_enforcement(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.read_all(&kim.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let link = bed.next_mail(&kim.email).await.link("/password-reset/").unwrap();
    bed.enforce(&sam, &acme).await;
    let completed = password_reset::complete(&bed.app, &bed.stranger(), link.rsplit('/').next().unwrap(), NEW).await;
    assert!(matches!(refused(completed), Refusal::SsoRequired(required) if required[0].slug == "acme"));
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let mail = bed.next_mail(&kim.email).await;
    assert!(mail.link("/sign-in/acme").is_some() && mail.link("/password-reset/").is_none(), "{}", mail.text);
}

async fn t_enf_4_who_is_not_exempt_changes_no_password(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    let proofs = session::current(&bed.app, &by_sso.visitor).await.unwrap().proofs;
    bed.enforce(&sam, &acme).await;
    let confirmed = bed.session(&kim, proofs.with(Proof::MailedCode { at: bed.now() })).await;
    let change = || PasswordChange { current: Some(PASSWORD.to_owned()), new: NEW.to_owned() };
    let bound = account::change_password(&bed.app, &confirmed.visitor, change()).await;
    assert!(matches!(refused(bound), Refusal::SsoRequired(_)));
    assert!(matches!(refused(session::current(&bed.app, &kim.visitor).await), Refusal::SessionEnded(_)));
    account::change_password(&bed.app, &sam.visitor, change()).await.unwrap();
}
