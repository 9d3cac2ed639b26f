//! T-WEB-8: what changes something comes from our own pages, or from a program that carries its own token.

use axum::http::{Method, StatusCode};
use orgate_web::access::Access;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Answer, PUBLIC_URL, Person, Site, body_of, path_of};

/// Headers of a request that another site, or nobody's page, made this browser send.
const FOREIGN: [&[(&str, &str)]; 8] = [
    &[],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://id.example.com")],
    &[("origin", "https://id.example.com.evil.example")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site"), ("origin", PUBLIC_URL)],
    &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
];

fn is_refused_as_foreign(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN
        && (answer.text().contains("cross-site-request") || answer.text().contains("Another site sent this"))
}

/// What a form of another site can be sent as without the browser asking us first, and what it asks for.
const CONTENT_TYPES: [&str; 4] =
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json"];

async fn send(site: &Site, method: &Method, path: &str, person: &Person, headers: &[(&str, &str)]) -> Answer {
    send_as(site, method, path, person, headers, CONTENT_TYPES[0]).await
}

async fn send_as(
    site: &Site,
    method: &Method,
    path: &str,
    person: &Person,
    headers: &[(&str, &str)],
    content_type: &str,
) -> Answer {
    let cookie = format!("__Host-orgate-session={}", person.token);
    let mut ask = site.ask(method.clone(), path).header("cookie", &cookie).header("content-type", content_type);
    for (name, value) in headers {
        ask = ask.header(name, value);
    }
    ask.bytes(b"email=a%40example.com&name=A").send().await
}

#[tokio::test]
async fn t_web_8_no_other_site_can_use_this_browsers_session() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let mut judged = 0;
    for route in routes().iter().filter(|route| !route.method.is_safe() && route.surface != Surface::Entry) {
        for headers in FOREIGN {
            for content_type in CONTENT_TYPES {
                let path = path_of(route, &slug);
                let answer = send_as(&site, &route.method, &path, &owner, headers, content_type).await;
                let name = format!("{} {} {headers:?} {content_type}", route.method, route.path);
                assert!(is_refused_as_foreign(&answer), "{name}: {}", answer.status);
                judged += 1;
            }
        }
    }
    assert!(judged > 3000, "only {judged}");
    // The session and the organization outlived all of it.
    site.get(&format!("/api/v1/organizations/{slug}")).bearer(&owner).expect(StatusCode::OK).await;
}

#[tokio::test]
async fn t_web_8_no_other_site_signs_this_browser_in_or_draws_a_challenge_for_it() {
    let site = Site::new().await;
    let cookie = format!("__Host-orgate-browser={}", "A".repeat(43));
    let mut judged = 0;
    for route in routes().iter().filter(|route| !route.method.is_safe() && route.access == Access::Public) {
        for headers in FOREIGN.iter().filter(|_| route.surface == Surface::Page) {
            let mut ask = site.ask(route.method.clone(), &path_of(route, "acme")).header("cookie", &cookie);
            for (name, value) in *headers {
                ask = ask.header(name, value);
            }
            let answer = ask.form(&[("ceremony_id", "nothing"), ("credential", "{}")]).send().await;
            assert!(is_refused_as_foreign(&answer), "{} {} {headers:?}: {}", route.method, route.path, answer.status);
            judged += 1;
        }
    }
    assert!(judged > 150, "only {judged}");
}

#[tokio::test]
async fn t_web_8_our_own_pages_and_programs_with_a_token_get_through() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let own: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("origin", PUBLIC_URL)],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("origin", PUBLIC_URL)],
    ];
    for headers in own {
        let answer = send(&site, &Method::POST, "/account/profile", &owner, headers).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{headers:?}: {}", answer.text());
    }
    let body = serde_json::json!({ "name": "Sam" });
    let ask = site.ask(Method::PATCH, "/api/v1/account").header("origin", "https://product.example");
    ask.bearer(&owner).json(&body).expect(StatusCode::NO_CONTENT).await;
}

#[tokio::test]
async fn t_web_8_a_form_is_no_call_of_the_api() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    for route in routes().iter().filter(|route| body_of(route).is_some()) {
        for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
            let ask = site.ask(route.method.clone(), &path_of(route, &slug)).header("content-type", content_type);
            let ask = if route.path.contains("/operator/") { ask.operator() } else { ask.bearer(&owner) };
            let bytes = serde_json::to_vec(&body_of(route).unwrap()).unwrap();
            ask.bytes(&bytes).refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type").await;
        }
    }
}

#[tokio::test]
async fn t_web_8_a_page_takes_no_form_of_another_content_type() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let own = [("sec-fetch-site", "same-origin"), ("origin", PUBLIC_URL)];
    for (path, content_type) in CONTENT_TYPES[1..].iter().map(|content_type| ("/account/profile", content_type)) {
        let answer = send_as(&site, &Method::POST, path, &owner, &own, content_type).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    let account = site.get("/api/v1/account").bearer(&owner).expect(StatusCode::OK).await.json();
    assert_eq!(account["name"], "sam");
}

/// Outside the check are the addresses that an identity provider sends browsers to: none of them does anything for the
/// session that the browser brings along (T-WEB-2, R-SSO-8).
#[tokio::test]
async fn t_web_8_what_is_outside_the_check_is_what_providers_send_browsers_to() {
    let outside: Vec<_> = routes()
        .iter()
        .filter(|route| !route.method.is_safe() && !route.surface.asks_for_same_origin())
        .map(|route| (route.method.as_str(), route.path))
        .collect();
    assert_eq!(outside, [("POST", "/sso/oidc/{id}/initiate")]);
}

#[tokio::test]
async fn a_get_changes_nothing_with_whatever_origin() {
    let site = Site::new().await;
    let ask = site.get("/sign-in").header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    ask.expect(StatusCode::OK).await;
}
