//! Every address of the provider on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::csrf::CsrfLayer;

use crate::{Provider, door, github, pages, protocol};

/// No form or token request is larger. *Units*: bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

pub(crate) fn router(provider: Arc<Provider>) -> Router {
    let people = Router::new()
        .route("/", get(pages::home::show))
        .route("/sign-in", post(pages::sign_in::create))
        .route("/sign-out", post(pages::sign_out::remove))
        .route("/oauth2/v1/authorize", get(pages::sign_in::authorize))
        .route("/oauth2/v1/logout", get(pages::sign_out::at_wish))
        .route("/login/oauth/authorize", get(pages::sign_in::authorize))
        .route("/admin", get(pages::applications::list).post(pages::applications::create))
        .route("/admin/new", get(pages::applications::new))
        .route("/admin/{client_id}", get(pages::applications::show).post(pages::applications::update))
        .route("/admin/{client_id}/secret", post(pages::applications::rotate_secret))
        .route("/admin/{client_id}/assignments", post(pages::applications::assign))
        .layer(CsrfLayer::new());
    let programs = Router::new()
        .route("/.well-known/openid-configuration", get(protocol::discovery))
        .route("/oauth2/v1/keys", get(protocol::keys))
        .route("/oauth2/v1/token", post(protocol::token))
        .route("/oauth2/v1/userinfo", get(protocol::user_info).post(protocol::user_info))
        .route("/login/oauth/access_token", post(github::token))
        .route("/api/v3/user", get(github::user))
        .route("/api/v3/user/emails", get(github::emails));
    Router::new()
        .merge(people)
        .merge(programs)
        .route("/static/style.css", get(pages::stylesheet))
        .route("/static/copy.js", get(pages::script))
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(door::Host::of(&provider.issuer), door::guard))
        .with_state(provider)
}
