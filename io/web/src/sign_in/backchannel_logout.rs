//! Owns the address that an identity provider's server posts log-outs to. It is called by no browser: a request that one
//! sends from elsewhere is refused at the door like a call of the API.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use orgate_app::log_out::receive::{Received, receive};
use orgate_core::id::{ConnectionId, Identifier as _};
use orgate_core::refusal::Refusal;
use serde::Serialize;

use crate::api::{At, Call};
use crate::error::Failure;

/// A refusal as the provider reads it. What was expected and received is the Owner's to see.
#[derive(Serialize)]
struct NotLoggedOut {
    error: &'static str,
    error_description: &'static str,
}

/// Takes a log-out token: 200 once it took effect, 400 when it is refused (T-LO-2).
pub async fn create(call: Call, At(id): At<String>, body: Result<Bytes, BytesRejection>) -> Result<Response, Failure> {
    let id = ConnectionId::parse(&id).ok_or(Refusal::NotFound)?;
    match receive(call.app(), &call.visitor, &id, &body?).await? {
        Received::Done => Ok(StatusCode::OK.into_response()),
        Received::Refused(refusal) => {
            let said = NotLoggedOut { error: "invalid_request", error_description: refusal.code.as_str() };
            Ok((StatusCode::BAD_REQUEST, Json(said)).into_response())
        }
    }
}
