//! `/api/v1/operator`.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Site, text};

#[tokio::test]
async fn the_operator_sees_organizations_and_says_what_they_may_use() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let list = site.get("/api/v1/operator/organizations").operator().expect(StatusCode::OK).await.json();
    assert_eq!((&list["items"][0]["slug"], &list["items"][0]["sso"]), (&json!("acme"), &json!(true)));
    for named in ["acme".to_owned(), text(&list["items"][0]["id"])] {
        let path = format!("/api/v1/operator/organizations/{named}/entitlements");
        let changed =
            site.ask(Method::PUT, &path).operator().json(&json!({ "sso": false })).expect(StatusCode::OK).await;
        assert_eq!(changed.json()["sso"], false);
    }
    let nothing = "/api/v1/operator/organizations/nowhere/entitlements";
    site.ask(Method::PUT, nothing)
        .operator()
        .json(&json!({ "sso": true }))
        .refused(StatusCode::NOT_FOUND, "not-found")
        .await;
}

#[tokio::test]
async fn without_a_token_in_the_settings_there_are_no_such_calls() {
    let site = Site::with(&[]).await;
    let ask = site.get("/api/v1/operator/organizations").operator().peer([127, 0, 0, 1]);
    ask.refused(StatusCode::UNAUTHORIZED, "not-the-operator").await;
}
