//! Every address of the provider on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::csrf::CsrfLayer;

use crate::{Provider, pages, protocol};

/// No form or token request is larger. *Units*: bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

pub(crate) fn router(provider: Arc<Provider>) -> Router {
    let people = Router::new()
        .route("/", get(pages::home::show))
        .route("/sign-in", post(pages::sign_in::create))
        .route("/sign-out", post(pages::sign_in::remove))
        .route("/oauth2/v1/authorize", get(pages::sign_in::authorize))
        .route(
            "/admin",
            get(pages::applications::list).post(pages::applications::create),
        )
        .route("/admin/new", get(pages::applications::new))
        .route(
            "/admin/{client_id}",
            get(pages::applications::show).post(pages::applications::update),
        )
        .route(
            "/admin/{client_id}/secret",
            post(pages::applications::rotate_secret),
        )
        .route(
            "/admin/{client_id}/assignments",
            post(pages::applications::assign),
        )
        .layer(CsrfLayer::new());
    let programs = Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(protocol::discovery),
        )
        .route("/oauth2/v1/keys", get(protocol::keys))
        .route("/oauth2/v1/token", post(protocol::token))
        .route(
            "/oauth2/v1/userinfo",
            get(protocol::user_info).post(protocol::user_info),
        );
    Router::new()
        .merge(people)
        .merge(programs)
        .route("/static/style.css", get(pages::stylesheet))
        .route("/static/copy.js", get(pages::script))
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&provider), guard))
        .with_state(provider)
}

/// Refuses requests under another host name, so that no web page can reach the provider by rebinding its own name to
/// loopback, and sets the headers that every answer has.
async fn guard(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_none() || host != provider.issuer.split("://").nth(1) {
        return (StatusCode::MISDIRECTED_REQUEST, "This is another host.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
