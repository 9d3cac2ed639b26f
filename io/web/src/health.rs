//! Owns what monitors ask.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use orgate_app::error::Error;

use crate::error::Failure;
use crate::state::Web;

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// It can do its work: the database answers.
///
/// *Errors*: 503 while it does not.
pub async fn readyz(State(web): State<Web>) -> Result<&'static str, Failure> {
    web.app.store.ping().await.map_err(Error::from)?;
    Ok("ready\n")
}

/// Measurements, as Prometheus reads them.
pub async fn metrics(State(web): State<Web>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], web.metrics.render()).into_response()
}

/// Nothing: what `/check` is measured against.
pub async fn empty() -> StatusCode {
    StatusCode::NO_CONTENT
}
