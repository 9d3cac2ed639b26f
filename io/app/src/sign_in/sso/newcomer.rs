//! Owns what a linking decision writes: the identity, the membership, the person, the invitation that is taken along
//! (section 5, R-INV-4). Nothing a person holds already is overwritten (R-LNK-5).

use orgate_core::actor::Actor;
use orgate_core::assertion::Assertion;
use orgate_core::email::EmailAddress;
use orgate_core::id::{IdentityId, UserId};
use orgate_core::linking::{Facts, Linking, claims_address, proves_address, takes_invitation};
use orgate_core::membership::MembershipOrigin;
use orgate_core::method::AuthenticationMethod;
use orgate_core::name::Name;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Identity, Tx, User};

use super::document::Document;
use super::facts::{address_of, space_of};
use crate::address::{self, Factor};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::{Error, Fault};
use crate::invitation;
use crate::mail::MailTemplate;
use crate::membership;
use crate::visitor::Visitor;

/// Writes what was decided, and says whose account it is.
pub(super) async fn apply(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    assertion: &Assertion,
    facts: &Facts,
    linking: &Linking,
) -> Result<UserId, Error> {
    let user_id = match linking {
        Linking::Existing { user_id } => user_id.clone(),
        Linking::Link { user_id } => {
            bind(tx, app, visitor, document, assertion, user_id).await?;
            tell(tx, app, document, user_id).await?;
            proven(tx, app, visitor, document, user_id).await?
        }
        Linking::Join { user_id, bind: is_new } => {
            if *is_new {
                bind(tx, app, visitor, document, assertion, user_id).await?;
            }
            join(tx, app, visitor, document, user_id).await?;
            proven(tx, app, visitor, document, user_id).await?
        }
        Linking::Provision { proven } => {
            let user_id = provision(tx, app, visitor, document, assertion, *proven).await?;
            join(tx, app, visitor, document, &user_id).await?;
            bind(tx, app, visitor, document, assertion, &user_id).await?;
            user_id
        }
        Linking::Prove { .. } | Linking::Refuse(_) => {
            return Err(Error::Fault(Fault::Impossible("writing a linking decision that writes nothing")));
        }
    };
    if proves_address(linking, facts) {
        address::vouched(tx, app, visitor, &document.organization_id, &user_id).await?;
    }
    if takes_invitation(linking, facts) {
        take_invitation(tx, app, visitor, document, (assertion, facts), &user_id).await?;
    }
    let mut view = tx.organization(&document.organization_id);
    view.touch_identity(space_of(assertion), &assertion.subject, app.now()).await?;
    Ok(user_id)
}

/// Takes an invitation along: to the address that a code of this attempt proved for this person, else to the asserted one
/// (R-INV-4).
async fn take_invitation(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    (assertion, facts): (&Assertion, &Facts),
    user_id: &UserId,
) -> Result<(), Error> {
    let mut addresses: Vec<EmailAddress> = Vec::new();
    if facts.code_proven {
        // Of who the person was brought to, if so: it is the same address.
        addresses.push(tx.instance().load_user(user_id).await?.email);
    }
    if claims_address(facts) {
        addresses.extend(address_of(assertion));
    }
    for address in &addresses {
        let id = &document.organization_id;
        if invitation::take_invitation(tx, app, visitor, id, user_id, address).await?.is_some() {
            break;
        }
    }
    Ok(())
}

pub(crate) async fn bind(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    assertion: &Assertion,
    user_id: &UserId,
) -> Result<(), Error> {
    let now = app.now();
    let id: IdentityId = app.entropy.id(now);
    let identity = Identity {
        id,
        organization_id: document.organization_id.clone(),
        connection_id: assertion.connection_id.clone(),
        issuer: assertion.issuer.clone(),
        client_id: assertion.client_id.clone(),
        subject: assertion.subject.clone(),
        user_id: user_id.clone(),
        created_at: now,
        last_sign_in_at: None,
    };
    tx.organization(&document.organization_id).insert_identity(&identity).await?;
    let user = tx.instance().load_user(user_id).await?;
    let event = Event::done("identity.linked")
        .target(user_id, &user.name)
        .data(serde_json::json!({ "connection_id": document.connection_id, "subject": assertion.subject }));
    audit::record(tx, app, Some(visitor), Some(&document.organization_id), &author(&user), event).await
}

/// A local address that a code of this attempt proved is the person's own from now on (R-LNK-4).
async fn proven(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    user_id: &UserId,
) -> Result<UserId, Error> {
    if document.code_proven_for.as_ref() != Some(user_id) {
        return Ok(user_id.clone());
    }
    let user = tx.instance().load_user(user_id).await?;
    let factor = document.second.as_ref().map_or(Factor::Nothing, |(by, _)| Factor::Shown(by));
    Ok(address::prove(tx, app, visitor, user, factor).await?.owner.id)
}

async fn join(tx: &mut Tx, app: &App, visitor: &Visitor, document: &Document, user_id: &UserId) -> Result<(), Error> {
    let (id, role) = (&document.organization_id, OrganizationRole::Member);
    membership::join(tx, app, id, user_id, role, MembershipOrigin::Sso).await?;
    let user = tx.instance().load_user(user_id).await?;
    let event = Event::done("member.joined").target(user_id, &user.name).data(serde_json::json!({ "origin": "sso" }));
    audit::record(tx, app, Some(visitor), Some(&document.organization_id), &author(&user), event).await
}

async fn provision(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    assertion: &Assertion,
    proven: bool,
) -> Result<UserId, Error> {
    let now = app.now();
    let email = address_of(assertion).ok_or(Refusal::Linking(orgate_core::linking::LinkingRefusal::EmailMissing))?;
    let user = User {
        id: app.entropy.id(now),
        name: name_of(assertion, &email),
        email,
        address: if proven { AddressState::Proven } else { AddressState::LocalTo(document.organization_id.clone()) },
        created_at: now,
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    tx.instance().insert_user(&user).await?;
    let method = AuthenticationMethod::Sso.as_str();
    let event = Event::done("user.created").target(&user.id, &user.name).data(serde_json::json!({ "method": method }));
    audit::record(tx, app, Some(visitor), None, &Author::anonymous(), event).await?;
    Ok(user.id)
}

/// What the IdP calls the person, else the part of the address before the `@`.
fn name_of(assertion: &Assertion, email: &EmailAddress) -> String {
    let asserted = assertion.name.as_deref().and_then(Name::from_untrusted);
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name = asserted.or_else(|| Name::from_untrusted(local));
    name.map_or_else(|| email.as_str().to_owned(), |name| name.as_str().to_owned())
}

/// R-LNK-2: the person is mailed that an IdP's account was linked to theirs by the address.
async fn tell(tx: &mut Tx, app: &App, document: &Document, user_id: &UserId) -> Result<(), Error> {
    let user = tx.instance().load_user(user_id).await?;
    let organization = tx.organization(&document.organization_id).load_organization().await?;
    let connection = tx.organization(&document.organization_id).load_connection(&document.connection_id).await?;
    let template =
        MailTemplate::LinkedByEmail { organization: organization.name, connection: connection.name, at: app.now() };
    app.outbox.put(tx, &user.email, template).await
}

fn author(user: &User) -> Author {
    Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) }
}
