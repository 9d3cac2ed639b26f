//! `/api/v1/session/proofs` and `/api/v1/password-resets/{token}/completion` of a person whom SSO made, whose address
//! another account has proven: `factor` is its second one (R-LNK-4).

use axum::http::StatusCode;
use orgate_core::proof::Proofs;
use serde_json::{Value, json};

use crate::bed::factors::Equipped;
use crate::support::{Person, Site, text};

const EMAIL: &str = "kim@example.com";
const PROOFS: &str = "/api/v1/session/proofs";

/// Somebody whom Acme's SSO brought, and the account that has their address proven.
async fn known_twice(site: &Site) -> (Person, Equipped) {
    let sam = site.bed.person("sam").await;
    let acme = site.bed.organization(&sam, "Acme").await;
    let born = site.bed.born_by_sso(&acme, "Kim at Acme", EMAIL).await;
    let proofs = Proofs::of(site.bed.sso_proof(&acme.id, None).await);
    let token = site.bed.session_token(&born.id, proofs).await.reveal().to_string();
    let kim = site.bed.person("kim").await;
    let kim = site.bed.equip(&kim).await;
    // The step that confirmed the app is used up.
    site.advance(1);
    site.bed.read_all(EMAIL).await;
    (Person { id: born.id.to_string(), email: born.email, token }, kim)
}

fn totp(kim: &Equipped, site: &Site) -> Value {
    json!({ "method": "totp", "code": kim.code(site.bed.now()) })
}

#[tokio::test]
async fn r_lnk_4_a_mailed_code_takes_the_factor_of_the_other_account_beside_it() {
    let site = Site::new().await;
    let (born, kim) = known_twice(&site).await;
    site.post("/api/v1/session/codes").bearer(&born).expect(StatusCode::ACCEPTED).await;
    let code = site.code(EMAIL).await;
    let prove = |code: &str, factor: Value| {
        let mut body = json!({ "method": "mailed-code", "code": code });
        if !factor.is_null() {
            body["factor"] = factor;
        }
        site.post(PROOFS).bearer(&born).json(&body)
    };
    let wrong_code = if code == "111111" { "222222" } else { "111111" };
    let wrong = prove(wrong_code, totp(&kim, &site));
    wrong.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-code").await;
    prove(&code, Value::Null).refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
    let wrong = prove(&code, json!({ "method": "totp", "code": "12345" }));
    let problem = wrong.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    assert_eq!(problem["fields"][0]["field"], "factor", "{problem}");
    for odd in [json!({ "method": "passkey", "challenge_id": "x", "credential": {} }), json!({ "code": "1" })] {
        prove(&code, odd).refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    }

    let session = prove(&code, totp(&kim, &site)).expect(StatusCode::CREATED).await.json();
    assert_eq!(session["user"]["id"], kim.person.id.as_str());
    site.get("/api/v1/session").bearer(&born).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    let merged = Person { token: text(&session["token"]), ..born };
    let current = site.get("/api/v1/session").bearer(&merged).expect(StatusCode::OK).await.json();
    let methods: Vec<_> = current["proofs"].as_array().unwrap().iter().map(|proof| text(&proof["method"])).collect();
    assert_eq!(methods, ["sso", "mailed-code", "totp"]);
    assert_eq!(current["organizations"][0]["slug"], "acme");
}

#[tokio::test]
async fn r_lnk_4_a_reset_link_takes_the_factor_of_the_other_account_beside_the_password() {
    let site = Site::new().await;
    let (_, kim) = known_twice(&site).await;
    let ask = json!({ "email": EMAIL });
    site.post("/api/v1/password-resets").json(&ask).expect(StatusCode::ACCEPTED).await;
    let links = site.mail(EMAIL).await.links();
    let links: Vec<_> = links.into_iter().filter(|link| link.contains("/password-reset/")).collect();
    let path = format!("/api/v1/password-resets/{}/completion", links[1].rsplit('/').next().unwrap());
    let password = "eleven loud trumpets under Oslo";
    let alone = json!({ "password": password });
    site.post(&path).json(&alone).refused(StatusCode::FORBIDDEN, "needs-second-factor").await;
    let set = |factor: Value| site.post(&path).json(&json!({ "password": password, "factor": factor }));
    let wrong = set(json!({ "method": "recovery-code", "code": "abcd-efgh" }));
    let problem = wrong.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    assert_eq!(problem["fields"][0]["field"], "factor", "{problem}");
    let recovery = json!({ "method": "recovery-code", "code": kim.recovery_codes[0] });
    set(recovery.clone()).expect(StatusCode::NO_CONTENT).await;
    set(recovery).refused(StatusCode::GONE, "attempt-over").await;
    let sign_in = json!({ "method": "password", "email": EMAIL, "password": password });
    let waiting = site.post("/api/v1/sessions").json(&sign_in).expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(waiting["next"], "second-factor", "T-MFA-4");
}

#[tokio::test]
async fn r_lnk_4_guesses_at_the_factor_beside_a_code_have_to_wait() {
    let site = Site::new().await;
    let (born, kim) = known_twice(&site).await;
    site.post("/api/v1/session/codes").bearer(&born).expect(StatusCode::ACCEPTED).await;
    let code = site.code(EMAIL).await;
    let prove = |factor: Value| {
        let body = json!({ "method": "mailed-code", "code": code, "factor": factor });
        site.post(PROOFS).bearer(&born).json(&body)
    };
    for _ in 0..11 {
        let wrong = prove(json!({ "method": "totp", "code": "12345" }));
        wrong.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    }
    prove(totp(&kim, &site)).refused(StatusCode::TOO_MANY_REQUESTS, "too-many-requests").await;
    site.bed.clock.advance(std::time::Duration::from_secs(1));
    prove(totp(&kim, &site)).expect(StatusCode::CREATED).await;
}
