//! `/api/v1/sessions` and `/api/v1/session`.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{PASSWORD, Person, Site, text};

#[tokio::test]
async fn a_password_makes_a_session_that_knows_itself() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let body = json!({ "method": "password", "email": "SAM@example.com", "password": PASSWORD });
    let session = site.post("/api/v1/sessions").json(&body).expect(StatusCode::CREATED).await.json();
    let second = Person { token: text(&session["token"]), ..sam.clone() };
    let current = site.get("/api/v1/session").bearer(&second).expect(StatusCode::OK).await.json();
    assert_eq!(current["user"], json!({ "id": sam.id, "email": "sam@example.com", "name": "sam" }));
    assert_eq!(current["proofs"], json!([{ "method": "password", "at": "2026-11-22T06:00:00Z" }]));
    assert_eq!(current["others_hidden"], false);
    let place = &current["organizations"][0];
    assert_eq!((&place["slug"], &place["role"], &place["access"]), (&json!("acme"), &json!("owner"), &json!("open")));
    assert_eq!(place["sign_in_url"], "https://id.example.com/sign-in/acme");
}

#[tokio::test]
async fn wrong_passwords_and_unknown_addresses_are_one_refusal() {
    let site = Site::new().await;
    site.person("sam").await;
    let try_one = |email: &str| {
        let body = json!({ "method": "password", "email": email, "password": "not the password at all" });
        let ask = site.post("/api/v1/sessions").json(&body);
        async { ask.refused(StatusCode::UNAUTHORIZED, "invalid-credentials").await }
    };
    let mut known = try_one("sam@example.com").await;
    let mut unknown = try_one("kim@example.com").await;
    known["reference"].take();
    unknown["reference"].take();
    assert_eq!(known, unknown);
}

#[tokio::test]
async fn an_unknown_method_is_not_understood() {
    let site = Site::new().await;
    let body = json!({ "method": "telepathy", "email": "a@example.com" });
    site.post("/api/v1/sessions").json(&body).refused(StatusCode::BAD_REQUEST, "malformed-request").await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once_and_once() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.ask(Method::DELETE, "/api/v1/session").bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    site.ask(Method::DELETE, "/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
}

#[tokio::test]
async fn r_in_8_a_fresh_proof_makes_a_new_token_and_ends_the_old_one() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    site.advance(16);
    let connections = format!("/api/v1/organizations/{slug}/connections");
    let kind = json!({ "kind": "oidc" });
    site.post(&connections).bearer(&sam).json(&kind).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    let wrong = json!({ "method": "password", "password": "not the password at all" });
    let prove = || site.post("/api/v1/session/proofs").bearer(&sam);
    prove().json(&wrong).refused(StatusCode::UNAUTHORIZED, "invalid-credentials").await;
    let right = json!({ "method": "password", "password": PASSWORD });
    let session = prove().json(&right).expect(StatusCode::CREATED).await.json();
    let fresh = Person { token: text(&session["token"]), ..sam.clone() };
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    site.post(&connections).bearer(&fresh).json(&kind).expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn r_lnk_6_a_mailed_code_serves_only_on_top_of_an_sso_proof() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.post("/api/v1/session/codes").bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-proof").await;
    let code = json!({ "method": "mailed-code", "code": "123456" });
    site.post("/api/v1/session/proofs").bearer(&sam).json(&code).refused(StatusCode::GONE, "attempt-over").await;
}
