//! Owns the input and output of an exchange: it answers each question of `orgate_sso` until there is an end. No
//! transaction is open while the network is used.

use std::sync::Arc;

use orgate_core::assertion::Subject;
use orgate_core::id::ConnectionId;
use orgate_sso::exchange::{Request, Step};
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::KeySpace;

use crate::app::App;
use crate::error::Error;
use crate::outbound::Peer;

/// Runs an exchange to its end: a redirect, a statement or a refusal.
pub(crate) async fn to_end(app: &App, peer: impl Into<Peer>, first: Step) -> Result<Step, Error> {
    let peer = peer.into();
    let mut step = first;
    loop {
        step = match step {
            Step::Redirect { .. } | Step::Done(_) | Step::Refuse(_) => return Ok(step),
            Step::Metadata { request, next } => {
                let metadata = metadata(app, &peer, &request, next.issuer()).await;
                next.receive(metadata)
            }
            Step::Keys { request, refetch, next } => next.receive(keys(app, &peer, &request, refetch).await, app.now()),
            Step::Fetch { request, next } => {
                let response = app.outbound.send(&peer, &request).await;
                next.receive(response, app.now())
            }
            Step::Known { issuer, client_id, subject, next } => {
                let known = match &peer {
                    Peer::Connection(id) => is_known(app, (id.clone(), issuer, client_id, subject)).await?,
                    Peer::Personal(_) => false,
                };
                next.receive(known)
            }
        };
    }
}

/// The provider's metadata, remembered or asked for.
pub(crate) async fn metadata(
    app: &App,
    peer: &Peer,
    request: &Request,
    issuer: &str,
) -> Result<Arc<Metadata>, SsoRefusal> {
    let fetch = async {
        let response = app.outbound.send(peer, request).await;
        let response = response.map_err(|failure| failure.refusal(request.url.host()))?;
        Metadata::from_response(issuer, &response)
    };
    app.metadata.get(peer, request.url.as_str(), false, fetch).await
}

/// The provider's keys, remembered or asked for within the limits of T-IDP-2.
pub(crate) async fn keys(app: &App, peer: &Peer, request: &Request, refetch: bool) -> Result<Arc<JwkSet>, SsoRefusal> {
    let fetch = async {
        let response = app.outbound.send(peer, request).await;
        let response = response.map_err(|failure| failure.refusal(request.url.host()))?;
        JwkSet::from_response(&response)
    };
    app.jwks.get(peer, request.url.as_str(), refetch, fetch).await
}

async fn is_known(app: &App, key: (ConnectionId, String, String, Subject)) -> Result<bool, Error> {
    app.store
        .read(key, |tx, (connection_id, issuer, client_id, subject)| {
            Box::pin(async move {
                let Some(connection) = tx.instance().find_connection(connection_id).await? else { return Ok(false) };
                let space = KeySpace { connection_id, issuer, client_id };
                let found = tx.organization(&connection.organization_id).find_identity(space, subject).await?;
                Ok::<_, Error>(found.is_some())
            })
        })
        .await
}
