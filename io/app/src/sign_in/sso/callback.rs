//! Owns the redirect URI: what the browser brings back from the identity provider. The one GET that writes, because it
//! consumes the attempt's row (T-BCP-3); the browser is then sent to a clean address (T-BCP-4).

use orgate_core::id::ConnectionId;
use orgate_core::refusal::Refusal;
use orgate_sso::exchange::Step;
use orgate_sso::oidc::begin::state_hash;
use orgate_sso::oidc::{Attempt, Callback, resume};
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode};
use orgate_store::Revision;
use secrecy::ExposeSecret as _;

use super::act::{Outcome, act, refuse as refuse_by_rule, refuse_exchange, unchanged};
use super::document::{self, Document, Purpose};
use super::drive;
use super::facts::address_of;
use super::stray;
use crate::app::App;
use crate::connection::{open_settings, redirect_uri};
use crate::domain;
use crate::error::{Error, Fault};
use crate::visitor::Visitor;

/// Takes the callback of a connection.
///
/// *Errors*: [`Refusal::AttemptOver`] when the answer belongs to no attempt of this browser and connection; nothing is
/// known about it then, so nobody gets a reference, and the Owner one line a minute.
pub async fn callback(
    app: &App,
    visitor: &Visitor,
    connection_id: &ConnectionId,
    query: &str,
) -> Result<Outcome, Error> {
    let callback = match Callback::parse(query) {
        Ok(callback) => callback,
        Err(refusal) => return nobodys(app, connection_id, &refusal).await,
    };
    let (mut document, revision) = match take(app, visitor, connection_id, &callback).await {
        Ok(Taken::Attempt(document, revision)) => (*document, *revision),
        Ok(Taken::Ended(outcome)) => return Ok(*outcome),
        Err(Error::Refused(Refusal::AttemptOver)) => {
            return nobodys(app, connection_id, &SsoRefusal::new(SsoRefusalCode::StateUnknown)).await;
        }
        Err(other) => return Err(other),
    };
    let exchange = exchange(app, &document, &revision)?;
    let outcome = match drive::to_end(app, connection_id, resume(exchange, &callback)).await? {
        Step::Done(statement) => {
            let (connection, revision) = (document.connection_id.clone(), document.revision_id.clone());
            if document.purpose == Purpose::SignIn {
                document.known = Some(statement.session.clone().into());
            }
            let assertion = statement.through(connection, revision);
            domain::renew_for(app, &document.organization_id, address_of(&assertion).as_ref()).await?;
            document.assertion = Some(assertion);
            finish(app, visitor, document).await?
        }
        Step::Refuse(refusal) => refuse_exchange(app, visitor, document, refusal).await?,
        Step::Redirect { .. } | Step::Metadata { .. } | Step::Keys { .. } | Step::Fetch { .. } | Step::Known { .. } => {
            return Err(Error::Fault(Fault::Impossible("an exchange that ends without an end")));
        }
    };
    app.outbox.wake();
    Ok(outcome)
}

/// An answer that belongs to no attempt: an old link, the button "back", or somebody else's answer in this browser.
async fn nobodys(app: &App, connection_id: &ConnectionId, refusal: &SsoRefusal) -> Result<Outcome, Error> {
    stray::note(app, connection_id, stray::Purpose::Callback, stray::Refused::BySso(refusal)).await?;
    Err(Refusal::AttemptOver.into())
}

/// Decides and writes. A refusal undoes what was written, so it is filed in a transaction of its own: the attempt is
/// used up, and the person needs a number (R-SSO-9).
async fn finish(app: &App, visitor: &Visitor, document: Document) -> Result<Outcome, Error> {
    let input = (app.clone(), visitor.clone(), document.clone());
    let acted = app.store.write(input, |tx, (app, visitor, document)| Box::pin(act(tx, app, visitor, document))).await;
    match acted {
        Err(Error::Refused(refusal)) if refusal != Refusal::AttemptOver => {
            app.store
                .write((app.clone(), visitor.clone(), document, refusal), |tx, (app, visitor, document, refusal)| {
                    Box::pin(refuse_by_rule(tx, app, visitor, document, None, refusal))
                })
                .await
        }
        other => other,
    }
}

/// What the state in a callback leads to.
enum Taken {
    /// The attempt, and the settings that it was begun with.
    Attempt(Box<Document>, Box<Revision>),
    /// Its end: nothing is sent to an IdP that was replaced or disabled meanwhile (R-SSO-7).
    Ended(Box<Outcome>),
}

/// Consumes the attempt.
async fn take(app: &App, visitor: &Visitor, connection_id: &ConnectionId, callback: &Callback) -> Result<Taken, Error> {
    let hash = state_hash(callback.state().expose_secret());
    app.store
        .write(
            (app.clone(), visitor.clone(), connection_id.clone(), hash),
            |tx, (app, visitor, connection_id, hash)| {
                Box::pin(async move {
                    let attempt = document::consume_state(tx, app, visitor, connection_id, hash).await?;
                    let document = attempt.document;
                    if document.purpose == Purpose::SignIn
                        && let Err(refusal) = unchanged(tx, &document).await?
                    {
                        let refused = refuse_by_rule(tx, app, visitor, &document, None, &refusal).await?;
                        return Ok::<_, Error>(Taken::Ended(Box::new(refused)));
                    }
                    let revision =
                        tx.organization(&document.organization_id).find_revision(&document.revision_id).await?;
                    Ok(Taken::Attempt(Box::new(document), Box::new(revision.ok_or(Refusal::ConnectionChanged)?)))
                })
            },
        )
        .await
}

fn exchange(app: &App, document: &Document, revision: &Revision) -> Result<Attempt, Error> {
    let handshake = document
        .handshake
        .as_ref()
        .ok_or(Error::Fault(Fault::Impossible("an attempt at the IdP without handshake")))?;
    Ok(Attempt {
        client: open_settings(app, &document.organization_id, revision)?.client().clone(),
        redirect_uri: redirect_uri(app, &document.connection_id),
        nonce_hash: handshake.nonce_hash,
        verifier: handshake.verifier.clone().into(),
        max_age_zero: document.max_age_zero,
        begun_at: document.began_at,
        rules: app.outbound.rules().clone(),
    })
}
