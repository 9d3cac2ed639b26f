//! Owns `/account`: a person's own name, password and sessions (R-IN-9).

use axum::Json;
use axum::http::StatusCode;
use orgate_app::account::{self, PasswordChange};
use orgate_app::session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::organizations::NameBody;
use super::{At, Body, Call, ListView, UserView};
use crate::error::{Failure, Problem};

/// The own account.
#[derive(Serialize, ToSchema)]
pub struct AccountView {
    /// Who.
    #[serde(flatten)]
    user: UserView,
    /// Whether the address is proven.
    email_proven: bool,
    /// When the account was made.
    created_at: String,
    /// Whether there is a password.
    has_password: bool,
    /// Whether a second factor is enrolled.
    has_second_factor: bool,
}

/// Look at the own account
#[utoipa::path(
    get, path = "/api/v1/account", tag = "Account",
    responses((status = 200, body = AccountView), (status = 403, body = Problem)),
)]
pub async fn show(call: Call) -> Result<Json<AccountView>, Failure> {
    let security = account::security(call.app(), &call.visitor).await?;
    let user = security.user;
    Ok(Json(AccountView {
        email_proven: security.email_proven,
        created_at: user.created_at.to_rfc3339(),
        has_password: security.has_password,
        has_second_factor: user.has_second_factor,
        user: UserView::new(&user.id, &user.email, &user.name),
    }))
}

/// Change the own name
///
/// Every organization sees it, so the account has to be open.
#[utoipa::path(
    patch, path = "/api/v1/account", tag = "Account",
    request_body = NameBody,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)),
)]
pub async fn rename(call: Call, Body(body): Body<NameBody>) -> Result<StatusCode, Failure> {
    account::rename(call.app(), &call.visitor, &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The password so far, where there is one.
    current_password: Option<String>,
    /// The password from now on.
    new_password: String,
}

/// Set or change the own password
///
/// Every other session ends.
#[utoipa::path(
    put, path = "/api/v1/account/password", tag = "Account",
    request_body = PasswordBody,
    responses((status = 204), (status = 403, body = Problem), (status = 422, body = Problem)),
)]
pub async fn change_password(call: Call, Body(body): Body<PasswordBody>) -> Result<StatusCode, Failure> {
    let change = PasswordChange { current: body.current_password, new: body.new_password };
    account::change_password(call.app(), &call.visitor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove the own password
///
/// For who has another way in. Every other session ends. Needs proofs of the last 15 minutes.
#[utoipa::path(
    delete, path = "/api/v1/account/password", tag = "Account",
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "last-way-in, no-way-back-in"),
    ),
)]
pub async fn remove_password(call: Call) -> Result<StatusCode, Failure> {
    account::remove_password(call.app(), &call.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One of the person's sessions.
#[derive(Serialize, ToSchema)]
pub struct OwnSessionView {
    /// Its id; no secret.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    created_at: String,
    /// When it was last used; written at most once in 5 minutes.
    last_used_at: String,
    /// Its absolute end.
    expires_at: String,
    /// How the person signed in.
    methods: Vec<&'static str>,
    /// From which address it was begun.
    ip: String,
    /// With which browser.
    user_agent: String,
}

/// List the own sessions
#[utoipa::path(
    get, path = "/api/v1/account/sessions", tag = "Account",
    responses((status = 200, body = ListView<OwnSessionView>), (status = 403, body = Problem)),
)]
pub async fn list_sessions(call: Call) -> Result<Json<ListView<OwnSessionView>>, Failure> {
    let views = session::list(call.app(), &call.visitor).await?;
    Ok(Json(ListView::whole(views.into_iter().map(|view| OwnSessionView {
        id: view.session.id.to_string(),
        current: view.current,
        created_at: view.session.created_at.to_rfc3339(),
        last_used_at: view.session.last_used_at.to_rfc3339(),
        expires_at: view.session.expires_at.to_rfc3339(),
        methods: view.session.proofs.iter().map(|proof| proof.method().as_str()).collect(),
        ip: view.session.ip,
        user_agent: view.session.user_agent,
    }))))
}

/// End one of the own sessions
#[utoipa::path(
    delete, path = "/api/v1/account/sessions/{id}", tag = "Account",
    params(("id" = String, Path, description = "The session")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn end_session(call: Call, At(id): At<String>) -> Result<StatusCode, Failure> {
    session::end(call.app(), &call.visitor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What ending did.
#[derive(Serialize, ToSchema)]
pub struct EndedView {
    /// How many sessions there were.
    ended: u64,
}

/// End all other sessions
#[utoipa::path(
    delete, path = "/api/v1/account/other-sessions", tag = "Account",
    responses((status = 200, body = EndedView), (status = 403, body = Problem)),
)]
pub async fn end_other_sessions(call: Call) -> Result<Json<EndedView>, Failure> {
    let ended = session::end_others(call.app(), &call.visitor).await?;
    Ok(Json(EndedView { ended }))
}
