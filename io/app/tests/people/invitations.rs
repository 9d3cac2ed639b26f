//! Invitations: sending, opening, accepting. *Source*: section 2.

use futures_util::future::join_all;
use orgate_app::invitation::{self, InvitationStanding, Invited, NewInvitations, ProjectChoice};
use orgate_app::membership;
use orgate_app::organization;
use orgate_app::project;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_core::email::EmailAddress;
use orgate_core::invitation::InvitationEnd;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_core::role::{OrganizationRole, ProjectRole};

use crate::support::{Bed, PASSWORD, Person, refused};

fn to(email: &str) -> NewInvitations {
    NewInvitations { emails: vec![email.to_owned()], role: OrganizationRole::Member, projects: Vec::new() }
}

async fn invite(bed: &Bed, owner: &Person, new: NewInvitations) -> Invited {
    invitation::invite(&bed.app, &owner.visitor, "acme", new).await.unwrap()
}

/// The token is the last part of a link.
pub(crate) fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

pub(crate) async fn mailed_token(bed: &Bed, email: &str) -> String {
    loop {
        if let Some(link) = bed.next_mail(email).await.link("/invitations/") {
            return token(&link).to_owned();
        }
    }
}

async fn acme(bed: &Bed) -> Person {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    sam
}

async fn r_inv_1_an_invited_person_accepts_with_role_and_projects(bed: Bed) {
    let sam = acme(&bed).await;
    project::create(&bed.app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let projects = vec![ProjectChoice { project: "falcon".to_owned(), role: ProjectRole::ReadWrite }];
    let emails = vec!["Kim@example.com".to_owned(), " kim@example.com".to_owned(), "sam@example.com".to_owned()];
    let invited = invite(&bed, &sam, NewInvitations { emails, role: OrganizationRole::Owner, projects }).await;
    assert_eq!((invited.items.len(), invited.members_already), (1, vec!["sam@example.com".to_owned()]));
    let token = mailed_token(&bed, "kim@example.com").await;
    let kim = bed.person("kim").await;
    let seen = invitation::open(&bed.app, &kim.visitor, &token).await.unwrap().unwrap();
    assert_eq!(
        (seen.organization_name.as_str(), seen.inviter.as_str(), seen.role),
        ("Acme", "sam", OrganizationRole::Owner)
    );
    assert_eq!((seen.standing, seen.projects.len()), (InvitationStanding::Ready, 1));
    let accepted = invitation::accept(&bed.app, &kim.visitor, &token, None).await.unwrap();
    assert_eq!((accepted.slug.as_str(), accepted.role), ("acme", OrganizationRole::Owner));
    let people = project::people::list(&bed.app, &kim.visitor, "acme", "falcon", None, None).await.unwrap();
    let grants: Vec<_> = people.grants.items.iter().map(|grant| (grant.name.as_str(), grant.role)).collect();
    assert_eq!(grants, [("kim", ProjectRole::ReadWrite)]);
}

async fn r_inv_2_the_copied_link_serves_who_has_the_address_proven(bed: Bed) {
    let sam = acme(&bed).await;
    let invited = invite(&bed, &sam, to("kim@example.com")).await;
    let mailed = mailed_token(&bed, "kim@example.com").await;
    let kim = bed.person("kim").await;
    let accepted = invitation::accept(&bed.app, &kim.visitor, token(&invited.items[0].link), None).await.unwrap();
    assert_eq!(accepted.role, OrganizationRole::Member);
    let again = invitation::accept(&bed.app, &kim.visitor, &mailed, None).await;
    assert_eq!(refused(again), Refusal::InvitationOver(InvitationEnd::Accepted), "one use, by either link");
}

async fn t_inv_1_an_invitation_serves_once_under_32_parallel_tries(bed: Bed) {
    let sam = acme(&bed).await;
    let invited = invite(&bed, &sam, to("kim@example.com")).await;
    let kim = bed.person("kim").await;
    let tries = (0..32).map(|_| invitation::accept(&bed.app, &kim.visitor, token(&invited.items[0].link), None));
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(refused(outcome), Refusal::InvitationOver(InvitationEnd::Accepted));
    }
}

async fn t_inv_1_it_is_over_after_48_hours_when_revoked_and_with_its_senders_demotion(bed: Bed) {
    let sam = acme(&bed).await;
    let app = &bed.app;
    let acme = organization::get(app, &sam.visitor, "acme").await.unwrap();
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    let kim = bed.person("kim").await;
    let sent = invite(&bed, &bo, to(&kim.email)).await;
    membership::change_role(app, &sam.visitor, "acme", bo.id.as_str(), OrganizationRole::Member).await.unwrap();
    let demoted = invitation::accept(app, &kim.visitor, token(&sent.items[0].link), None).await;
    assert_eq!(refused(demoted), Refusal::InvitationOver(InvitationEnd::Revoked));

    let sent = invite(&bed, &sam, to(&kim.email)).await;
    let id = sent.items[0].invitation.id.clone();
    invitation::revoke(app, &sam.visitor, "acme", id.as_str()).await.unwrap();
    let revoked = invitation::accept(app, &kim.visitor, token(&sent.items[0].link), None).await;
    assert_eq!(refused(revoked), Refusal::InvitationOver(InvitationEnd::Revoked));
    assert_eq!(invitation::open(app, &kim.visitor, token(&sent.items[0].link)).await.unwrap(), None);

    let sent = invite(&bed, &sam, to(&kim.email)).await;
    bed.advance(48 * 60);
    let late = bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await;
    let expired = invitation::accept(app, &late.visitor, token(&sent.items[0].link), None).await;
    assert_eq!(refused(expired), Refusal::InvitationOver(InvitationEnd::Expired));
}

async fn t_inv_2_somebody_else_cannot_accept(bed: Bed) {
    let sam = acme(&bed).await;
    let invited = invite(&bed, &sam, to("kim@example.com")).await;
    let (copied, mailed) = (token(&invited.items[0].link).to_owned(), mailed_token(&bed, "kim@example.com").await);
    let bo = bed.person("bo").await;
    for token in [&copied, &mailed] {
        let refusal = refused(invitation::accept(&bed.app, &bo.visitor, token, None).await);
        assert_eq!(refusal, Refusal::InvitationForAnotherAddress);
        assert_eq!(
            refused(invitation::request_code(&bed.app, &bo.visitor, token).await),
            Refusal::InvitationForAnotherAddress
        );
        assert_eq!(refused(invitation::accept(&bed.app, &bed.stranger(), token, None).await), Refusal::NoSession);
    }
    let seen = invitation::open(&bed.app, &bo.visitor, &copied).await.unwrap().unwrap();
    assert!(matches!(seen.standing, InvitationStanding::WrongPerson { .. }));
    assert_eq!(seen.email, "k•••@example.com", "the copied link tells no stranger the address");
    let seen = invitation::open(&bed.app, &bed.stranger(), &mailed).await.unwrap().unwrap();
    assert_eq!((seen.standing, seen.email.as_str()), (InvitationStanding::SignedOut, "kim@example.com"));
}

async fn t_web_7_the_token_of_another_purpose_opens_no_invitation(bed: Bed) {
    let sam = acme(&bed).await;
    let invited = invite(&bed, &sam, to("kim@example.com")).await;
    let copied = SecretToken::parse(token(&invited.items[0].link)).unwrap();
    let hash = copied.hash(TokenPurpose::InvitationMailed);
    let found =
        bed.write(hash, |tx, hash| Box::pin(async move { tx.instance().find_invitation_by_token(hash).await })).await;
    assert!(found.is_none(), "the copied token is not stored as a mailed one");
    assert_eq!(invitation::open(&bed.app, &sam.visitor, "nothing").await.unwrap(), None);
}

/// R-IN-9: an SSO proof alone does not open the account; the mailed token serves as the code, the copied one does not.
async fn r_in_9_by_sso_the_mailed_token_suffices_and_the_copied_one_needs_a_code(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let by_sso = bed.sso_session(&kim, &other.id).await;
    let invited = invite(&bed, &sam, to(&kim.email)).await;
    let copied = token(&invited.items[0].link).to_owned();
    let app = &bed.app;
    assert_eq!(refused(invitation::accept(app, &by_sso.visitor, &copied, None).await), Refusal::InvitationNeedsCode);
    let seen = invitation::open(app, &by_sso.visitor, &copied).await.unwrap().unwrap();
    assert_eq!(seen.standing, InvitationStanding::NeedsCode);

    bed.read_all(&kim.email).await;
    invitation::request_code(app, &by_sso.visitor, &copied).await.unwrap();
    let code = bed.next_code(&kim.email).await;
    let elsewhere = bed.sso_session(&kim, &other.id).await;
    let refusal = refused(invitation::accept(app, &elsewhere.visitor, &copied, Some(&code)).await);
    assert_eq!(refusal, Refusal::AttemptOver, "the code is bound to the session that asked");
    invitation::accept(app, &by_sso.visitor, &copied, Some(&code)).await.unwrap();
}

async fn r_in_9_the_mailed_token_serves_as_the_code(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let by_sso = bed.sso_session(&kim, &other.id).await;
    bed.read_all(&kim.email).await;
    invite(&bed, &sam, to(&kim.email)).await;
    let mailed = mailed_token(&bed, &kim.email).await;
    invitation::accept(&bed.app, &by_sso.visitor, &mailed, None).await.unwrap();
}

async fn a_code_over_a_copied_link_is_tried_five_times(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let by_sso = bed.sso_session(&kim, &other.id).await;
    let invited = invite(&bed, &sam, to(&kim.email)).await;
    let copied = token(&invited.items[0].link).to_owned();
    bed.read_all(&kim.email).await;
    invitation::request_code(&bed.app, &by_sso.visitor, &copied).await.unwrap();
    let code = bed.next_code(&kim.email).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let tried = invitation::accept(&bed.app, &by_sso.visitor, &copied, Some(wrong)).await;
        assert_eq!(refused(tried), Refusal::InvalidCode);
    }
    let sixth = invitation::accept(&bed.app, &by_sso.visitor, &copied, Some(&code)).await;
    assert_eq!(refused(sixth), Refusal::AttemptOver);
}

/// R-LNK-4: the mailed link proves the address of an SSO-born person, who then is a member here as well.
async fn r_inv_2_the_mailed_link_proves_the_address_of_an_sso_born_person(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let born = bed.born_by_sso(&other, "Bo", "bo@corp.example").await;
    invite(&bed, &sam, to("bo@corp.example")).await;
    let mailed = mailed_token(&bed, "bo@corp.example").await;
    invitation::accept(&bed.app, &born.visitor, &mailed, None).await.unwrap();
    let user = bed.write(born.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await })).await;
    assert_eq!(user.address, orgate_core::policy::AddressState::Proven);
}

async fn sending_again_kills_the_old_links_and_a_copied_one_only_the_copied(bed: Bed) {
    let sam = acme(&bed).await;
    let app = &bed.app;
    let invited = invite(&bed, &sam, to("kim@example.com")).await;
    let id = invited.items[0].invitation.id.clone();
    let first_mailed = mailed_token(&bed, "kim@example.com").await;
    let copy = invitation::copy_link(app, &sam.visitor, "acme", id.as_str()).await.unwrap();
    assert_eq!(invitation::open(app, &sam.visitor, token(&invited.items[0].link)).await.unwrap(), None);
    assert!(invitation::open(app, &sam.visitor, &first_mailed).await.unwrap().is_some());
    bed.advance(60);
    let again = invitation::resend(app, &sam.visitor, "acme", id.as_str()).await.unwrap();
    assert!(again.invitation.expires_at > invited.items[0].invitation.expires_at);
    assert_eq!(invitation::open(app, &sam.visitor, &first_mailed).await.unwrap(), None);
    assert_eq!(invitation::open(app, &sam.visitor, token(&copy.link)).await.unwrap(), None);
    let second_mailed = mailed_token(&bed, "kim@example.com").await;
    assert!(invitation::open(app, &sam.visitor, &second_mailed).await.unwrap().is_some());
    let pending = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap();
    assert_eq!((pending.items.len(), pending.items[0].inviter.as_str(), pending.items[0].expired), (1, "sam", false));
}

async fn r_org_6_a_removed_person_is_let_in_again_by_an_invitation(bed: Bed) {
    let sam = acme(&bed).await;
    let app = &bed.app;
    let acme = organization::get(app, &sam.visitor, "acme").await.unwrap();
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    let invited = invite(&bed, &sam, to(&kim.email)).await;
    let accepted = invitation::accept(app, &kim.visitor, token(&invited.items[0].link), None).await.unwrap();
    assert_eq!(accepted.role, OrganizationRole::Member, "as invited, not as before");
}

async fn only_owners_invite_and_only_with_addresses(bed: Bed) {
    let sam = acme(&bed).await;
    let acme = organization::get(&bed.app, &sam.visitor, "acme").await.unwrap();
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let by_member = invitation::invite(&bed.app, &kim.visitor, "acme", to("bo@example.com")).await;
    assert_eq!(refused(by_member), Refusal::NotPermitted);
    let strange = invitation::invite(&bed.app, &sam.visitor, "acme", to("nobody")).await;
    assert!(matches!(refused(strange), Refusal::InvalidInput(_)));
    let many = NewInvitations { emails: (0..101).map(|n| format!("p{n}@example.com")).collect(), ..to("x") };
    let too_many = invitation::invite(&bed.app, &sam.visitor, "acme", many).await;
    assert!(matches!(refused(too_many), Refusal::InvalidInput(_)));
    bed.advance(16);
    let owner = NewInvitations { role: OrganizationRole::Owner, ..to("bo@example.com") };
    let stale = invitation::invite(&bed.app, &sam.visitor, "acme", owner).await;
    assert_eq!(refused(stale), Refusal::NeedsRecentProof, "R-IN-8");
}

async fn t_org_5_another_organizations_invitation_is_not_found(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    bed.organization(&kim, "Other").await;
    let invited = invite(&bed, &sam, to("bo@example.com")).await;
    let (app, visitor, id) = (&bed.app, &kim.visitor, invited.items[0].invitation.id.as_str());
    assert_eq!(refused(invitation::revoke(app, visitor, "other", id).await), Refusal::NotFound);
    assert_eq!(refused(invitation::resend(app, visitor, "other", id).await.map(|_| ())), Refusal::NotFound);
    assert_eq!(refused(invitation::copy_link(app, visitor, "other", id).await.map(|_| ())), Refusal::NotFound);
    let project = project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap().project;
    let foreign = NewInvitations {
        projects: vec![ProjectChoice { project: project.id.to_string(), role: ProjectRole::Admin }],
        ..to("bo@example.com")
    };
    assert_eq!(refused(invitation::invite(app, visitor, "other", foreign).await.map(|_| ())), Refusal::NotFound);
}

async fn r_inv_4_sso_takes_the_invitation_along_without_the_role_of_an_owner(bed: Bed) {
    let sam = acme(&bed).await;
    let app = &bed.app;
    let acme = organization::get(app, &sam.visitor, "acme").await.unwrap();
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    let new = NewInvitations {
        role: OrganizationRole::Owner,
        projects: vec![ProjectChoice { project: "falcon".to_owned(), role: ProjectRole::Admin }],
        ..to("bo@corp.example")
    };
    invite(&bed, &sam, new).await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let email = EmailAddress::parse(&born.email).unwrap();
    let input = (bed.app.clone(), born.clone(), acme.id.clone(), email);
    let take = || {
        bed.app.store.write(input.clone(), |tx, (app, born, organization, email)| {
            Box::pin(invitation::take_invitation(tx, app, &born.visitor, organization, &born.id, email))
        })
    };
    assert!(take().await.unwrap().is_some());
    assert!(take().await.unwrap().is_none(), "it is used up");
    let seen = project::get(app, &born.visitor, "acme", "falcon").await.unwrap();
    assert_eq!((seen.organization_role, seen.grant), (OrganizationRole::Member, Some(ProjectRole::Admin)));
}

async fn l5_who_floods_a_mailbox_stops_no_invitation_and_no_code_of_who_is_invited(bed: Bed) {
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let other = bed.organization(&kim, "Other").await;
    let by_sso = bed.sso_session(&kim, &other.id).await;
    for _ in 0..11 {
        let typed = NewSignUp {
            email: kim.email.clone(),
            password: PASSWORD.to_owned(),
            name: "Not Kim".to_owned(),
            invitation: None,
        };
        let asked = sign_up::begin(&bed.app, &bed.stranger(), typed).await;
        assert!(asked.is_ok() || refused(asked).kind() == RefusalKind::TooMany);
    }
    let emails = vec![kim.email.clone(), "lee@example.com".to_owned()];
    let invited = invite(&bed, &sam, NewInvitations { emails, ..to("nobody@example.com") }).await;
    assert_eq!(invited.items.len(), 2);
    invitation::request_code(&bed.app, &by_sso.visitor, token(&invited.items[0].link)).await.unwrap();
}

async fn l5_a_mailbox_gets_so_many_invitations_of_one_organization_and_of_one_person(bed: Bed) {
    let sam = acme(&bed).await;
    for _ in 0..10 {
        invite(&bed, &sam, to("kim@example.com")).await;
    }
    let emails = vec!["lee@example.com".to_owned(), "kim@example.com".to_owned()];
    let both = NewInvitations { emails, ..to("nobody@example.com") };
    let Refusal::InvalidInput(fields) = refused(invitation::invite(&bed.app, &sam.visitor, "acme", both).await) else {
        panic!("a list with an address that was sent enough")
    };
    assert_eq!((fields.len(), fields[0].field), (1, "emails"));
    assert!(fields[0].message.starts_with("kim@example.com "), "{}", fields[0].message);
    assert!(bed.mail("lee@example.com").await.is_none(), "none of them went out");
    let pending = invitation::list(&bed.app, &sam.visitor, "acme", None, None).await.unwrap();
    let id = pending.items[0].invitation.id.as_str();
    let again = invitation::resend(&bed.app, &sam.visitor, "acme", id).await;
    assert_eq!(refused(again).kind(), RefusalKind::TooMany);
    bed.organization(&sam, "Second").await;
    let elsewhere = invitation::invite(&bed.app, &sam.visitor, "second", to("kim@example.com")).await;
    assert!(matches!(refused(elsewhere), Refusal::InvalidInput(_)), "the same person from another organization");
    let olga = bed.person("olga").await;
    bed.organization(&olga, "Borealis").await;
    invitation::invite(&bed.app, &olga.visitor, "borealis", to("kim@example.com")).await.unwrap();
    bed.advance(60);
    let sam = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    invite(&bed, &sam, to("kim@example.com")).await;
}

on_each_engine! {
    r_inv_1_an_invited_person_accepts_with_role_and_projects
    r_inv_2_the_copied_link_serves_who_has_the_address_proven
    t_inv_1_an_invitation_serves_once_under_32_parallel_tries
    t_inv_1_it_is_over_after_48_hours_when_revoked_and_with_its_senders_demotion
    t_inv_2_somebody_else_cannot_accept
    t_web_7_the_token_of_another_purpose_opens_no_invitation
    r_in_9_by_sso_the_mailed_token_suffices_and_the_copied_one_needs_a_code
    r_in_9_the_mailed_token_serves_as_the_code
    a_code_over_a_copied_link_is_tried_five_times
    r_inv_2_the_mailed_link_proves_the_address_of_an_sso_born_person
    sending_again_kills_the_old_links_and_a_copied_one_only_the_copied
    r_org_6_a_removed_person_is_let_in_again_by_an_invitation
    only_owners_invite_and_only_with_addresses
    t_org_5_another_organizations_invitation_is_not_found
    r_inv_4_sso_takes_the_invitation_along_without_the_role_of_an_owner
    l5_who_floods_a_mailbox_stops_no_invitation_and_no_code_of_who_is_invited
    l5_a_mailbox_gets_so_many_invitations_of_one_organization_and_of_one_person
}

#[tokio::test]
async fn r_lnk_8_a_full_organization_refuses_and_mails_its_owners_once() {
    let bed = Bed::sqlite_with(&[("ORGATE_LIMIT_MEMBERS", "1")]).await;
    let sam = acme(&bed).await;
    let kim = bed.person("kim").await;
    let invited = invite(&bed, &sam, to(&kim.email)).await;
    bed.read_all(&sam.email).await;
    for _ in 0..2 {
        let full = invitation::accept(&bed.app, &kim.visitor, token(&invited.items[0].link), None).await;
        assert_eq!(refused(full), Refusal::MemberLimit);
    }
    assert!(bed.next_mail(&sam.email).await.subject.contains("full"));
    assert!(bed.mail(&sam.email).await.is_none());
}

#[tokio::test]
async fn a_closed_sign_up_opens_to_who_is_invited_with_that_address() {
    let open = Bed::sqlite().await;
    let sam = acme(&open).await;
    let invited = invite(&open, &sam, to("kim@example.com")).await;
    let closed = open.reopened(&[("ORGATE_SIGN_UP", "closed")]).await;
    let sign_up = |email: &str, token: Option<&str>| {
        let typed = NewSignUp {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            name: "Kim".to_owned(),
            invitation: token.map(str::to_owned),
        };
        let (app, stranger) = (closed.app.clone(), closed.stranger());
        async move { sign_up::begin(&app, &stranger, typed).await }
    };
    let link = token(&invited.items[0].link);
    assert_eq!(refused(sign_up("kim@example.com", None).await), Refusal::SignUpClosed);
    assert_eq!(refused(sign_up("bo@example.com", Some(link)).await), Refusal::SignUpClosed);
    sign_up("kim@example.com", Some(link)).await.unwrap();
}

#[tokio::test]
async fn every_invitation_that_is_mailed_counts_however_many_go_out_at_once() {
    let bed = Bed::sqlite_with(&[("ORGATE_LIMIT_INVITATIONS", "3")]).await;
    let sam = acme(&bed).await;
    let all = |count: usize| NewInvitations {
        emails: (0..count).map(|number| format!("guest{number}@example.com")).collect(),
        ..to("guest@example.com")
    };
    let beyond = invitation::invite(&bed.app, &sam.visitor, "acme", all(4)).await;
    assert!(matches!(refused(beyond), Refusal::TooManyRequests { .. }));
    assert!(bed.mail("guest0@example.com").await.is_none(), "none of them went out");
    assert_eq!(invite(&bed, &sam, all(3)).await.items.len(), 3);
    let one_more = invitation::invite(&bed.app, &sam.visitor, "acme", to("late@example.com")).await;
    assert!(matches!(refused(one_more), Refusal::TooManyRequests { .. }));
}
