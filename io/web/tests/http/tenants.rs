//! T-ORG-5, R-ORG-6: another organization's thing is no such thing, on every route that names an organization.

use axum::http::{Method, StatusCode};
use orgate_web::access::Access;
use orgate_web::route::Surface;
use orgate_web::router::routes;
use serde_json::json;

use crate::support::{Site, body_of, fields_of, path_of, text};

#[tokio::test]
async fn t_org_5_an_owner_elsewhere_finds_nothing_on_any_route() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let acme = site.organization(&sam, "Acme").await;
    site.organization(&kim, "Other").await;
    let mut judged = 0;
    let named = |path: &str| path.contains("/organizations/{");
    for route in routes().iter().filter(|route| named(route.path) && route.access != Access::Operator) {
        let ask = site.ask(route.method.clone(), &path_of(route, &acme)).cookie(&kim);
        let answer = match body_of(route) {
            Some(body) => ask.json(&body),
            // Forms are read before anything is asked.
            None if route.surface == Surface::Page && route.method == Method::POST => ask.form(&fields_of(route.path)),
            None => ask,
        };
        let mut answer = answer.send().await;
        if answer.status == StatusCode::SEE_OTHER {
            // It only leads on, wherever that is; there the question is answered.
            answer = site.get(answer.location()).cookie(&kim).send().await;
        }
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {}: {}", route.method, route.path, answer.text());
        judged += 1;
    }
    assert!(judged > 60, "only {judged}");
}

#[tokio::test]
async fn t_org_5_an_id_of_another_organization_is_not_found_in_ones_own() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let (acme, other) = (site.organization(&sam, "Acme").await, site.organization(&kim, "Other").await);
    let made = |path: &str, body| {
        let ask = site.post(&format!("/api/v1/organizations/{acme}/{path}")).bearer(&sam).json(&body);
        async { ask.expect(StatusCode::CREATED).await.json() }
    };
    let project = text(&made("projects", json!({ "name": "Falcon" })).await["id"]);
    let connection = text(&made("connections", json!({ "kind": "oidc" })).await["id"]);
    let domain = text(&made("domains", json!({ "name": "acme.example" })).await["id"]);
    let invited = made("invitations", json!({ "emails": ["new@example.com"], "role": "member" })).await;
    let invitation = text(&invited["items"][0]["id"]);
    for (method, path) in [
        (Method::GET, format!("projects/{project}")),
        (Method::DELETE, format!("projects/{project}")),
        (Method::GET, format!("projects/{project}/members")),
        (Method::GET, format!("connections/{connection}")),
        (Method::DELETE, format!("connections/{connection}")),
        (Method::POST, format!("connections/{connection}/tests")),
        (Method::GET, format!("connections/{connection}/attempts")),
        (Method::GET, format!("domains/{domain}")),
        (Method::POST, format!("domains/{domain}/verification")),
        (Method::DELETE, format!("domains/{domain}")),
        (Method::DELETE, format!("invitations/{invitation}")),
        (Method::POST, format!("invitations/{invitation}/mails")),
        (Method::GET, format!("members/{}", sam.id)),
        (Method::DELETE, format!("members/{}", sam.id)),
    ] {
        let ask = site.ask(method.clone(), &format!("/api/v1/organizations/{other}/{path}")).bearer(&kim);
        ask.refused(StatusCode::NOT_FOUND, "not-found").await;
    }
    // All of it is still there for its owner.
    let kept = [
        format!("projects/{project}"),
        format!("connections/{connection}"),
        format!("domains/{domain}"),
        format!("members/{}", sam.id),
    ];
    for path in kept {
        site.get(&format!("/api/v1/organizations/{acme}/{path}")).bearer(&sam).expect(StatusCode::OK).await;
    }
}
