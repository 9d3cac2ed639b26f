//! R-API-1: the document says what the router does, and the committed copy is that document.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Site, body_of};

#[tokio::test]
async fn the_committed_document_is_the_served_one() {
    let site = Site::new().await;
    let answer = site.get("/api/openapi.json").expect(StatusCode::OK).await;
    crate::routes::golden("../../docs/openapi.json", &answer.text());
}

#[tokio::test]
async fn every_call_is_in_the_document_and_nothing_else() {
    let site = Site::new().await;
    let document = site.get("/api/openapi.json").send().await.json();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name} says what it does");
            documented.insert((name, operation.get("requestBody").is_some()));
        }
    }
    let routed: BTreeSet<(String, bool)> = routes()
        .iter()
        .filter(|route| route.surface == Surface::Api && route.path.starts_with("/api/v1/"))
        .map(|route| {
            let takes_body = body_of(route).is_some() || route.path.ends_with("/acceptance");
            (format!("{} {}", route.method, route.path), takes_body)
        })
        .collect();
    assert_eq!(documented, routed);
}

#[tokio::test]
async fn a_person_can_read_it() {
    let site = Site::new().await;
    let page = site.get("/api/docs").expect(StatusCode::OK).await.text();
    for part in ["/api/v1/sessions", "Sign in", "okta_domain", "Connections"] {
        assert!(page.contains(part), "{part}");
    }
}
