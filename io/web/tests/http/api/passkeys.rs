//! `/api/v1/passkey-challenges` and `/api/v1/account/passkeys`, and passkeys as the second factor of a sign-in and as a
//! proof in a session. The authenticator is in software and shares no code with what verifies it.

use axum::http::{Method, StatusCode};
use orgate_testkit::authenticator::{Algorithm, Authenticator};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, OPERATOR, PASSWORD, PUBLIC_URL, Person, Site, text};

const CHALLENGES: &str = "/api/v1/passkey-challenges";
const OWN: &str = "/api/v1/account/passkeys";
const OWN_CHALLENGES: &str = "/api/v1/account/passkey-challenges";
const PROOFS: &str = "/api/v1/session/proofs";
const PROOF_CHALLENGES: &str = "/api/v1/session/passkey-challenges";

/// Makes an authenticator, or the browser before it, do one thing wrongly.
type Spoil = fn(&mut Authenticator);

/// An authenticator at the right address.
fn device(seed: u8) -> Authenticator {
    Authenticator::new(PUBLIC_URL, Algorithm::EdDsa, seed)
}

/// What it said, as the calls take it.
fn json_of(credential: &str) -> Value {
    serde_json::from_str(credential).unwrap()
}

/// The person after the code that is mailed for a first factor.
async fn confirmed(site: &Site, person: &Person) -> Person {
    site.post("/api/v1/account/enrolment-codes").bearer(person).expect(StatusCode::ACCEPTED).await;
    let code = site.code(&person.email).await;
    let body = json!({ "code": code });
    let session = site.post("/api/v1/account/enrolment-codes/verification").bearer(person).json(&body);
    Person { token: text(&session.expect(StatusCode::CREATED).await.json()["token"]), ..person.clone() }
}

/// A challenge by this call.
async fn draw(ask: Ask<'_>) -> Value {
    let answer = ask.expect(StatusCode::CREATED).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// Draws a challenge and takes the authenticator's new key to `OWN`.
async fn added(site: &Site, person: &Person, device: &mut Authenticator, name: &str) -> Answer {
    let drawn = draw(site.post(OWN_CHALLENGES).bearer(person)).await;
    let credential = json_of(&device.create(&drawn["options"]));
    let body = json!({ "challenge_id": drawn["id"], "credential": credential, "name": name });
    site.post(OWN).bearer(person).json(&body).expect(StatusCode::CREATED).await
}

/// The same person with the token that an answer gave.
fn renewed(person: &Person, answer: &Answer) -> Person {
    Person { token: text(&answer.json()["session"]["token"]), ..person.clone() }
}

/// Somebody with one passkey, in the session that added it.
async fn with_passkey(site: &Site, name: &str, seed: u8) -> (Person, Authenticator) {
    let mut device = device(seed);
    let person = site.person(name).await;
    let person = confirmed(site, &person).await;
    let answer = added(site, &person, &mut device, "Laptop").await;
    (renewed(&person, &answer), device)
}

/// The sign-in by this authenticator, and its challenge.
async fn sign_in<'s>(site: &'s Site, device: &mut Authenticator) -> (Ask<'s>, Value) {
    let drawn = draw(site.post(CHALLENGES)).await;
    let credential = json_of(&device.get(&drawn["options"]));
    (answer(site, &drawn, &credential), drawn)
}

/// The two halves of the name of a challenge to sign in: which one, and the secret of who drew it.
fn halves(drawn: &Value) -> (String, String) {
    let (id, secret) = drawn["id"].as_str().unwrap().split_once('.').unwrap();
    (id.to_owned(), secret.to_owned())
}

/// An answer to a challenge to sign in.
fn answer<'s>(site: &'s Site, drawn: &Value, credential: &Value) -> Ask<'s> {
    let path = format!("{CHALLENGES}/{}/answer", text(&drawn["id"]));
    site.post(&path).json(&json!({ "credential": credential }))
}

async fn listed(site: &Site, person: &Person) -> Vec<Value> {
    let list = site.get(OWN).bearer(person).expect(StatusCode::OK).await.json();
    list["items"].as_array().unwrap().clone()
}

/// The path of the person's only passkey.
async fn only(site: &Site, person: &Person) -> String {
    let all = listed(site, person).await;
    assert_eq!(all.len(), 1, "{all:?}");
    format!("{OWN}/{}", text(&all[0]["id"]))
}

#[tokio::test]
async fn r_in_4_a_program_adds_a_passkey_after_a_mailed_code_and_gets_recovery_codes_once() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.post(OWN_CHALLENGES).bearer(&sam).refused(StatusCode::FORBIDDEN, "needs-mailed-code").await;
    let sam = confirmed(&site, &sam).await;
    let mut laptop = device(1);
    let drawn = draw(site.post(OWN_CHALLENGES).bearer(&sam)).await;
    let options = &drawn["options"];
    assert_eq!(options["rp"], json!({ "id": "id.example.com", "name": "Orgate" }));
    assert_eq!((&options["user"]["name"], &options["excludeCredentials"]), (&json!("sam@example.com"), &json!([])));
    let made = json_of(&laptop.create(options));
    let body = |name: &str| json!({ "challenge_id": drawn["id"], "credential": made, "name": name });
    let add = |name: &str| site.post(OWN).bearer(&sam).json(&body(name));
    let unnamed = add(" ").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    assert_eq!(unnamed["fields"][0]["field"], "name", "{unnamed}");
    let first = add("Laptop").expect(StatusCode::CREATED).await;
    assert_eq!(first.json()["recovery_codes"].as_array().unwrap().len(), 10);
    site.get(OWN).bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    let sam = renewed(&sam, &first);
    let replayed = site.post(OWN).bearer(&sam).json(&body("Laptop"));
    replayed.refused(StatusCode::GONE, "attempt-over").await;

    site.advance(1);
    let mut phone = device(2);
    phone.synchronized = true;
    let second = added(&site, &sam, &mut phone, "Phone").await;
    assert_eq!(second.json()["recovery_codes"], json!([]), "there are some");
    let sam = renewed(&sam, &second);
    let mut items = listed(&site, &sam).await;
    for item in &mut items {
        let id = item["id"].take();
        assert!(text(&id).starts_with("psk_"), "{id}");
    }
    let expected = [
        json!({ "id": null, "name": "Laptop", "created_at": "2026-11-22T06:00:00Z", "last_used_at": null, "synced": false }),
        json!({ "id": null, "name": "Phone", "created_at": "2026-11-22T06:01:00Z", "last_used_at": null, "synced": true }),
    ];
    assert_eq!(items, expected, "and no key");
    let have = site.get("/api/v1/account/second-factors").bearer(&sam).expect(StatusCode::OK).await.json();
    assert_eq!((&have["has_second_factor"], &have["passkeys"]), (&json!(true), &json!(2)));
    assert_eq!((&have["totp_since"], &have["recovery_codes_left"]), (&json!(null), &json!(10)));
    let drawn = draw(site.post(OWN_CHALLENGES).bearer(&sam)).await;
    assert_eq!(drawn["options"]["excludeCredentials"].as_array().unwrap().len(), 2);
    let twice =
        json!({ "challenge_id": drawn["id"], "credential": json_of(&phone.create(&drawn["options"])), "name": "P" });
    site.post(OWN).bearer(&sam).json(&twice).refused(StatusCode::CONFLICT, "factor-exists").await;
}

#[tokio::test]
async fn a_new_key_that_is_not_right_is_refused_and_uses_its_challenge_up() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let sam = confirmed(&site, &sam).await;
    let spoils: [(Spoil, &str); 2] = [
        (|device| device.origin = "https://evil.example".to_owned(), "passkey-for-another-site"),
        (|device| device.verifies = false, "passkey-without-verification"),
    ];
    for (spoil, code) in spoils {
        let mut device = device(1);
        spoil(&mut device);
        let drawn = draw(site.post(OWN_CHALLENGES).bearer(&sam)).await;
        let credential = json_of(&device.create(&drawn["options"]));
        let body = json!({ "challenge_id": drawn["id"], "credential": credential, "name": "Laptop" });
        site.post(OWN).bearer(&sam).json(&body).refused(StatusCode::FORBIDDEN, code).await;
        site.post(OWN).bearer(&sam).json(&body).refused(StatusCode::GONE, "attempt-over").await;
    }
    // The challenge to sign in is none to add a passkey with.
    let (id, _) = halves(&draw(site.post(CHALLENGES)).await);
    let body = json!({ "challenge_id": id, "credential": {}, "name": "Laptop" });
    site.post(OWN).bearer(&sam).json(&body).refused(StatusCode::GONE, "attempt-over").await;
    assert!(listed(&site, &sam).await.is_empty());
}

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

/// Signs in wrongly, and sees that the answer used its challenge up.
async fn not_taken(site: &Site, drawn: &Value, credential: &Value, code: &str) {
    let problem = answer(site, drawn, credential).refused(StatusCode::FORBIDDEN, code).await;
    for field in ["title", "detail", "reference"] {
        assert!(!text(&problem[field]).is_empty(), "{problem}");
    }
    answer(site, drawn, credential).refused(StatusCode::GONE, "attempt-over").await;
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

fn password<'s>(site: &'s Site, email: &str) -> Ask<'s> {
    let body = json!({ "method": "password", "email": email, "password": PASSWORD });
    site.post("/api/v1/sessions").json(&body)
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
async fn t_mfa_5_removing_a_passkey_needs_a_recent_proof_ends_other_sessions_and_is_told() {
    let site = Site::new().await;
    let (sam, mut laptop) = with_passkey(&site, "sam", 1).await;
    let passkey = only(&site, &sam).await;
    let remove = |who: &Person| site.ask(Method::DELETE, &passkey).bearer(who);
    let kim = site.person("kim").await;
    remove(&kim).refused(StatusCode::NOT_FOUND, "not-found").await;
    site.advance(16);
    remove(&sam).refused(StatusCode::FORBIDDEN, "needs-recent-proof").await;
    let enter = sign_in(&site, &mut laptop).await.0.expect(StatusCode::CREATED).await.json();
    let fresh = Person { token: text(&enter["token"]), ..sam.clone() };
    site.bed.read_all(&sam.email).await;
    remove(&fresh).expect(StatusCode::NO_CONTENT).await;
    assert_eq!(site.mail(&sam.email).await.subject, "Your passkey at Orgate was removed");
    site.get("/api/v1/session").bearer(&sam).refused(StatusCode::UNAUTHORIZED, "no-session").await;
    remove(&fresh).refused(StatusCode::NOT_FOUND, "not-found").await;
    assert!(listed(&site, &fresh).await.is_empty());
    let have = site.get("/api/v1/account/second-factors").bearer(&fresh).expect(StatusCode::OK).await.json();
    assert_eq!((&have["has_second_factor"], &have["recovery_codes_left"]), (&json!(false), &json!(0)));
    let drawn = draw(site.post(CHALLENGES)).await;
    not_taken(&site, &drawn, &json_of(&laptop.get(&drawn["options"])), "passkey-unknown").await;
    password(&site, &sam.email).expect(StatusCode::CREATED).await;
}

#[tokio::test]
async fn the_last_way_in_stays_until_there_is_another() {
    let site = Site::new().await;
    let (sam, _) = with_passkey(&site, "sam", 1).await;
    site.ask(Method::DELETE, "/api/v1/account/password").bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    let passkey = only(&site, &sam).await;
    let problem = site.ask(Method::DELETE, &passkey).bearer(&sam).refused(StatusCode::CONFLICT, "last-way-in").await;
    assert!(text(&problem["detail"]).contains("another way"), "{problem}");
    let second = added(&site, &sam, &mut device(2), "Phone").await;
    let sam = renewed(&sam, &second);
    site.ask(Method::DELETE, &passkey).bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    assert_eq!(listed(&site, &sam).await[0]["name"], "Phone");
}

#[tokio::test]
async fn a_passkey_is_renamed_by_its_person_alone() {
    let site = Site::new().await;
    let (sam, _) = with_passkey(&site, "sam", 1).await;
    let (kim, _) = with_passkey(&site, "kim", 2).await;
    let passkey = only(&site, &sam).await;
    let rename =
        |who: &Person, name: &str| site.ask(Method::PATCH, &passkey).bearer(who).json(&json!({ "name": name }));
    rename(&kim, "Mine").refused(StatusCode::NOT_FOUND, "not-found").await;
    let problem = rename(&sam, " ").refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    assert_eq!(problem["fields"][0]["field"], "name");
    assert_eq!(listed(&site, &sam).await[0]["name"], "Laptop");
    rename(&sam, " Work  laptop ").expect(StatusCode::NO_CONTENT).await;
    assert_eq!(listed(&site, &sam).await[0]["name"], "Work laptop");
    let nothing = site.ask(Method::PATCH, &format!("{OWN}/nothing")).bearer(&sam).json(&json!({ "name": "A" }));
    nothing.refused(StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn fields_that_nobody_knows_are_refused() {
    let site = Site::new().await;
    let (sam, _) = with_passkey(&site, "sam", 1).await;
    let challenge = json!({ "challenge_id": "x", "credential": {} });
    let with = |base: &Value, more: &Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let also_code = with(&challenge, &json!({ "method": "passkey", "code": "1" }));
    for (method, path, body) in [
        (Method::POST, "/api/v1/passkey-challenges/nothing/answer", json!({ "credential": {}, "user_id": sam.id })),
        (Method::POST, OWN, with(&challenge, &json!({ "name": "A", "synced": true }))),
        (Method::POST, OWN, challenge.clone()),
        (Method::PATCH, "/api/v1/account/passkeys/nothing", json!({ "name": "A", "synced": true })),
        (Method::POST, PROOFS, also_code.clone()),
        (Method::POST, PROOFS, json!({ "method": "passkey" })),
        (Method::POST, "/api/v1/sign-ins/nothing/second-factor", also_code),
    ] {
        let ask = site.ask(method, path).bearer(&sam).json(&body);
        ask.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    }
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
