//! Owns `/sessions`: signing in. The only other ways to a session are a sign-up's code and a browser's SSO.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orgate_app::passwords::Password;
use orgate_app::sign_in::Issued;
use orgate_app::sign_in::password::{self, Credentials, Entry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sign_ins::WaitingView;
use super::{Body, Call, UserView};
use crate::error::{Failure, Problem};

/// A session that was just made.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// The token, shown this once: `Authorization: Bearer <token>`.
    token: String,
    /// Its absolute end.
    expires_at: String,
    /// Whose it is.
    user: UserView,
}

impl SessionView {
    /// Shows the token.
    pub fn of(issued: &Issued) -> Self {
        Self {
            token: issued.token.reveal().as_str().to_owned(),
            expires_at: issued.expires_at.to_rfc3339(),
            user: UserView::new(&issued.user.id, &issued.user.email, &issued.user.name),
        }
    }
}

/// A way to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SessionBody {
    /// With e-mail and password.
    Password {
        /// The address.
        email: String,
        /// The password.
        password: String,
    },
}

/// Sign in
///
/// Known and unknown addresses are told apart by nothing. Who has a second factor gets 202 and goes on from
/// `/sign-ins/{id}/second-factor`. `sso-required` names the organizations that require their SSO.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "Sessions", security(()),
    request_body = SessionBody,
    responses(
        (status = 201, body = SessionView),
        (status = 202, body = WaitingView),
        (status = 401, body = Problem, description = "invalid-credentials"),
        (status = 403, body = Problem, description = "sso-required"),
        (status = 429, body = Problem),
    ),
)]
pub async fn create(call: Call, Body(body): Body<SessionBody>) -> Result<Response, Failure> {
    let SessionBody::Password { email, password } = body;
    let credentials = Credentials { email, password: Password::from_typed(&password) };
    answer(password::begin(call.app(), &call.visitor, credentials).await?)
}

/// The answer to a right first proof.
pub(super) fn answer(entry: Entry) -> Result<Response, Failure> {
    match entry {
        Entry::SecondFactor(waiting) => Ok((StatusCode::ACCEPTED, Json(WaitingView::of(&waiting))).into_response()),
        entry @ (Entry::SignedIn(_) | Entry::Blocked(_)) => {
            Ok((StatusCode::CREATED, Json(SessionView::of(&entry.session()?))).into_response())
        }
    }
}
