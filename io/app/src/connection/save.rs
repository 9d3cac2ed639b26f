//! Owns saving settings: read the form, check at once what can be checked, keep a draft revision (R-SSO-5, R-SSO-6).

use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, OrganizationId, RevisionId};
use orgate_core::permission::Permission;
use orgate_core::refusal::{FieldError, Refusal};
use orgate_sso::kind::ConnectionKind;
use orgate_sso::oidc::AuthorizationSecrets;
use orgate_sso::oidc::checks::{self, CheckStep, Report};
use orgate_sso::settings::{Merged, Settings, SettingsInput};
use orgate_store::Revision;
use secrecy::{ExposeSecret as _, SecretString};

use super::{ConnectionView, load, open_settings, redirect_uri, settings_place, view};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise;
use crate::entropy::Draw as _;
use crate::error::{Error, Fault, invalid};
use crate::limit;
use crate::notice;
use crate::visitor::Visitor;

/// The settings form, whatever the kind calls its address field.
#[derive(Debug, Clone)]
pub struct SettingsForm {
    /// Okta domain or issuer.
    pub address: String,
    /// Client id.
    pub client_id: String,
    /// Client secret; empty keeps the stored one while the issuer stays (R-SSO-10).
    pub client_secret: Option<SecretString>,
}

/// What a save made.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The connection with its new draft.
    pub view: ConnectionView,
    /// The number of the revision.
    pub revision: i64,
    /// The named checks.
    pub report: Report,
    /// What was made of the address, a sentence each.
    pub notes: Vec<String>,
}

#[derive(Clone)]
struct Ready {
    organization: String,
    connection_id: ConnectionId,
    settings: Settings,
    report: Report,
}

/// Saves a draft revision and reports each check by name. A failed check does not prevent saving, except an address
/// that must not be contacted.
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::NeedsRecentProof`], [`Refusal::NotFound`], [`Refusal::TooManyRequests`].
pub async fn save(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
    form: SettingsForm,
) -> Result<Saved, Error> {
    let (connection_id, kind, previous) = before(app, visitor, organization, id).await?;
    let input =
        SettingsInput { kind, address: form.address, client_id: form.client_id, client_secret: form.client_secret };
    let merged = Settings::merge(previous.as_ref(), &input, app.outbound.rules()).map_err(|errors| {
        Refusal::InvalidInput(errors.into_iter().map(|error| FieldError::new(error.field, error.text)).collect())
    })?;
    let Merged { settings, notes } = merged;
    app.metadata.outdate(&connection_id);
    app.jwks.outdate(&connection_id);
    let report = check(app, &connection_id, settings.clone()).await;
    if report.address_refused() {
        let message = "This address may not be contacted from here. Use the public host name of the identity provider.";
        return Err(invalid(kind.describe().address.name, message));
    }
    let ready = Ready { organization: organization.to_owned(), connection_id, settings, report };
    let (view, revision) = write(app, visitor, ready.clone()).await?;
    app.outbox.wake();
    Ok(Saved { view, revision, report: ready.report, notes })
}

/// Asks first, so that nobody but an Owner makes us contact anything (T-SSRF-6), and counts how often.
async fn before(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
) -> Result<(ConnectionId, ConnectionKind, Option<Settings>), Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                limit::provider_asked(tx, app, "connection-save", member.organization_id()).await?;
                let connection = load(tx, &member, id).await?;
                let kind = ConnectionKind::parse(&connection.kind);
                let kind = kind.ok_or(Error::Fault(Fault::Impossible("an unknown kind")))?;
                let mut own = tx.organization(member.organization_id());
                let draft = own.find_revision_in_state(&connection.id, RevisionState::Draft).await?;
                let stored = match draft {
                    Some(draft) => Some(draft),
                    None => own.find_revision_in_state(&connection.id, RevisionState::Active).await?,
                };
                let previous =
                    stored.map(|revision| open_settings(app, member.organization_id(), &revision)).transpose()?;
                Ok((connection.id, kind, previous))
            })
        })
        .await
}

/// Makes every check that can be made now.
pub(crate) async fn check(app: &App, connection_id: &ConnectionId, settings: Settings) -> Report {
    let secrets = AuthorizationSecrets::new(app.entropy.bytes(), app.entropy.bytes(), app.entropy.bytes());
    let rules = app.outbound.rules().clone();
    let mut step = checks::begin(settings.client().clone(), redirect_uri(app, connection_id), secrets, rules);
    loop {
        step = match step {
            CheckStep::Done(report) => return report,
            CheckStep::Fetch { request, next } => next.receive(app.outbound.send(connection_id, &request).await),
        };
    }
}

async fn write(app: &App, visitor: &Visitor, ready: Ready) -> Result<(ConnectionView, i64), Error> {
    app.store
        .write((app.clone(), visitor.clone(), ready), |tx, (app, visitor, ready)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, &ready.organization, permission).await?;
                let organization_id = member.organization_id();
                let revision = revision(app, organization_id, &member, ready)?;
                let number = tx.organization(organization_id).insert_draft_revision(&revision).await?;
                let connection = load(tx, &member, ready.connection_id.as_str()).await?;
                let event = Event::done("connection.settings_saved").target(&connection.id, &connection.name).data(
                    serde_json::json!({ "revision": number, "issuer": revision.issuer, "client_id": revision.client_id }),
                );
                let author = Author::from(&member.caller);
                audit::record(tx, app, Some(visitor), Some(organization_id), &author, event).await?;
                notice::owners(tx, app, &member, "saved new settings for single sign-on").await?;
                Ok((view(tx, app, connection).await?, number))
            })
        })
        .await
}

fn revision(
    app: &App,
    organization_id: &OrganizationId,
    member: &authorise::Member,
    ready: &Ready,
) -> Result<Revision, Error> {
    let now = app.now();
    let id: RevisionId = app.entropy.id(now);
    let document = ready.settings.to_document();
    let place = settings_place(organization_id, id.as_str());
    let sealed_settings = app.sealer.seal(&place, document.expose_secret().as_bytes(), &*app.entropy)?;
    Ok(Revision {
        id,
        connection_id: ready.connection_id.clone(),
        number: 0,
        state: RevisionState::Draft,
        issuer: ready.settings.issuer().to_owned(),
        client_id: ready.settings.client_id().to_owned(),
        public_settings: serde_json::to_string(&ready.settings.view())?,
        sealed_settings,
        checks: serde_json::to_string(&ready.report)?,
        created_at: now,
        created_by: member.user_id().clone(),
        validated_at: None,
        validated_by: None,
    })
}
