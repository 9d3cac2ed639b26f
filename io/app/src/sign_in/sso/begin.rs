//! Owns sending a browser to an organization's identity provider.

use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::Started;
use orgate_sso::exchange::Step;
use orgate_sso::oidc::begin::Beginning;
use orgate_sso::oidc::{AuthorizationOptions, AuthorizationSecrets, begin as begin_exchange};
use orgate_sso::refusal::SsoRefusal;
use orgate_sso::settings::Settings;
use orgate_store::{Revision, Tx};
use secrecy::ExposeSecret as _;

use super::act::{Outcome, refuse_exchange};
use super::document::{self, Browser, Document, Handshake, Purpose, STAGE_IDP};
use super::drive;
use crate::app::App;
use crate::connection::{open_settings, redirect_uri};
use crate::entropy::Draw as _;
use crate::error::{Error, Fault};
use crate::limit;
use crate::token::SecretToken;
use crate::visitor::Visitor;

/// What is to be begun.
#[derive(Debug, Clone)]
pub struct NewSignIn {
    /// The organization's short name.
    pub organization: String,
    /// Who started it.
    pub started: Started,
    /// Whether the IdP has to authenticate the person anew (R-IN-8).
    pub fresh: bool,
    /// The address that the person typed.
    pub login_hint: Option<String>,
    /// Where the person wants to go: a path of ours.
    pub return_to: Option<String>,
}

/// How it begins.
#[derive(Debug)]
pub enum Begun {
    /// Send the browser there, and set the cookie if there is one.
    Redirect {
        /// The IdP.
        url: String,
        /// The pre-login cookie, if the browser has none.
        cookie: Option<SecretToken>,
    },
    /// The IdP cannot be asked; the page that this leads to says why.
    Ended(Outcome),
}

/// The revision that an attempt goes through.
pub(crate) struct Route {
    pub(crate) organization_id: OrganizationId,
    pub(crate) connection_id: ConnectionId,
    pub(crate) revision: Revision,
}

/// Begins a sign-in through the organization's active connection.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::NoActiveConnection`], [`Refusal::TooManyRequests`].
pub async fn begin(app: &App, visitor: &Visitor, new: NewSignIn) -> Result<Begun, Error> {
    limit::sso(app, visitor).await?;
    let route = app.store.read(new.organization.clone(), |tx, slug| Box::pin(active_route(tx, slug))).await?;
    start(app, visitor, route, Purpose::SignIn, &new).await
}

/// Begins a sign-in from the IdP's tile (R-SSO-8): the issuer that it names must be the connection's.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::NoActiveConnection`].
pub async fn organization_of_tile(
    app: &App,
    connection_id: &ConnectionId,
    issuer: Option<&str>,
) -> Result<(String, String), Error> {
    let input = (connection_id.clone(), issuer.map(str::to_owned));
    app.store
        .read(input, |tx, (connection_id, issuer)| {
            Box::pin(async move {
                let connection = tx.instance().find_connection(connection_id).await?.ok_or(Refusal::NotFound)?;
                let organization = tx.organization(&connection.organization_id).load_organization().await?;
                let route = active_route(tx, &organization.slug).await?;
                let named = issuer.as_deref().is_none_or(|issuer| issuer == route.revision.issuer);
                if route.connection_id != *connection_id || !named {
                    return Err(Error::from(Refusal::NotFound));
                }
                Ok((organization.slug, organization.name))
            })
        })
        .await
}

async fn active_route(tx: &mut Tx, slug: &str) -> Result<Route, Error> {
    let organization = tx.instance().find_organization_by_slug(slug).await?.ok_or(Refusal::NotFound)?;
    let (connection_id, _) = organization.enforcement.connection.ok_or(Refusal::NoActiveConnection)?;
    let revision =
        tx.organization(&organization.id).find_revision_in_state(&connection_id, RevisionState::Active).await?;
    Ok(Route {
        organization_id: organization.id,
        connection_id,
        revision: revision.ok_or(Refusal::NoActiveConnection)?,
    })
}

/// Draws the attempt's values, asks the IdP's metadata where to go, pushes the request where it is taken so (T-BCP-7), and
/// writes the attempt down.
pub(crate) async fn start(
    app: &App,
    visitor: &Visitor,
    route: Route,
    purpose: Purpose,
    new: &NewSignIn,
) -> Result<Begun, Error> {
    let settings = open_settings(app, &route.organization_id, &route.revision)?;
    let secrets = AuthorizationSecrets::new(app.entropy.bytes(), app.entropy.bytes(), app.entropy.bytes());
    let document = Document {
        organization_id: route.organization_id,
        connection_id: route.connection_id.clone(),
        revision_id: route.revision.id,
        purpose,
        started: new.started,
        began_at: app.now(),
        return_to: new.return_to.clone(),
        max_age_zero: new.fresh,
        handshake: Some(Handshake {
            verifier: secrets.verifier().expose_secret().to_owned(),
            nonce_hash: secrets.nonce_hash(),
        }),
        assertion: None,
        known: None,
        creation_confirmed: false,
        change_confirmed: false,
        code_proven_for: None,
        code_proven_at: None,
        second: None,
        wrong_factors: 0,
    };
    let state_hash = secrets.state_hash();
    match authorization_url(app, &route.connection_id, settings, secrets, new).await? {
        Ok(url) => remember(app, visitor, document, state_hash, url).await,
        Err(refusal) => refuse_exchange(app, visitor, document, refusal).await.map(Begun::Ended),
    }
}

async fn authorization_url(
    app: &App,
    connection_id: &ConnectionId,
    settings: Settings,
    secrets: AuthorizationSecrets,
    new: &NewSignIn,
) -> Result<Result<String, SsoRefusal>, Error> {
    let beginning = Beginning {
        client: settings.client().clone(),
        redirect_uri: redirect_uri(app, connection_id),
        secrets,
        options: AuthorizationOptions {
            max_age_zero: new.fresh,
            prompt_none: false,
            select_account: false,
            login_hint: new.login_hint.clone(),
        },
        rules: app.outbound.rules().clone(),
    };
    match drive::to_end(app, connection_id, begin_exchange(beginning)).await? {
        Step::Redirect { url } => Ok(Ok(url)),
        Step::Refuse(refusal) => Ok(Err(refusal)),
        Step::Metadata { .. } | Step::Keys { .. } | Step::Fetch { .. } | Step::Known { .. } | Step::Done(_) => {
            Err(Error::Fault(Fault::Impossible("an exchange that begins with an end")))
        }
    }
}

async fn remember(
    app: &App,
    visitor: &Visitor,
    document: Document,
    state_hash: [u8; 32],
    url: String,
) -> Result<Begun, Error> {
    let browser = Browser::of(app, visitor);
    app.store
        .write((app.clone(), browser.hash, state_hash, document), |tx, (app, browser_hash, state_hash, document)| {
            Box::pin(
                async move { document::insert(tx, app, *browser_hash, Some(*state_hash), STAGE_IDP, document).await },
            )
        })
        .await?;
    Ok(Begun::Redirect { url, cookie: browser.cookie })
}
