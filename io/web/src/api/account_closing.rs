//! Owns `/account/deletion`: closing one's own account.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::account::closing::{self, ClosingPlace};
use orgate_core::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, Call};
use crate::error::{Failure, Problem};

/// What closing would end.
#[derive(Serialize, ToSchema)]
pub struct ClosingView {
    /// The memberships that would end.
    organizations: Vec<ClosingPlaceView>,
    /// How many roles in projects.
    projects: u64,
    /// How many other sessions.
    other_sessions: u64,
    /// How many links to identity providers.
    identities: u64,
}

/// A membership that would end.
#[derive(Serialize, ToSchema)]
pub struct ClosingPlaceView {
    /// The organization's id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// The person's role.
    role: &'static str,
    /// Why it cannot end: `last-owner` or `no-way-back-in`; null when it can.
    obstacle: Option<&'static str>,
}

impl From<ClosingPlace> for ClosingPlaceView {
    fn from(place: ClosingPlace) -> Self {
        Self {
            id: place.organization.id.to_string(),
            slug: place.organization.slug,
            name: place.organization.name,
            role: place.role.as_str(),
            obstacle: place.obstacle.as_ref().map(Refusal::code),
        }
    }
}

/// Look at what closing the account would end
#[utoipa::path(
    get, path = "/api/v1/account/deletion", tag = "Account",
    responses((status = 200, body = ClosingView), (status = 403, body = Problem, description = "needs-recent-proof")),
)]
pub async fn show(call: Call) -> Result<Json<ClosingView>, Failure> {
    let forecast = closing::forecast(call.app(), &call.visitor).await?;
    Ok(Json(ClosingView {
        organizations: forecast.places.into_iter().map(ClosingPlaceView::from).collect(),
        projects: forecast.grants,
        other_sessions: forecast.other_sessions,
        identities: forecast.identities,
    }))
}

/// What confirms it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingBody {
    /// The person's own address.
    #[schema(example = "dana@example.com")]
    confirmation: String,
}

/// Close the own account
///
/// For good: sessions, credentials and memberships end, and the address is free again. Refused for the last Owner of an
/// organization, with all of them in `organizations`.
#[utoipa::path(
    post, path = "/api/v1/account/deletion", tag = "Account",
    request_body = ClosingBody,
    responses(
        (status = 204), (status = 403, body = Problem, description = "needs-recent-proof"),
        (status = 409, body = Problem, description = "last-owner, no-way-back-in"), (status = 422, body = Problem),
    ),
)]
pub async fn create(call: Call, Body(body): Body<ClosingBody>) -> Result<StatusCode, Failure> {
    closing::close(call.app(), &call.visitor, &body.confirmation).await?;
    Ok(StatusCode::NO_CONTENT)
}
