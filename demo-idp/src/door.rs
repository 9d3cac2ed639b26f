//! Owns what every request passes first: the host name it came under, and the headers that every answer has.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The host and port that a listener is reached by.
#[derive(Clone)]
pub(crate) struct Host(Arc<str>);

impl Host {
    /// Of an address such as `http://127.0.0.1:8081`.
    pub(crate) fn of(url: &str) -> Self {
        Self(url.split("://").nth(1).unwrap_or_default().into())
    }
}

/// Refuses requests under another host name, so that no web page can reach a listener by rebinding its own name to
/// loopback.
pub(crate) async fn guard(State(host): State<Host>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|named| named.to_str().ok());
    if named != Some(&*host.0) {
        return (StatusCode::MISDIRECTED_REQUEST, "This is another host.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
