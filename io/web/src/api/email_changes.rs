//! Owns `/account/email-changes`: taking another address.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::account::email_change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{At, Body, Call};
use crate::error::{Failure, Problem};

/// The address that is to take the place of the present one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChangeBody {
    /// The new address.
    email: String,
}

/// A change that waits for its code.
#[derive(Serialize, ToSchema)]
pub struct EmailChangeView {
    /// Its id.
    id: String,
    /// The new address, to which a mail went.
    email: String,
    /// Until when the code serves.
    expires_at: String,
}

/// Ask for another address
///
/// A code is mailed to the new address; one that somebody has proven is told so instead, and the answer is the same.
/// Needs proofs of the last 15 minutes.
#[utoipa::path(
    post, path = "/api/v1/account/email-changes", tag = "Account",
    request_body = EmailChangeBody,
    responses(
        (status = 202, body = EmailChangeView), (status = 403, body = Problem, description = "sso-required and others"),
        (status = 422, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    Body(body): Body<EmailChangeBody>,
) -> Result<(StatusCode, Json<EmailChangeView>), Failure> {
    let change = email_change::begin(call.app(), &call.visitor, &body.email).await?;
    let view =
        EmailChangeView { id: change.id.to_string(), email: change.email, expires_at: change.expires_at.to_rfc3339() };
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// The code that was mailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailCodeBody {
    /// Six digits.
    code: String,
}

/// Confirm the new address
///
/// It is the person's from now on. Every other session ends, and the old address is told.
#[utoipa::path(
    post, path = "/api/v1/account/email-changes/{id}/verification", tag = "Account",
    params(("id" = String, Path, description = "The change")),
    request_body = EmailCodeBody,
    responses(
        (status = 204), (status = 403, body = Problem), (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem, description = "invalid-code"),
    ),
)]
pub async fn verify(call: Call, At(id): At<String>, Body(body): Body<EmailCodeBody>) -> Result<StatusCode, Failure> {
    email_change::confirm(call.app(), &call.visitor, &id, &body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}
