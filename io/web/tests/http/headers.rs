//! T-WEB-9, T-BCP-4, T-BCP-5, T-WEB-10: what every answer carries, and what none does.

use axum::http::StatusCode;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Answer, OPERATOR, PUBLIC_URL, Site, body_of, path_of};

fn judge(name: &str, surface: Surface, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{name}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{name}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{name}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="), "{name}");
    let referrer = answer.header("referrer-policy");
    assert_eq!(referrer, if surface == Surface::Page { "same-origin" } else { "no-referrer" }, "{name}");
    if surface != Surface::Asset || !answer.status.is_success() {
        assert_eq!(answer.header("cache-control"), "no-store", "{name}");
    }
    assert_ne!(answer.status, StatusCode::TEMPORARY_REDIRECT, "{name}: T-BCP-5");
    assert_ne!(answer.status, StatusCode::PERMANENT_REDIRECT, "{name}: T-BCP-5");
    assert!(!answer.status.is_server_error(), "{name}: {}", answer.text());
    if let Some(location) = answer.maybe("location") {
        assert!(location.starts_with('/') && !location.starts_with("//"), "{name}: T-BCP-5: {location}");
    }
}

#[tokio::test]
async fn t_web_9_every_answer_of_every_route_carries_the_headers() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    for route in routes().iter().filter(|route| route.path != "/sign-out" && route.path != "/api/v1/session") {
        let name = format!("{} {}", route.method, route.path);
        let path = path_of(route, &slug);
        let ask = |with: bool| {
            let ask = site.ask(route.method.clone(), &path).header("host", "evil.example");
            let ask = if with { ask.cookie(&owner) } else { ask };
            match body_of(route) {
                Some(body) => ask.json(&body),
                None => ask,
            }
        };
        judge(&name, route.surface, &ask(false).send().await);
        judge(&name, route.surface, &ask(true).send().await);
    }
}

#[tokio::test]
async fn what_is_not_there_carries_them_too() {
    let site = Site::new().await;
    judge("page", Surface::Page, &site.get("/nowhere").expect(StatusCode::NOT_FOUND).await);
    let answer = site.get("/api/nowhere").expect(StatusCode::NOT_FOUND).await;
    assert_eq!(answer.json()["code"], "not-found");
    judge("call", Surface::Api, &answer);
    let answer = site.ask(axum::http::Method::PUT, "/api/v1/session").expect(StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(answer.json()["code"], "method-not-allowed");
    assert!(answer.header("allow").contains("DELETE"), "{}", answer.header("allow"));
    judge("method", Surface::Api, &answer);
}

#[tokio::test]
async fn a_deployment_on_plain_http_promises_no_transport_security() {
    let site = Site::with(&[("ORGATE_PUBLIC_URL", "http://127.0.0.1:8080")]).await;
    let answer = site.get("/sign-in").expect(StatusCode::OK).await;
    assert_eq!(answer.maybe("strict-transport-security"), None);
}

#[tokio::test]
async fn t_web_10_links_come_from_the_public_url_whatever_the_headers_say() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let body = serde_json::json!({ "emails": ["new@example.com"], "role": "member" });
    let answer = site
        .post(&format!("/api/v1/organizations/{slug}/invitations"))
        .bearer(&owner)
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example;proto=http")
        .json(&body)
        .expect(StatusCode::CREATED)
        .await;
    let link = answer.json()["items"][0]["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{PUBLIC_URL}/invitations/")), "{link}");
    let mail = site.mail("new@example.com").await;
    assert!(!mail.raw.contains("evil.example"), "{}", mail.raw);
}

#[tokio::test]
async fn t_web_10_only_a_trusted_proxy_says_where_a_client_is() {
    let site = Site::with(&[("ORGATE_TRUSTED_PROXIES", "10.0.0.0/8"), ("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let path = format!("/api/v1/organizations/{slug}");
    for (peer, expected) in [([203, 0, 113, 9], "203.0.113.9"), ([10, 0, 0, 1], "198.51.100.7")] {
        site.advance(1);
        let body = serde_json::json!({ "name": format!("Acme {}", peer[0]) });
        let ask = site.ask(axum::http::Method::PATCH, &path).bearer(&owner).peer(peer);
        ask.header("x-forwarded-for", "6.6.6.6, 198.51.100.7").json(&body).expect(StatusCode::OK).await;
        let log = site.get(&format!("{path}/audit-events?limit=1")).bearer(&owner).expect(StatusCode::OK).await.json();
        assert_eq!(log["items"][0]["ip"], expected);
    }
}
