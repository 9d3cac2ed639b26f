//! The list of all routes with their declared access, for a person to review.

use orgate_web::access::Access;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Site, body_of, path_of};

/// Prints a text that is committed; `UPDATE_GOLDEN=1` writes it anew.
pub fn golden(file: &str, actual: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{file} is stale; run with UPDATE_GOLDEN=1 and read the difference");
}

#[test]
fn every_route_declares_its_access() {
    let mut lines: Vec<String> = routes()
        .iter()
        .map(|route| {
            format!(
                "{:<6} {:<88} {:<6} {}\n",
                route.method.as_str(),
                route.path,
                route.surface.as_str(),
                route.access.as_str()
            )
        })
        .collect();
    lines.sort_by_key(|line| line[7..].to_owned());
    golden("tests/http/golden/routes.txt", &lines.concat());
}

#[tokio::test]
async fn a_route_that_asks_for_a_session_answers_nobody_without_one() {
    let site = Site::new().await;
    let mut judged = 0;
    for route in routes() {
        if matches!(route.access, Access::Public | Access::Monitor | Access::Operator) {
            continue;
        }
        let mut ask = site.ask(route.method.clone(), &path_of(route, "acme"));
        if let Some(body) = body_of(route) {
            ask = ask.json(&body);
        }
        let answer = ask.send().await;
        let name = format!("{} {}", route.method, route.path);
        match (route.surface, route.method.as_str()) {
            (Surface::Page, "GET") => {
                assert_eq!((answer.status.as_u16(), answer.location()), (303, "/sign-in"), "{name}");
            }
            (Surface::Page | Surface::Api, _) => assert_eq!(answer.status, 401, "{name}"),
            (Surface::Entry | Surface::Asset | Surface::Bare, _) => panic!("{name} has no business with sessions"),
        }
        judged += 1;
    }
    assert!(judged > 60, "only {judged}");
}

#[tokio::test]
async fn what_the_operator_asks_is_answered_to_nobody_else() {
    let site = Site::new().await;
    let person = site.person("sam").await;
    for route in routes().iter().filter(|route| route.access == Access::Operator) {
        let path = path_of(route, "acme");
        for ask in [site.ask(route.method.clone(), &path), site.ask(route.method.clone(), &path).bearer(&person)] {
            let ask = match body_of(route) {
                Some(body) => ask.json(&body),
                None => ask,
            };
            ask.refused(axum::http::StatusCode::UNAUTHORIZED, "not-the-operator").await;
        }
    }
}
