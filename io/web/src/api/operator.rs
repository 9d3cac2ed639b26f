//! Owns `/operator`: the calls of whoever runs the deployment, with the operator's token (R-ORG-7).

use axum::Json;
use orgate_app::operator;
use orgate_app::rows::Organization;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{At, Body, Call, Filter, ListView, PageQuery};
use crate::error::{Failure, Problem};

/// An organization as the operator sees it.
#[derive(Serialize, ToSchema)]
pub struct OperatedOrganizationView {
    /// Its id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// Whether it may use SSO.
    sso: bool,
}

impl From<Organization> for OperatedOrganizationView {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            slug: organization.slug,
            name: organization.name,
            sso: organization.sso_entitled,
        }
    }
}

/// List all organizations
#[utoipa::path(
    get, path = "/api/v1/operator/organizations", tag = "Operator", security(("operator" = [])),
    params(PageQuery),
    responses((status = 200, body = ListView<OperatedOrganizationView>), (status = 401, body = Problem)),
)]
pub async fn list(
    call: Call,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<OperatedOrganizationView>>, Failure> {
    let found = operator::organizations(call.app(), page.cursor, page.limit).await?;
    Ok(Json(ListView::part(found.items.into_iter().map(OperatedOrganizationView::from), found.next_cursor)))
}

/// What an organization may use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntitlementsBody {
    /// Whether it may use SSO.
    sso: bool,
}

/// Say what an organization may use
///
/// Taking SSO away refuses only what would begin anew; sign-in through the active connection goes on.
#[utoipa::path(
    put, path = "/api/v1/operator/organizations/{organization}/entitlements", tag = "Operator", security(("operator" = [])),
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = EntitlementsBody,
    responses((status = 200, body = OperatedOrganizationView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub async fn set_entitlements(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<EntitlementsBody>,
) -> Result<Json<OperatedOrganizationView>, Failure> {
    let changed = operator::set_sso_entitled(call.app(), Some(&call.visitor), &organization, body.sso).await?;
    Ok(Json(changed.into()))
}
