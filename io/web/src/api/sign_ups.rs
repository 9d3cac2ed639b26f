//! Owns `/sign-ups`: an account with e-mail and password.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::sign_up::{self, NewSignUp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::sessions::SessionView;
use super::{At, Body, Call, IdView};
use crate::error::{Failure, Problem};

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpBody {
    /// The address; a code is mailed there.
    email: String,
    /// The password.
    password: String,
    /// The name that others see.
    name: String,
    /// The token of an invitation to this address, where sign-up is closed.
    invitation: Option<String>,
}

/// Begin an account
///
/// A code of six digits is mailed. A known address gets the same answer, and another mail.
#[utoipa::path(
    post, path = "/api/v1/sign-ups", tag = "Sign-ups", security(()),
    request_body = SignUpBody,
    responses(
        (status = 202, body = IdView),
        (status = 403, body = Problem, description = "sign-up-closed, method-not-offered"),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn create(call: Call, Body(body): Body<SignUpBody>) -> Result<(StatusCode, Json<IdView>), Failure> {
    let SignUpBody { email, password, name, invitation } = body;
    let begun = sign_up::begin(call.app(), &call.visitor, NewSignUp { email, password, name, invitation }).await?;
    Ok((StatusCode::ACCEPTED, Json(IdView { id: begun.id.to_string() })))
}

/// The code that was mailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Six digits.
    #[schema(example = "123456")]
    pub(super) code: String,
}

/// Prove the address
///
/// The code serves once, for 10 minutes and 5 tries.
#[utoipa::path(
    post, path = "/api/v1/sign-ups/{id}/verification", tag = "Sign-ups", security(()),
    params(("id" = String, Path, description = "The sign-up")),
    request_body = CodeBody,
    responses(
        (status = 201, body = SessionView),
        (status = 403, body = Problem, description = "sign-up-closed, method-not-offered"),
        (status = 410, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn verify(
    call: Call,
    At(id): At<String>,
    Body(body): Body<CodeBody>,
) -> Result<(StatusCode, Json<SessionView>), Failure> {
    let issued = sign_up::verify(call.app(), &call.visitor, &id, &body.code).await?;
    Ok((StatusCode::CREATED, Json(SessionView::of(&issued))))
}

/// Mail another code
///
/// The sign-up goes on under the id of the answer; the code before no longer serves.
#[utoipa::path(
    post, path = "/api/v1/sign-ups/{id}/codes", tag = "Sign-ups", security(()),
    params(("id" = String, Path, description = "The sign-up")),
    responses(
        (status = 202, body = IdView),
        (status = 403, body = Problem, description = "sign-up-closed, method-not-offered"),
        (status = 410, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn resend(call: Call, At(id): At<String>) -> Result<(StatusCode, Json<IdView>), Failure> {
    let begun = sign_up::resend(call.app(), &call.visitor, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(IdView { id: begun.id.to_string() })))
}
