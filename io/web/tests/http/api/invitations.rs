//! `/api/v1/organizations/{organization}/invitations` and `/api/v1/invitations/{token}`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Person, Site, text};

const ALL: &str = "/api/v1/organizations/acme/invitations";

async fn owner(site: &Site) -> Person {
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    sam
}

async fn invite(site: &Site, who: &Person, email: &str) -> Value {
    let body = json!({ "emails": [email], "role": "member" });
    site.post(ALL).bearer(who).json(&body).expect(StatusCode::CREATED).await.json()["items"][0].clone()
}

fn last_part(link: &Value) -> String {
    text(link).rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_is_sent_listed_and_revoked() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let sent = invite(&site, &sam, "kim@example.com").await;
    assert_eq!((&sent["email"], &sent["role"]), (&json!("kim@example.com"), &json!("member")));
    assert_eq!(sent["expires_at"], "2026-11-24T06:00:00Z");
    let listed = site.get(ALL).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["expired"]), (&sent["id"], &json!(false)));
    assert!(listed["items"][0].get("link").is_none(), "the link is shown once");
    let one = format!("{ALL}/{}", text(&sent["id"]));
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.ask(Method::DELETE, &one).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn a_member_invites_nobody_and_a_member_is_not_invited() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let kim = site.member(&sam, "acme", "kim").await;
    let body = json!({ "emails": ["kim@example.com", "new@example.com"], "role": "member" });
    site.post(ALL).bearer(&kim).json(&body).refused(StatusCode::FORBIDDEN, "not-permitted").await;
    let invited = site.post(ALL).bearer(&sam).json(&body).expect(StatusCode::CREATED).await.json();
    assert_eq!(invited["members_already"], json!(["kim@example.com"]));
    assert_eq!(invited["items"].as_array().unwrap().len(), 1);
    let strange = json!({ "emails": ["nobody"], "role": "member" });
    site.post(ALL).bearer(&sam).json(&strange).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
}

#[tokio::test]
async fn the_mailed_link_is_accepted_once_by_the_person_it_is_for() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let (kim, lee) = (site.person("kim").await, site.person("lee").await);
    invite(&site, &sam, "kim@example.com").await;
    let path = format!("/api/v1/invitations/{}/acceptance", site.token("kim@example.com", "/invitations/").await);
    site.post(&path).bearer(&lee).refused(StatusCode::FORBIDDEN, "invitation-for-another-address").await;
    let accepted = site.post(&path).bearer(&kim).expect(StatusCode::OK).await.json();
    assert_eq!(
        (&accepted["organization"]["slug"], &accepted["organization"]["role"]),
        (&json!("acme"), &json!("member"))
    );
    site.post(&path).bearer(&kim).refused(StatusCode::GONE, "invitation-accepted").await;
    let nothing = format!("/api/v1/invitations/{}/acceptance", "A".repeat(43));
    site.post(&nothing).bearer(&kim).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn r_inv_2_sending_again_and_copying_again_void_the_links_before() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let kim = site.person("kim").await;
    let sent = invite(&site, &sam, "kim@example.com").await;
    let accept = |token: String| site.post(&format!("/api/v1/invitations/{token}/acceptance")).bearer(&kim);
    let one = format!("{ALL}/{}", text(&sent["id"]));
    let copied = site.post(&format!("{one}/links")).bearer(&sam).expect(StatusCode::CREATED).await.json();
    accept(last_part(&sent["link"])).refused(StatusCode::NOT_FOUND, "not-found").await;
    let mailed = site.token("kim@example.com", "/invitations/").await;
    site.post(&format!("{one}/mails")).bearer(&sam).expect(StatusCode::CREATED).await;
    accept(mailed).refused(StatusCode::NOT_FOUND, "not-found").await;
    accept(last_part(&copied["link"])).refused(StatusCode::NOT_FOUND, "not-found").await;
    accept(site.token("kim@example.com", "/invitations/").await).expect(StatusCode::OK).await;
}

#[tokio::test]
async fn an_invitation_can_carry_a_project() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let kim = site.person("kim").await;
    let projects = "/api/v1/organizations/acme/projects";
    site.post(projects).bearer(&sam).json(&json!({ "name": "Falcon" })).expect(StatusCode::CREATED).await;
    let with = |project: &str| {
        let grant = json!({ "project": project, "role": "read_only" });
        let body = json!({ "emails": ["kim@example.com"], "role": "member", "projects": [grant] });
        site.post(ALL).bearer(&sam).json(&body)
    };
    with("nothing").refused(StatusCode::NOT_FOUND, "not-found").await;
    with("falcon").expect(StatusCode::CREATED).await;
    let token = site.token("kim@example.com", "/invitations/").await;
    site.post(&format!("/api/v1/invitations/{token}/acceptance")).bearer(&kim).expect(StatusCode::OK).await;
    let seen = site.get(projects).bearer(&kim).expect(StatusCode::OK).await.json();
    assert_eq!((&seen["items"][0]["slug"], &seen["items"][0]["role"]), (&json!("falcon"), &json!("read_only")));
}

#[tokio::test]
async fn a_code_is_mailed_for_a_link_that_was_handed_over() {
    let site = Site::new().await;
    let sam = owner(&site).await;
    let kim = site.person("kim").await;
    let sent = invite(&site, &sam, "kim@example.com").await;
    let link = format!("/api/v1/invitations/{}", last_part(&sent["link"]));
    site.mail("kim@example.com").await;
    site.post(&format!("{link}/codes")).bearer(&kim).expect(StatusCode::ACCEPTED).await;
    let code = json!({ "code": site.code("kim@example.com").await });
    site.post(&format!("{link}/acceptance")).bearer(&kim).json(&code).expect(StatusCode::OK).await;
    let strange = json!({ "kode": "1" });
    let ask = site.post(&format!("{link}/acceptance")).bearer(&kim).json(&strange);
    ask.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
}
