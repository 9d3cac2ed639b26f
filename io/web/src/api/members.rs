//! Owns `/organizations/{organization}/members`.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::membership::{self, MemberQuery};
use orgate_app::rows::Member;
use orgate_core::membership::MembershipState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::maybe;
use super::{At, Body, Call, Filter, ListView, PageQuery, UserView};
use crate::error::{Failure, Problem};

/// A member.
#[derive(Serialize, ToSchema)]
pub struct MemberView {
    /// Who.
    user: UserView,
    /// As what: `owner` or `member`.
    role: &'static str,
    /// When they came.
    joined_at: String,
    /// When they last entered.
    last_sign_in_at: Option<String>,
    /// Whether the address is proven; an unproven one came from SSO and counts in this organization only.
    email_proven: bool,
    /// How many identities at the organization's IdPs they are linked to.
    identities: u64,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user: UserView::new(&member.membership.user_id, &member.email, &member.name),
            role: member.membership.role.as_str(),
            joined_at: member.membership.joined_at.to_rfc3339(),
            last_sign_in_at: maybe(member.membership.last_sign_in_at),
            email_proven: member.email_proven,
            identities: member.identities,
        }
    }
}

/// List members
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/members", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), PageQuery),
    responses((status = 200, body = ListView<MemberView>), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<MemberView>>, Failure> {
    let query = MemberQuery { cursor: page.cursor, limit: page.limit, ..MemberQuery::default() };
    let found = membership::list(call.app(), &call.visitor, &organization, query).await?;
    let items = found.members.items.into_iter().map(MemberView::from);
    Ok(Json(ListView::part(items, found.members.next_cursor)))
}

/// Look at a member
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/members/{user_id}", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    responses((status = 200, body = MemberView), (status = 404, body = Problem)),
)]
pub async fn show(call: Call, At((organization, user_id)): At<(String, String)>) -> Result<Json<MemberView>, Failure> {
    Ok(Json(held(&call, &organization, &user_id).await?.into()))
}

/// Who holds a place there: a removed person is no member, whom the console alone shows, to re-admit them.
async fn held(call: &Call, organization: &str, user_id: &str) -> Result<Member, Failure> {
    let member = membership::get(call.app(), &call.visitor, organization, user_id).await?.member;
    match member.membership.state {
        MembershipState::Active => Ok(member),
        MembershipState::Removed | MembershipState::Left | MembershipState::Readmitted => Err(Refusal::NotFound.into()),
    }
}

/// Another role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    /// `owner` or `member`.
    #[schema(value_type = String, example = "member")]
    role: OrganizationRole,
}

/// Change a member's role
///
/// Making somebody Owner needs proofs of the last 15 minutes. The last Owner stays.
#[utoipa::path(
    patch, path = "/api/v1/organizations/{organization}/members/{user_id}", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    request_body = RoleBody,
    responses(
        (status = 200, body = MemberView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "last-owner, no-way-back-in"),
    ),
)]
pub async fn change_role(
    call: Call,
    At((organization, user_id)): At<(String, String)>,
    Body(body): Body<RoleBody>,
) -> Result<Json<MemberView>, Failure> {
    // Read before: who steps down may not look at members afterwards, and is told that it was done all the same.
    let mut member = held(&call, &organization, &user_id).await?;
    membership::change_role(call.app(), &call.visitor, &organization, &user_id, body.role).await?;
    member.membership.role = body.role;
    Ok(Json(member.into()))
}

/// Remove a member, or leave
///
/// Removing somebody else needs an Owner; anyone may leave. The last Owner stays.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/members/{user_id}", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    responses(
        (status = 204),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "last-owner, no-way-back-in"),
    ),
)]
pub async fn remove(call: Call, At((organization, user_id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    membership::remove(call.app(), &call.visitor, &organization, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Re-admit somebody who was removed
///
/// They may come back through SSO; it grants nothing.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/members/{user_id}/readmission", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn readmit(call: Call, At((organization, user_id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    membership::readmit(call.app(), &call.visitor, &organization, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End what a member's proofs open here
///
/// Proofs from before now no longer open this organization; they have to sign in again.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/members/{user_id}/proofs", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn end_proofs(call: Call, At((organization, user_id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    membership::end_proofs(call.app(), &call.visitor, &organization, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
