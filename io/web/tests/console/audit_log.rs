//! `/organizations/{slug}/audit-log` and its exports.

use http::StatusCode;

use crate::browser::Console;

const URL: &str = "/organizations/acme/audit-log";

#[tokio::test]
async fn what_happened_reads_as_sentences_and_narrows_by_action_person_and_day() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    olga.submit("/organizations/acme/projects", &[("name", "Falcon")]).await;

    olga.open(URL).await.says(&["olga created the project Falcon", "olga invited mia@example.com as Member"]);
    olga.open(&format!("{URL}?action=project.created&actor=&from=&to="))
        .await
        .says(&["created the project Falcon", "<option value=\"project.created\" selected>", "Clear"])
        .says_nothing_of(&["olga invited"]);
    olga.open(&format!("{URL}?actor=mia@example.com"))
        .await
        .says(&["mia accepted the invitation", "value=\"mia@example.com\""])
        .says_nothing_of(&["Falcon"]);
    olga.open(&format!("{URL}?from=2026-11-23")).await.says(&["No event matches", "value=\"2026-11-23\""]);
    assert_eq!(olga.get(&format!("{URL}?from=soon")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for path in ["", ".csv", ".jsonl"] {
        assert_eq!(mia.get(&format!("{URL}{path}")).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn an_export_holds_every_event_of_the_filter_once() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    for number in 0..60 {
        olga.post("/organizations/acme/projects", &[("name", &format!("Project {number}"))]).await;
    }
    let lines = olga.open(&format!("{URL}.jsonl?action=project.created")).await;
    assert_eq!(lines.content_type.as_deref(), Some("application/jsonl"));
    assert_eq!(lines.text.lines().count(), 60);
    let names: std::collections::BTreeSet<String> = lines
        .text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["target_name"].to_string())
        .collect();
    assert_eq!(names.len(), 60);
    let table = olga.open(&format!("{URL}.csv?action=project.created")).await;
    assert_eq!(table.content_type.as_deref(), Some("text/csv; charset=utf-8"));
    assert!(table.text.starts_with("id,at,action,actor,"));
    assert_eq!(table.text.lines().count(), 61);
}
