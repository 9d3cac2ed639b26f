//! Owns `/organizations/{organization}/members`.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::membership::{self, MemberFilter, MemberQuery};
use orgate_app::rows::Member;
use orgate_core::membership::MembershipState;
use orgate_core::refusal::{FieldError, Refusal};
use orgate_core::role::OrganizationRole;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::maybe;
use super::{At, Body, Call, Filter, ListView, UserView};
use crate::error::{Failure, Problem};

/// A member.
#[derive(Serialize, ToSchema)]
pub struct MemberView {
    /// Who.
    user: UserView,
    /// `active`, or `removed` for who was removed and may be re-admitted.
    state: &'static str,
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
            state: member.membership.state.as_str(),
            role: member.membership.role.as_str(),
            joined_at: member.membership.joined_at.to_rfc3339(),
            last_sign_in_at: maybe(member.membership.last_sign_in_at),
            email_proven: member.email_proven,
            identities: member.identities,
        }
    }
}

/// Which members.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    /// `all`, `owners`, `never-used-sso`, or `removed`: who was removed, latest first. Left out: all members.
    filter: Option<String>,
    /// A part of the name or address.
    search: Option<String>,
    /// What the part before ended with.
    cursor: Option<String>,
    /// How many items at most, 1 to 200.
    limit: Option<u32>,
}

/// The filter that a query names.
fn filter(word: Option<&str>) -> Result<MemberFilter, Refusal> {
    match word {
        None | Some("all") => Ok(MemberFilter::All),
        Some("owners") => Ok(MemberFilter::Owners),
        Some("never-used-sso") => Ok(MemberFilter::NeverUsedSso),
        Some("removed") => Ok(MemberFilter::Removed),
        Some(_) => {
            let message = "Give all, owners, never-used-sso or removed.";
            Err(Refusal::InvalidInput(vec![FieldError::new("filter", message)]))
        }
    }
}

/// List members
///
/// Or those who were removed and can be re-admitted, with `filter=removed`.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/members", tag = "Members",
    params(("organization" = String, Path, description = "Id or short name"), MembersQuery),
    responses(
        (status = 200, body = ListView<MemberView>), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(wanted): Filter<MembersQuery>,
) -> Result<Json<ListView<MemberView>>, Failure> {
    let MembersQuery { filter: word, search, cursor, limit } = wanted;
    let query = MemberQuery { filter: filter(word.as_deref())?, search: search.unwrap_or_default(), cursor, limit };
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

/// Who holds a place there: a removed person is no member, and is in the list of the removed only.
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
