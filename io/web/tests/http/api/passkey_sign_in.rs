//! Signing in by a passkey as a program, showing one as the second factor, and confirming by one (R-IN-1, R-IN-4, R-IN-8).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::passkeys::{
    CHALLENGES, OWN, OWN_CHALLENGES, PROOF_CHALLENGES, PROOFS, Spoil, added, answer, confirmed, device, draw, halves,
    json_of, listed, not_taken, only, password, renewed, sign_in, with_passkey,
};
use crate::support::{OPERATOR, PUBLIC_URL, Person, Site, text};

#[tokio::test]
async fn r_in_1_a_program_signs_in_by_a_passkey_that_answers_its_challenge_once() {
    let site = Site::new().await;
    let (sam, mut laptop) = with_passkey(&site, "sam", 1).await;
    site.advance(20);
    let drawn = draw(site.post(CHALLENGES)).await;
    let options = &drawn["options"];
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("id.example.com"), &json!("required")));
    assert_eq!(options["allowCredentials"], json!([]), "nobody is named");
    let credential = json_of(&laptop.get(options));
    let session = answer(&site, &drawn, &credential).expect(StatusCode::CREATED).await.json();
    assert_eq!(session["user"], json!({ "id": sam.id, "email": "sam@example.com", "name": "sam" }));
    let there = Person { token: text(&session["token"]), ..sam.clone() };
    let current = site.get("/api/v1/session").bearer(&there).expect(StatusCode::OK).await.json();
    assert_eq!(current["proofs"], json!([{ "method": "passkey", "at": "2026-11-22T06:20:00Z" }]), "both factors");
    assert_eq!(listed(&site, &there).await[0]["last_used_at"], "2026-11-22T06:20:00Z");
    answer(&site, &drawn, &credential).refused(StatusCode::GONE, "attempt-over").await;
    site.get("/api/v1/session").bearer(&sam).expect(StatusCode::OK).await;
}

#[tokio::test]
async fn a_challenge_serves_its_program_for_five_minutes() {
    let site = Site::new().await;
    let (_, mut laptop) = with_passkey(&site, "sam", 1).await;
    let (late, drawn) = sign_in(&site, &mut laptop).await;
    let credential = json_of(&laptop.get(&drawn["options"]));
    let (id, secret) = halves(&drawn);
    let (_, other_secret) = halves(&draw(site.post(CHALLENGES)).await);
    assert_ne!(secret, other_secret);
    for id in ["nothing".to_owned(), id.clone(), format!("{id}."), format!("{id}.{other_secret}")] {
        answer(&site, &json!({ "id": id }), &credential).refused(StatusCode::GONE, "attempt-over").await;
    }
    site.advance(5);
    late.refused(StatusCode::GONE, "attempt-over").await;
    sign_in(&site, &mut laptop).await.0.expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn every_answer_that_is_not_taken_says_why_by_its_code() {
    let site = Site::new().await;
    let (_, mut laptop) = with_passkey(&site, "sam", 1).await;
    let mut stranger = device(9);
    stranger.user_handle.clone_from(&laptop.user_handle);
    let drawn = draw(site.post(CHALLENGES)).await;
    not_taken(&site, &drawn, &json_of(&stranger.get(&drawn["options"])), "passkey-unknown").await;

    let spoils: [(Spoil, &str); 3] = [
        (|device| device.origin = "https://evil.example".to_owned(), "passkey-for-another-site"),
        (|device| device.verifies = false, "passkey-without-verification"),
        (|device| device.synchronized = true, "passkey-invalid"),
    ];
    for (spoil, code) in spoils {
        // The same key once more.
        let mut spoilt = device(1);
        spoilt.user_handle.clone_from(&laptop.user_handle);
        spoil(&mut spoilt);
        let drawn = draw(site.post(CHALLENGES)).await;
        not_taken(&site, &drawn, &json_of(&spoilt.get(&drawn["options"])), code).await;
    }
    let (one, other) = (draw(site.post(CHALLENGES)).await, draw(site.post(CHALLENGES)).await);
    let crossed = json_of(&laptop.get(&other["options"]));
    not_taken(&site, &one, &crossed, "passkey-answers-another-challenge").await;
    for odd in [json!({}), json!(null), json!("text"), json!({ "padding": "a".repeat(33 * 1024) })] {
        let drawn = draw(site.post(CHALLENGES)).await;
        not_taken(&site, &drawn, &odd, "passkey-invalid").await;
    }
    laptop.counter = Some(4);
    sign_in(&site, &mut laptop).await.0.expect(StatusCode::CREATED).await;
    laptop.counter = Some(4);
    let drawn = draw(site.post(CHALLENGES)).await;
    not_taken(&site, &drawn, &json_of(&laptop.get(&drawn["options"])), "passkey-copied").await;
    sign_in(&site, &mut laptop).await.0.expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn challenges_of_one_network_have_a_limit() {
    let site = Site::with(&[("ORGATE_LIMIT_SIGN_INS", "2")]).await;
    for _ in 0..2 {
        draw(site.post(CHALLENGES)).await;
    }
    let refused = site.post(CHALLENGES).expect(StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(refused.json()["code"], "too-many-requests");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| (1..=3_600).contains(&wait)));
    draw(site.post(CHALLENGES).peer([198, 51, 100, 7])).await;
    // Who comes by password is not kept out by it.
    site.person("sam").await;
    password(&site, "sam@example.com").expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn r_in_4_a_passkey_is_the_second_factor_of_a_password() {
    let site = Site::new().await;
    let (sam, mut laptop) = with_passkey(&site, "sam", 1).await;
    let (_, mut of_kim) = with_passkey(&site, "kim", 2).await;
    let waiting = password(&site, &sam.email).expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(waiting["methods"], json!(["passkey", "recovery-code"]), "{waiting}");
    let path = format!("/api/v1/sign-ins/{}", text(&waiting["sign_in_id"]));
    let challenges = format!("{path}/passkey-challenges");
    let shown = |drawn: &Value, credential: &str| {
        let body = json!({ "method": "passkey", "challenge_id": drawn["id"], "credential": json_of(credential) });
        site.post(&format!("{path}/second-factor")).json(&body)
    };
    let drawn = draw(site.post(&challenges)).await;
    assert_eq!(drawn["options"]["allowCredentials"].as_array().unwrap().len(), 1);
    shown(&drawn, &of_kim.get(&drawn["options"])).refused(StatusCode::FORBIDDEN, "passkey-unknown").await;
    let right = laptop.get(&drawn["options"]);
    shown(&drawn, &right).refused(StatusCode::GONE, "attempt-over").await;
    let drawn = draw(site.post(&challenges)).await;
    let right = laptop.get(&drawn["options"]);
    // A challenge of this sign-in signs nobody in by itself.
    answer(&site, &drawn, &json_of(&right)).refused(StatusCode::GONE, "attempt-over").await;
    let session = shown(&drawn, &right).expect(StatusCode::CREATED).await.json();
    let there = Person { token: text(&session["token"]), ..sam };
    let current = site.get("/api/v1/session").bearer(&there).expect(StatusCode::OK).await.json();
    let methods: Vec<_> = current["proofs"].as_array().unwrap().iter().map(|proof| text(&proof["method"])).collect();
    assert_eq!(methods, ["password", "passkey"]);
    site.post(&challenges).refused(StatusCode::GONE, "attempt-over").await;
    for nobody in ["nothing", waiting["sign_in_id"].as_str().unwrap().split_once('.').unwrap().0] {
        let path = format!("/api/v1/sign-ins/{nobody}/passkey-challenges");
        site.post(&path).refused(StatusCode::GONE, "attempt-over").await;
    }
}

#[tokio::test]
async fn t_mfa_2_five_wrong_passkeys_end_a_sign_in() {
    let site = Site::new().await;
    let (sam, mut laptop) = with_passkey(&site, "sam", 1).await;
    let waiting = password(&site, &sam.email).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/sign-ins/{}", text(&waiting["sign_in_id"]));
    laptop.verifies = false;
    for _ in 0..5 {
        let drawn = draw(site.post(&format!("{path}/passkey-challenges"))).await;
        let credential = json_of(&laptop.get(&drawn["options"]));
        let body = json!({ "method": "passkey", "challenge_id": drawn["id"], "credential": credential });
        let wrong = site.post(&format!("{path}/second-factor")).json(&body);
        wrong.refused(StatusCode::FORBIDDEN, "passkey-without-verification").await;
    }
    site.post(&format!("{path}/passkey-challenges")).refused(StatusCode::GONE, "attempt-over").await;
}

#[tokio::test]
async fn who_has_no_passkey_gets_no_challenge_for_one() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.post(PROOF_CHALLENGES).bearer(&sam).refused(StatusCode::NOT_FOUND, "not-found").await;
    let person = site.bed.person("kim").await;
    site.bed.equip(&person).await;
    let waiting = password(&site, &person.email).expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(waiting["methods"], json!(["totp", "recovery-code"]));
    let path = format!("/api/v1/sign-ins/{}/passkey-challenges", text(&waiting["sign_in_id"]));
    site.post(&path).refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn r_in_8_a_passkey_confirms_who_it_is_under_a_new_token() {
    let site = Site::new().await;
    let (sam, mut laptop) = with_passkey(&site, "sam", 1).await;
    let (kim, mut of_kim) = with_passkey(&site, "kim", 2).await;
    site.advance(16);
    site.post(OWN_CHALLENGES).bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    let prove = |who: &Person, drawn: &Value, credential: &str| {
        let body = json!({ "method": "passkey", "challenge_id": drawn["id"], "credential": json_of(credential) });
        site.post(PROOFS).bearer(who).json(&body)
    };
    let drawn = draw(site.post(PROOF_CHALLENGES).bearer(&sam)).await;
    assert_eq!(drawn["options"]["allowCredentials"].as_array().unwrap().len(), 1);
    let wrong = of_kim.get(&drawn["options"]);
    prove(&sam, &drawn, &wrong).refused(StatusCode::FORBIDDEN, "passkey-unknown").await;
    let drawn = draw(site.post(PROOF_CHALLENGES).bearer(&sam)).await;
    let right = laptop.get(&drawn["options"]);
    prove(&kim, &drawn, &right).refused(StatusCode::GONE, "attempt-over").await;
    let session = prove(&sam, &drawn, &right).expect(StatusCode::CREATED).await.json();
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    let fresh = Person { token: text(&session["token"]), ..sam };
    draw(site.post(OWN_CHALLENGES).bearer(&fresh)).await;
    prove(&fresh, &drawn, &right).refused(StatusCode::GONE, "attempt-over").await;
}

#[tokio::test]
async fn r_enf_3_a_passkey_names_the_organizations_that_stop_it_and_lets_an_exempt_owner_in() {
    let site = Site::new().await;
    let (sam, mut of_sam) = with_passkey(&site, "sam", 1).await;
    let slug = site.organization(&sam, "Acme").await;
    site.connection(&sam, &slug).await;
    let kim = site.member(&sam, &slug, "kim").await;
    let kim = confirmed(&site, &kim).await;
    let mut of_kim = device(2);
    let added = added(&site, &kim, &mut of_kim, "Laptop").await;
    let kim = renewed(&kim, &added);
    // Begun before it is enforced, finished after.
    let waiting = password(&site, &kim.email).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/sign-ins/{}", text(&waiting["sign_in_id"]));
    let drawn = draw(site.post(&format!("{path}/passkey-challenges"))).await;
    let (early, _) = sign_in(&site, &mut of_kim).await;

    let enforcement = format!("/api/v1/organizations/{slug}/sso-enforcement");
    let on = json!({ "enabled": true, "confirm": true });
    let set = site.ask(Method::PUT, &enforcement).bearer(&sam).json(&on).expect(StatusCode::OK).await.json();
    assert_eq!(set["break_glass"][0]["email"], "sam@example.com");
    let credential = json_of(&of_kim.get(&drawn["options"]));
    let body = json!({ "method": "passkey", "challenge_id": drawn["id"], "credential": credential });
    let second_factor = site.post(&format!("{path}/second-factor")).json(&body);
    for ask in [early, sign_in(&site, &mut of_kim).await.0, second_factor] {
        let answer = ask.expect(StatusCode::FORBIDDEN).await;
        assert_eq!(answer.cookie("__Host-orgate-session"), None);
        let problem = answer.json();
        assert_eq!(problem["code"], "sso-required");
        let place = &problem["organizations"][0];
        assert_eq!((&place["slug"], &place["name"]), (&json!("acme"), &json!("Acme")));
        assert_eq!(place["sign_in_url"], format!("{PUBLIC_URL}/sign-in/acme"));
        assert_eq!(problem.get("token"), None);
    }
    for call in [site.get(OWN), site.post(PROOF_CHALLENGES), site.post(OWN_CHALLENGES)] {
        call.bearer(&kim).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    }
    sign_in(&site, &mut of_sam).await.0.expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn r_in_1_passkeys_are_not_there_where_the_operator_or_the_address_does_not_offer_them() {
    for settings in [
        ("ORGATE_SIGN_IN_METHODS", "password"),
        ("ORGATE_PUBLIC_URL", "http://127.0.0.1:8080"),
        ("ORGATE_PUBLIC_URL", "http://[::1]:8080"),
    ] {
        let site = Site::with(&[settings]).await;
        let sam = site.person("sam").await;
        let sam = confirmed(&site, &sam).await;
        let challenge = json!({ "challenge_id": "cer_00000000000000000000000000", "credential": {} });
        let (mut new, mut proof) = (challenge.clone(), challenge);
        new["name"] = json!("Laptop");
        proof["method"] = json!("passkey");
        for ask in [
            site.post(CHALLENGES),
            site.post(OWN_CHALLENGES).bearer(&sam),
            site.post(OWN).bearer(&sam).json(&new),
            site.post(PROOF_CHALLENGES).bearer(&sam),
            site.post(PROOFS).bearer(&sam).json(&proof),
        ] {
            ask.refused(StatusCode::FORBIDDEN, "method-not-offered").await;
        }
        assert!(listed(&site, &sam).await.is_empty());
    }
}

#[tokio::test]
async fn r_in_1_a_passkey_that_is_no_longer_offered_signs_nobody_in_and_can_be_taken_away() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let sam = confirmed(&site, &sam).await;
    let mut laptop = device(1);
    let answer = added(&site, &sam, &mut laptop, "Laptop").await;
    let (sam, codes) = (renewed(&sam, &answer), answer.json()["recovery_codes"].clone());
    let site = site.reopened(&[("ORGATE_SIGN_IN_METHODS", "password"), ("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    site.post(CHALLENGES).refused(StatusCode::FORBIDDEN, "method-not-offered").await;
    site.post(PROOF_CHALLENGES).bearer(&sam).refused(StatusCode::FORBIDDEN, "method-not-offered").await;
    // The account keeps its second factor: nobody gets round it by a change of settings.
    let waiting = password(&site, &sam.email).expect(StatusCode::ACCEPTED).await.json();
    assert_eq!(waiting["methods"], json!(["recovery-code"]));
    let path = format!("/api/v1/sign-ins/{}", text(&waiting["sign_in_id"]));
    site.post(&format!("{path}/passkey-challenges")).refused(StatusCode::FORBIDDEN, "method-not-offered").await;
    let body = json!({ "method": "recovery-code", "code": codes[0] });
    let session = site.post(&format!("{path}/second-factor")).json(&body).expect(StatusCode::CREATED).await.json();
    let sam = Person { token: text(&session["token"]), ..sam };
    let passkey = only(&site, &sam).await;
    site.ask(Method::DELETE, &passkey).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    password(&site, &sam.email).expect(StatusCode::CREATED).await;
}
