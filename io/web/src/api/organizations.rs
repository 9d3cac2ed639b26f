//! Owns `/organizations`.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::organization::{self, NewOrganization, OrganizationChange};
use orgate_app::session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::enforcement::PeopleView;
use super::session::PlaceView;
use super::views::maybe;
use super::{At, Body, Call, ListView};
use crate::error::{Failure, Problem};

/// An organization as one of its members sees it.
#[derive(Serialize, ToSchema)]
pub struct OrganizationView {
    /// Its id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// The caller's role: `owner` or `member`.
    role: &'static str,
    /// Whether the operator lets it use SSO.
    sso_entitled: bool,
    /// Whether its members have to use its SSO.
    sso_enforced: bool,
    /// Whether its members need a second factor; always false while SSO is enforced.
    mfa_required: bool,
    /// Where its members sign in.
    sign_in_url: String,
    /// When its requested deletion takes effect.
    deletes_at: Option<String>,
}

impl From<organization::OrganizationView> for OrganizationView {
    fn from(view: organization::OrganizationView) -> Self {
        Self {
            id: view.id.to_string(),
            slug: view.slug,
            name: view.name,
            role: view.role.as_str(),
            sso_entitled: view.sso_entitled,
            sso_enforced: view.enforced,
            mfa_required: view.mfa_required,
            sign_in_url: view.login_address,
            deletes_at: maybe(view.deletes_at),
        }
    }
}

/// List the person's organizations
#[utoipa::path(
    get, path = "/api/v1/organizations", tag = "Organizations",
    responses((status = 200, body = ListView<PlaceView>), (status = 401, body = Problem)),
)]
pub async fn list(call: Call) -> Result<Json<ListView<PlaceView>>, Failure> {
    let current = session::current(call.app(), &call.visitor).await?;
    Ok(Json(ListView::whole(current.organizations.into_iter().map(PlaceView::from))))
}

/// A new organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationBody {
    /// Its name.
    name: String,
    /// Its short name; made from the name when left out. Given, the call can be repeated.
    slug: Option<String>,
}

/// Create an organization
///
/// The caller is its Owner.
#[utoipa::path(
    post, path = "/api/v1/organizations", tag = "Organizations",
    request_body = OrganizationBody,
    responses(
        (status = 201, body = OrganizationView),
        (status = 403, body = Problem),
        (status = 409, body = Problem, description = "slug-taken, organization-limit"),
        (status = 422, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    Body(body): Body<OrganizationBody>,
) -> Result<(StatusCode, Json<OrganizationView>), Failure> {
    let new = NewOrganization { name: body.name, slug: body.slug };
    let created = organization::create(call.app(), &call.visitor, new).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Look at an organization
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    responses((status = 200, body = OrganizationView), (status = 404, body = Problem)),
)]
pub async fn show(call: Call, At(organization): At<String>) -> Result<Json<OrganizationView>, Failure> {
    Ok(Json(organization::get(call.app(), &call.visitor, &organization).await?.into()))
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBody {
    /// The name from now on.
    pub(super) name: String,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationChangeBody {
    /// The name from now on.
    name: Option<String>,
    /// Whether members need a second factor from now on. While SSO is enforced that is the identity provider's matter.
    mfa_required: Option<bool>,
}

/// Change an organization
///
/// Its short name stays. A change that is refused in part is not made at all.
#[utoipa::path(
    patch, path = "/api/v1/organizations/{organization}", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = OrganizationChangeBody,
    responses(
        (status = 200, body = OrganizationView),
        (status = 403, body = Problem),
        (status = 409, body = Problem, description = "mfa-managed-by-idp"),
        (status = 422, body = Problem),
    ),
)]
pub async fn change(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<OrganizationChangeBody>,
) -> Result<Json<OrganizationView>, Failure> {
    let change = OrganizationChange { name: body.name, mfa_required: body.mfa_required };
    Ok(Json(organization::change(call.app(), &call.visitor, &organization, change).await?.into()))
}

/// Whether members need a second factor, and whom needing one would stop.
#[derive(Serialize, ToSchema)]
pub struct MfaRequirementView {
    /// Whether they need one now.
    mfa_required: bool,
    /// Members who have none: they set one up at their next click once it is needed.
    without_second_factor: PeopleView,
}

/// Look at whom a second factor would be required of
///
/// It is required, or not any more, by changing the organization.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/mfa-requirement", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    responses(
        (status = 200, body = MfaRequirementView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub async fn show_mfa_requirement(
    call: Call,
    At(organization): At<String>,
) -> Result<Json<MfaRequirementView>, Failure> {
    let forecast = organization::second_factor_forecast(call.app(), &call.visitor, &organization).await?;
    let view = organization::get(call.app(), &call.visitor, &organization).await?;
    let without_second_factor = PeopleView::of_members(forecast.without, forecast.first_without);
    Ok(Json(MfaRequirementView { mfa_required: view.mfa_required, without_second_factor }))
}

/// What deleting an organization would end.
#[derive(Serialize, ToSchema)]
pub struct DeletionForecastView {
    /// Members who would lose their roles.
    members: PeopleView,
    /// How many projects.
    projects: u64,
    /// How many connections.
    connections: u64,
    /// How many pending invitations.
    invitations: u64,
}

/// Look at what deleting an organization would end
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/deletion", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    responses(
        (status = 200, body = DeletionForecastView),
        (status = 403, body = Problem, description = "not-permitted, needs-recent-proof"),
        (status = 404, body = Problem),
    ),
)]
pub async fn show_deletion(call: Call, At(organization): At<String>) -> Result<Json<DeletionForecastView>, Failure> {
    let forecast = organization::deletion_forecast(call.app(), &call.visitor, &organization).await?;
    Ok(Json(DeletionForecastView {
        members: PeopleView::of_members(forecast.members, forecast.first_members),
        projects: forecast.projects,
        connections: forecast.connections,
        invitations: forecast.invitations,
    }))
}

/// What makes sure that the right one is deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletionBody {
    /// The organization's short name.
    confirmation: String,
}

/// Delete an organization
///
/// Takes effect after 7 days; until then an Owner can undo it.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/deletion", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = DeletionBody,
    responses((status = 202, body = OrganizationView), (status = 403, body = Problem), (status = 422, body = Problem)),
)]
pub async fn request_deletion(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<DeletionBody>,
) -> Result<(StatusCode, Json<OrganizationView>), Failure> {
    let view = organization::request_deletion(call.app(), &call.visitor, &organization, &body.confirmation).await?;
    Ok((StatusCode::ACCEPTED, Json(view.into())))
}

/// Undo the deletion
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/deletion", tag = "Organizations",
    params(("organization" = String, Path, description = "Id or short name")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn undo_deletion(call: Call, At(organization): At<String>) -> Result<StatusCode, Failure> {
    organization::undo_deletion(call.app(), &call.visitor, &organization).await?;
    Ok(StatusCode::NO_CONTENT)
}
