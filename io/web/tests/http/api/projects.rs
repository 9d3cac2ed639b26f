//! `/api/v1/organizations/{organization}/projects`.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Person, Site, text};

const ALL: &str = "/api/v1/organizations/acme/projects";

async fn falcon(site: &Site) -> (Person, Person) {
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let kim = site.member(&sam, "acme", "kim").await;
    site.post(ALL).bearer(&sam).json(&json!({ "name": "Falcon" })).expect(StatusCode::CREATED).await;
    (sam, kim)
}

#[tokio::test]
async fn r_org_4_a_member_without_a_project_sees_none() {
    let site = Site::new().await;
    let (sam, kim) = falcon(&site).await;
    let seen = site.get(ALL).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&seen["items"][0]["slug"], &seen["items"][0]["role"]), (&json!("falcon"), &json!("admin")));
    assert_eq!(site.get(ALL).bearer(&kim).expect(StatusCode::OK).await.json()["items"], json!([]));
    site.get(&format!("{ALL}/falcon")).bearer(&kim).refused(StatusCode::NOT_FOUND, "not-found").await;
    let name = json!({ "name": "Heron" });
    site.post(ALL).bearer(&kim).json(&name).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    let empty = json!({ "name": "" });
    site.post(ALL).bearer(&sam).json(&empty).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}

#[tokio::test]
async fn a_project_is_looked_at_renamed_and_deleted() {
    let site = Site::new().await;
    let (sam, _) = falcon(&site).await;
    let one = format!("{ALL}/falcon");
    let found = site.get(&one).bearer(&sam).expect(StatusCode::OK).await.json();
    let renamed =
        site.ask(Method::PATCH, &one).bearer(&sam).json(&json!({ "name": "Heron" })).expect(StatusCode::OK).await;
    assert_eq!((&renamed.json()["name"], &renamed.json()["id"]), (&json!("Heron"), &found["id"]));
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.ask(Method::DELETE, &one).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn a_member_is_in_at_once_and_an_outsider_is_invited() {
    let site = Site::new().await;
    let (sam, kim) = falcon(&site).await;
    let members = format!("{ALL}/falcon/members");
    let add = |who: &Person, email: &str| {
        site.post(&members).bearer(who).json(&json!({ "email": email, "role": "read_write" }))
    };
    let added = add(&sam, "kim@example.com").expect(StatusCode::CREATED).await.json();
    assert_eq!(added, json!({ "user_id": kim.id, "role": "read_write" }));
    let invited = add(&sam, "new@example.com").expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(invited["invitation"]["email"], "new@example.com");
    assert!(text(&invited["invitation"]["link"]).contains("/invitations/"));
    let again = add(&sam, "new@example.com").expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(again["invitation"]["id"], invited["invitation"]["id"]);
    add(&kim, "other@example.com").refused(StatusCode::FORBIDDEN, "not-permitted").await;
    add(&sam, "nobody").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}

#[tokio::test]
async fn people_of_a_project_are_listed_changed_and_removed() {
    let site = Site::new().await;
    let (sam, kim) = falcon(&site).await;
    let members = format!("{ALL}/falcon/members");
    let body = json!({ "email": "kim@example.com", "role": "read_only" });
    site.post(&members).bearer(&sam).json(&body).expect(StatusCode::CREATED).await;
    let one = format!("{members}/{}", kim.id);
    let change = |who: &Person| site.ask(Method::PATCH, &one).bearer(who).json(&json!({ "role": "admin" }));
    change(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    change(&sam).expect(StatusCode::NO_CONTENT).await;
    let people = site.get(&members).bearer(&kim).expect(StatusCode::OK).await.json();
    let roles: Vec<_> =
        people["items"].as_array().unwrap().iter().map(|item| (&item["role"], &item["by_ownership"])).collect();
    assert_eq!(roles, [(&json!("admin"), &json!(true)), (&json!("admin"), &json!(false))]);
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.ask(Method::DELETE, &one).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    site.get(&members).bearer(&kim).refused(StatusCode::NOT_FOUND, "not-found").await;
}
