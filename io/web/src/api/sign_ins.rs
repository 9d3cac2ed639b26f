//! Owns `/sign-ins/{id}`: a sign-in that waits for its second factor.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::sign_in::passkey::Answered;
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod, Waiting, passkey, read_handle};
use orgate_core::id::SignInId;
use orgate_core::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passkeys::{ChallengeView, answered};
use super::sessions::SessionView;
use super::{At, Body, Call};
use crate::error::{Failure, Problem};

/// A sign-in whose first proof was right.
#[derive(Serialize, ToSchema)]
pub struct WaitingView {
    /// What is missing.
    #[schema(example = "second-factor")]
    next: &'static str,
    /// Names the sign-in for five minutes and five tries. It is a secret of the program that got it.
    sign_in_id: String,
    /// What the person can show.
    #[schema(example = json!(["totp", "recovery-code"]))]
    methods: Vec<&'static str>,
}

impl WaitingView {
    /// Names the attempt.
    pub fn of(waiting: &Waiting) -> Self {
        Self {
            next: "second-factor",
            sign_in_id: waiting.handle().to_string(),
            methods: waiting.methods.iter().map(|method| method.as_str()).collect(),
        }
    }
}

/// A second factor.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FactorBody {
    /// Of an authenticator app.
    Totp {
        /// Six digits.
        code: String,
    },
    /// One of the codes for the day on which that is lost; each serves once.
    RecoveryCode {
        /// The code; dashes and spaces are forgiven.
        code: String,
    },
    /// A passkey.
    Passkey {
        /// The `id` of the challenge.
        challenge_id: String,
        /// `PublicKeyCredential.toJSON()`.
        credential: serde_json::Value,
    },
}

/// A second factor that is typed, beside another proof of the same call.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TypedFactorBody {
    /// Of an authenticator app.
    Totp {
        /// Six digits.
        code: String,
    },
    /// One of the codes for the day on which that is lost; each serves once.
    RecoveryCode {
        /// The code; dashes and spaces are forgiven.
        code: String,
    },
}

impl From<TypedFactorBody> for TypedFactor {
    fn from(body: TypedFactorBody) -> Self {
        match body {
            TypedFactorBody::Totp { code } => Self { method: TypedMethod::Totp, code },
            TypedFactorBody::RecoveryCode { code } => Self { method: TypedMethod::RecoveryCode, code },
        }
    }
}

/// A factor by how it is compared.
pub(super) enum Factor {
    Typed(TypedFactor),
    Answered(Answered),
}

impl From<FactorBody> for Factor {
    fn from(body: FactorBody) -> Self {
        match body {
            FactorBody::Totp { code } => Self::Typed(TypedFactor { method: TypedMethod::Totp, code }),
            FactorBody::RecoveryCode { code } => Self::Typed(TypedFactor { method: TypedMethod::RecoveryCode, code }),
            FactorBody::Passkey { challenge_id, credential } => Self::Answered(answered(challenge_id, &credential)),
        }
    }
}

/// Draw a challenge for the second factor
///
/// For who has a passkey. Each serves once.
#[utoipa::path(
    post, path = "/api/v1/sign-ins/{id}/passkey-challenges", tag = "Sessions", security(()),
    params(("id" = String, Path, description = "The `sign_in_id` of the sign-in")),
    responses(
        (status = 201, body = ChallengeView),
        (status = 403, body = Problem, description = "method-not-offered"),
        (status = 404, body = Problem, description = "there is no passkey"),
        (status = 410, body = Problem, description = "attempt-over"),
    ),
)]
pub async fn draw(mut call: Call, At(id): At<String>) -> Result<(StatusCode, Json<ChallengeView>), Failure> {
    let id = named(&mut call, &id)?;
    Ok((StatusCode::CREATED, Json(passkey::begin(call.app(), &call.visitor, &id).await?.into())))
}

/// The sign-in that the program has the name of.
fn named(call: &mut Call, handle: &str) -> Result<SignInId, Refusal> {
    let (id, holder) = read_handle(handle).ok_or(Refusal::AttemptOver)?;
    call.visitor.handle = Some(holder);
    Ok(id)
}

/// Show the second factor
///
/// Goes on from the 202 of a sign-in. SSO enforced meanwhile stops it: `sso-required`.
#[utoipa::path(
    post, path = "/api/v1/sign-ins/{id}/second-factor", tag = "Sessions", security(()),
    params(("id" = String, Path, description = "The `sign_in_id` of the sign-in")),
    request_body = FactorBody,
    responses(
        (status = 201, body = SessionView),
        (status = 403, body = Problem, description = "sso-required, or one that begins with passkey-"),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem, description = "invalid-code"),
        (status = 429, body = Problem),
    ),
)]
pub async fn verify(
    mut call: Call,
    At(id): At<String>,
    Body(body): Body<FactorBody>,
) -> Result<(StatusCode, Json<SessionView>), Failure> {
    let id = named(&mut call, &id)?;
    let promoted = match body.into() {
        Factor::Typed(typed) => second_factor::verify(call.app(), &call.visitor, &id, typed).await?,
        Factor::Answered(answered) => passkey::verify(call.app(), &call.visitor, &id, &answered).await?,
    };
    match promoted {
        Promoted::SignedIn { issued, .. } => Ok((StatusCode::CREATED, Json(SessionView::of(&issued)))),
        Promoted::Blocked(blocked) => Err(Refusal::SsoRequired(blocked.organizations).into()),
    }
}
