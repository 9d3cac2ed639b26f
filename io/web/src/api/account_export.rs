//! Owns `/account/export`: everything that is kept about a person, for that person, in one document. The console's download
//! is the same document.

use axum::Json;
use orgate_app::account::export::{self, Export};
use orgate_app::rows::{AuditEvent, Identity, OwnGrant, OwnMembership, Passkey, PersonalIdentity};
use orgate_app::session::SessionView;
use orgate_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Call;
use crate::error::{Failure, Problem};

/// Everything that is kept about a person.
#[derive(Serialize, ToSchema)]
pub struct ExportView {
    /// When it was read.
    exported_at: String,
    /// Who.
    profile: ExportedProfile,
    /// How the person proves who they are; no secret of any.
    credentials: ExportedCredentials,
    /// Every membership, held or once held.
    memberships: Vec<ExportedMembership>,
    /// Every role in a project.
    project_roles: Vec<ExportedGrant>,
    /// The living sessions.
    sessions: Vec<ExportedSession>,
    /// Links to organizations' identity providers.
    identities: Vec<ExportedIdentity>,
    /// How many devices are remembered, each as a hash.
    known_devices: u64,
    /// What the person did, newest first. Of others only ids are named.
    events: Vec<ExportedEvent>,
    /// Whether there are older events that are not listed.
    has_older_events: bool,
}

/// Who the person is.
#[derive(Serialize, ToSchema)]
pub struct ExportedProfile {
    /// Their id.
    id: String,
    /// Their name.
    name: String,
    /// Their address.
    email: String,
    /// Whether it is proven.
    email_proven: bool,
    /// When the account was made.
    created_at: String,
}

/// How the person proves who they are.
#[derive(Serialize, ToSchema)]
pub struct ExportedCredentials {
    /// Since when the password is as it is; null without one.
    password_set_at: Option<String>,
    /// Whether a second factor is enrolled.
    has_second_factor: bool,
    /// Since when an authenticator app is a factor; null without one.
    authenticator_app_since: Option<String>,
    /// How many recovery codes are left.
    recovery_codes_left: u64,
    /// Passkeys, without their keys.
    passkeys: Vec<ExportedPasskey>,
    /// Accounts at Google and GitHub.
    personal_identities: Vec<ExportedPersonalIdentity>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
pub struct ExportedPasskey {
    /// Its id.
    id: String,
    /// The person's name for it.
    name: String,
    /// Since when.
    since: String,
    /// When it was last used.
    last_used_at: Option<String>,
}

/// An account at Google or GitHub.
#[derive(Serialize, ToSchema)]
pub struct ExportedPersonalIdentity {
    /// `google` or `github`.
    provider: &'static str,
    /// The provider's name for the person.
    subject: String,
    /// The address that the provider named last.
    email: Option<String>,
    /// Since when.
    since: String,
    /// When it was last used.
    last_sign_in_at: Option<String>,
}

/// A membership.
#[derive(Serialize, ToSchema)]
pub struct ExportedMembership {
    /// The organization's id.
    organization_id: String,
    /// Its name.
    organization: String,
    /// The role.
    role: &'static str,
    /// `active`, `left`, `removed` or `readmitted`.
    state: &'static str,
    /// How the person came: `created`, `invitation` or `sso`.
    origin: &'static str,
    /// When they came.
    joined_at: String,
    /// When they went.
    ended_at: Option<String>,
    /// When they last entered.
    last_sign_in_at: Option<String>,
}

/// A role in a project.
#[derive(Serialize, ToSchema)]
pub struct ExportedGrant {
    /// Whose project.
    organization_id: String,
    /// The project's id.
    project_id: String,
    /// Its name.
    project: String,
    /// The role.
    role: &'static str,
    /// Since when.
    since: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct ExportedSession {
    /// Its id.
    id: String,
    /// When it began.
    created_at: String,
    /// When it was last used.
    last_used_at: String,
    /// How the person signed in.
    methods: Vec<&'static str>,
    /// From which address.
    ip: String,
    /// With which browser.
    user_agent: String,
}

/// A link to an identity provider.
#[derive(Serialize, ToSchema)]
pub struct ExportedIdentity {
    /// The organization's name.
    organization: String,
    /// The provider.
    issuer: String,
    /// The provider's name for the person.
    subject: String,
    /// Since when.
    since: String,
    /// When it was last used.
    last_sign_in_at: Option<String>,
}

/// Something that the person did.
#[derive(Serialize, ToSchema)]
pub struct ExportedEvent {
    /// When.
    at: String,
    /// What.
    action: String,
    /// In which organization; null for what belongs to none.
    organization_id: Option<String>,
    /// To what: an id.
    target: Option<String>,
    /// How it ended.
    outcome: String,
    /// From which address.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        Self {
            exported_at: export.at.to_rfc3339(),
            profile: ExportedProfile {
                id: export.user.id.to_string(),
                name: export.user.name,
                email: export.user.email.to_string(),
                email_proven: export.email_proven,
                created_at: export.user.created_at.to_rfc3339(),
            },
            credentials: ExportedCredentials {
                password_set_at: export.password_set_at.map(Timestamp::to_rfc3339),
                has_second_factor: export.user.has_second_factor,
                authenticator_app_since: export.totp_confirmed_at.map(Timestamp::to_rfc3339),
                recovery_codes_left: export.recovery_codes_left,
                passkeys: export.passkeys.into_iter().map(ExportedPasskey::from).collect(),
                personal_identities: export
                    .personal_identities
                    .into_iter()
                    .map(ExportedPersonalIdentity::from)
                    .collect(),
            },
            memberships: export.memberships.into_iter().map(ExportedMembership::from).collect(),
            project_roles: export.grants.into_iter().map(ExportedGrant::from).collect(),
            sessions: export.sessions.into_iter().map(ExportedSession::from).collect(),
            identities: export.identities.into_iter().map(ExportedIdentity::from).collect(),
            known_devices: export.known_devices,
            events: export.events.into_iter().map(ExportedEvent::from).collect(),
            has_older_events: export.has_older_events,
        }
    }
}

impl From<Passkey> for ExportedPasskey {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            since: passkey.created_at.to_rfc3339(),
            last_used_at: passkey.last_used_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl From<PersonalIdentity> for ExportedPersonalIdentity {
    fn from(identity: PersonalIdentity) -> Self {
        Self {
            provider: identity.provider.as_str(),
            subject: identity.subject.as_str().to_owned(),
            email: identity.email,
            since: identity.created_at.to_rfc3339(),
            last_sign_in_at: identity.last_sign_in_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl From<OwnMembership> for ExportedMembership {
    fn from(membership: OwnMembership) -> Self {
        Self {
            organization_id: membership.organization_id.to_string(),
            organization: membership.name,
            role: membership.role.as_str(),
            state: membership.state.as_str(),
            origin: membership.origin.as_str(),
            joined_at: membership.joined_at.to_rfc3339(),
            ended_at: membership.ended_at.map(Timestamp::to_rfc3339),
            last_sign_in_at: membership.last_sign_in_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl From<OwnGrant> for ExportedGrant {
    fn from(grant: OwnGrant) -> Self {
        Self {
            organization_id: grant.organization_id.to_string(),
            project_id: grant.project_id.to_string(),
            project: grant.name,
            role: grant.role.as_str(),
            since: grant.created_at.to_rfc3339(),
        }
    }
}

impl From<SessionView> for ExportedSession {
    fn from(view: SessionView) -> Self {
        Self {
            id: view.session.id.to_string(),
            created_at: view.session.created_at.to_rfc3339(),
            last_used_at: view.session.last_used_at.to_rfc3339(),
            methods: view.session.proofs.iter().map(|proof| proof.method().as_str()).collect(),
            ip: view.session.ip,
            user_agent: view.session.user_agent,
        }
    }
}

impl From<(Identity, String)> for ExportedIdentity {
    fn from((identity, organization): (Identity, String)) -> Self {
        Self {
            organization,
            issuer: identity.issuer,
            subject: identity.subject.as_str().to_owned(),
            since: identity.created_at.to_rfc3339(),
            last_sign_in_at: identity.last_sign_in_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl From<AuditEvent> for ExportedEvent {
    fn from(event: AuditEvent) -> Self {
        Self {
            at: event.at.to_rfc3339(),
            action: event.action,
            organization_id: event.organization_id.map(|id| id.to_string()),
            target: event.target,
            outcome: event.outcome,
            ip: event.ip,
            user_agent: event.user_agent,
        }
    }
}

/// Export everything that is kept about oneself
///
/// Needs proofs of the last 15 minutes.
#[utoipa::path(
    get, path = "/api/v1/account/export", tag = "Account",
    responses((status = 200, body = ExportView), (status = 403, body = Problem, description = "needs-recent-proof")),
)]
pub async fn show(call: Call) -> Result<Json<ExportView>, Failure> {
    Ok(Json(export::export(call.app(), &call.visitor).await?.into()))
}
