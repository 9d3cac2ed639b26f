//! Owns `/organizations/{organization}/projects` and the people in them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use orgate_app::invitation::SentInvitation;
use orgate_app::project::people::{self, Added};
use orgate_app::project::{self, ProjectView as Project};
use orgate_app::rows::Invitation;
use orgate_core::role::ProjectRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::organizations::NameBody;
use super::{At, Body, Call, Filter, ListView, PageQuery, UserView};
use crate::error::{Failure, Problem};

/// A project as one of its people sees it.
#[derive(Serialize, ToSchema)]
pub struct ProjectView {
    /// Its id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// The caller's role: `admin`, `read_write` or `read_only`.
    role: Option<&'static str>,
    /// How many people have a role in it, Owners aside.
    people: u64,
    /// When it was created.
    created_at: String,
}

impl From<Project> for ProjectView {
    fn from(view: Project) -> Self {
        Self {
            role: view.role().map(ProjectRole::as_str),
            people: view.people,
            id: view.project.id.to_string(),
            slug: view.project.slug,
            name: view.project.name,
            created_at: view.project.created_at.to_rfc3339(),
        }
    }
}

/// List projects
///
/// Those that the caller may see: all for an Owner.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/projects", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), PageQuery),
    responses((status = 200, body = ListView<ProjectView>), (status = 404, body = Problem)),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<ProjectView>>, Failure> {
    let found = project::list(call.app(), &call.visitor, &organization, page.cursor, page.limit).await?;
    Ok(Json(ListView::part(found.items.into_iter().map(ProjectView::from), found.next_cursor)))
}

/// A new project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectBody {
    /// Its name.
    name: String,
    /// Its short name; made from the name when left out. Given, the call can be repeated.
    slug: Option<String>,
}

/// Create a project
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/projects", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = ProjectBody,
    responses(
        (status = 201, body = ProjectView),
        (status = 403, body = Problem),
        (status = 409, body = Problem, description = "slug-taken"),
        (status = 422, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<ProjectBody>,
) -> Result<(StatusCode, Json<ProjectView>), Failure> {
    let slug = body.slug.as_deref();
    let created = project::create_as(call.app(), &call.visitor, &organization, &body.name, slug).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Look at a project
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/projects/{project}", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), ("project" = String, Path, description = "Id or short name")),
    responses((status = 200, body = ProjectView), (status = 404, body = Problem)),
)]
pub async fn show(call: Call, At((organization, project)): At<(String, String)>) -> Result<Json<ProjectView>, Failure> {
    Ok(Json(project::get(call.app(), &call.visitor, &organization, &project).await?.into()))
}

/// Rename a project
///
/// Its short name stays.
#[utoipa::path(
    patch, path = "/api/v1/organizations/{organization}/projects/{project}", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), ("project" = String, Path, description = "Id or short name")),
    request_body = NameBody,
    responses((status = 200, body = ProjectView), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn rename(
    call: Call,
    At((organization, project)): At<(String, String)>,
    Body(body): Body<NameBody>,
) -> Result<Json<ProjectView>, Failure> {
    Ok(Json(project::rename(call.app(), &call.visitor, &organization, &project, &body.name).await?.into()))
}

/// Delete a project
///
/// Everybody's access to it goes with it.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/projects/{project}", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), ("project" = String, Path, description = "Id or short name")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn delete(call: Call, At((organization, project)): At<(String, String)>) -> Result<StatusCode, Failure> {
    project::delete(call.app(), &call.visitor, &organization, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody in a project.
#[derive(Serialize, ToSchema)]
pub struct ProjectMemberView {
    /// Who.
    user: UserView,
    /// As what: `admin`, `read_write` or `read_only`.
    role: &'static str,
    /// Whether they are here because they own the organization.
    by_ownership: bool,
}

/// List a project's people
///
/// The Owners of the organization, who are `admin` everywhere, are on the first part.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/projects/{project}/members", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), ("project" = String, Path, description = "Id or short name"), PageQuery),
    responses((status = 200, body = ListView<ProjectMemberView>), (status = 404, body = Problem)),
)]
pub async fn list_members(
    call: Call,
    At((organization, project)): At<(String, String)>,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<ProjectMemberView>>, Failure> {
    let found = people::list(call.app(), &call.visitor, &organization, &project, page.cursor, page.limit).await?;
    let owners = found.owners.into_iter().map(|owner| ProjectMemberView {
        user: UserView::new(&owner.id, &owner.email, &owner.name),
        role: ProjectRole::Admin.as_str(),
        by_ownership: true,
    });
    let granted = found.grants.items.into_iter().map(|grant| ProjectMemberView {
        user: UserView::new(&grant.user_id, &grant.email, &grant.name),
        role: grant.role.as_str(),
        by_ownership: false,
    });
    Ok(Json(ListView::part(owners.chain(granted), found.grants.next_cursor)))
}

/// Whom to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectMemberBody {
    /// The address.
    email: String,
    /// `admin`, `read_write` or `read_only`.
    #[schema(value_type = String, example = "read_write")]
    role: ProjectRole,
}

/// A member who has access now.
#[derive(Serialize, ToSchema)]
pub struct AddedView {
    /// Who.
    user_id: String,
    /// As what.
    role: &'static str,
}

/// An outsider who is invited.
#[derive(Serialize, ToSchema)]
pub struct ProjectInvitedView {
    /// The invitation to the organization that carries the role.
    invitation: ProjectInvitationView,
}

/// An invitation that carries a role in a project.
#[derive(Serialize, ToSchema)]
pub struct ProjectInvitationView {
    /// Its id.
    id: String,
    /// The invited address.
    email: String,
    /// The role in the organization.
    role: &'static str,
    /// Until when it can be accepted.
    expires_at: String,
    /// The link to hand over, if the invitation is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl ProjectInvitationView {
    fn of(invitation: &Invitation, link: Option<String>) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.to_string(),
            role: invitation.role.as_str(),
            expires_at: invitation.expires_at.to_rfc3339(),
            link,
        }
    }
}

/// Add somebody to a project
///
/// A member of the organization has access at once (201); who had it has this role from then on. An outsider is invited to the
/// organization, and the invitation carries the role (202).
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/projects/{project}/members", tag = "Projects",
    params(("organization" = String, Path, description = "Id or short name"), ("project" = String, Path, description = "Id or short name")),
    request_body = ProjectMemberBody,
    responses(
        (status = 201, body = AddedView),
        (status = 202, body = ProjectInvitedView),
        (status = 403, body = Problem, description = "not-permitted, not-an-organization-member"),
        (status = 422, body = Problem),
    ),
)]
pub async fn add_member(
    call: Call,
    At((organization, project)): At<(String, String)>,
    Body(body): Body<ProjectMemberBody>,
) -> Result<Response, Failure> {
    let added = people::add(call.app(), &call.visitor, &organization, &project, &body.email, body.role).await?;
    let invitation = match added {
        Added::Granted(user_id) => {
            let added = AddedView { user_id: user_id.to_string(), role: body.role.as_str() };
            return Ok((StatusCode::CREATED, Json(added)).into_response());
        }
        Added::Invited(sent) => {
            let SentInvitation { invitation, link } = *sent;
            ProjectInvitationView::of(&invitation, Some(link))
        }
        Added::Attached(invitation) => ProjectInvitationView::of(&invitation, None),
    };
    Ok((StatusCode::ACCEPTED, Json(ProjectInvitedView { invitation })).into_response())
}

/// Another role in a project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRoleBody {
    /// `admin`, `read_write` or `read_only`.
    #[schema(value_type = String, example = "read_only")]
    role: ProjectRole,
}

/// Change somebody's role in a project
#[utoipa::path(
    patch, path = "/api/v1/organizations/{organization}/projects/{project}/members/{user_id}", tag = "Projects",
    params(
        ("organization" = String, Path, description = "Id or short name"),
        ("project" = String, Path, description = "Id or short name"),
        ("user_id" = String, Path, description = "The person"),
    ),
    request_body = ProjectRoleBody,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn change_role(
    call: Call,
    At((organization, project, user_id)): At<(String, String, String)>,
    Body(body): Body<ProjectRoleBody>,
) -> Result<StatusCode, Failure> {
    people::change_role(call.app(), &call.visitor, &organization, &project, &user_id, body.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove somebody from a project
///
/// Their membership stays as it is.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/projects/{project}/members/{user_id}", tag = "Projects",
    params(
        ("organization" = String, Path, description = "Id or short name"),
        ("project" = String, Path, description = "Id or short name"),
        ("user_id" = String, Path, description = "The person"),
    ),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn remove_member(
    call: Call,
    At((organization, project, user_id)): At<(String, String, String)>,
) -> Result<StatusCode, Failure> {
    people::remove(call.app(), &call.visitor, &organization, &project, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
