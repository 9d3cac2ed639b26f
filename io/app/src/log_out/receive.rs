//! Owns the address that an IdP posts log-outs to. A token is looked at, its keys are asked for, it is checked; then it is
//! remembered and takes effect in one transaction, so that the answer comes after the end of the sessions on every node.
//!
//! *Source*: OpenID Connect Back-Channel Logout 1.0; T-LO-2.

use std::time::Duration;

use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_core::refusal::Refusal;
use orgate_sso::client::Client;
use orgate_sso::oidc::jwks::{self, new_keys_may_help};
use orgate_sso::oidc::log_out_token::{self, LogOutToken};
use orgate_sso::oidc::metadata;
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode};
use orgate_store::{ReceivedLogOut, Revision, Tx};

use super::{end, refused};
use crate::app::App;
use crate::connection::open_settings;
use crate::error::Error;
use crate::limit;
use crate::sign_in::sso::drive;
use crate::visitor::Visitor;

/// How long a log-out is remembered: longer than its token could be accepted, and than a sign-in that was under way when
/// it came can take. *Units*: one hour.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What became of a log-out token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It took effect: nothing that it names goes on.
    Done,
    /// It is refused; the Owner finds why among the connection's attempts.
    Refused(SsoRefusal),
}

/// The connection that a log-out comes through.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) organization_id: OrganizationId,
    pub(super) connection_id: ConnectionId,
    pub(super) name: String,
    revision: Revision,
}

/// Takes the body of a request.
///
/// *Errors*: [`Refusal::NotFound`] for a connection that is not in use, [`Refusal::TooManyRequests`].
pub async fn receive(
    app: &App,
    visitor: &Visitor,
    connection_id: &ConnectionId,
    body: &[u8],
) -> Result<Received, Error> {
    let route = app.store.read(connection_id.clone(), |tx, id| Box::pin(find(tx, id))).await?;
    limit::log_out(app, visitor, connection_id).await?;
    let client = open_settings(app, &route.organization_id, &route.revision)?.client().clone();
    let outcome = match check(app, &route, &client, body).await {
        Ok(token) => take(app, &route, token).await?,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => Ok(Received::Done),
        Err(refusal) => {
            refused::note(app, visitor, &route, &refusal).await?;
            Ok(Received::Refused(refusal))
        }
    }
}

async fn find(tx: &mut Tx, id: &ConnectionId) -> Result<Route, Error> {
    let connection = tx.instance().find_connection(id).await?.ok_or(Refusal::NotFound)?;
    let mut own = tx.organization(&connection.organization_id);
    let active = own.load_organization().await?.enforcement.connection;
    if active.is_none_or(|(active, _)| active != *id) {
        return Err(Refusal::NotFound.into());
    }
    let revision = own.find_revision_in_state(id, RevisionState::Active).await?.ok_or(Refusal::NotFound)?;
    Ok(Route {
        organization_id: connection.organization_id,
        connection_id: connection.id,
        name: connection.name,
        revision,
    })
}

/// Everything about a token but whether it came before. Its form is looked at first: for bytes that cannot be a log-out
/// token nobody is asked for keys.
async fn check(app: &App, route: &Route, client: &Client, body: &[u8]) -> Result<LogOutToken, SsoRefusal> {
    let token = log_out_token::from_form(body)?;
    log_out_token::look(&token)?;
    let (peer, rules) = ((&route.connection_id).into(), app.outbound.rules());
    let request = metadata::request(client.issuer(), rules)?;
    let metadata = drive::metadata(app, &peer, &request, client.issuer()).await?;
    let request = jwks::request(&metadata, rules)?;
    let keys = drive::keys(app, &peer, &request, false).await?;
    match log_out_token::verify(&token, &metadata, &keys, client, app.now()) {
        Err(refusal) if new_keys_may_help(refusal.code) => {
            let keys = drive::keys(app, &peer, &request, true).await?;
            log_out_token::verify(&token, &metadata, &keys, client, app.now())
        }
        other => other,
    }
}

/// Remembers a token and ends what it names.
async fn take(app: &App, route: &Route, token: LogOutToken) -> Result<Result<(), SsoRefusal>, Error> {
    app.store
        .write((app.clone(), route.clone(), token), |tx, (app, route, token)| {
            Box::pin(async move {
                let now = app.now();
                let received = ReceivedLogOut {
                    connection_id: route.connection_id.clone(),
                    id_hash: token.id_hash,
                    subject: token.ended.subject().cloned(),
                    sid: token.ended.sid().cloned(),
                    received_at: now,
                    expires_at: now.plus(REMEMBERED),
                };
                // Of one from before a restore nobody knows whether it came before; what it names is over (T-SEC-5).
                let restored = tx.instance().find_instance().await?.map(|instance| instance.epoch_at);
                let is_older = restored.is_some_and(|restored| token.issued_at < restored);
                if is_older || !tx.organization(&route.organization_id).insert_received_log_out(&received).await? {
                    return Ok::<_, Error>(Err(SsoRefusal::new(SsoRefusalCode::LogOutTokenReplayed)));
                }
                end::sessions(tx, app, route, &token.ended).await?;
                Ok(Ok(()))
            })
        })
        .await
}
