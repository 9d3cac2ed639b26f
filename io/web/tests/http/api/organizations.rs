//! `/api/v1/organizations`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Site, text};

#[tokio::test]
async fn who_creates_an_organization_owns_it() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let create = |body| site.post("/api/v1/organizations").bearer(&sam).json(&body);
    let made = create(json!({ "name": "Acme Robotics", "slug": "acme" })).expect(StatusCode::CREATED).await.json();
    assert_eq!(
        (&made["slug"], &made["name"], &made["role"]),
        (&json!("acme"), &json!("Acme Robotics"), &json!("owner"))
    );
    let list = site.get("/api/v1/organizations").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(list["items"][0]["id"], made["id"]);
    assert!(list["next_cursor"].is_null());
    create(json!({ "name": "Other", "slug": "acme" })).refused(StatusCode::CONFLICT, "slug-taken").await;
    create(json!({ "name": " " })).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}

#[tokio::test]
async fn it_is_found_by_id_and_by_short_name() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let by_slug = site.get(&format!("/api/v1/organizations/{slug}")).bearer(&sam).expect(StatusCode::OK).await.json();
    let id = text(&by_slug["id"]);
    let by_id = site.get(&format!("/api/v1/organizations/{id}")).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(by_slug, by_id);
    assert_eq!((&by_id["sso_entitled"], &by_id["sso_enforced"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn an_owner_renames_it_and_a_member_does_not() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let kim = site.member(&sam, &slug, "kim").await;
    let path = format!("/api/v1/organizations/{slug}");
    let name = json!({ "name": "Acme Works" });
    let renamed = site.ask(Method::PATCH, &path).bearer(&sam).json(&name).expect(StatusCode::OK).await.json();
    assert_eq!((&renamed["name"], &renamed["slug"]), (&json!("Acme Works"), &json!("acme")));
    site.ask(Method::PATCH, &path).bearer(&kim).json(&name).refused(StatusCode::FORBIDDEN, "not-permitted").await;
}

#[tokio::test]
async fn r_org_5_a_deletion_takes_the_name_a_fresh_proof_and_can_be_undone() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let path = format!("/api/v1/organizations/{slug}/deletion");
    let ask = |name: &str| site.post(&path).bearer(&sam).json(&json!({ "confirmation": name }));
    ask("wrong").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let deleted = ask("acme").expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(deleted["deletes_at"], "2026-11-29T06:00:00Z");
    site.ask(Method::DELETE, &path).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.ask(Method::DELETE, &path).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    site.advance(16);
    ask("acme").refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}

#[tokio::test]
async fn r_in_4_an_owner_asks_for_a_second_factor_and_a_change_is_made_whole_or_not() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    // Its own SSO answers for the second factor, which nobody has here.
    let id = site.connection(&sam, &slug).await;
    let sam = site.by_sso(&sam, &id).await;
    let path = format!("/api/v1/organizations/{slug}");
    let change = |body| site.ask(Method::PATCH, &path).bearer(&sam).json(&body);
    let asked = change(json!({ "mfa_required": true })).expect(StatusCode::OK).await.json();
    assert_eq!((&asked["mfa_required"], &asked["name"]), (&json!(true), &json!("Acme")));
    assert_eq!(change(json!({})).expect(StatusCode::OK).await.json(), asked, "nothing asked for, nothing changed");
    let empty = json!({ "name": " ", "mfa_required": false });
    change(empty).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let shown = site.get(&path).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(shown, asked);
}

#[tokio::test]
async fn r_enf_6_while_sso_is_enforced_second_factors_are_the_identity_providers_matter() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let id = site.connection(&sam, &slug).await;
    let sam = site.by_sso(&sam, &id).await;
    let path = format!("/api/v1/organizations/{slug}");
    let change = |body| site.ask(Method::PATCH, &path).bearer(&sam).json(&body);
    change(json!({ "mfa_required": true })).expect(StatusCode::OK).await;
    let on = json!({ "enabled": true, "confirm": true });
    site.ask(Method::PUT, &format!("{path}/sso-enforcement")).bearer(&sam).json(&on).expect(StatusCode::OK).await;
    let both = json!({ "name": "Other", "mfa_required": true });
    change(both).refused(StatusCode::CONFLICT, "mfa-managed-by-idp").await;
    let shown = site.get(&path).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&shown["mfa_required"], &shown["name"]), (&json!(false), &json!("Acme")), "the name stays as well");
}

/// R-UI-2, R-API-1: what the console's pages say before, and nothing is done by asking.
#[tokio::test]
async fn r_api_1_what_a_deletion_ends_and_whom_a_second_factor_stops_is_told_before() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    let kim = site.member(&sam, &slug, "kim").await;
    let path = format!("/api/v1/organizations/{slug}");
    let made = |what: &str, body| site.post(&format!("{path}/{what}")).bearer(&sam).json(&body);
    made("projects", json!({ "name": "Falcon" })).expect(StatusCode::CREATED).await;
    made("connections", json!({ "kind": "oidc" })).expect(StatusCode::CREATED).await;
    let invited = json!({ "emails": ["lee@example.com"], "role": "member" });
    made("invitations", invited).expect(StatusCode::CREATED).await;
    let see = |who, what: &str| site.get(&format!("{path}/{what}")).bearer(who);
    let deletion = see(&sam, "deletion").expect(StatusCode::OK).await.json();
    assert_eq!((&deletion["members"]["count"], &deletion["projects"]), (&json!(2), &json!(1)));
    assert_eq!((&deletion["connections"], &deletion["invitations"]), (&json!(1), &json!(1)));
    assert_eq!(deletion["members"]["first"].as_array().unwrap().len(), 2);
    let rule = see(&sam, "mfa-requirement").expect(StatusCode::OK).await.json();
    assert_eq!((&rule["mfa_required"], &rule["without_second_factor"]["count"]), (&json!(false), &json!(2)));
    for what in ["deletion", "mfa-requirement"] {
        see(&kim, what).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    }
    let organization = site.get(&path).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&organization["deletes_at"], &organization["mfa_required"]), (&json!(null), &json!(false)));
    site.advance(16);
    see(&sam, "deletion").refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}

/// R-API-1: a program whose answer was lost sends the same once more.
#[tokio::test]
async fn r_api_1_what_is_created_by_a_name_of_ones_own_can_be_repeated() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let create = |who, path: &str, body: &Value| site.post(&format!("/api/v1/{path}")).bearer(who).json(body);
    let twice = async |path: &str, body: Value| {
        let first = create(&sam, path, &body).expect(StatusCode::CREATED).await.json();
        let second = create(&sam, path, &body).expect(StatusCode::CREATED).await.json();
        (first["id"] == second["id"], text(&second["id"]))
    };
    let acme = json!({ "name": "Acme", "slug": "acme" });
    let (is_same, acme_id) = twice("organizations", acme.clone()).await;
    assert!(is_same);
    assert!(!twice("organizations", json!({ "name": "Acme" })).await.0, "without a short name it is another one");
    create(&kim, "organizations", &acme).refused(StatusCode::CONFLICT, "slug-taken").await;
    let own = format!("organizations/{acme_id}");
    let projects = format!("{own}/projects");
    assert!(twice(&projects, json!({ "name": "Falcon", "slug": "falcon" })).await.0);
    assert!(!twice(&projects, json!({ "name": "Falcon" })).await.0);
    let other = json!({ "name": "Heron", "slug": "falcon" });
    create(&sam, &projects, &other).refused(StatusCode::CONFLICT, "slug-taken").await;
    let strange = json!({ "name": "Heron", "slug": "No Slug" });
    create(&sam, &projects, &strange).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;

    let connections = format!("{own}/connections");
    let okta = json!({ "kind": "okta-oidc", "name": "Ours" });
    let (is_same, draft) = twice(&connections, okta.clone()).await;
    assert!(is_same);
    assert!(!twice(&connections, json!({ "kind": "okta-oidc" })).await.0);
    assert_ne!(twice(&connections, json!({ "kind": "oidc", "name": "Ours" })).await.1, draft, "of another kind");
    let events = site.get(&format!("/api/v1/{own}/audit-events?action=connection.created")).bearer(&sam);
    let events = events.expect(StatusCode::OK).await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 4, "what was there already is no event");
}
