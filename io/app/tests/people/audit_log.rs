//! Reading the audit log.

use std::time::Duration;

use orgate_app::audit_log::{self, AuditQuery, CSV_HEADER};
use orgate_app::membership;
use orgate_app::organization;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, Person, refused};

async fn actions(bed: &Bed, reader: &Person, query: AuditQuery) -> Vec<String> {
    let page = audit_log::list(&bed.app, &reader.visitor, "acme", query).await.unwrap();
    page.items.into_iter().map(|event| event.action).collect()
}

/// Sam's organization: created at 06:00, renamed at 07:00, Kim removed at 08:00.
async fn history(bed: &Bed) -> (Person, Person) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.advance(60);
    organization::rename(&bed.app, &sam.visitor, "acme", "Acme Robotics").await.unwrap();
    bed.advance(60);
    membership::remove(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    (sam, kim)
}

async fn r_ops_3_changes_are_listed_newest_first_with_who_where_and_how(bed: Bed) {
    let (sam, kim) = history(&bed).await;
    let page = audit_log::list(&bed.app, &sam.visitor, "acme", AuditQuery::default()).await.unwrap();
    let sentences: Vec<_> = page.items.iter().map(audit_log::sentence).collect();
    assert_eq!(
        sentences,
        [
            "sam removed kim from the organization",
            "sam renamed the organization from Acme to Acme Robotics",
            "sam created the organization Acme",
        ]
    );
    let removed = &page.items[0];
    assert_eq!(
        (removed.actor.as_str(), removed.target.as_deref()),
        (format!("user:{}", sam.id).as_str(), Some(kim.id.as_str()))
    );
    assert_eq!((removed.ip.as_deref(), removed.user_agent.as_deref()), (Some("192.0.2.1"), Some("Test browser")));
    assert_eq!((removed.outcome.as_str(), removed.at), ("success", bed.now()));
}

async fn r_ops_3_changes_of_one_millisecond_are_listed_in_the_order_in_which_they_were_made(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    let names: Vec<String> = (0..12).map(|number| format!("Acme {number}")).collect();
    for name in &names {
        organization::rename(&bed.app, &sam.visitor, "acme", name).await.unwrap();
    }
    let query = AuditQuery { action: Some("organization.renamed".to_owned()), ..AuditQuery::default() };
    let page = audit_log::list(&bed.app, &sam.visitor, "acme", query).await.unwrap();
    let listed = page.items.into_iter().rev().filter_map(|event| event.target_name);
    assert_eq!(listed.collect::<Vec<_>>(), names);
}

async fn the_log_is_filtered_and_paged(bed: Bed) {
    let (sam, kim) = history(&bed).await;
    let by = |action: &str, actor: &str, from: &str, to: &str| AuditQuery {
        action: Some(action.to_owned()),
        actor: Some(actor.to_owned()),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(actions(&bed, &sam, by("member.removed", "", "", "")).await, ["member.removed"]);
    assert_eq!(actions(&bed, &sam, by("", "SAM@example.com", "", "")).await.len(), 3);
    assert_eq!(actions(&bed, &sam, by("", sam.id.as_str(), "", "")).await.len(), 3);
    assert!(actions(&bed, &sam, by("", kim.id.as_str(), "", "")).await.is_empty());
    assert!(actions(&bed, &sam, by("", "stranger@example.com", "", "")).await.is_empty());
    let between = by("", "", "2026-11-22T06:30:00Z", "2026-11-22T07:30:00Z");
    assert_eq!(actions(&bed, &sam, between).await, ["organization.renamed"]);
    assert_eq!(actions(&bed, &sam, by("", "", "2026-11-22", "2026-11-22")).await.len(), 3);
    assert!(actions(&bed, &sam, by("", "", "2026-11-23", "")).await.is_empty());
    let strange = audit_log::list(&bed.app, &sam.visitor, "acme", by("", "", "yesterday", "")).await;
    assert!(matches!(refused(strange), Refusal::InvalidInput(fields) if fields[0].field == "from"));

    let first = AuditQuery { limit: Some(2), ..AuditQuery::default() };
    let page = audit_log::list(&bed.app, &sam.visitor, "acme", first.clone()).await.unwrap();
    let rest = AuditQuery { cursor: page.next_cursor, ..first };
    assert_eq!(actions(&bed, &sam, rest).await, ["organization.created"]);
}

async fn r_ops_3_a_day_ends_with_its_last_millisecond(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    bed.clock.advance(Duration::from_millis(18 * 3_600_000 - 1));
    let sam = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(bed.now().to_rfc3339(), "2026-11-22T23:59:59.999Z");
    organization::rename(&bed.app, &sam.visitor, "acme", "Late").await.unwrap();
    bed.clock.advance(Duration::from_millis(1));
    organization::rename(&bed.app, &sam.visitor, "acme", "Early").await.unwrap();
    let names = async |from: Option<&str>, to: Option<&str>| {
        let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
        let query = AuditQuery { from, to, ..AuditQuery::default() };
        let page = audit_log::list(&bed.app, &sam.visitor, "acme", query).await.unwrap();
        page.items.into_iter().filter_map(|event| event.target_name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some("2026-11-22"), Some("2026-11-22")).await, ["Late", "Acme"]);
    assert_eq!(names(Some("2026-11-23"), Some("2026-11-23")).await, ["Early"]);
    assert_eq!(names(None, Some("2026-11-22T23:59:59.999Z")).await, ["Acme"], "a moment is not before itself");
}

async fn the_log_is_exported_and_seen_by_owners_only(bed: Bed) {
    let (sam, _) = history(&bed).await;
    let page = audit_log::export(&bed.app, &sam.visitor, "acme", AuditQuery::default()).await.unwrap();
    assert_eq!((page.items.len(), page.next_cursor), (3, None));
    let line: serde_json::Value = serde_json::from_str(&audit_log::json_line(&page.items[1])).unwrap();
    assert_eq!((line["action"].as_str(), line["data"]["from"].as_str()), (Some("organization.renamed"), Some("Acme")));
    let row = audit_log::csv_row(&page.items[1]);
    assert_eq!(row.matches("\r\n").count(), 1);
    assert!(row.ends_with("\"{\"\"from\"\":\"\"Acme\"\"}\",1,,\r\n"), "{row}");
    assert_eq!(CSV_HEADER.matches(',').count(), 13);

    let acme = organization::get(&bed.app, &sam.visitor, "acme").await.unwrap();
    let bo = bed.member(&acme, "bo", OrganizationRole::Member).await;
    let by_member = audit_log::list(&bed.app, &bo.visitor, "acme", AuditQuery::default()).await;
    assert_eq!(refused(by_member), Refusal::NotPermitted);
}

on_each_engine! {
    r_ops_3_changes_are_listed_newest_first_with_who_where_and_how
    r_ops_3_changes_of_one_millisecond_are_listed_in_the_order_in_which_they_were_made
    the_log_is_filtered_and_paged
    r_ops_3_a_day_ends_with_its_last_millisecond
    the_log_is_exported_and_seen_by_owners_only
}
