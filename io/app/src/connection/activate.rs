//! Owns which connection lets people in: activation, replacement, disabling, removal (R-SSO-6, R-SSO-7).

use orgate_core::connection::{Activation, ActivationRefusal, ConnectionState, RevisionState};
use orgate_core::id::ConnectionId;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Connection, Organization, Revision, Tx};

use super::{ConnectionView, load, view};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::enforcement::terms;
use crate::error::Error;
use crate::notice;
use crate::visitor::Visitor;

/// Activates the draft revision, or the stored one of a disabled connection, in one step; another active connection is
/// replaced. Activating what is in use changes nothing, unless it is in use since a moment that is yet to come.
///
/// *Errors*: [`Refusal::ConnectionNotValidated`], [`Refusal::SsoNotEntitled`], [`Refusal::NeedsRecentProof`].
pub async fn activate(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<ConnectionView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    let activated = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, row, connection) = before(tx, app, visitor, organization, id).await?;
                let mut own = tx.organization(member.organization_id());
                let current = own.find_revision_in_state(&connection.id, RevisionState::Active).await?;
                let draft = own.find_revision_in_state(&connection.id, RevisionState::Draft).await?;
                let is_active = connection.state == ConnectionState::Active;
                let is_ahead = is_active && since(&row, &connection, app.now()).is_none();
                if is_active && draft.is_none() && !is_ahead {
                    return view(tx, app, connection).await;
                }
                // What is in use is put right also where a draft is not fit to take its place yet.
                let draft = draft.filter(|draft| !is_ahead || draft.validated_at.is_some());
                let next = draft.as_ref().or(current.as_ref()).ok_or(Refusal::ConnectionNotValidated)?;
                let activation = Activation {
                    validated: next.validated_at.is_some(),
                    entitled: row.sso_entitled,
                    already_active: is_active && current.as_ref().is_some_and(|current| is_same_client(current, next)),
                };
                activation.decide().map_err(|refusal| match refusal {
                    ActivationRefusal::NotValidated => Refusal::ConnectionNotValidated,
                    ActivationRefusal::NotEntitled => Refusal::SsoNotEntitled,
                })?;
                switch(tx, app, &member, &row, &connection, current.as_ref(), next).await?;
                note(tx, app, visitor, &member, &connection, "connection.activated").await?;
                notice::owners(tx, app, &member, "activated a single sign-on connection").await?;
                let connection = load(tx, &member, id).await?;
                view(tx, app, connection).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(activated)
}

async fn before(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
) -> Result<(Member, Organization, Connection), Error> {
    let member = authorise::permitted_recently(tx, app, visitor, organization, Permission::ConnectionManage).await?;
    let row = tx.organization(member.organization_id()).load_organization().await?;
    let connection = load(tx, &member, id).await?;
    Ok((member, row, connection))
}

/// Since when proofs through this connection count, if it is the one in use. What was activated while the clock was ahead would
/// let nobody in until it is as late again: such a moment does not stand (F2).
fn since(row: &Organization, connection: &Connection, now: Timestamp) -> Option<Timestamp> {
    let active = row.enforcement.connection.as_ref().filter(|(id, _)| *id == connection.id);
    active.map(|(_, since)| *since).filter(|since| *since <= now)
}

/// Whether two revisions speak for the same client of the same IdP.
pub(crate) fn is_same_client(one: &Revision, other: &Revision) -> bool {
    one.issuer == other.issuer && one.client_id == other.client_id
}

/// Everything that changes when `next` becomes the settings in use. A revision of the same connection for the same
/// client keeps the proofs made so far: rotating a secret signs nobody out. Anything else starts afresh (R-SSO-7): what is
/// in flight began before that moment and is refused where it ends.
async fn switch(
    tx: &mut Tx,
    app: &App,
    member: &Member,
    row: &Organization,
    connection: &Connection,
    current: Option<&Revision>,
    next: &Revision,
) -> Result<(), Error> {
    let now = app.now();
    let mut own = tx.organization(member.organization_id());
    let active = row.enforcement.connection.as_ref();
    if let Some((replaced, _)) = active.filter(|(replaced, _)| *replaced != connection.id) {
        own.disable_connection(replaced).await?;
    }
    own.activate_revision(&connection.id, &next.id).await?;
    own.activate_connection(&connection.id, &next.id, now).await?;
    let same_client = current.is_some_and(|current| is_same_client(current, next));
    let kept = since(row, connection, now).filter(|_| same_client);
    let_in_by(tx, member, Some((connection.id.clone(), kept.unwrap_or(now)))).await
}

/// Says which connection lets people in, and since when proofs through it count.
async fn let_in_by(tx: &mut Tx, member: &Member, connection: Option<(ConnectionId, Timestamp)>) -> Result<(), Error> {
    let id = member.organization_id();
    let before = tx.organization(id).load_terms().await?;
    let mut after = before.clone();
    after.state.terms.connection = connection;
    terms::replace(tx, id, before, after).await
}

/// Disables the active connection: nobody signs in through it, and the proofs made through it are gone for good.
///
/// *Errors*: [`Refusal::SsoEnforced`], [`Refusal::NoActiveConnection`], [`Refusal::NeedsRecentProof`].
pub async fn disable(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<ConnectionView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    let disabled = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, row, connection) = before(tx, app, visitor, organization, id).await?;
                if connection.state != ConnectionState::Active {
                    return Err(Error::from(Refusal::NoActiveConnection));
                }
                stop(tx, &member, &row, &connection).await?;
                note(tx, app, visitor, &member, &connection, "connection.disabled").await?;
                notice::owners(tx, app, &member, "disabled single sign-on").await?;
                let connection = load(tx, &member, id).await?;
                view(tx, app, connection).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(disabled)
}

/// Removes a connection for good, with its secret.
///
/// *Errors*: [`Refusal::SsoEnforced`], [`Refusal::NeedsRecentProof`], [`Refusal::NotFound`].
pub async fn remove(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<(), Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    let removed = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, row, connection) = before(tx, app, visitor, organization, id).await?;
                if connection.state == ConnectionState::Active {
                    stop(tx, &member, &row, &connection).await?;
                }
                let mut own = tx.organization(member.organization_id());
                own.remove_connection(&connection.id, app.now()).await?;
                own.delete_sign_ins_of_connection(&connection.id).await?;
                note(tx, app, visitor, &member, &connection, "connection.removed").await?;
                notice::owners(tx, app, &member, "removed a single sign-on connection").await?;
                Ok::<_, Error>(connection.id)
            })
        })
        .await?;
    app.metadata.forget(&removed);
    app.jwks.forget(&removed);
    app.outbox.wake();
    Ok(())
}

async fn stop(tx: &mut Tx, member: &Member, row: &Organization, connection: &Connection) -> Result<(), Error> {
    if row.enforcement.enforced {
        return Err(Refusal::SsoEnforced.into());
    }
    tx.organization(member.organization_id()).disable_connection(&connection.id).await?;
    let_in_by(tx, member, None).await
}

async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    connection: &Connection,
    action: &'static str,
) -> Result<(), Error> {
    let event = Event::done(action).target(&connection.id, &connection.name);
    let author = Author::from(&member.caller);
    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await
}
