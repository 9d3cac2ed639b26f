//! `/api/v1/account`: address, password removal, deletion, export.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Site, text};

#[tokio::test]
async fn a_person_looks_at_their_account_and_takes_another_address() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let account = site.get("/api/v1/account").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&account["email"], &account["has_password"]), (&json!("sam@example.com"), &json!(true)));
    let ask = |body| site.post("/api/v1/account/email-changes").bearer(&sam).json(&body);
    // T-LNK-6: nobody says of themselves that an address is proven.
    let forged = json!({ "email": "victim@example.com", "email_verified": true });
    ask(forged).refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    let forged = json!({ "name": "Sam", "email_proven": true });
    let patched = site.ask(Method::PATCH, "/api/v1/account").bearer(&sam).json(&forged);
    patched.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    ask(json!({ "email": "sam@example.com" })).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let change = ask(json!({ "email": "sam@new.example" })).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/account/email-changes/{}/verification", text(&change["id"]));
    let verify = |code: &str| site.post(&path).bearer(&sam).json(&json!({ "code": code }));
    verify("12345").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-code").await;
    let code = site.code("sam@new.example").await;
    verify(&code).expect(StatusCode::NO_CONTENT).await;
    verify(&code).refused(StatusCode::GONE, "attempt-over").await;
    let account = site.get("/api/v1/account").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(account["email"], "sam@new.example");
}

#[tokio::test]
async fn the_only_way_in_stays() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let remove = site.ask(Method::DELETE, "/api/v1/account/password").bearer(&sam);
    remove.refused(StatusCode::CONFLICT, "last-way-in").await;
}

#[tokio::test]
async fn closing_names_who_needs_the_person_and_then_ends_the_session() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let seen = site.get("/api/v1/account/deletion").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(seen["organizations"][0]["obstacle"], "last-owner");
    let close =
        |email: &str| site.post("/api/v1/account/deletion").bearer(&sam).json(&json!({ "confirmation": email }));
    let refused = close("sam@example.com").refused(StatusCode::CONFLICT, "last-owner").await;
    assert_eq!(refused["organizations"][0]["slug"], json!(slug));
    let kim = site.member(&sam, &slug, "kim").await;
    let path = format!("/api/v1/organizations/{slug}/members/{}", kim.id);
    site.ask(Method::PATCH, &path).bearer(&sam).json(&json!({ "role": "owner" })).expect(StatusCode::OK).await;
    close("kim@example.com").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    close("sam@example.com").expect(StatusCode::NO_CONTENT).await;
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
}

#[tokio::test]
async fn an_export_needs_a_recent_proof() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let export = site.get("/api/v1/account/export").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&export["profile"]["name"], &export["memberships"][0]["role"]), (&json!("sam"), &json!("owner")));
    assert!(export["events"].as_array().unwrap().iter().any(|event| event["action"] == "organization.created"));
    site.advance(16);
    for (method, path) in [
        (Method::GET, "/api/v1/account/export"),
        (Method::GET, "/api/v1/account/deletion"),
        (Method::DELETE, "/api/v1/account/password"),
    ] {
        site.ask(method, path).bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    }
}
