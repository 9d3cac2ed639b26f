//! Owns `/passkey-challenges` and `/account/passkeys`: signing in by a passkey, and the passkeys that a person has. Each
//! begins with a challenge, which serves once and for five minutes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use orgate_app::passkey::ceremony::Begun;
use orgate_app::rows::Passkey;
use orgate_app::second_factor::passkey as own;
use orgate_app::sign_in::passkey::{self, Answered, read_handle};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::second_factors::EnrolledView;
use super::sessions::{SessionView, answer};
use super::sign_ins::WaitingView;
use super::{At, Body, Call, ListView};
use crate::error::{Failure, Problem};

/// A challenge for an authenticator.
#[derive(Serialize, ToSchema)]
pub struct ChallengeView {
    /// Names the challenge for five minutes and one answer. It is a secret of the program that got it.
    id: String,
    /// What `navigator.credentials` is asked, in the JSON of Web Authentication, level 3.
    options: serde_json::Value,
}

impl From<Begun> for ChallengeView {
    fn from(begun: Begun) -> Self {
        Self { id: begun.id.to_string(), options: begun.options }
    }
}

/// What an authenticator answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialBody {
    /// `PublicKeyCredential.toJSON()`.
    credential: serde_json::Value,
}

/// The answer to a challenge.
pub(super) fn answered(challenge_id: String, credential: &serde_json::Value) -> Answered {
    Answered { ceremony_id: challenge_id, credential: credential.to_string() }
}

/// Draw a challenge to sign in by a passkey
///
/// The authenticator chooses whose passkey answers; nobody is named before.
#[utoipa::path(
    post, path = "/api/v1/passkey-challenges", tag = "Sessions", security(()),
    responses(
        (status = 201, body = ChallengeView),
        (status = 403, body = Problem, description = "method-not-offered"),
        (status = 429, body = Problem),
    ),
)]
pub async fn draw(call: Call) -> Result<(StatusCode, Json<ChallengeView>), Failure> {
    let (begun, handle) = passkey::begin_for_program(call.app(), &call.visitor).await?;
    Ok((StatusCode::CREATED, Json(ChallengeView { id: handle.to_string(), options: begun.options })))
}

/// Sign in by a passkey
///
/// It is both factors by itself. `sso-required` names the organizations that require their SSO.
#[utoipa::path(
    post, path = "/api/v1/passkey-challenges/{id}/answer", tag = "Sessions", security(()),
    params(("id" = String, Path, description = "The `id` of the challenge")),
    request_body = CredentialBody,
    responses(
        (status = 201, body = SessionView),
        (status = 202, body = WaitingView),
        (status = 403, body = Problem, description = "sso-required, passkey-unknown, passkey-invalid and others that begin so"),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 429, body = Problem),
    ),
)]
pub async fn sign_in(
    mut call: Call,
    At(id): At<String>,
    Body(body): Body<CredentialBody>,
) -> Result<Response, Failure> {
    let (id, holder) = read_handle(&id).ok_or(Refusal::AttemptOver)?;
    call.visitor.handle = Some(holder);
    let answered = answered(id.as_str().to_owned(), &body.credential);
    answer(passkey::complete(call.app(), &call.visitor, &answered).await?)
}

/// One passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyView {
    /// Its id.
    id: String,
    /// The person's name for it.
    name: String,
    /// Since when.
    created_at: String,
    /// When it was last used.
    last_used_at: Option<String>,
    /// Whether more than one device keeps it.
    synced: bool,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            created_at: passkey.created_at.to_rfc3339(),
            last_used_at: passkey.last_used_at.map(Timestamp::to_rfc3339),
            synced: passkey.backed_up,
        }
    }
}

/// List the own passkeys
///
/// Oldest first; twenty at most.
#[utoipa::path(
    get, path = "/api/v1/account/passkeys", tag = "Account",
    responses((status = 200, body = ListView<PasskeyView>), (status = 403, body = Problem)),
)]
pub async fn list(call: Call) -> Result<Json<ListView<PasskeyView>>, Failure> {
    let passkeys = own::list(call.app(), &call.visitor).await?;
    Ok(Json(ListView::whole(passkeys.into_iter().map(PasskeyView::from))))
}

/// Draw a challenge to add a passkey
///
/// A first factor needs a mailed code before, as an authenticator app does.
#[utoipa::path(
    post, path = "/api/v1/account/passkey-challenges", tag = "Account",
    responses(
        (status = 201, body = ChallengeView),
        (status = 403, body = Problem, description = "needs-mailed-code, needs-recent-proof, needs-second-factor, needs-proof, method-not-offered"),
        (status = 422, body = Problem, description = "invalid-input: there are twenty already"),
    ),
)]
pub async fn draw_for_new(call: Call) -> Result<(StatusCode, Json<ChallengeView>), Failure> {
    Ok((StatusCode::CREATED, Json(own::begin(call.app(), &call.visitor).await?.into())))
}

/// A passkey that an authenticator made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskeyBody {
    /// The `id` of the challenge.
    challenge_id: String,
    /// `PublicKeyCredential.toJSON()`.
    credential: serde_json::Value,
    /// The person's name for it.
    name: String,
}

/// Add a passkey
///
/// Every other session ends. The first factor comes with recovery codes.
#[utoipa::path(
    post, path = "/api/v1/account/passkeys", tag = "Account",
    request_body = NewPasskeyBody,
    responses(
        (status = 201, body = EnrolledView),
        (status = 403, body = Problem, description = "as the challenge, or one that begins with passkey-"),
        (status = 409, body = Problem, description = "factor-exists"),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn create(call: Call, Body(body): Body<NewPasskeyBody>) -> Result<(StatusCode, Json<EnrolledView>), Failure> {
    let NewPasskeyBody { challenge_id, credential, name } = body;
    let enrolled = own::finish(call.app(), &call.visitor, &answered(challenge_id, &credential), &name).await?;
    Ok((StatusCode::CREATED, Json(EnrolledView::of(&enrolled))))
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyNameBody {
    /// The name.
    name: String,
}

/// Rename a passkey
#[utoipa::path(
    patch, path = "/api/v1/account/passkeys/{id}", tag = "Account",
    params(("id" = String, Path, description = "The passkey")),
    request_body = PasskeyNameBody,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)),
)]
pub async fn rename(call: Call, At(id): At<String>, Body(body): Body<PasskeyNameBody>) -> Result<StatusCode, Failure> {
    own::rename(call.app(), &call.visitor, &id, &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a passkey
///
/// Every other session ends; with the last factor go its recovery codes.
#[utoipa::path(
    delete, path = "/api/v1/account/passkeys/{id}", tag = "Account",
    params(("id" = String, Path, description = "The passkey")),
    responses(
        (status = 204),
        (status = 403, body = Problem, description = "needs-recent-proof, needs-second-factor"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "last-way-in, no-way-back-in"),
    ),
)]
pub async fn remove(call: Call, At(id): At<String>) -> Result<StatusCode, Failure> {
    own::remove(call.app(), &call.visitor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
