//! R-API-2: `GET /check`.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{PUBLIC_URL, Site};

#[tokio::test]
async fn an_open_organization_names_the_person_and_their_role() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let organization = site.get(&format!("/api/v1/organizations/{slug}")).bearer(&owner).send().await.json();
    let id = organization["id"].as_str().unwrap();
    for (named, by_cookie) in [(slug.as_str(), false), (slug.as_str(), true), (id, false)] {
        let ask = site.get(&format!("/check?organization={named}"));
        let ask = if by_cookie { ask.cookie(&owner) } else { ask.bearer(&owner) };
        let answer = ask.expect(StatusCode::OK).await;
        assert_eq!(answer.header("x-orgate-user"), owner.id);
        assert_eq!(answer.header("x-orgate-email"), "sam@example.com");
        assert_eq!(answer.header("x-orgate-organization"), id);
        assert_eq!(answer.header("x-orgate-role"), "owner");
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn without_a_session_it_says_where_to_sign_in() {
    let site = Site::new().await;
    for ask in [
        site.get("/check?organization=acme"),
        site.get("/check?organization=acme").header("authorization", "Bearer nonsense"),
        site.get("/check?organization=acme").header("cookie", &format!("__Host-orgate-session={}", "A".repeat(43))),
    ] {
        let answer = ask.expect(StatusCode::UNAUTHORIZED).await;
        assert_eq!(answer.header("x-orgate-code"), "no-session");
        assert_eq!(answer.header("x-orgate-sign-in"), format!("{PUBLIC_URL}/sign-in"));
        assert_eq!(answer.maybe("x-orgate-user"), None);
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn another_organization_and_one_that_does_not_exist_are_told_apart_by_nothing() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let slug = site.organization(&sam, "Acme").await;
    let others = site.get(&format!("/check?organization={slug}")).bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    let nobodys = site.get("/check?organization=nowhere").bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    assert_eq!(others.header("x-orgate-code"), "not-an-organization-member");
    assert_eq!(others.headers, nobodys.headers);
    assert!(others.body.is_empty() && nobodys.body.is_empty());
}

#[tokio::test]
async fn where_to_go_on_is_named_by_the_short_name_whatever_was_asked_by() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let (slug, bolt) = (site.organization(&owner, "Acme").await, site.organization(&owner, "Bolt").await);
    let organization = site.get(&format!("/api/v1/organizations/{slug}")).bearer(&owner).send().await.json();
    let id = organization["id"].as_str().unwrap();
    let by_bolt = site.by_sso(&owner, &site.connection(&owner, &bolt).await).await;
    for named in [slug.as_str(), id] {
        let answer =
            site.get(&format!("/check?organization={named}")).bearer(&by_bolt).expect(StatusCode::FORBIDDEN).await;
        assert_eq!(answer.header("x-orgate-code"), "needs-proof");
        let address = format!("{PUBLIC_URL}/account/proof?organization={slug}");
        assert_eq!(answer.header("x-orgate-sign-in"), address, "{named}");
    }
}

#[tokio::test]
async fn it_never_answers_from_the_past() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let kim = site.member(&owner, &slug, "kim").await;
    let path = format!("/check?organization={slug}");
    site.get(&path).bearer(&kim).expect(StatusCode::OK).await;
    let member = format!("/api/v1/organizations/{slug}/members/{}", kim.id);
    site.ask(axum::http::Method::PATCH, &member)
        .bearer(&owner)
        .json(&json!({ "role": "owner" }))
        .expect(StatusCode::OK)
        .await;
    assert_eq!(site.get(&path).bearer(&kim).send().await.header("x-orgate-role"), "owner");
    site.ask(axum::http::Method::DELETE, &member).bearer(&owner).expect(StatusCode::NO_CONTENT).await;
    site.get(&path).bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    site.ask(axum::http::Method::DELETE, "/api/v1/session").bearer(&kim).expect(StatusCode::NO_CONTENT).await;
    site.get(&path).bearer(&kim).expect(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn a_session_ends_by_itself_and_use_is_noted_in_memory_only() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let path = format!("/check?organization={slug}");
    site.advance(5 * 60 + 55);
    site.get(&path).bearer(&owner).expect(StatusCode::OK).await;
    assert_eq!(orgate_app::session::flush(&site.app).await.unwrap(), 1);
    site.advance(5 * 60 + 55);
    site.get(&path).bearer(&owner).expect(StatusCode::OK).await;
    // That use was not written: six hours after the one that was, the session is idle too long.
    site.advance(10);
    site.get(&path).bearer(&owner).expect(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn a_question_without_an_organization_is_none() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    site.get("/check").bearer(&owner).expect(StatusCode::BAD_REQUEST).await;
    site.get("/check?organization=").bearer(&owner).expect(StatusCode::FORBIDDEN).await;
}
