//! Owns `/organizations/{organization}/identities`: who is linked to which person of the identity provider.

use axum::Json;
use orgate_app::connection::{self, IdentityQuery};
use orgate_core::id::{Identifier as _, IdentityId, UserId};
use orgate_core::refusal::{FieldError, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::maybe;
use super::{At, Body, Call, Filter, ListView, PageQuery, UserView};
use crate::error::{Failure, Problem};

/// *Units*: items.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// A bond of a person of the identity provider to a User.
#[derive(Serialize, ToSchema)]
pub struct IdentityView {
    /// Its id.
    id: String,
    /// Who.
    user: UserView,
    /// The connection.
    connection_id: String,
    /// The issuer under which it was made.
    issuer: String,
    /// The client id under which it was made.
    client_id: String,
    /// The identity provider's stable name for the person.
    subject: String,
    /// When it was made.
    created_at: String,
    /// When it was last used.
    last_sign_in_at: Option<String>,
}

/// List linked people
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/identities", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), PageQuery),
    responses((status = 200, body = ListView<IdentityView>), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(page): Filter<PageQuery>,
) -> Result<Json<ListView<IdentityView>>, Failure> {
    let strange = || Refusal::InvalidInput(vec![FieldError::new("cursor", "This is no cursor of this list.")]);
    let after = page.cursor.as_deref().map(|text| IdentityId::parse(text).ok_or_else(strange)).transpose()?;
    let limit = page.limit.unwrap_or(USUAL).clamp(1, MOST);
    let query = IdentityQuery { connection_id: None, after, limit };
    let found = connection::identities(call.app(), &call.visitor, &organization, query).await?;
    let items: Vec<IdentityView> = found
        .items
        .into_iter()
        .map(|linked| IdentityView {
            id: linked.identity.id.to_string(),
            user: UserView::new(&linked.identity.user_id, &linked.email, &linked.name),
            connection_id: linked.identity.connection_id.to_string(),
            issuer: linked.identity.issuer,
            client_id: linked.identity.client_id,
            subject: linked.identity.subject.as_str().to_owned(),
            created_at: linked.identity.created_at.to_rfc3339(),
            last_sign_in_at: maybe(linked.identity.last_sign_in_at),
        })
        .collect();
    let next_cursor = items.last().filter(|_| found.has_more).map(|item| item.id.clone());
    Ok(Json(ListView { items, next_cursor }))
}

/// What clearing did.
#[derive(Serialize, ToSchema)]
pub struct ClearedView {
    /// How many bonds there were.
    cleared: u64,
}

/// Clear a member's bonds
///
/// Their next sign-in through SSO is a first one again.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/members/{user_id}/identities", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("user_id" = String, Path, description = "The person")),
    responses((status = 200, body = ClearedView), (status = 403, body = Problem, description = "needs-recent-proof")),
)]
pub async fn clear(
    call: Call,
    At((organization, user_id)): At<(String, String)>,
) -> Result<Json<ClearedView>, Failure> {
    let user_id = UserId::parse(&user_id).ok_or(Refusal::NotFound)?;
    let cleared = connection::clear(call.app(), &call.visitor, &organization, vec![user_id]).await?;
    Ok(Json(ClearedView { cleared }))
}

/// Whose bonds to clear.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitiesRemovalBody {
    /// The people, 1 to 200.
    user_ids: Vec<String>,
}

/// Clear the bonds of several members
///
/// Their next sign-in through SSO is a first one again. Who has none, or was removed, is passed over; if nobody is left, it
/// is not found.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/identities/removal", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = IdentitiesRemovalBody,
    responses(
        (status = 200, body = ClearedView),
        (status = 403, body = Problem, description = "not-permitted, needs-recent-proof"),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn clear_several(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<IdentitiesRemovalBody>,
) -> Result<Json<ClearedView>, Failure> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    if body.user_ids.is_empty() || body.user_ids.len() > most {
        let message = format!("Name 1 to {MOST} people.");
        return Err(Refusal::InvalidInput(vec![FieldError::new("user_ids", message)]).into());
    }
    // What is no id names nobody, as an id that nobody has.
    let users = body.user_ids.iter().filter_map(|id| UserId::parse(id)).collect();
    let cleared = connection::clear(call.app(), &call.visitor, &organization, users).await?;
    Ok(Json(ClearedView { cleared }))
}
