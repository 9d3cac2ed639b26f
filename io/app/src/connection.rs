//! Owns an organization's connections: what an Owner sees and does under Settings > Single Sign-On. Signing in through
//! one is in [`crate::sign_in::sso`], testing one in [`crate::connection_test`].

mod activate;
mod attempts;
mod identities;
mod save;

pub(crate) use activate::is_same_client;
pub use activate::{activate, disable, remove};
pub use attempts::{AttemptQuery, attempts};
pub use identities::{IdentityQuery, clear, identities, linked};
pub(crate) use save::check;
pub use save::{Saved, SettingsForm, save};

use orgate_core::connection::{ConnectionState, RevisionState};
use orgate_core::id::{ConnectionId, Identifier as _, OrganizationId};
use orgate_core::name::Name;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_sso::kind::ConnectionKind;
use orgate_sso::oidc::checks::Check;
use orgate_sso::settings::{Settings, SettingsView};
use orgate_store::{Connection, Revision, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::entropy::Draw as _;
use crate::error::{Error, Fault, invalid};
use crate::log_out;
use crate::seal::Place;
use crate::visitor::Visitor;

/// The redirect URI of a connection: distinct for each, built from the public URL alone (R-SSO-2).
pub fn redirect_uri(app: &App, id: &ConnectionId) -> String {
    app.settings.public_url.link(&format!("/sso/oidc/{id}/callback"))
}

/// The address that the IdP's tile calls (`initiate_login_uri`).
pub fn initiate_login_uri(app: &App, id: &ConnectionId) -> String {
    app.settings.public_url.link(&format!("/sso/oidc/{id}/initiate"))
}

/// Opens the sealed settings of a revision (T-SEC-1: bound to table, column, row and tenant).
///
/// *Errors*: a fault; a connection whose settings cannot be opened lets nobody in and stays what it is (R-ENF-10).
pub(crate) fn open_settings(
    app: &App,
    organization_id: &OrganizationId,
    revision: &Revision,
) -> Result<Settings, Error> {
    let place = settings_place(organization_id, revision.id.as_str());
    let plain = app.sealer.open(&place, &revision.sealed_settings)?;
    let text = std::str::from_utf8(&plain).unwrap_or_default();
    Settings::from_document(text).map_err(|_| Error::Fault(Fault::Impossible("settings of an unknown form")))
}

pub(crate) fn settings_place<'a>(organization_id: &'a OrganizationId, revision: &'a str) -> Place<'a> {
    Place { table: "connection_revisions", column: "sealed_settings", row: revision, tenant: organization_id.as_str() }
}

/// One version of the settings, as far as it may be shown.
#[derive(Debug, Clone)]
pub struct RevisionView {
    /// The row; its sealed settings are of no use to a reader.
    pub revision: Revision,
    /// The settings without the secret.
    pub settings: SettingsView,
    /// The named checks of the last save.
    pub checks: Vec<Check>,
}

/// A connection as an Owner sees it.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// The row.
    pub connection: Connection,
    /// Its kind.
    pub kind: ConnectionKind,
    /// Our address to copy into the IdP.
    pub single_sign_on_url: String,
    /// The address for the IdP's tile.
    pub initiate_login_url: String,
    /// Where the IdP sends a browser that signed out there.
    pub post_logout_redirect_url: String,
    /// Where the IdP posts that somebody signed out there.
    pub backchannel_logout_url: String,
    /// The settings in use.
    pub active: Option<RevisionView>,
    /// The settings being written.
    pub draft: Option<RevisionView>,
    /// How many people are linked through the settings in use.
    pub linked: u64,
    /// How many people are linked under another issuer or client id than the draft's (section 5).
    pub linked_elsewhere: u64,
}

impl ConnectionView {
    /// The version that a save, a test or an activation is about: the draft, else the one in use.
    pub fn current(&self) -> Option<&RevisionView> {
        self.draft.as_ref().or(self.active.as_ref())
    }

    /// Whether the current version passed a complete test sign-in.
    pub fn is_validated(&self) -> bool {
        self.current().is_some_and(|view| view.revision.validated_at.is_some())
    }
}

/// Connections that an organization may keep. Each has requests of its own at a time, so this bounds what one
/// organization can have under way (T-IDP-1, F1).
const MOST_CONNECTIONS: usize = 10;

/// What the overview shows.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Whether the organization is entitled to SSO (R-ORG-7).
    pub entitled: bool,
    /// The connections, active first.
    pub connections: Vec<ConnectionView>,
}

/// Lists an organization's connections.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn overview(app: &App, visitor: &Visitor, organization: &str) -> Result<Overview, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let row = tx.organization(member.organization_id()).load_organization().await?;
                let mut connections = Vec::new();
                for connection in tx.organization(member.organization_id()).list_connections().await? {
                    connections.push(view(tx, app, connection).await?);
                }
                connections.sort_by_key(|view| view.connection.state != ConnectionState::Active);
                Ok(Overview { entitled: row.sso_entitled, connections })
            })
        })
        .await
}

/// One connection.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::permitted`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<ConnectionView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let connection = load(tx, &member, id).await?;
                view(tx, app, connection).await
            })
        })
        .await
}

/// Creates a draft: nothing changes for anybody until it is activated. With a name the call can be repeated: a draft of this
/// kind and name that the person made and nobody has saved anything in is answered once more (R-API-1).
///
/// *Errors*: [`Refusal::SsoNotEntitled`], [`Refusal::NeedsRecentProof`], and those of [`authorise::permitted`].
pub async fn create(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    kind: &str,
    name: Option<&str>,
) -> Result<ConnectionView, Error> {
    let kind = ConnectionKind::parse(kind).ok_or_else(|| invalid("kind", "Choose one of the kinds listed."))?;
    let name = name.filter(|name| !name.trim().is_empty());
    let is_named = name.is_some();
    let name = match name {
        Some(name) => Name::parse(name).map_err(|_| invalid("name", "Choose a name of at most 100 characters."))?,
        None => {
            Name::parse(kind.describe().label).map_err(|_| Error::Fault(Fault::Impossible("a kind without a label")))?
        }
    };
    let input = (app.clone(), visitor.clone(), organization.to_owned(), kind, (name, is_named));
    app.store
        .write(input, |tx, (app, visitor, organization, kind, (name, is_named))| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let mut own = tx.organization(member.organization_id());
                if !own.load_organization().await?.sso_entitled {
                    return Err(Refusal::SsoNotEntitled.into());
                }
                let present = own.list_connections().await?;
                if *is_named && let Some(blank) = find_blank(tx, &member, &present, (kind, name)).await? {
                    return view(tx, app, blank).await;
                }
                if present.len() >= MOST_CONNECTIONS {
                    return Err(invalid("kind", "An organization keeps ten connections at most. Remove one first."));
                }
                let now = app.now();
                let id: ConnectionId = app.entropy.id(now);
                let mut own = tx.organization(member.organization_id());
                own.insert_connection(&id, kind.as_str(), name.as_str(), member.user_id(), now).await?;
                let event = Event::done("connection.created").target(&id, name.as_str());
                let author = Author::from(&member.caller);
                audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await?;
                let connection = tx.organization(member.organization_id()).load_connection(&id).await?;
                view(tx, app, connection).await
            })
        })
        .await
}

/// The caller's own draft of this kind and name that holds no settings yet.
async fn find_blank(
    tx: &mut Tx,
    member: &Member,
    present: &[Connection],
    (kind, name): (&ConnectionKind, &Name),
) -> Result<Option<Connection>, Error> {
    let is_alike = |one: &&Connection| {
        one.state == ConnectionState::Draft
            && one.created_by == *member.user_id()
            && (one.kind.as_str(), one.name.as_str()) == (kind.as_str(), name.as_str())
    };
    for one in present.iter().filter(is_alike) {
        let mut own = tx.organization(member.organization_id());
        if own.find_revision_in_state(&one.id, RevisionState::Draft).await?.is_none() {
            return Ok(Some(one.clone()));
        }
    }
    Ok(None)
}

/// A connection of the caller's organization, by an id that may be anything.
pub(crate) async fn load(tx: &mut Tx, member: &Member, id: &str) -> Result<Connection, Error> {
    let id = ConnectionId::parse(id).ok_or(Refusal::NotFound)?;
    Ok(tx.organization(member.organization_id()).load_connection(&id).await?)
}

pub(crate) async fn view(tx: &mut Tx, app: &App, connection: Connection) -> Result<ConnectionView, Error> {
    let kind = ConnectionKind::parse(&connection.kind).ok_or(Error::Fault(Fault::Impossible("an unknown kind")))?;
    let mut own = tx.organization(&connection.organization_id);
    let active = own.find_revision_in_state(&connection.id, RevisionState::Active).await?;
    let draft = own.find_revision_in_state(&connection.id, RevisionState::Draft).await?;
    let linked = match &active {
        Some(revision) => own.count_identities(space(revision)).await?,
        None => 0,
    };
    let moved = match (&active, &draft) {
        (Some(active), Some(draft)) => active.issuer != draft.issuer || active.client_id != draft.client_id,
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    Ok(ConnectionView {
        single_sign_on_url: redirect_uri(app, &connection.id),
        initiate_login_url: initiate_login_uri(app, &connection.id),
        post_logout_redirect_url: log_out::post_logout_redirect_uri(app, &connection.id),
        backchannel_logout_url: log_out::backchannel_logout_uri(app, &connection.id),
        kind,
        active: active.map(revision_view).transpose()?,
        draft: draft.map(revision_view).transpose()?,
        linked,
        linked_elsewhere: if moved { linked } else { 0 },
        connection,
    })
}

pub(crate) fn space(revision: &Revision) -> orgate_store::KeySpace<'_> {
    orgate_store::KeySpace {
        connection_id: &revision.connection_id,
        issuer: &revision.issuer,
        client_id: &revision.client_id,
    }
}

fn revision_view(revision: Revision) -> Result<RevisionView, Error> {
    Ok(RevisionView {
        settings: serde_json::from_str(&revision.public_settings)?,
        checks: serde_json::from_str(&revision.checks)?,
        revision,
    })
}
