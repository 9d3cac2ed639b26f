//! `/api/v1/organizations/{organization}/connections`. Signing in through one is tested with an identity provider in the
//! use cases and in the browser; here are the shapes and the refusals.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{OPERATOR, Person, Site, text};

const ALL: &str = "/api/v1/organizations/acme/connections";

async fn draft(site: &Site, kind: &str) -> (Person, Value) {
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let made = site.post(ALL).bearer(&sam).json(&json!({ "kind": kind })).expect(StatusCode::CREATED).await.json();
    (sam, made)
}

#[tokio::test]
async fn r_sso_1_a_draft_has_the_addresses_to_copy() {
    let site = Site::new().await;
    let (sam, made) = draft(&site, "okta-oidc").await;
    let id = text(&made["id"]);
    assert_eq!(
        (&made["kind"], &made["state"], &made["validated"]),
        (&json!("okta-oidc"), &json!("draft"), &json!(false))
    );
    let ours = json!({
        "single_sign_on_url": format!("https://id.example.com/sso/oidc/{id}/callback"),
        "initiate_login_url": format!("https://id.example.com/sso/oidc/{id}/initiate"),
        "post_logout_redirect_url": format!("https://id.example.com/sso/oidc/{id}/signed-out"),
        "backchannel_logout_url": format!("https://id.example.com/sso/oidc/{id}/backchannel-logout"),
    });
    assert_eq!(made["service_provider"], ours);
    let listed = site.get(ALL).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(listed["items"][0], made);
    let found = site.get(&format!("{ALL}/{id}")).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(found, made);
}

#[tokio::test]
async fn t_ssrf_6_only_an_owner_touches_a_connection() {
    let site = Site::new().await;
    let (sam, made) = draft(&site, "oidc").await;
    let kim = site.member(&sam, "acme", "kim").await;
    let one = format!("{ALL}/{}", text(&made["id"]));
    let settings = json!({ "issuer": "https://idp.example.com", "client_id": "a", "client_secret": "b" });
    for ask in [
        site.get(ALL),
        site.post(ALL).json(&json!({ "kind": "oidc" })),
        site.get(&one),
        site.ask(Method::PUT, &format!("{one}/settings")).json(&settings),
        site.post(&format!("{one}/tests")),
        site.post(&format!("{one}/activation")),
        site.ask(Method::DELETE, &format!("{one}/activation")),
        site.get(&format!("{one}/attempts")),
        site.ask(Method::DELETE, &one),
    ] {
        ask.bearer(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    }
}

#[tokio::test]
async fn an_unknown_kind_is_refused_and_a_locked_organization_too() {
    let site = Site::new().await;
    let (sam, _) = draft(&site, "oidc").await;
    let create = |kind: &str| site.post(ALL).bearer(&sam).json(&json!({ "kind": kind }));
    create("saml").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let path = "/api/v1/operator/organizations/acme/entitlements";
    site.ask(Method::PUT, path).operator().json(&json!({ "sso": false })).expect(StatusCode::OK).await;
    create("oidc").refused(StatusCode::FORBIDDEN, "sso-not-entitled").await;
}

#[tokio::test]
async fn r_sso_5_saving_reports_each_check_and_the_secret_is_never_shown() {
    let site = Site::with(&[("ORGATE_IDP_ALLOW", "127.0.0.1:9"), ("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    let (sam, made) = draft(&site, "oidc").await;
    let one = format!("{ALL}/{}", text(&made["id"]));
    let save = |body: Value| site.ask(Method::PUT, &format!("{one}/settings")).bearer(&sam).json(&body);
    let secret = "canary-of-a-client-secret";
    // Port 9 answers nobody: the save is kept, and the checks say what failed.
    let body = json!({ "issuer": "http://127.0.0.1:9", "client_id": "abc", "client_secret": secret });
    let saved = save(body).expect(StatusCode::OK).await;
    assert_eq!(saved.json()["revision"], 1);
    assert!(saved.json()["checks"].as_array().unwrap().iter().any(|check| check["ok"] == false), "{}", saved.text());
    let found = site.get(&one).bearer(&sam).expect(StatusCode::OK).await;
    assert_eq!(found.json()["revisions"][0]["client_id"], "abc");
    assert!(!found.text().contains(secret) && !saved.text().contains(secret), "T-SEC-4");
    let moved = json!({ "issuer": "http://127.0.0.1:9/other", "client_id": "abc" });
    save(moved).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let inside = json!({ "issuer": "https://169.254.169.254", "client_id": "abc", "client_secret": secret });
    save(inside).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let other_kind = json!({ "okta_domain": "acme.okta.com", "client_id": "abc", "client_secret": secret });
    let problem = save(other_kind).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    assert_eq!(problem["fields"][0]["field"], "issuer");
}

#[tokio::test]
async fn nothing_is_activated_or_tested_before_it_was_saved() {
    let site = Site::new().await;
    let (sam, made) = draft(&site, "oidc").await;
    let one = format!("{ALL}/{}", text(&made["id"]));
    let refused = site.post(&format!("{one}/activation")).bearer(&sam);
    refused.refused(StatusCode::CONFLICT, "connection-not-validated").await;
    let refused = site.post(&format!("{one}/tests")).bearer(&sam);
    refused.refused(StatusCode::CONFLICT, "connection-not-validated").await;
    let refused = site.ask(Method::DELETE, &format!("{one}/activation")).bearer(&sam);
    refused.refused(StatusCode::CONFLICT, "no-active-connection").await;
}

#[tokio::test]
async fn a_test_has_a_page_and_waits() {
    let site = Site::with(&[("ORGATE_IDP_ALLOW", "127.0.0.1:9")]).await;
    let (sam, made) = draft(&site, "oidc").await;
    let one = format!("{ALL}/{}", text(&made["id"]));
    let body = json!({ "issuer": "http://127.0.0.1:9", "client_id": "abc", "client_secret": "def" });
    site.ask(Method::PUT, &format!("{one}/settings")).bearer(&sam).json(&body).expect(StatusCode::OK).await;
    let test = site.post(&format!("{one}/tests")).bearer(&sam).expect(StatusCode::CREATED).await.json();
    assert_eq!(test["outcome"], "pending");
    let url = text(&test["url"]);
    let path = url.strip_prefix("https://id.example.com").unwrap();
    let page = site.get(path).cookie(&sam).expect(StatusCode::OK).await;
    assert!(page.text().contains("Continue with SSO"), "{}", page.text());
    let shown =
        site.get(&format!("{one}/tests/{}", text(&test["id"]))).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(shown["id"], test["id"]);
    site.get(&format!("{one}/tests/nothing")).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    let attempts = site.get(&format!("{one}/attempts")).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(attempts, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_draft_is_deleted_by_who_proved_themselves_lately() {
    let site = Site::new().await;
    let (sam, made) = draft(&site, "oidc").await;
    let one = format!("{ALL}/{}", text(&made["id"]));
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get(&one).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    let made = site.post(ALL).bearer(&sam).json(&json!({ "kind": "oidc" })).expect(StatusCode::CREATED).await.json();
    site.advance(16);
    let one = format!("{ALL}/{}", text(&made["id"]));
    site.ask(Method::DELETE, &one).bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}
