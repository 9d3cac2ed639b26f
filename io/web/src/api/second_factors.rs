//! Owns `/account/second-factors`, `/account/totp` and `/account/recovery-codes`: setting second factors up and taking them
//! away (R-IN-4).

use axum::Json;
use axum::http::StatusCode;
use orgate_app::second_factor::recovery_code::RecoveryCode;
use orgate_app::second_factor::totp::{self, Enrolled};
use orgate_app::second_factor::{self, enrolment_code, recovery_codes};
use orgate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sessions::SessionView;
use super::{Body, Call};
use crate::error::{Failure, Problem};

/// The second factors of the person.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorsView {
    /// Whether there is one: an authenticator app or a passkey. Recovery codes alone are none.
    has_second_factor: bool,
    /// Since when there is an authenticator app.
    totp_since: Option<String>,
    /// How many passkeys there are.
    passkeys: usize,
    /// How many recovery codes are left.
    recovery_codes_left: u64,
    /// Ids of the organizations that require one.
    required_by: Vec<String>,
}

/// Look at the own second factors
#[utoipa::path(
    get, path = "/api/v1/account/second-factors", tag = "Account",
    responses((status = 200, body = SecondFactorsView), (status = 403, body = Problem)),
)]
pub async fn show(call: Call) -> Result<Json<SecondFactorsView>, Failure> {
    let have = second_factor::list(call.app(), &call.visitor).await?;
    Ok(Json(SecondFactorsView {
        has_second_factor: have.has_one,
        totp_since: have.totp_since.map(Timestamp::to_rfc3339),
        passkeys: have.passkeys.len(),
        recovery_codes_left: have.recovery_codes_left,
        required_by: have.required_by.iter().map(ToString::to_string).collect(),
    }))
}

/// Mail the code before a first second factor
///
/// A first factor needs a code mailed to the proven address in the last 15 minutes, whichever way the person signed in;
/// a code on top of an SSO proof serves too. Who has a factor needs none.
#[utoipa::path(
    post, path = "/api/v1/account/enrolment-codes", tag = "Account",
    responses(
        (status = 202),
        (status = 403, body = Problem, description = "needs-recent-proof, needs-proof"),
        (status = 429, body = Problem),
    ),
)]
pub async fn mail_code(call: Call) -> Result<StatusCode, Failure> {
    enrolment_code::mail(call.app(), &call.visitor).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Six digits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCodeBody {
    /// The code.
    #[schema(example = "123456")]
    code: String,
}

/// Enter the code that was mailed
///
/// The answer is a session with a new token; the old one is over. For 15 minutes a first factor can be set up in it.
#[utoipa::path(
    post, path = "/api/v1/account/enrolment-codes/verification", tag = "Account",
    request_body = FactorCodeBody,
    responses(
        (status = 201, body = SessionView),
        (status = 403, body = Problem),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem, description = "invalid-code"),
    ),
)]
pub async fn verify_code(
    call: Call,
    Body(body): Body<FactorCodeBody>,
) -> Result<(StatusCode, Json<SessionView>), Failure> {
    let issued = enrolment_code::confirm(call.app(), &call.visitor, &body.code).await?;
    Ok((StatusCode::CREATED, Json(SessionView::of(&issued))))
}

/// A secret that waits for its first code.
#[derive(Serialize, ToSchema)]
pub struct PendingTotpView {
    /// The secret in base 32, to be typed into the app.
    secret: String,
    /// The same as a QR code says it.
    #[schema(example = "otpauth://totp/Orgate:robin%40acme.example?secret=…&issuer=Orgate")]
    uri: String,
}

/// Begin setting up an authenticator app
///
/// The secret waits 15 minutes for its first code, and takes the place of another that waits.
#[utoipa::path(
    post, path = "/api/v1/account/totp", tag = "Account",
    responses(
        (status = 201, body = PendingTotpView),
        (status = 403, body = Problem, description = "needs-mailed-code, needs-recent-proof, needs-second-factor, needs-proof"),
        (status = 409, body = Problem, description = "factor-exists"),
    ),
)]
pub async fn begin_totp(call: Call) -> Result<(StatusCode, Json<PendingTotpView>), Failure> {
    let pending = totp::begin(call.app(), &call.visitor).await?;
    let view = PendingTotpView { secret: pending.secret.to_string(), uri: pending.uri.to_string() };
    Ok((StatusCode::CREATED, Json(view)))
}

/// A second factor that was just set up.
#[derive(Serialize, ToSchema)]
pub struct EnrolledView {
    /// The session with its new token; the old one is over, and so are all others of the person.
    session: SessionView,
    /// Recovery codes, shown this once; empty for who had some already.
    recovery_codes: Vec<String>,
}

impl EnrolledView {
    /// Shows the token and the codes.
    pub(super) fn of(enrolled: &Enrolled) -> Self {
        Self { session: SessionView::of(&enrolled.issued), recovery_codes: revealed(&enrolled.recovery_codes) }
    }
}

/// Enter the first code of the authenticator app
#[utoipa::path(
    post, path = "/api/v1/account/totp/confirmation", tag = "Account",
    request_body = FactorCodeBody,
    responses(
        (status = 201, body = EnrolledView),
        (status = 403, body = Problem),
        (status = 410, body = Problem, description = "attempt-over"),
        (status = 422, body = Problem, description = "invalid-input, at the field `code`"),
    ),
)]
pub async fn confirm_totp(
    call: Call,
    Body(body): Body<FactorCodeBody>,
) -> Result<(StatusCode, Json<EnrolledView>), Failure> {
    let enrolled = totp::confirm(call.app(), &call.visitor, &body.code).await?;
    Ok((StatusCode::CREATED, Json(EnrolledView::of(&enrolled))))
}

/// Remove the authenticator app
///
/// Needs the second factor in the last 15 minutes. Every other session ends; with the last factor go its recovery codes.
#[utoipa::path(
    delete, path = "/api/v1/account/totp", tag = "Account",
    responses(
        (status = 204),
        (status = 403, body = Problem, description = "needs-recent-proof, needs-second-factor"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "no-way-back-in"),
    ),
)]
pub async fn remove_totp(call: Call) -> Result<StatusCode, Failure> {
    totp::remove(call.app(), &call.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// New recovery codes.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesView {
    /// The codes, shown this once.
    recovery_codes: Vec<String>,
}

/// Make new recovery codes
///
/// The old ones no longer serve.
#[utoipa::path(
    post, path = "/api/v1/account/recovery-codes", tag = "Account",
    responses(
        (status = 201, body = RecoveryCodesView),
        (status = 403, body = Problem, description = "needs-recent-proof, needs-second-factor"),
    ),
)]
pub async fn renew_recovery_codes(call: Call) -> Result<(StatusCode, Json<RecoveryCodesView>), Failure> {
    let codes = recovery_codes::renew(call.app(), &call.visitor).await?;
    Ok((StatusCode::CREATED, Json(RecoveryCodesView { recovery_codes: revealed(&codes) })))
}

fn revealed(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.reveal().to_string()).collect()
}
