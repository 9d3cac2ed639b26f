//! What every file here begins with: people with passwords, in organizations, and what their sessions open.

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::error::Error;
use orgate_app::organization::OrganizationView;
use orgate_app::passwords::Password;
use orgate_app::session;
use orgate_app::sign_in::password::{self, Credentials};
use orgate_core::membership::MembershipOrigin;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{AuditEvent, Session};
use orgate_testkit::mailbox::Message;

use crate::support::{Bed, PASSWORD, Person};

/// Sam, who owns Acme.
pub async fn acme(bed: &Bed) -> (Person, OrganizationView) {
    owned(bed, "sam", "Acme").await
}

/// Somebody new who owns something new.
pub async fn owned(bed: &Bed, owner: &str, organization: &str) -> (Person, OrganizationView) {
    let owner = bed.person(owner).await;
    let organization = bed.organization(&owner, organization).await;
    (owner, organization)
}

/// Makes somebody a member who is there already.
pub async fn join(bed: &Bed, organization: &OrganizationView, person: &Person, role: OrganizationRole) {
    let input = (organization.id.clone(), person.id.clone(), role, bed.now());
    bed.write(input, |tx, (organization, user, role, now)| {
        Box::pin(
            async move { tx.organization(organization).join(user, *role, MembershipOrigin::Invitation, *now).await },
        )
    })
    .await;
}

/// Signs in with the password that everybody here has.
pub async fn sign_in(bed: &Bed, email: &str) -> Result<Person, Error> {
    sign_in_with(bed, email, PASSWORD).await
}

pub async fn sign_in_with(bed: &Bed, email: &str, password: &str) -> Result<Person, Error> {
    let visitor = bed.stranger();
    let typed = Credentials { email: email.to_owned(), password: Password::from_typed(password) };
    let issued = password::begin(&bed.app, &visitor, typed).await?.session()?;
    Ok(Person::of(&issued, visitor))
}

/// Another browser of the same person, proven by password a moment ago.
pub async fn by_password(bed: &Bed, person: &Person) -> Person {
    bed.session(person, Proofs::of(Proof::Password { at: bed.now() })).await
}

/// Another browser of an Owner, proven by password and by the organization's own SSO, both a moment ago.
pub async fn by_both(bed: &Bed, person: &Person, organization: &OrganizationView) -> Person {
    let connection_id = bed.connection(&organization.id).await;
    let (organization_id, at) = (organization.id.clone(), bed.now());
    let sso = Proof::Sso { connection_id, organization_id, at, authenticated_at: Some(at), holds_until: None };
    bed.session(person, Proofs::of(Proof::Password { at }).with(sso)).await
}

/// Whether this person's session opens the organization, asked as `/check` asks.
pub async fn opens(bed: &Bed, person: &Person, slug: &str) -> bool {
    match session::open(&bed.app, person.visitor.session, slug).await {
        Ok(_) => true,
        Err(Error::Refused(_)) => false,
        Err(Error::Fault(fault)) => panic!("neither open nor closed: {fault}"),
    }
}

/// Whether there is a session at all.
pub async fn lives(bed: &Bed, person: &Person) -> bool {
    session::current(&bed.app, &person.visitor).await.is_ok()
}

/// The organizations that a refusal names, if enforcement refused.
#[track_caller]
pub fn requiring(refusal: &Refusal) -> Vec<&str> {
    match refusal {
        Refusal::SsoRequired(organizations) | Refusal::SessionEnded(organizations) => {
            organizations.iter().map(|one| one.slug.as_str()).collect()
        }
        other => panic!("not refused by enforcement but {other:?}"),
    }
}

/// Every session row of the person that is neither ended nor expired.
pub async fn rows(bed: &Bed, person: &Person) -> Vec<Session> {
    bed.write((person.id.clone(), bed.now()), |tx, (user, now)| {
        Box::pin(async move { tx.instance().list_sessions_of_user(user, *now).await })
    })
    .await
}

/// The organization's events of one sort, newest first.
pub async fn events(bed: &Bed, owner: &Person, slug: &str, action: &str) -> Vec<AuditEvent> {
    let query = AuditQuery { action: Some(action.to_owned()), limit: Some(100), ..AuditQuery::default() };
    audit_log::list(&bed.app, &owner.visitor, slug, query).await.unwrap().items
}

/// The mails to an address that nobody has read.
pub async fn mails(bed: &Bed, address: &str) -> Vec<Message> {
    let mut found = Vec::new();
    while let Some(mail) = bed.mail(address).await {
        found.push(mail);
    }
    found
}
