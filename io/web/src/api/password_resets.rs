//! Owns `/password-resets`: setting a forgotten password.

use axum::http::StatusCode;
use orgate_app::password_reset;
use serde::Deserialize;
use utoipa::ToSchema;

use super::sign_ins::TypedFactorBody;
use super::{At, Body, Call};
use crate::error::{Failure, Problem};

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetBody {
    /// The address.
    email: String,
}

/// Ask for a link
///
/// A known address is mailed a link that serves for an hour, or, where passwords are not offered, how to sign in instead. An unknown
/// one gets the same answer.
#[utoipa::path(
    post, path = "/api/v1/password-resets", tag = "Password resets", security(()),
    request_body = PasswordResetBody,
    responses((status = 202), (status = 422, body = Problem), (status = 429, body = Problem)),
)]
pub async fn create(call: Call, Body(body): Body<PasswordResetBody>) -> Result<StatusCode, Failure> {
    password_reset::request(call.app(), &call.visitor, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordBody {
    /// The password from now on.
    password: String,
    /// The second factor of another account of the person's that has the address proven: the link brings the two together.
    /// Asked for with `needs-second-factor`, after which the link serves on.
    factor: Option<TypedFactorBody>,
}

/// Set the password
///
/// Uses the link up, proves the address and ends the person's sessions. It makes no session.
#[utoipa::path(
    post, path = "/api/v1/password-resets/{token}/completion", tag = "Password resets", security(()),
    params(("token" = String, Path, description = "The last part of the mailed link")),
    request_body = NewPasswordBody,
    responses(
        (status = 204),
        (status = 403, body = Problem, description = "method-not-offered, needs-second-factor, sso-required"),
        (status = 410, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn complete(
    call: Call,
    At(token): At<String>,
    Body(body): Body<NewPasswordBody>,
) -> Result<StatusCode, Failure> {
    let factor = body.factor.map(Into::into);
    password_reset::complete_with(call.app(), &call.visitor, &token, &body.password, factor).await?;
    Ok(StatusCode::NO_CONTENT)
}
