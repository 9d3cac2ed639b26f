//! What ends an invitation, or what it carries, beside its use: a removal, a lost right to invite, another invitation, time
//! (R-ORG-6, R-LNK-1, R-OPS-3).

use std::time::Duration;

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::invitation::{self, Invited, NewInvitations, ProjectChoice};
use orgate_app::membership::{self, Ending, MemberQuery};
use orgate_app::organization::{self, OrganizationView};
use orgate_app::project::people::{self, Added};
use orgate_app::rows::AuditEvent;
use orgate_app::sign_in::step_up;
use orgate_app::{enforcement, project};
use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionTestId, Identifier as _};
use orgate_core::invitation::InvitationEnd;
use orgate_core::linking::LinkingRefusal;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::ConnectionTest;

use super::invitations::{mailed_token, token};
use crate::support::{Bed, Person, refused};

/// Sam's organization with a project, of which Lee is an admin.
async fn falcon(bed: &Bed) -> (OrganizationView, Person, Person) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Member).await;
    project::create(&bed.app, &sam.visitor, "acme", "Falcon").await.unwrap();
    add(bed, &sam, &lee.email, ProjectRole::Admin).await;
    (acme, sam, lee)
}

async fn add(bed: &Bed, by: &Person, email: &str, role: ProjectRole) -> Added {
    people::add(&bed.app, &by.visitor, "acme", "falcon", email, role).await.unwrap()
}

async fn invite(bed: &Bed, by: &Person, email: &str) -> Invited {
    let emails = vec![email.to_owned()];
    let new = NewInvitations { emails, role: OrganizationRole::Member, projects: Vec::new() };
    invitation::invite(&bed.app, &by.visitor, "acme", new).await.unwrap()
}

/// Who signs in again later.
async fn again(bed: &Bed, person: &Person) -> Person {
    bed.session(person, Proofs::of(Proof::Password { at: bed.now() })).await
}

/// Newest first.
async fn events(bed: &Bed, reader: &Person, action: &str) -> Vec<AuditEvent> {
    let query = AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
    audit_log::list(&bed.app, &reader.visitor, "acme", query).await.unwrap().items
}

fn facts(event: &AuditEvent) -> serde_json::Value {
    serde_json::from_str(&event.data).unwrap()
}

async fn r_lnk_1_the_invitation_of_a_project_admin_brings_nobody_back_whom_an_owner_removed(bed: Bed) {
    let (acme, sam, lee) = falcon(&bed).await;
    let app = &bed.app;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    for person in [&kim, &bo] {
        membership::remove(app, &sam.visitor, "acme", person.id.as_str()).await.unwrap();
        bed.read_all(&person.email).await;
    }
    let Added::Invited(sent) = add(&bed, &lee, &kim.email, ProjectRole::ReadOnly).await else { panic!("an outsider") };
    let mailed = mailed_token(&bed, &kim.email).await;
    for token in [token(&sent.link), mailed.as_str()] {
        let refusal = refused(invitation::accept(app, &kim.visitor, token, None).await);
        assert_eq!(refusal, Refusal::Linking(LinkingRefusal::MembershipRemoved));
    }
    assert!(events(&bed, &sam, "member.readmitted").await.is_empty());

    // An Owner invites by the project as well: beside Lee's invitation, and anew.
    assert!(matches!(add(&bed, &sam, &kim.email, ProjectRole::ReadOnly).await, Added::Attached(_)));
    assert!(matches!(add(&bed, &sam, &bo.email, ProjectRole::ReadOnly).await, Added::Invited(_)));
    let bos = mailed_token(&bed, &bo.email).await;
    for (person, token) in [(&kim, &mailed), (&bo, &bos)] {
        let accepted = invitation::accept(app, &person.visitor, token, None).await.unwrap();
        assert_eq!(accepted.role, OrganizationRole::Member);
        let seen = project::get(app, &person.visitor, "acme", "falcon").await.unwrap();
        assert_eq!(seen.grant, Some(ProjectRole::ReadOnly));
    }
    assert_eq!(events(&bed, &sam, "member.readmitted").await.len(), 2);
}

async fn r_org_6_what_an_admin_had_anothers_invitation_carry_ends_with_the_admin(bed: Bed) {
    let (acme, sam, lee) = falcon(&bed).await;
    let app = &bed.app;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    add(&bed, &sam, &kim.email, ProjectRole::Admin).await;
    let mut tokens = Vec::new();
    for (name, by) in [("jo", &kim), ("lu", &lee), ("mo", &sam)] {
        let email = format!("{name}@example.com");
        let sent = invite(&bed, &sam, &email).await;
        for _ in 0..2 {
            assert!(matches!(add(&bed, by, &email, ProjectRole::Admin).await, Added::Attached(_)));
        }
        tokens.push((name, token(&sent.items[0].link).to_owned()));
    }
    assert_eq!(events(&bed, &sam, "project-member.invited").await.len(), 3, "a repeated call changes nothing");
    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    people::change_role(app, &sam.visitor, "acme", "falcon", lee.id.as_str(), ProjectRole::ReadWrite).await.unwrap();

    let told = events(&bed, &sam, "project-member.uninvited").await;
    let causes = ["project-member.role-changed", "member.removed"];
    for ((event, name), because) in told.iter().zip(["lu", "jo"]).zip(causes) {
        assert_eq!(event.target_name, Some(format!("{name}@example.com")));
        let said = format!("sam took Falcon out of the invitation to {name}@example.com");
        assert_eq!(audit_log::sentence(event), said);
        let expected = serde_json::json!({ "project": "Falcon", "role": "admin", "because": because });
        assert_eq!(facts(event), expected);
    }
    assert_eq!(told.len(), 2);
    for (name, token) in tokens {
        let person = bed.person(name).await;
        invitation::accept(app, &person.visitor, &token, None).await.unwrap();
        let seen = project::get(app, &person.visitor, "acme", "falcon").await;
        assert_eq!(seen.is_ok(), name == "mo", "{name}: {seen:?}");
    }
}

async fn r_org_6_what_was_sent_before_two_accounts_became_one_ends_with_that_one(bed: Bed) {
    let (acme, sam, _) = falcon(&bed).await;
    let app = &bed.app;
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    membership::change_role(app, &sam.visitor, "acme", born.id.as_str(), OrganizationRole::Owner).await.unwrap();
    let sent = invite(&bed, &born, "jo@example.com").await;
    let kim = bed.person("kim").await;
    bed.read_all(&kim.email).await;
    step_up::mail_code(app, &born.visitor).await.unwrap();
    let code = bed.next_code(&kim.email).await;
    let issued = step_up::confirm_with(app, &born.visitor, &code, None).await.unwrap();
    assert_eq!(issued.user.id, kim.id);
    let pending = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap().items;
    assert_eq!(pending[0].inviter, "kim");

    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    let jo = bed.person("jo").await;
    let over = invitation::accept(app, &jo.visitor, token(&sent.items[0].link), None).await;
    assert_eq!(refused(over), Refusal::InvitationOver(InvitationEnd::Revoked));
}

async fn r_org_6_what_an_admin_sent_ends_with_the_last_project_that_it_carries(bed: Bed) {
    let (_, sam, lee) = falcon(&bed).await;
    let app = &bed.app;
    project::create(app, &sam.visitor, "acme", "Heron").await.unwrap();
    people::add(app, &sam.visitor, "acme", "heron", &lee.email, ProjectRole::Admin).await.unwrap();
    let mut links = Vec::new();
    for (email, by) in [("jo@example.com", &lee), ("lu@example.com", &lee), ("mo@example.com", &sam)] {
        let Added::Invited(sent) = add(&bed, by, email, ProjectRole::ReadOnly).await else { panic!("an outsider") };
        links.push(token(&sent.link).to_owned());
    }
    let both = people::add(app, &lee.visitor, "acme", "heron", "lu@example.com", ProjectRole::ReadOnly).await.unwrap();
    assert!(matches!(both, Added::Attached(_)));
    project::delete(app, &sam.visitor, "acme", "falcon").await.unwrap();

    let [revoked] = <[_; 1]>::try_from(events(&bed, &sam, "invitation.revoked").await).unwrap();
    assert_eq!(revoked.target_name.as_deref(), Some("jo@example.com"));
    assert_eq!(facts(&revoked)["because"], "project.deleted");
    for (name, link) in ["jo", "lu", "mo"].into_iter().zip(&links) {
        let person = bed.person(name).await;
        let accepted = invitation::accept(app, &person.visitor, link, None).await;
        if name == "jo" {
            assert_eq!(refused(accepted), Refusal::InvitationOver(InvitationEnd::Revoked), "Lee has no right to it");
        } else {
            accepted.unwrap();
        }
    }
}

async fn r_org_6_an_invitation_ends_with_the_right_of_who_sent_it_last(bed: Bed) {
    let (acme, sam, _) = falcon(&bed).await;
    let app = &bed.app;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    let al = bed.member(&acme, "al", OrganizationRole::Owner).await;
    let mut links = Vec::new();
    for email in ["jo@example.com", "lu@example.com", "mo@example.com"] {
        let choice = ProjectChoice { project: "falcon".to_owned(), role: ProjectRole::ReadOnly };
        let (emails, projects) = (vec![email.to_owned()], vec![choice]);
        let new = NewInvitations { emails, role: OrganizationRole::Member, projects };
        let id = invitation::invite(app, &bo.visitor, "acme", new).await.unwrap().items.remove(0).invitation.id;
        let sent = match email {
            "jo@example.com" => invitation::resend(app, &al.visitor, "acme", id.as_str()).await.unwrap(),
            "lu@example.com" => invitation::copy_link(app, &al.visitor, "acme", id.as_str()).await.unwrap(),
            _ => invitation::resend(app, &sam.visitor, "acme", id.as_str()).await.unwrap(),
        };
        assert_ne!(sent.invitation.invited_by, bo.id);
        links.push(token(&sent.link).to_owned());
    }
    membership::remove(app, &sam.visitor, "acme", bo.id.as_str()).await.unwrap();
    let pending = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap().items;
    let mut inviters: Vec<_> = pending.iter().map(|one| (one.inviter.as_str(), one.projects.len())).collect();
    inviters.sort_unstable();
    assert_eq!(inviters, [("al", 1), ("al", 1), ("sam", 1)], "what they carry is the new sender's too");
    membership::remove(app, &sam.visitor, "acme", al.id.as_str()).await.unwrap();
    for (name, link) in ["jo", "lu", "mo"].into_iter().zip(&links) {
        let person = bed.person(name).await;
        let accepted = invitation::accept(app, &person.visitor, link, None).await;
        if name == "mo" {
            accepted.unwrap();
            let seen = project::get(app, &person.visitor, "acme", "falcon").await.unwrap();
            assert_eq!(seen.grant, Some(ProjectRole::ReadOnly));
        } else {
            assert_eq!(refused(accepted), Refusal::InvitationOver(InvitationEnd::Revoked), "{name}");
        }
    }
}

/// A test that this Owner has begun, and nobody has finished.
async fn begin_test(bed: &Bed, acme: &OrganizationView, owner: &Person) {
    let connection = bed.connection(&acme.id).await;
    let id = ConnectionTestId::new(bed.now(), [7; 10]);
    let input = (acme.id.clone(), connection, id, owner.id.clone(), bed.now());
    bed.write(input, |tx, (acme, connection_id, id, started_by, now)| {
        Box::pin(async move {
            let mut view = tx.organization(acme);
            let revision = view.find_revision_in_state(connection_id, RevisionState::Active).await?.unwrap();
            let test = ConnectionTest {
                id: id.clone(),
                connection_id: connection_id.clone(),
                revision_id: revision.id,
                started_by: started_by.clone(),
                created_at: *now,
                expires_at: now.plus(Duration::from_secs(600)),
                finished_at: None,
                outcome: None,
                sealed_result: None,
            };
            view.insert_connection_test(&test).await
        })
    })
    .await;
}

async fn r_ops_3_what_a_demoted_owner_had_begun_ends_with_its_events(bed: Bed) {
    let (acme, sam, _) = falcon(&bed).await;
    let app = &bed.app;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    for email in ["jo@example.com", "lu@example.com"] {
        invite(&bed, &bo, email).await;
    }
    invite(&bed, &sam, "mo@example.com").await;
    begin_test(&bed, &acme, &bo).await;
    membership::change_role(app, &sam.visitor, "acme", bo.id.as_str(), OrganizationRole::Member).await.unwrap();

    let revoked = events(&bed, &sam, "invitation.revoked").await;
    let mut names: Vec<_> = revoked.iter().filter_map(|event| event.target_name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["jo@example.com", "lu@example.com"]);
    for event in &revoked {
        assert_eq!(event.actor, format!("user:{}", sam.id), "whose act it was");
        assert_eq!(facts(event)["because"], "member.role-changed");
    }
    let changed = events(&bed, &sam, "member.role-changed").await.remove(0);
    assert_eq!(facts(&changed), serde_json::json!({ "from": "owner", "to": "member", "tests_ended": 1 }));
}

async fn r_ops_3_an_invitation_that_another_replaces_ends_with_an_event(bed: Bed) {
    let (_, sam, lee) = falcon(&bed).await;
    let first = invite(&bed, &sam, "jo@example.com").await.items.remove(0).invitation;
    assert!(events(&bed, &sam, "invitation.revoked").await.is_empty());
    let second = invite(&bed, &sam, "JO@example.com").await.items.remove(0).invitation;
    // What is over by time alone is replaced by whoever invites next.
    bed.advance(48 * 60);
    let (sam, lee) = (again(&bed, &sam).await, again(&bed, &lee).await);
    let Added::Invited(third) = add(&bed, &lee, "jo@example.com", ProjectRole::ReadOnly).await else {
        panic!("the one before was over")
    };
    let revoked = events(&bed, &sam, "invitation.revoked").await;
    for (event, (old, new)) in revoked.iter().zip([(&second, &third.invitation), (&first, &second)]) {
        assert_eq!(event.target.as_deref(), Some(old.id.as_str()));
        assert_eq!(facts(event)["replaced_by"], new.id.as_str());
    }
    assert_eq!(revoked.len(), 2);
}

async fn r_inv_2_what_can_be_accepted_no_more_is_counted_nowhere(bed: Bed) {
    let (_, sam, _) = falcon(&bed).await;
    let app = &bed.app;
    invite(&bed, &sam, "jo@example.com").await;
    for (pending, minutes) in [(1, 49 * 60), (0, 0)] {
        let sam = again(&bed, &sam).await;
        let forecast = enforcement::forecast(app, &sam.visitor, "acme", None, None).await.unwrap();
        assert_eq!(forecast.pending_invitations, pending);
        let deletion = organization::deletion_forecast(app, &sam.visitor, "acme").await.unwrap();
        assert_eq!(deletion.invitations, pending);
        let members = membership::list(app, &sam.visitor, "acme", MemberQuery::default()).await.unwrap();
        assert_eq!(members.invited, pending);
        let listed = invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap();
        assert_eq!((listed.items.len(), listed.items[0].expired), (1, pending == 0), "it can be sent again");
        bed.advance(minutes);
    }
}

async fn r_ui_2_what_a_lesser_role_in_a_project_ends_is_counted_before_it_is_given(bed: Bed) {
    let (_, sam, lee) = falcon(&bed).await;
    let app = &bed.app;
    for email in ["jo@example.com", "lu@example.com"] {
        add(&bed, &lee, email, ProjectRole::ReadOnly).await;
    }
    invite(&bed, &sam, "mo@example.com").await;
    add(&bed, &lee, "mo@example.com", ProjectRole::Admin).await;
    let count = async |role| {
        let found = project::role_forecast(app, &sam.visitor, "acme", "falcon", lee.id.as_str(), role).await.unwrap();
        (found.held, found.ending)
    };
    let all = Ending { invitations: 2, roles: 1, tests: 0 };
    for role in [ProjectRole::ReadOnly, ProjectRole::ReadWrite] {
        assert_eq!(count(role).await, (ProjectRole::Admin, all));
    }
    assert_eq!(count(ProjectRole::Admin).await, (ProjectRole::Admin, Ending::default()));
    assert_eq!(invitation::list(app, &sam.visitor, "acme", None, None).await.unwrap().items.len(), 3, "none is over");

    people::change_role(app, &sam.visitor, "acme", "falcon", lee.id.as_str(), ProjectRole::ReadWrite).await.unwrap();
    assert_eq!(events(&bed, &sam, "invitation.revoked").await.len(), 2);
    assert_eq!(events(&bed, &sam, "project-member.uninvited").await.len(), 1);
    assert_eq!(count(ProjectRole::ReadOnly).await, (ProjectRole::ReadWrite, Ending::default()));
    let own = project::role_forecast(app, &lee.visitor, "acme", "falcon", lee.id.as_str(), ProjectRole::Admin).await;
    assert_eq!(refused(own), Refusal::NotPermitted);
}

async fn r_ui_2_what_an_owners_role_takes_along_is_counted_before_it_is_taken(bed: Bed) {
    let (acme, sam, lee) = falcon(&bed).await;
    let app = &bed.app;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    invite(&bed, &bo, "jo@example.com").await;
    invite(&bed, &sam, "mo@example.com").await;
    add(&bed, &bo, "mo@example.com", ProjectRole::ReadOnly).await;
    begin_test(&bed, &acme, &bo).await;
    let ask = async |by: &Person, whom: &Person, role| {
        membership::role_forecast(app, &by.visitor, "acme", whom.id.as_str(), role).await
    };
    let found = ask(&sam, &bo, OrganizationRole::Member).await.unwrap();
    assert_eq!((found.held, found.sessions_to_end), (OrganizationRole::Owner, 0), "nothing is enforced");
    assert_eq!(found.ending, Ending { invitations: 1, roles: 1, tests: 1 });
    // By another right: a project's role takes nothing from who owns the organization.
    add(&bed, &sam, &bo.email, ProjectRole::Admin).await;
    let less = ProjectRole::ReadOnly;
    let kept = project::role_forecast(app, &sam.visitor, "acme", "falcon", bo.id.as_str(), less).await.unwrap();
    assert_eq!(kept.ending, Ending::default());
    let more = ask(&sam, &lee, OrganizationRole::Owner).await.unwrap();
    assert_eq!((more.held, more.ending), (OrganizationRole::Member, Ending::default()));

    membership::change_role(app, &sam.visitor, "acme", bo.id.as_str(), OrganizationRole::Member).await.unwrap();
    let changed = events(&bed, &sam, "member.role-changed").await.remove(0);
    assert_eq!(facts(&changed)["tests_ended"], 1);
    assert_eq!(refused(ask(&sam, &sam, OrganizationRole::Member).await), Refusal::LastOwner);
    assert_eq!(refused(ask(&lee, &bo, OrganizationRole::Member).await), Refusal::NotPermitted);
    bed.advance(16);
    assert_eq!(refused(ask(&sam, &lee, OrganizationRole::Owner).await), Refusal::NeedsRecentProof);
}

on_each_engine! {
    r_lnk_1_the_invitation_of_a_project_admin_brings_nobody_back_whom_an_owner_removed
    r_org_6_what_an_admin_had_anothers_invitation_carry_ends_with_the_admin
    r_org_6_what_was_sent_before_two_accounts_became_one_ends_with_that_one
    r_org_6_what_an_admin_sent_ends_with_the_last_project_that_it_carries
    r_org_6_an_invitation_ends_with_the_right_of_who_sent_it_last
    r_ops_3_what_a_demoted_owner_had_begun_ends_with_its_events
    r_ops_3_an_invitation_that_another_replaces_ends_with_an_event
    r_inv_2_what_can_be_accepted_no_more_is_counted_nowhere
    r_ui_2_what_a_lesser_role_in_a_project_ends_is_counted_before_it_is_given
    r_ui_2_what_an_owners_role_takes_along_is_counted_before_it_is_taken
}
