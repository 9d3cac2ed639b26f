//! Owns `/account/linked-accounts`: a person's own accounts at Google and GitHub. Linking one, and signing in by one, is a
//! matter of a browser, so there is no call for it.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::linked_account;
use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{At, Call, ListView};
use crate::error::{Failure, Problem};

/// An account at Google or GitHub that signs the person in.
#[derive(Serialize, ToSchema)]
pub struct LinkedAccountView {
    /// `google` or `github`.
    provider: &'static str,
    /// The address that the provider named last; it is told and nothing more.
    email: Option<String>,
    /// When it was linked.
    linked_at: String,
    /// When it last signed the person in.
    last_sign_in_at: Option<String>,
}

/// List the linked accounts
///
/// Linking one is a sign-in at the provider, in a browser: "Linked accounts" under `/account/security`.
#[utoipa::path(
    get, path = "/api/v1/account/linked-accounts", tag = "Account",
    responses((status = 200, body = ListView<LinkedAccountView>), (status = 403, body = Problem)),
)]
pub async fn list(call: Call) -> Result<Json<ListView<LinkedAccountView>>, Failure> {
    let linked = linked_account::list(call.app(), &call.visitor).await?;
    Ok(Json(ListView::whole(linked.into_iter().map(|identity| LinkedAccountView {
        provider: identity.provider.as_str(),
        email: identity.email,
        linked_at: identity.created_at.to_rfc3339(),
        last_sign_in_at: identity.last_sign_in_at.map(Timestamp::to_rfc3339),
    }))))
}

/// Unlink an account
///
/// It no longer signs the person in, and every other session ends. Refused with `last-way-in` for who has no other way.
#[utoipa::path(
    delete, path = "/api/v1/account/linked-accounts/{provider}", tag = "Account",
    params(("provider" = String, Path, description = "`google` or `github`")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub async fn remove(call: Call, At(provider): At<String>) -> Result<StatusCode, Failure> {
    let provider = PersonalProvider::parse(&provider).ok_or(Refusal::NotFound)?;
    linked_account::remove(call.app(), &call.visitor, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
