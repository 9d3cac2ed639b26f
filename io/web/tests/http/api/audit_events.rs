//! `/api/v1/organizations/{organization}/audit-events`.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::Site;

const ALL: &str = "/api/v1/organizations/acme/audit-events";

#[tokio::test]
async fn an_owner_reads_who_did_what_from_where() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    site.advance(60);
    let name = json!({ "name": "Falcon" });
    let ask = site.post("/api/v1/organizations/acme/projects").bearer(&sam).header("user-agent", "Test browser");
    ask.json(&name).expect(StatusCode::CREATED).await;
    let log = site.get(ALL).bearer(&sam).expect(StatusCode::OK).await.json();
    let newest = &log["items"][0];
    assert_eq!((&newest["action"], &newest["outcome"]), (&json!("project.created"), &json!("success")));
    assert_eq!((&newest["actor"], &newest["ip"]), (&json!(sam.id), &json!("203.0.113.9")));
    assert_eq!((&newest["user_agent"], &newest["at"]), (&json!("Test browser"), &json!("2026-11-22T07:00:00Z")));
    assert!(newest["data"].is_object());
    for (filter, expected) in [
        ("action=project.created", 1),
        ("action=member.removed", 0),
        ("actor=sam@example.com&from=2026-11-22T06:30:00Z", 1),
        ("to=2026-11-21", 0),
    ] {
        let found = site.get(&format!("{ALL}?{filter}")).bearer(&sam).expect(StatusCode::OK).await.json();
        assert_eq!(found["items"].as_array().unwrap().len(), expected, "{filter}");
    }
    let strange = site.get(&format!("{ALL}?from=yesterday")).bearer(&sam);
    strange.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}

#[tokio::test]
async fn a_member_does_not() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let kim = site.member(&sam, "acme", "kim").await;
    site.get(ALL).bearer(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
}

/// R-API-1: as the console exports it, with the same filters, in both forms.
#[tokio::test]
async fn r_api_1_an_owner_exports_the_log_as_json_lines_or_csv() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let name = json!({ "name": "Falcon" });
    site.post("/api/v1/organizations/acme/projects").bearer(&sam).json(&name).expect(StatusCode::CREATED).await;
    let export = |query: &str| site.get(&format!("{ALL}/export{query}")).bearer(&sam);
    let lines = export("").expect(StatusCode::OK).await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    assert_eq!(lines.header("content-disposition"), "attachment; filename=\"acme-audit-log.jsonl\"");
    let events: Vec<serde_json::Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        events.iter().map(|event| &event["action"]).collect::<Vec<_>>(),
        ["project.created", "organization.created"]
    );
    let rows = export("?format=csv&action=project.created").expect(StatusCode::OK).await;
    assert_eq!(rows.header("content-type"), "text/csv; charset=utf-8");
    let text = rows.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("id,at,action,") && text.contains("Falcon"), "{text}");
    export("?format=xml").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    export("?from=yesterday").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let kim = site.member(&sam, "acme", "kim").await;
    site.get(&format!("{ALL}/export")).bearer(&kim).refused(StatusCode::FORBIDDEN, "not-permitted").await;
}
