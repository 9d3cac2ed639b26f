//! `/api/v1/account/second-factors`, `/api/v1/account/totp`, `/api/v1/account/recovery-codes`.

use axum::http::{Method, StatusCode};
use orgate_core::id::{Identifier as _, UserId};
use serde_json::json;

use crate::bed::factors::code_of;
use crate::support::{PASSWORD, Person, Site, text};

/// Sets an app up, and hands out the person with the new token, the secret and the recovery codes.
pub async fn equip(site: &Site, person: &Person) -> (Person, String, serde_json::Value) {
    site.post("/api/v1/account/enrolment-codes").bearer(person).expect(StatusCode::ACCEPTED).await;
    let code = site.bed.next_code(&person.email).await;
    let body = json!({ "code": code });
    let verification = site.post("/api/v1/account/enrolment-codes/verification").bearer(person).json(&body);
    let session = verification.expect(StatusCode::CREATED).await.json();
    let person = Person { token: text(&session["token"]), ..person.clone() };
    let pending = site.post("/api/v1/account/totp").bearer(&person).expect(StatusCode::CREATED).await.json();
    let secret = text(&pending["secret"]);
    assert!(text(&pending["uri"]).starts_with("otpauth://totp/"));
    let body = json!({ "code": code_of(&secret, site.bed.now()) });
    let confirmation = site.post("/api/v1/account/totp/confirmation").bearer(&person).json(&body);
    let enrolled = confirmation.expect(StatusCode::CREATED).await.json();
    (Person { token: text(&enrolled["session"]["token"]), ..person }, secret, enrolled["recovery_codes"].clone())
}

#[tokio::test]
async fn a_program_sets_up_and_removes_an_authenticator_app() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.post("/api/v1/account/totp").bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-mailed-code").await;
    let codes = site.post("/api/v1/account/recovery-codes").bearer(&sam);
    codes.refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
    let (sam, _, recovery_codes) = equip(&site, &sam).await;
    assert_eq!(recovery_codes.as_array().unwrap().len(), 10);
    let have = site.get("/api/v1/account/second-factors").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&have["has_second_factor"], &have["recovery_codes_left"]), (&json!(true), &json!(10)));
    site.post("/api/v1/account/totp").bearer(&sam).refused(StatusCode::CONFLICT, "factor-exists").await;
    let renewed = site.post("/api/v1/account/recovery-codes").bearer(&sam).expect(StatusCode::CREATED).await.json();
    assert_ne!(renewed["recovery_codes"], recovery_codes);
    let remove = || site.ask(Method::DELETE, "/api/v1/account/totp").bearer(&sam);
    remove().expect(StatusCode::NO_CONTENT).await;
    remove().refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn r_in_4_a_program_learns_which_organization_requires_a_factor_that_is_missing() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let body = json!({ "name": "Acme" });
    site.post("/api/v1/organizations").bearer(&sam).json(&body).expect(StatusCode::CREATED).await;
    let (sam, ..) = equip(&site, &sam).await;
    let acme = "/api/v1/organizations/acme";
    let rule = json!({ "mfa_required": true });
    site.ask(Method::PATCH, acme).bearer(&sam).json(&rule).expect(StatusCode::OK).await;
    site.ask(Method::DELETE, "/api/v1/account/totp").bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    let refused = site.get(acme).bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
    assert_eq!(refused["organizations"][0]["slug"], "acme");
    assert!(text(&refused["detail"]).contains("Set one up"), "{refused}");
    let current = site.get("/api/v1/session").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!(current["organizations"][0]["access"], "needs-second-factor");
}

#[tokio::test]
async fn l5_a_program_that_signs_in_again_and_again_comes_from_one_place() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let (_, secret, _) = equip(&site, &sam).await;
    for _ in 0..5 {
        // A code serves once.
        site.advance(1);
        let body = json!({ "method": "password", "email": sam.email, "password": PASSWORD });
        let waiting = site.post("/api/v1/sessions").json(&body).expect(StatusCode::ACCEPTED).await.json();
        let path = format!("/api/v1/sign-ins/{}/second-factor", text(&waiting["sign_in_id"]));
        let body = json!({ "method": "totp", "code": code_of(&secret, site.bed.now()) });
        site.post(&path).json(&body).expect(StatusCode::CREATED).await;
    }
    let id = UserId::parse(&sam.id).unwrap();
    let places = site.bed.write(id, |tx, id| Box::pin(async move { tx.instance().delete_origins(id).await })).await;
    assert_eq!(places, 1, "its network, and no secret that served once");
}
