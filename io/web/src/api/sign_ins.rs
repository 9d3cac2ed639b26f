//! Owns `/sign-ins/{id}`: a sign-in that waits for its second factor.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod, Waiting, read_handle};
use orgate_core::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
}

impl From<FactorBody> for TypedFactor {
    fn from(body: FactorBody) -> Self {
        match body {
            FactorBody::Totp { code } => Self { method: TypedMethod::Totp, code },
            FactorBody::RecoveryCode { code } => Self { method: TypedMethod::RecoveryCode, code },
        }
    }
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
        (status = 403, body = Problem, description = "sso-required"),
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
    let (id, holder) = read_handle(&id).ok_or(Refusal::AttemptOver)?;
    call.visitor.browser = Some(holder);
    match second_factor::verify(call.app(), &call.visitor, &id, body.into()).await? {
        Promoted::SignedIn { issued, .. } => Ok((StatusCode::CREATED, Json(SessionView::of(&issued)))),
        Promoted::Blocked(blocked) => Err(Refusal::SsoRequired(blocked.organizations).into()),
    }
}
