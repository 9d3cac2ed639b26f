//! Owns the input and output of an exchange: it answers each question of `orgate_sso` until there is an end. No
//! transaction is open while the network is used.

use std::sync::Arc;

use orgate_core::id::ConnectionId;
use orgate_sso::exchange::{Request, Step};
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::IdentityKey;

use crate::app::App;
use crate::error::Error;

/// Runs an exchange to its end: a redirect, an assertion or a refusal.
pub(crate) async fn to_end(app: &App, connection_id: &ConnectionId, first: Step) -> Result<Step, Error> {
    let mut step = first;
    loop {
        step = match step {
            Step::Redirect { .. } | Step::Done(_) | Step::Refuse(_) => return Ok(step),
            Step::Metadata { request, next } => next.receive(metadata(app, connection_id, &request).await),
            Step::Keys { request, refetch, next } => {
                next.receive(keys(app, connection_id, &request, refetch).await, app.now())
            }
            Step::Fetch { request, next } => {
                let response = app.outbound.send(connection_id, &request).await;
                next.receive(response, app.now())
            }
            Step::Known { issuer, client_id, subject, next } => {
                let key = IdentityKey {
                    connection_id: connection_id.clone(),
                    issuer,
                    client_id,
                    subject: subject.as_str().to_owned(),
                };
                next.receive(is_known(app, key).await?)
            }
        };
    }
}
