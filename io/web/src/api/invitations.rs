//! Owns `/organizations/{organization}/invitations` for those who invite, and `/invitations/{token}` for the invited.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::invitation::{self, NewInvitations, PendingInvitation, ProjectChoice, SentInvitation};
use orgate_core::role::{OrganizationRole, ProjectRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{At, Body, Call, Filter, ListView, MaybeBody, PageQuery};
use crate::error::{Failure, Problem};

/// An invitation that was just sent.
#[derive(Serialize, ToSchema)]
pub struct SentInvitationView {
    /// Its id.
    id: String,
    /// The invited address.
    email: String,
    /// The role: `owner` or `member`.
    role: &'static str,
    /// Until when it can be accepted.
    expires_at: String,
    /// The link to hand over, shown this once. Over it, a code is mailed to the address first.
    link: String,
}

impl From<SentInvitation> for SentInvitationView {
    fn from(sent: SentInvitation) -> Self {
        Self {
            id: sent.invitation.id.to_string(),
            email: sent.invitation.email.to_string(),
            role: sent.invitation.role.as_str(),
            expires_at: sent.invitation.expires_at.to_rfc3339(),
            link: sent.link,
        }
    }
}

/// An invitation that nobody has accepted yet.
#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    /// Its id.
    id: String,
    /// The invited address.
    email: String,
    /// The role: `owner` or `member`.
    role: &'static str,
    /// The roles in projects that come with it.
    projects: Vec<InvitedProjectView>,
    /// The name of who invited.
    inviter: String,
    /// When it was mailed, the last time.
    sent_at: String,
    /// Until when it can be accepted.
    expires_at: String,
    /// Whether that has passed.
    expired: bool,
}

/// A role in a project that comes with an invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitedProjectView {
    /// The project.
    project_id: String,
    /// Its name.
    name: String,
    /// The role: `admin`, `read_write` or `read_only`.
    role: &'static str,
}

impl From<PendingInvitation> for InvitationView {
    fn from(pending: PendingInvitation) -> Self {
        let projects = pending.projects.into_iter().map(|project| InvitedProjectView {
            project_id: project.project_id.to_string(),
            name: project.name,
            role: project.role.as_str(),
        });
        Self {
            id: pending.invitation.id.to_string(),
            email: pending.invitation.email.to_string(),
            role: pending.invitation.role.as_str(),
            projects: projects.collect(),
            inviter: pending.inviter,
            sent_at: pending.invitation.sent_at.to_rfc3339(),
            expires_at: pending.invitation.expires_at.to_rfc3339(),
            expired: pending.expired,
        }
    }
}

/// List pending invitations
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/invitations", tag = "Invitations",
    params(("organization" = String, Path, description = "Id or short name"), PageQuery),
    responses((status = 200, body = ListView<InvitationView>), (status = 403, body = Problem)),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<InvitationView>>, Failure> {
    let found = invitation::list(call.app(), &call.visitor, &organization, page.cursor, page.limit).await?;
    Ok(Json(ListView::part(found.items.into_iter().map(InvitationView::from), found.next_cursor)))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationsBody {
    /// The addresses.
    emails: Vec<String>,
    /// `owner` or `member`, the same for all.
    #[schema(value_type = String, example = "member")]
    role: OrganizationRole,
    /// Roles in projects, the same for all.
    #[serde(default)]
    projects: Vec<ProjectRoleBody>,
}

/// A role in a project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRoleBody {
    /// Id or short name.
    project: String,
    /// `admin`, `read_write` or `read_only`.
    #[schema(value_type = String, example = "read_write")]
    role: ProjectRole,
}

/// What inviting did.
#[derive(Serialize, ToSchema)]
pub struct InvitedView {
    /// The invitations.
    items: Vec<SentInvitationView>,
    /// Always null: all of them are here.
    next_cursor: Option<String>,
    /// Addresses that were left out, for they are members already.
    members_already: Vec<String>,
}

/// Invite people
///
/// Each is mailed a link. A pending invitation to the same address is replaced.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/invitations", tag = "Invitations",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = InvitationsBody,
    responses(
        (status = 201, body = InvitedView),
        (status = 403, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<InvitationsBody>,
) -> Result<(StatusCode, Json<InvitedView>), Failure> {
    let projects = body.projects.into_iter();
    let projects = projects.map(|choice| ProjectChoice { project: choice.project, role: choice.role }).collect();
    let new = NewInvitations { emails: body.emails, role: body.role, projects };
    let invited = invitation::invite(call.app(), &call.visitor, &organization, new).await?;
    let items = invited.items.into_iter().map(SentInvitationView::from).collect();
    Ok((StatusCode::CREATED, Json(InvitedView { items, next_cursor: None, members_already: invited.members_already })))
}

/// Mail an invitation again
///
/// The links before no longer serve; the 48 hours begin anew.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/invitations/{id}/mails", tag = "Invitations",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The invitation")),
    responses((status = 201, body = SentInvitationView), (status = 404, body = Problem), (status = 409, body = Problem)),
)]
pub async fn resend(
    call: Call,
    At((organization, id)): At<(String, String)>,
) -> Result<(StatusCode, Json<SentInvitationView>), Failure> {
    let sent = invitation::resend(call.app(), &call.visitor, &organization, &id).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}

/// Make another link to hand over
///
/// The link handed over before no longer serves; the mailed one still does.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/invitations/{id}/links", tag = "Invitations",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The invitation")),
    responses((status = 201, body = SentInvitationView), (status = 404, body = Problem), (status = 410, body = Problem)),
)]
pub async fn copy_link(
    call: Call,
    At((organization, id)): At<(String, String)>,
) -> Result<(StatusCode, Json<SentInvitationView>), Failure> {
    let sent = invitation::copy_link(call.app(), &call.visitor, &organization, &id).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}

/// Revoke an invitation
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/invitations/{id}", tag = "Invitations",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The invitation")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn revoke(call: Call, At((organization, id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    invitation::revoke(call.app(), &call.visitor, &organization, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What accepting needs.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceBody {
    /// The code that was mailed, where the token is of the link that was handed over.
    code: Option<String>,
}

/// Where the person is a member now.
#[derive(Serialize, ToSchema)]
pub struct AcceptedView {
    /// The organization.
    organization: AcceptedOrganizationView,
}

/// The organization of an accepted invitation.
#[derive(Serialize, ToSchema)]
pub struct AcceptedOrganizationView {
    /// Its id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// The person's role there.
    role: &'static str,
}

/// Accept an invitation
///
/// The organization can require its SSO for all of the person's sign-ins.
#[utoipa::path(
    post, path = "/api/v1/invitations/{token}/acceptance", tag = "Invitations",
    params(("token" = String, Path, description = "The last part of the link")),
    request_body = Option<AcceptanceBody>,
    responses(
        (status = 200, body = AcceptedView),
        (status = 403, body = Problem, description = "invitation-for-another-address, invitation-needs-code, membership-removed"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "member-limit, invitations-disabled-by-sso"),
        (status = 410, body = Problem, description = "invitation-accepted, -revoked, -expired"),
        (status = 422, body = Problem, description = "invalid-code"),
    ),
)]
pub async fn accept(
    call: Call,
    At(token): At<String>,
    MaybeBody(body): MaybeBody<AcceptanceBody>,
) -> Result<Json<AcceptedView>, Failure> {
    let accepted = invitation::accept(call.app(), &call.visitor, &token, body.code.as_deref()).await?;
    let organization = AcceptedOrganizationView {
        id: accepted.organization_id.to_string(),
        slug: accepted.slug,
        name: accepted.name,
        role: accepted.role.as_str(),
    };
    Ok(Json(AcceptedView { organization }))
}

/// Mail a code to the invited address
#[utoipa::path(
    post, path = "/api/v1/invitations/{token}/codes", tag = "Invitations",
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 202), (status = 404, body = Problem), (status = 429, body = Problem)),
)]
pub async fn request_code(call: Call, At(token): At<String>) -> Result<StatusCode, Failure> {
    invitation::request_code(call.app(), &call.visitor, &token).await?;
    Ok(StatusCode::ACCEPTED)
}
