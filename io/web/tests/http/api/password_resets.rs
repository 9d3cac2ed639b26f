//! `/api/v1/password-resets`.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, Site};

#[tokio::test]
async fn a_mailed_link_sets_the_password_once_and_ends_the_sessions() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let ask = json!({ "email": "sam@example.com" });
    site.post("/api/v1/password-resets").json(&ask).expect(StatusCode::ACCEPTED).await;
    let path =
        format!("/api/v1/password-resets/{}/completion", site.token("sam@example.com", "/password-reset/").await);
    let short = json!({ "password": "short" });
    site.post(&path).json(&short).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let new = json!({ "password": "eleven loud trumpets under Oslo" });
    site.post(&path).json(&new).expect(StatusCode::NO_CONTENT).await;
    site.post(&path).json(&new).refused(StatusCode::GONE, "attempt-over").await;
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    let sign_in = |password: &str| json!({ "method": "password", "email": "sam@example.com", "password": password });
    let old = sign_in(PASSWORD);
    site.post("/api/v1/sessions").json(&old).refused(StatusCode::UNAUTHORIZED, "invalid-credentials").await;
    let fresh = sign_in("eleven loud trumpets under Oslo");
    site.post("/api/v1/sessions").json(&fresh).expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn r_in_5_an_unknown_address_gets_the_same_answer() {
    let site = Site::new().await;
    site.person("sam").await;
    let ask = |email: &str| site.post("/api/v1/password-resets").json(&json!({ "email": email }));
    let known = ask("sam@example.com").expect(StatusCode::ACCEPTED).await;
    let unknown = ask("kim@example.com").expect(StatusCode::ACCEPTED).await;
    assert_eq!((known.body, known.headers), (unknown.body, unknown.headers));
    ask("nobody").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}
