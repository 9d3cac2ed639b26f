//! Owns `/session`: the one that the token or cookie of the call belongs to.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::passwords::Password;
use orgate_app::session::{self, Access, CurrentPlace};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, again, passkey};
use orgate_app::sign_in::{password, step_up};
use orgate_core::proof::Proof;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passkeys::{ChallengeView, answered};
use super::sessions::SessionView;
use super::sign_ins::TypedFactorBody;
use super::{Body, Call, UserView};
use crate::error::{Failure, Problem};

/// The present session.
#[derive(Serialize, ToSchema)]
pub struct CurrentSessionView {
    /// Whose it is.
    user: UserView,
    /// What was shown, oldest first.
    proofs: Vec<ProofView>,
    /// Its absolute end.
    expires_at: String,
    /// The organizations that it may know of.
    organizations: Vec<PlaceView>,
    /// Whether there are more, which are named once the person confirms who they are.
    others_hidden: bool,
}

/// One thing that was shown.
#[derive(Serialize, ToSchema)]
pub struct ProofView {
    /// How.
    #[schema(example = "password")]
    method: &'static str,
    /// Through which connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    /// Whose connection that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,
    /// When.
    at: String,
}

/// One of the person's organizations.
#[derive(Serialize, ToSchema)]
pub struct PlaceView {
    /// Its id.
    id: String,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// The person's role.
    role: &'static str,
    /// What opens it: `open`, `needs-sso`, `needs-proof` or `needs-second-factor`.
    #[schema(value_type = String, example = "open")]
    access: Access,
    /// Where its members sign in.
    sign_in_url: String,
}

impl From<CurrentPlace> for PlaceView {
    fn from(place: CurrentPlace) -> Self {
        Self {
            id: place.id.to_string(),
            slug: place.slug,
            name: place.name,
            role: place.role.as_str(),
            access: place.access,
            sign_in_url: place.sign_in_url,
        }
    }
}

impl From<&Proof> for ProofView {
    fn from(proof: &Proof) -> Self {
        let (connection_id, organization_id) = proof
            .connection()
            .map(|(connection, organization)| (connection.to_string(), organization.to_string()))
            .unzip();
        Self { method: proof.method().as_str(), connection_id, organization_id, at: proof.at().to_rfc3339() }
    }
}

/// Look at the session
///
/// What it has shown and what it opens. An SSO proof alone names no organization but its own.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "Session",
    responses((status = 200, body = CurrentSessionView), (status = 401, body = Problem, description = "no-session")),
)]
pub async fn show(call: Call) -> Result<Json<CurrentSessionView>, Failure> {
    let current = session::current(call.app(), &call.visitor).await?;
    Ok(Json(CurrentSessionView {
        user: UserView::new(&current.user_id, &current.email, &current.name),
        proofs: current.proofs.iter().map(ProofView::from).collect(),
        expires_at: current.expires_at.to_rfc3339(),
        organizations: current.organizations.into_iter().map(PlaceView::from).collect(),
        others_hidden: current.others_hidden,
    }))
}

/// Sign out
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "Session",
    responses((status = 204), (status = 401, body = Problem)),
)]
pub async fn delete(call: Call) -> Result<StatusCode, Failure> {
    session::sign_out(call.app(), &call.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A further proof.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProofBody {
    /// The person's password.
    Password {
        /// The password.
        password: String,
    },
    /// A code that was mailed; it serves on top of an SSO proof.
    MailedCode {
        /// Six digits.
        code: String,
        /// The second factor of another account of the person's that has the address proven: the code brings the two
        /// together. Asked for with `needs-second-factor`, after which the code serves on.
        factor: Option<TypedFactorBody>,
    },
    /// The second factor: of an authenticator app.
    Totp {
        /// Six digits.
        code: String,
    },
    /// The second factor: a recovery code.
    RecoveryCode {
        /// The code.
        code: String,
    },
    /// A passkey: both factors by itself.
    Passkey {
        /// The `id` of the challenge.
        challenge_id: String,
        /// `PublicKeyCredential.toJSON()`.
        credential: serde_json::Value,
    },
}

/// Draw a challenge to confirm by a passkey
#[utoipa::path(
    post, path = "/api/v1/session/passkey-challenges", tag = "Session",
    responses(
        (status = 201, body = ChallengeView),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "method-not-offered"),
        (status = 404, body = Problem, description = "there is no passkey"),
    ),
)]
pub async fn draw(call: Call) -> Result<(StatusCode, Json<ChallengeView>), Failure> {
    Ok((StatusCode::CREATED, Json(passkey::begin_again(call.app(), &call.visitor).await?.into())))
}

/// Confirm who it is
///
/// Far-reaching calls need proofs of the last 15 minutes. The answer is a session with a new token; the old one is over.
#[utoipa::path(
    post, path = "/api/v1/session/proofs", tag = "Session",
    request_body = ProofBody,
    responses(
        (status = 201, body = SessionView),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "needs-second-factor, or one that begins with passkey-"),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn prove(call: Call, Body(body): Body<ProofBody>) -> Result<(StatusCode, Json<SessionView>), Failure> {
    let issued = match body {
        ProofBody::Password { password } => {
            password::confirm(call.app(), &call.visitor, Password::from_typed(&password)).await?
        }
        ProofBody::MailedCode { code, factor } => {
            step_up::confirm_with(call.app(), &call.visitor, &code, factor.map(Into::into)).await?
        }
        ProofBody::Totp { code } => {
            again::confirm(call.app(), &call.visitor, TypedFactor { method: TypedMethod::Totp, code }).await?
        }
        ProofBody::RecoveryCode { code } => {
            again::confirm(call.app(), &call.visitor, TypedFactor { method: TypedMethod::RecoveryCode, code }).await?
        }
        ProofBody::Passkey { challenge_id, credential } => {
            passkey::confirm(call.app(), &call.visitor, &answered(challenge_id, &credential)).await?
        }
    };
    Ok((StatusCode::CREATED, Json(SessionView::of(&issued))))
}

/// Mail a code to confirm with
#[utoipa::path(
    post, path = "/api/v1/session/codes", tag = "Session",
    responses((status = 202), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
pub async fn mail_code(call: Call) -> Result<StatusCode, Failure> {
    step_up::mail_code(call.app(), &call.visitor).await?;
    Ok(StatusCode::ACCEPTED)
}
