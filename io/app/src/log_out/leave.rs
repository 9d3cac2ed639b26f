//! Owns signing out: the session here ends first, in a transaction of its own. Only then is it looked at whether there is
//! a session at an IdP to end too; nothing is asked of the IdP for that, and whatever fails leaves the person signed out
//! here (T-LO-1).

use orgate_core::connection::RevisionState;
use orgate_core::policy;
use orgate_core::proof::Proof;
use orgate_sso::oidc::log_out::LogOutRequest;
use orgate_store::{LogOut, ProviderSession, Tx};

use super::{post_logout_redirect_uri, way_out};
use crate::app::App;
use crate::authorise;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::session::{self, SignedOut};
use crate::sign_in::sso::document::{ATTEMPT_LIFETIME, Browser};
use crate::token::SecretToken;
use crate::visitor::Visitor;

/// The way to the IdP.
#[derive(Debug)]
pub struct Leave {
    /// Whose IdP it is.
    pub organization_name: String,
    /// Where the browser goes.
    pub url: String,
    /// The pre-login cookie, if the browser has none.
    pub cookie: Option<SecretToken>,
}

/// Ends the session, and says where the browser can sign out at the IdP that it came in by, if there is such an address.
///
/// *Errors*: those of [`session::sign_out`].
pub async fn sign_out(app: &App, visitor: &Visitor) -> Result<Option<Leave>, Error> {
    let signed_out = session::sign_out(app, visitor).await?;
    match way(app, visitor, signed_out).await {
        Ok(leave) => Ok(leave),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "signed out here, but the way out at the identity provider could not be found"
            );
            Ok(None)
        }
    }
}

/// What the way out goes through.
struct Route {
    organization_name: String,
    client_id: String,
    known: ProviderSession,
}

async fn way(app: &App, visitor: &Visitor, signed_out: SignedOut) -> Result<Option<Leave>, Error> {
    if signed_out.known.is_empty() {
        return Ok(None);
    }
    let Some(route) = app.store.read(signed_out, |tx, signed_out| Box::pin(newest(tx, signed_out))).await? else {
        return Ok(None);
    };
    let connection_id = route.known.connection_id.clone();
    let session = way_out::open(app, &route.known)?;
    let request = LogOutRequest {
        session: &session,
        client_id: &route.client_id,
        post_logout_redirect_uri: &post_logout_redirect_uri(app, &connection_id),
        state: &app.entropy.bytes(),
    };
    let url = match request.url(app.outbound.rules()) {
        Ok(Some(url)) => url,
        Ok(None) => return Ok(None),
        Err(refusal) => {
            tracing::warn!(connection.id = %connection_id, %refusal, "nobody is sent to this identity provider to sign out");
            return Ok(None);
        }
    };
    let browser = Browser::of(app, visitor);
    let row = LogOut {
        state_hash: request.state_hash(),
        browser_hash: browser.hash,
        connection_id,
        expires_at: app.now().plus(ATTEMPT_LIFETIME),
    };
    app.store
        .write((route.known.organization_id, row), |tx, (organization_id, row)| {
            Box::pin(async move { tx.organization(organization_id).insert_log_out(row).await })
        })
        .await?;
    Ok(Some(Leave { organization_name: route.organization_name, url, cookie: browser.cookie }))
}

/// The newest proof by an IdP that counted until now: who came by a connection that was disabled or replaced, or was removed,
/// is sent nowhere (R-SSO-7).
async fn newest(tx: &mut Tx, signed_out: &SignedOut) -> Result<Option<Route>, Error> {
    let SignedOut { session, known } = signed_out;
    let user = tx.instance().load_user(&session.user_id).await?;
    let places = tx.instance().list_places(&user.id).await?;
    let world = authorise::world(user.address, user.has_second_factor, &places);
    let counting = policy::counting(&world, &session.proofs);
    let of = |proof: &Proof| {
        let row = known.iter().find(|row| proof.connection().is_some_and(|(id, _)| *id == row.connection_id))?;
        Some((proof.at(), row))
    };
    let Some((_, row)) = counting.filter_map(of).max_by_key(|(at, _)| *at) else { return Ok(None) };
    let Some(place) = places.iter().find(|place| place.organization_id == row.organization_id) else {
        return Ok(None);
    };
    let mut own = tx.organization(&row.organization_id);
    let revision = own.find_revision_in_state(&row.connection_id, RevisionState::Active).await?;
    Ok(revision.map(|revision| Route {
        organization_name: place.organization.name.clone(),
        client_id: revision.client_id,
        known: row.clone(),
    }))
}
