//! What monitors ask.

use axum::http::StatusCode;

use crate::support::{OPERATOR, Site};

#[tokio::test]
async fn the_process_and_its_database_say_that_they_are_well() {
    let site = Site::new().await;
    assert_eq!(site.get("/healthz").expect(StatusCode::OK).await.text(), "ok\n");
    assert_eq!(site.get("/readyz").expect(StatusCode::OK).await.text(), "ready\n");
    assert!(site.get("/empty").expect(StatusCode::NO_CONTENT).await.body.is_empty());
}

#[tokio::test]
async fn measurements_are_by_route_and_never_by_path() {
    let site = Site::new().await;
    site.get("/sign-up/canary-in-a-path?canary-in-a-query").expect(StatusCode::OK).await;
    let text = site.get("/metrics").operator().expect(StatusCode::OK).await.text();
    assert!(text.contains("orgate_http_request_duration_seconds_count"), "{text}");
    assert!(text.contains(r#"route="/sign-up/{id}""#), "{text}");
    assert!(!text.contains("canary"), "T-SEC-3");
}

#[tokio::test]
async fn measurements_are_the_operators_or_this_machines() {
    let site = Site::with(&[("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    site.get("/metrics").peer([127, 0, 0, 1]).expect(StatusCode::UNAUTHORIZED).await;
    site.get("/metrics").header("authorization", "Bearer wrong").expect(StatusCode::UNAUTHORIZED).await;
    let site = Site::with(&[]).await;
    site.get("/metrics").peer([127, 0, 0, 1]).expect(StatusCode::OK).await;
    site.get("/metrics").expect(StatusCode::UNAUTHORIZED).await;
    site.get("/metrics").header("x-forwarded-for", "127.0.0.1").expect(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn r_ops_3_what_happened_is_measured_by_action_and_outcome_and_nobodys_name() {
    let site = Site::new().await;
    site.person("sam").await;
    let wrong = [("email", "sam@example.com"), ("password", "wrong wrong wrong")];
    site.post("/sign-in").form(&wrong).expect(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(orgate_app::jobs::seal_once(&site.app).await.unwrap() > 0);
    orgate_app::jobs::measure_once(&site.app).await.unwrap();
    let text = site.get("/metrics").operator().expect(StatusCode::OK).await.text();
    for expected in [
        r#"orgate_audit_events_total{action="session.refused",outcome="invalid-credentials"}"#,
        r#"orgate_faults_total{kind="database-away"}"#,
        r#"orgate_job_failures_total{task="old events of the audit log"} 0"#,
        "orgate_build_info{version=",
        "orgate_mails_waiting ",
        "orgate_mails_oldest_waiting_seconds ",
        "orgate_password_hashes_waiting ",
        "orgate_audit_heads_refused_total ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("sam@"), "T-SEC-3");
}
