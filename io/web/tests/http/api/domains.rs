//! `/api/v1/organizations/{organization}/domains`.

use axum::http::{Method, StatusCode};
use orgate_testkit::Dns;
use serde_json::json;

use crate::support::{Site, text};

const ALL: &str = "/api/v1/organizations/acme/domains";

#[tokio::test]
async fn r_lnk_7_a_domain_is_claimed_verified_listed_and_removed() {
    let dns = Dns::start();
    let site = Site::with(&[("ORGATE_DNS_SERVERS", &dns.address().to_string())]).await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let claimed = site.post(ALL).bearer(&sam).json(&json!({ "name": "Acme.Example" }));
    let claimed = claimed.expect(StatusCode::CREATED).await.json();
    assert_eq!((&claimed["name"], &claimed["state"]), (&json!("acme.example"), &json!("pending")));
    assert_eq!((&claimed["check"], &claimed["verified_at"]), (&json!(null), &json!(null)));
    assert_eq!(
        (&claimed["record"]["type"], &claimed["record"]["name"]),
        (&json!("TXT"), &json!("_orgate-challenge.acme.example"))
    );
    let one = format!("{ALL}/{}", text(&claimed["id"]));
    let verification = format!("{one}/verification");

    let missing = site.post(&verification).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&missing["check"]["name"], &missing["check"]["ok"]), (&json!("record-missing"), &json!(false)));
    assert_eq!((&missing["check"]["expected"], &missing["state"]), (&claimed["record"]["value"], &json!("pending")));
    dns.texts("_orgate-challenge.acme.example", &[&text(&claimed["record"]["value"])]);
    let verified = site.post(&verification).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&verified["check"]["name"], &verified["state"]), (&json!("record-found"), &json!("verified")));
    let listed = site.get(ALL).bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&listed["items"][0], &listed["next_cursor"]), (&verified, &json!(null)));
    assert_eq!(site.get(&one).bearer(&sam).expect(StatusCode::OK).await.json(), verified);
    site.ask(Method::DELETE, &one).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    site.get(&one).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn what_is_refused_about_domains_has_its_code() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.organization(&sam, "Acme").await;
    let kim = site.member(&sam, "acme", "kim").await;
    let claim = |who, name: &str| site.post(ALL).bearer(who).json(&json!({ "name": name }));
    claim(&kim, "acme.example").refused(StatusCode::FORBIDDEN, "not-permitted").await;
    claim(&sam, "gmail.com").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    for number in 0..50 {
        claim(&sam, &format!("d{number}.example")).expect(StatusCode::CREATED).await;
    }
    claim(&sam, "d1.example").refused(StatusCode::CONFLICT, "domain-exists").await;
    claim(&sam, "more.example").refused(StatusCode::CONFLICT, "domain-limit").await;
    site.advance(16);
    claim(&sam, "more.example").refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
}
