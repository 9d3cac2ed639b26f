//! `/api/v1/sign-ups`.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, Site, text};

fn body(email: &str) -> serde_json::Value {
    json!({ "email": email, "password": PASSWORD, "name": "Sam Low" })
}

#[tokio::test]
async fn a_mailed_code_makes_a_session() {
    let site = Site::new().await;
    let begun = site.post("/api/v1/sign-ups").json(&body("sam@example.com")).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/sign-ups/{}/verification", text(&begun["id"]));
    let wrong = json!({ "code": "000000" });
    site.post(&path).json(&wrong).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-code").await;
    let code = json!({ "code": site.code("sam@example.com").await });
    let session = site.post(&path).json(&code).expect(StatusCode::CREATED).await.json();
    assert_eq!(session["user"]["email"], "sam@example.com");
    assert_eq!(session["user"]["name"], "Sam Low");
    assert_eq!(session["expires_at"], "2026-11-23T06:00:00Z");
    assert_eq!(text(&session["token"]).len(), 43);
    site.post(&path).json(&code).refused(StatusCode::GONE, "attempt-over").await;
}

#[tokio::test]
async fn another_code_ends_the_one_before() {
    let site = Site::new().await;
    let begun = site.post("/api/v1/sign-ups").json(&body("sam@example.com")).expect(StatusCode::ACCEPTED).await.json();
    let first = json!({ "code": site.code("sam@example.com").await });
    let old = format!("/api/v1/sign-ups/{}", text(&begun["id"]));
    let again = site.post(&format!("{old}/codes")).expect(StatusCode::ACCEPTED).await.json();
    site.post(&format!("{old}/verification")).json(&first).refused(StatusCode::GONE, "attempt-over").await;
    let second = json!({ "code": site.code("sam@example.com").await });
    let path = format!("/api/v1/sign-ups/{}/verification", text(&again["id"]));
    site.post(&path).json(&second).expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn r_in_5_a_known_address_gets_the_same_answer() {
    let site = Site::new().await;
    site.person("sam").await;
    let known = site.post("/api/v1/sign-ups").json(&body("sam@example.com")).expect(StatusCode::ACCEPTED).await;
    let unknown = site.post("/api/v1/sign-ups").json(&body("kim@example.com")).expect(StatusCode::ACCEPTED).await;
    assert_eq!(known.body.len(), unknown.body.len());
    assert_eq!(known.headers, unknown.headers);
    assert_eq!(site.mail("sam@example.com").await.code(), None, "the mail says that the account exists");
}

#[tokio::test]
async fn a_closed_sign_up_says_so() {
    let site = Site::with(&[("ORGATE_SIGN_UP", "closed")]).await;
    site.post("/api/v1/sign-ups").json(&body("kim@example.com")).refused(StatusCode::FORBIDDEN, "sign-up-closed").await;
}
