//! Owns what monitors ask.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use orgate_app::doctor::probe::{self, Seen};
use orgate_app::error::Error;

use crate::access;
use crate::error::Failure;
use crate::state::Web;

/// The process runs. Whoever has the deployment's key, which is `orgate doctor`, is told what was seen of the request.
pub async fn healthz(State(web): State<Web>, parts: Parts) -> Response {
    let word = parts.headers.get(probe::HEADER).and_then(|word| word.to_str().ok());
    if !word.is_some_and(|word| probe::is_word(&web.app, word)) {
        return "ok\n".into_response();
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let forwarded_for = forwarded.flat_map(|value| value.split(',')).map(|hop| hop.trim().to_owned()).collect();
    let peer = access::peer(&parts.extensions);
    let seen = Seen {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        peer,
        client: access::visitor(&web, &parts).ip,
        is_trusted: access::is_from_proxy(&web, &parts.extensions),
        forwarded_for,
        is_forwarded: access::is_forwarded(&parts.headers),
    };
    Json(seen).into_response()
}

/// It can do its work: the database answers, and its schema is one that this program may run over.
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
