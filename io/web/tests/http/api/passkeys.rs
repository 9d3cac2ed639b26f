//! `/api/v1/passkey-challenges` and `/api/v1/account/passkeys`, and passkeys as the second factor of a sign-in and as a
//! proof in a session. The authenticator is in software and shares no code with what verifies it.

use axum::http::{Method, StatusCode};
use orgate_testkit::authenticator::{Algorithm, Authenticator};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, PASSWORD, PUBLIC_URL, Person, Site, text};

pub const CHALLENGES: &str = "/api/v1/passkey-challenges";
pub const OWN: &str = "/api/v1/account/passkeys";
pub const OWN_CHALLENGES: &str = "/api/v1/account/passkey-challenges";
pub const PROOFS: &str = "/api/v1/session/proofs";
pub const PROOF_CHALLENGES: &str = "/api/v1/session/passkey-challenges";

/// Makes an authenticator, or the browser before it, do one thing wrongly.
pub type Spoil = fn(&mut Authenticator);

/// An authenticator at the right address.
pub fn device(seed: u8) -> Authenticator {
    Authenticator::new(PUBLIC_URL, Algorithm::EdDsa, seed)
}

/// What it said, as the calls take it.
pub fn json_of(credential: &str) -> Value {
    serde_json::from_str(credential).unwrap()
}

/// The person after the code that is mailed for a first factor.
pub async fn confirmed(site: &Site, person: &Person) -> Person {
    site.post("/api/v1/account/enrolment-codes").bearer(person).expect(StatusCode::ACCEPTED).await;
    let code = site.code(&person.email).await;
    let body = json!({ "code": code });
    let session = site.post("/api/v1/account/enrolment-codes/verification").bearer(person).json(&body);
    Person { token: text(&session.expect(StatusCode::CREATED).await.json()["token"]), ..person.clone() }
}

/// A challenge by this call.
pub async fn draw(ask: Ask<'_>) -> Value {
    let answer = ask.expect(StatusCode::CREATED).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// Draws a challenge and takes the authenticator's new key to `OWN`.
pub async fn added(site: &Site, person: &Person, device: &mut Authenticator, name: &str) -> Answer {
    let drawn = draw(site.post(OWN_CHALLENGES).bearer(person)).await;
    let credential = json_of(&device.create(&drawn["options"]));
    let body = json!({ "challenge_id": drawn["id"], "credential": credential, "name": name });
    site.post(OWN).bearer(person).json(&body).expect(StatusCode::CREATED).await
}

/// The same person with the token that an answer gave.
pub fn renewed(person: &Person, answer: &Answer) -> Person {
    Person { token: text(&answer.json()["session"]["token"]), ..person.clone() }
}

/// Somebody with one passkey, in the session that added it.
pub async fn with_passkey(site: &Site, name: &str, seed: u8) -> (Person, Authenticator) {
    let mut device = device(seed);
    let person = site.person(name).await;
    let person = confirmed(site, &person).await;
    let answer = added(site, &person, &mut device, "Laptop").await;
    (renewed(&person, &answer), device)
}

/// The sign-in by this authenticator, and its challenge.
pub async fn sign_in<'s>(site: &'s Site, device: &mut Authenticator) -> (Ask<'s>, Value) {
    let drawn = draw(site.post(CHALLENGES)).await;
    let credential = json_of(&device.get(&drawn["options"]));
    (answer(site, &drawn, &credential), drawn)
}

/// The two halves of the name of a challenge to sign in: which one, and the secret of who drew it.
pub fn halves(drawn: &Value) -> (String, String) {
    let (id, secret) = drawn["id"].as_str().unwrap().split_once('.').unwrap();
    (id.to_owned(), secret.to_owned())
}

/// An answer to a challenge to sign in.
pub fn answer<'s>(site: &'s Site, drawn: &Value, credential: &Value) -> Ask<'s> {
    let path = format!("{CHALLENGES}/{}/answer", text(&drawn["id"]));
    site.post(&path).json(&json!({ "credential": credential }))
}

pub async fn listed(site: &Site, person: &Person) -> Vec<Value> {
    let list = site.get(OWN).bearer(person).expect(StatusCode::OK).await.json();
    list["items"].as_array().unwrap().clone()
}

/// The path of the person's only passkey.
pub async fn only(site: &Site, person: &Person) -> String {
    let all = listed(site, person).await;
    assert_eq!(all.len(), 1, "{all:?}");
    format!("{OWN}/{}", text(&all[0]["id"]))
}

/// Signs in wrongly, and sees that the answer used its challenge up.
pub async fn not_taken(site: &Site, drawn: &Value, credential: &Value, code: &str) {
    let problem = answer(site, drawn, credential).refused(StatusCode::FORBIDDEN, code).await;
    for field in ["title", "detail", "reference"] {
        assert!(!text(&problem[field]).is_empty(), "{problem}");
    }
    answer(site, drawn, credential).refused(StatusCode::GONE, "attempt-over").await;
}

pub fn password<'s>(site: &'s Site, email: &str) -> Ask<'s> {
    let body = json!({ "method": "password", "email": email, "password": PASSWORD });
    site.post("/api/v1/sessions").json(&body)
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
