//! Roles and memberships that change while SSO is enforced: T-ENF-6 to T-ENF-10, R-ENF-2, R-ENF-7.

use orgate_app::invitation::{self, NewInvitations};
use orgate_app::membership;
use orgate_app::organization::{self, OrganizationView};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole::{self, Member, Owner};

use crate::scene::{acme, by_password, join, lives, opens, owned, requiring, sign_in};
use crate::support::{Bed, Person, refused};

on_each_engine! {
    t_enf_6_an_owner_who_is_demoted_loses_a_password_session_at_once
    r_ui_2_the_sessions_that_end_with_an_owners_role_are_counted_before_it_is_taken
    t_enf_7_who_joins_an_enforcing_organization_loses_a_password_session_at_once
    t_enf_8_the_password_of_a_new_owner_works_once_the_role_is_written
    t_enf_9_the_exemption_of_every_row_of_the_seed_follows_the_second_organization
    t_enf_9_a_second_organization_that_is_left_or_deleted_binds_no_more
    t_enf_10_an_organization_that_invites_binds_nobody_until_they_accept
}

async fn t_enf_6_an_owner_who_is_demoted_loses_a_password_session_at_once(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", Owner).await;
    bed.enforce(&sam, &acme).await;
    assert!(opens(&bed, &kim, "acme").await, "exempt, so the session went on");
    membership::change_role(&bed.app, &sam.visitor, "acme", kim.id.as_str(), Member).await.unwrap();
    let refusal = refused(organization::get(&bed.app, &kim.visitor, "acme").await);
    assert!(matches!(refusal, Refusal::SessionEnded(_)));
    assert_eq!(requiring(&refusal), ["acme"]);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
}

async fn r_ui_2_the_sessions_that_end_with_an_owners_role_are_counted_before_it_is_taken(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", Owner).await;
    bed.enforce(&sam, &acme).await;
    let (second, by_sso) = (by_password(&bed, &kim).await, bed.sso_session(&kim, &acme.id).await);
    let forecast = membership::role_forecast(&bed.app, &sam.visitor, "acme", kim.id.as_str(), Member).await.unwrap();
    assert_eq!(forecast.sessions_to_end, 2, "those by a password");
    assert!(lives(&bed, &kim).await && lives(&bed, &second).await, "nothing was done");
    membership::change_role(&bed.app, &sam.visitor, "acme", kim.id.as_str(), Member).await.unwrap();
    assert!(!lives(&bed, &kim).await && !lives(&bed, &second).await);
    assert!(lives(&bed, &by_sso).await);
}

async fn t_enf_7_who_joins_an_enforcing_organization_loses_a_password_session_at_once(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (kim, own) = owned(&bed, "kim", "Kim's own").await;
    let link = invite(&bed, &sam, &kim).await;
    bed.enforce(&sam, &acme).await;
    bed.stop_enforcing(&sam, &acme).await;
    invitation::accept(&bed.app, &kim.visitor, &link, None).await.unwrap();
    assert!(lives(&bed, &kim).await, "what was enforced before they came binds nobody");
    bed.enforce(&sam, &acme).await;
    assert!(!lives(&bed, &kim).await);

    let (lee, _) = owned(&bed, "lee", "Lee's own").await;
    join(&bed, &acme, &lee, Member).await;
    assert!(matches!(refused(organization::get(&bed.app, &lee.visitor, "acme").await), Refusal::SessionEnded(_)));
    let elsewhere = refused(organization::get(&bed.app, &lee.visitor, "lee-s-own").await);
    assert!(matches!(elsewhere, Refusal::SessionEnded(_)), "a session, not an organization, is what enforcement ends");
    assert!(!opens(&bed, &kim, &own.slug).await);
}

/// An Owner role that is being written lets nobody in before it is.
async fn t_enf_8_the_password_of_a_new_owner_works_once_the_role_is_written(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", Member).await;
    bed.enforce(&sam, &acme).await;
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    let undone: Result<(), orgate_app::error::Error> = bed
        .app
        .store
        .write((acme.id.clone(), kim.id.clone()), |tx, (id, user)| {
            Box::pin(async move {
                tx.organization(id).set_role(user, Owner).await?;
                Err(Refusal::Busy.into())
            })
        })
        .await;
    assert_eq!(refused(undone), Refusal::Busy);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)), "it was not committed");
    membership::change_role(&bed.app, &sam.visitor, "acme", kim.id.as_str(), Owner).await.unwrap();
    assert!(!lives(&bed, &kim).await, "the session from before stays dead (I7)");
    let inside = sign_in(&bed, &kim.email).await.unwrap();
    assert!(opens(&bed, &inside, "acme").await);
}

/// The six rows of R-ENF-2: name, role in A, in B, in C, and whether the person is exempt while A and B enforce.
const ROWS: [(&str, OrganizationRole, OrganizationRole, OrganizationRole, bool); 6] = [
    ("x-owner", Owner, Owner, Owner, true),
    ("x-member", Owner, Owner, Member, true),
    ("y1", Owner, Member, Owner, false),
    ("y2", Owner, Member, Member, false),
    ("y3", Member, Member, Owner, false),
    ("z", Member, Member, Member, false),
];

struct Seed {
    a: (Person, OrganizationView),
    b: (Person, OrganizationView),
    people: Vec<(Person, OrganizationRole, bool)>,
}

async fn seed(bed: &Bed) -> Seed {
    let a = owned(bed, "ada", "Alpha").await;
    // The older one is named first.
    bed.advance(1);
    let b = owned(bed, "ben", "Beta").await;
    let c = owned(bed, "cy", "Gamma").await;
    let mut people = Vec::new();
    for (name, in_a, in_b, in_c, exempt) in ROWS {
        let person = bed.person(name).await;
        for (organization, role) in [(&a.1, in_a), (&b.1, in_b), (&c.1, in_c)] {
            join(bed, organization, &person, role).await;
        }
        people.push((person, in_a, exempt));
    }
    Seed { a, b, people }
}

impl Seed {
    /// Whom a password lets in, by name.
    async fn let_in(&self, bed: &Bed) -> Vec<&str> {
        let mut found = Vec::new();
        for (person, ..) in &self.people {
            match sign_in(bed, &person.email).await {
                Ok(_) => found.push(person.name.as_str()),
                Err(error) => assert!(matches!(refused(Err::<(), _>(error)), Refusal::SsoRequired(_))),
            }
        }
        found
    }
}

const ALL: [&str; 6] = ["x-owner", "x-member", "y1", "y2", "y3", "z"];
const OWNERS_OF_A: [&str; 4] = ["x-owner", "x-member", "y1", "y2"];
const EXEMPT: [&str; 2] = ["x-owner", "x-member"];

async fn t_enf_9_the_exemption_of_every_row_of_the_seed_follows_the_second_organization(bed: Bed) {
    let seed = seed(&bed).await;
    assert_eq!(seed.let_in(&bed).await, ALL);
    bed.enforce(&seed.a.0, &seed.a.1).await;
    assert_eq!(seed.let_in(&bed).await, OWNERS_OF_A);
    let mut inside = Vec::new();
    for (person, role, _) in &seed.people {
        if *role == Owner {
            inside.push(sign_in(&bed, &person.email).await.unwrap());
        }
    }
    bed.enforce(&seed.b.0, &seed.b.1).await;
    assert_eq!(seed.let_in(&bed).await, EXEMPT);
    for person in &inside {
        let exempt = EXEMPT.contains(&person.name.as_str());
        assert_eq!(opens(&bed, person, "alpha").await, exempt, "{}: at once, in a session there is", person.name);
    }
    let y2 = &seed.people[3].0;
    assert_eq!(requiring(&refused(sign_in(&bed, &y2.email).await)), ["alpha", "beta"], "both are named");
    bed.stop_enforcing(&by_password(&bed, &seed.b.0).await, &seed.b.1).await;
    assert_eq!(seed.let_in(&bed).await, OWNERS_OF_A);
    assert!(!lives(&bed, &inside[2]).await, "and what B ended stays ended");
}

async fn t_enf_9_a_second_organization_that_is_left_or_deleted_binds_no_more(bed: Bed) {
    let seed = seed(&bed).await;
    bed.enforce(&seed.a.0, &seed.a.1).await;
    bed.enforce(&seed.b.0, &seed.b.1).await;
    let (y1, y2) = (&seed.people[2].0, &seed.people[3].0);
    let removed = membership::remove(&bed.app, &seed.b.0.visitor, "beta", y1.id.as_str()).await;
    removed.unwrap();
    assert_eq!(seed.let_in(&bed).await, ["x-owner", "x-member", "y1"]);
    let by_sso = bed.sso_session(y2, &seed.b.1.id).await;
    organization::leave(&bed.app, &by_sso.visitor, "beta").await.unwrap();
    assert_eq!(seed.let_in(&bed).await, OWNERS_OF_A);
    organization::request_deletion(&bed.app, &seed.a.0.visitor, "alpha", "Alpha").await.unwrap();
    assert_eq!(seed.let_in(&bed).await, OWNERS_OF_A, "asked for is not done");
    bed.advance(7 * 24 * 60);
    assert_eq!(organization::perform_due_deletions(&bed.app).await.unwrap(), 1);
    assert_eq!(seed.let_in(&bed).await, ["x-owner", "x-member", "y1", "y2"], "who is in B as Owner, or not at all");
}

async fn invite(bed: &Bed, by: &Person, person: &Person) -> String {
    bed.read_all(&person.email).await;
    let new = NewInvitations { emails: vec![person.email.clone()], role: Member, projects: Vec::new() };
    invitation::invite(&bed.app, &by.visitor, "acme", new).await.unwrap();
    let link = bed.next_mail(&person.email).await.link("/invitations/").unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

async fn t_enf_10_an_organization_that_invites_binds_nobody_until_they_accept(bed: Bed) {
    let (rogue, acme) = acme(&bed).await;
    let (vic, _) = owned(&bed, "vic", "Victim").await;
    let link = invite(&bed, &rogue, &vic).await;
    bed.enforce(&rogue, &acme).await;
    assert!(opens(&bed, &vic, "victim").await);
    let inside = sign_in(&bed, &vic.email).await.unwrap();
    assert_eq!(
        refused(invitation::accept(&bed.app, &inside.visitor, &link, None).await),
        Refusal::InvitationsDisabledBySso,
        "while it enforces, not even by accepting"
    );
    bed.stop_enforcing(&rogue, &acme).await;
    invitation::accept(&bed.app, &inside.visitor, &link, None).await.unwrap();
    assert!(opens(&bed, &inside, "victim").await, "by accepting they agreed that it can require its SSO");
    bed.enforce(&rogue, &acme).await;
    assert!(!opens(&bed, &inside, "victim").await, "and now it does");
}
