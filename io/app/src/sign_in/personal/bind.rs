//! Owns what a sign-in through Google or GitHub writes: the link, and the person who is new.

use orgate_core::actor::Actor;
use orgate_core::email::EmailAddress;
use orgate_core::id::{PersonalIdentityId, UserId};
use orgate_core::name::Name;
use orgate_core::personal_linking::{OwnLink, link_own};
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_core::way_in::WayIn;
use orgate_store::{PersonalIdentity, Tx, User};

use super::document::{Document, Link, Said};
use super::facts;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::Caller;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::mail::MailTemplate;
use crate::mail::personal_letters::PersonalMail;
use crate::password_reset;
use crate::visitor::Visitor;

/// Links the subject to a person who is there already, and tells them.
///
/// *Errors*: [`Refusal::SsoRequired`] where enforcement binds the person, [`Refusal::AttemptOver`] where it came meanwhile and
/// went, or where the subject was linked meanwhile.
pub(crate) async fn bind(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    link: &Link,
    user_id: &UserId,
) -> Result<PersonalIdentityId, Error> {
    let user = may_bind(tx, app, link, user_id).await?;
    let id = insert(tx, app, visitor, link, &user).await?;
    let mail = PersonalMail::Linked {
        provider: link.provider,
        account: link.said.email.clone(),
        at: app.now(),
        security_url: app.settings.public_url.link("/account/security"),
    };
    app.outbox.put(tx, &user.email, MailTemplate::Personal(mail)).await?;
    Ok(id)
}

/// A person to whom the subject can be linked.
///
/// *Errors*: as [`bind`].
pub(crate) async fn may_bind(tx: &mut Tx, app: &App, link: &Link, user_id: &UserId) -> Result<User, Error> {
    if !is_free(tx, link, user_id).await? {
        return Err(Refusal::AttemptOver.into());
    }
    let user = tx.instance().load_user(user_id).await?;
    // What makes sessions later is set only where a password could be (T-ENF-3, R-ENF-11).
    password_reset::still_allowed(tx, &user, PolicyEpoch::from_number(link.policy_epoch), app.now()).await?;
    Ok(user)
}

/// Whether the subject is nobody's, and the person has no other of the provider.
pub(crate) async fn is_free(tx: &mut Tx, link: &Link, user_id: &UserId) -> Result<bool, Error> {
    let taken = tx.instance().find_personal_identity(link.provider, &link.said.subject).await?.is_some();
    Ok(!taken && !facts::has_one(tx, user_id, link.provider).await?)
}

/// Links the subject to the person who is signed in. They have shown recently who they are.
///
/// *Errors*: [`Refusal::NeedsProof`] while their address is unproven: who could have told it to us by SSO links nothing to
/// it (T-LNK-5); [`Refusal::PersonalLinking`].
pub(super) async fn bind_own(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    caller: &Caller,
) -> Result<(), Error> {
    if caller.check.address != AddressState::Proven {
        return Err(Refusal::NeedsProof.into());
    }
    let identity = tx.instance().find_personal_identity(document.provider, &document.said()?.subject).await?;
    let has_another = facts::has_one(tx, caller.user_id(), document.provider).await?;
    match link_own(caller.user_id(), identity.as_ref().map(|identity| &identity.user_id), has_another) {
        OwnLink::Bind => bind(tx, app, visitor, &document.link()?, caller.user_id()).await.map(|_| ()),
        OwnLink::Bound => Ok(()),
        OwnLink::Refuse(refusal) => Err(Refusal::from(refusal).into()),
    }
}

/// Makes a person whose address counts as proven, and links the subject to them.
pub(super) async fn provision(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
) -> Result<(UserId, PersonalIdentityId), Error> {
    let now = app.now();
    let said = document.said()?;
    let email = said.address().ok_or(Refusal::AttemptOver)?;
    let user = User {
        id: app.entropy.id(now),
        name: name_of(said, &email),
        email,
        address: AddressState::Proven,
        created_at: now,
        closed_at: None,
        sessions_not_before_at: Timestamp::from_millis(0),
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    };
    tx.instance().insert_user(&user).await?;
    let method = document.provider.method().as_str();
    let event = Event::done("user.created").target(&user.id, &user.name).data(serde_json::json!({ "method": method }));
    audit::record(tx, app, Some(visitor), None, &Author::anonymous(), event).await?;
    let id = insert(tx, app, visitor, &document.link()?, &user).await?;
    Ok((user.id, id))
}

async fn insert(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    link: &Link,
    user: &User,
) -> Result<PersonalIdentityId, Error> {
    let now = app.now();
    let Link { provider, said, .. } = link;
    let identity = PersonalIdentity {
        id: app.entropy.id(now),
        provider: *provider,
        subject: said.subject.clone(),
        user_id: user.id.clone(),
        email: said.email.clone(),
        created_at: now,
        last_sign_in_at: None,
    };
    tx.instance().insert_personal_identity(&identity).await?;
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event = Event::done("personal-identity.linked").target(&user.id, &user.name).data(serde_json::json!({
        "provider": provider.words(), "subject": said.subject, "way": WayIn::PersonalLink.as_str(),
    }));
    audit::record(tx, app, Some(visitor), None, &author, event).await?;
    Ok(identity.id)
}

/// What the provider calls the person, else the part of the address before the `@`.
fn name_of(said: &Said, email: &EmailAddress) -> String {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name = said.name.as_deref().and_then(Name::from_untrusted).or_else(|| Name::from_untrusted(local));
    name.map_or_else(|| email.as_str().to_owned(), |name| name.as_str().to_owned())
}
