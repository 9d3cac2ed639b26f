//! The journey: every secret once rightly and once wrongly, and the search through what it left behind.

use axum::http::{Method, StatusCode};
use data_encoding::BASE64;
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};
use serde_json::{Value, json};

use super::CONTROL;
use super::search::{Haystack, Needles, Secret, Seen, files, rows};
use crate::api::passkeys::{self, password};
use crate::api::second_factors::equip;
use crate::bed::factors::code_of;
use crate::seed::{Place, Seed, onward};
use crate::support::{Answer, OPERATOR, PASSWORD, PUBLIC_URL, Person, Site, text};

const NEW_PASSWORD: &str = "canary trumpets under Oslo 5512";
const NEW_CLIENT_SECRET: &str = "canary-client-secret-of-an-edit-90817";
const TYPED_BY_MISTAKE: &str = "canary-typed-into-the-wrong-field-33";

/// What the journey came to know.
#[derive(Default)]
struct Known(Vec<Secret>);

impl Known {
    fn add(&mut self, what: &str, text: impl Into<String>, seen: Seen) {
        let text = text.into();
        assert!(text.len() >= 6, "{what}: {text:?}");
        if self.0.iter().all(|known| known.text != text) {
            self.0.push(Secret { what: what.to_owned(), text, seen });
        }
    }

    fn person(&mut self, person: &Person) {
        self.add("a session's token", &person.token, Seen::Once);
    }
}

/// Goes everywhere, and hands out the secrets for the search through what was printed.
pub async fn everything() -> Vec<Secret> {
    let seed = Seed::new().await;
    let (site, mut known) = (&seed.site, Known::default());
    known.add("the secret key", "5a".repeat(32), Seen::Nowhere);
    known.add("the operator's token", OPERATOR, Seen::Nowhere);
    known.add("a password", PASSWORD, Seen::Nowhere);
    for place in &seed.places {
        known.add("a client secret", place.idp.client_secret(), Seen::Nowhere);
        let basic = format!("{}:{}", place.idp.client_id(), place.idp.client_secret());
        known.add("the same as a header", BASE64.encode(basic.as_bytes()), Seen::Nowhere);
        known.person(&place.owner);
    }
    sign_up(site, &mut known).await;
    // First what the providers' clocks take part in: codes of an app need ours to go on.
    single_sign_on(&seed, &mut known).await;
    settings(&seed, &mut known).await;
    let robin = second_factor(site, &mut known).await;
    passkey(site, &mut known).await;
    invitation(site, &seed.places[0], &mut known).await;
    reset(site, &mut known).await;
    operator(site).await;
    in_wrong_places(&seed, &robin, &known).await;
    site.bed.app.outbox.send_due().await.unwrap();
    for path in ["/metrics", "/api/v1/operator/organizations"] {
        site.get(path).operator().expect(StatusCode::OK).await;
    }
    let owner = &seed.places[0].owner;
    for path in ["/api/v1/organizations/alpha/audit-events?limit=100", "/api/v1/account/export", "/api/v1/session"] {
        site.get(path).bearer(owner).expect(StatusCode::OK).await;
    }
    mailed_codes(site, &mut known);
    search(site, &known.0);
    known.0
}

/// Somebody whose name is the control, with wrong codes and a body that does not fit.
async fn sign_up(site: &Site, known: &mut Known) {
    let email = format!("{CONTROL}@example.com");
    let body = json!({ "email": email, "password": PASSWORD, "name": CONTROL });
    let begun = site.post("/api/v1/sign-ups").json(&body).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/sign-ups/{}/verification", text(&begun["id"]));
    let code = site.code(&email).await;
    let other = if code == "111111" { "222222" } else { "111111" };
    site.post(&path).json(&json!({ "code": other })).expect(StatusCode::UNPROCESSABLE_ENTITY).await;
    let session = site.post(&path).json(&json!({ "code": code })).expect(StatusCode::CREATED).await.json();
    known.add("a session's token", text(&session["token"]), Seen::Once);
    for wrong in [
        json!({ "email": 7, "password": PASSWORD, "name": "x" }),
        json!({ "email": "a@example.com", "password": [PASSWORD], "name": "x" }),
        json!({ "email": "a@example.com", "password": PASSWORD, "name": "x", "token": TYPED_BY_MISTAKE }),
        json!({ "email": PASSWORD, "password": PASSWORD, "name": "x" }),
        json!({ "email": email, "password": "short" }),
    ] {
        let answer = site.post("/api/v1/sign-ups").json(&wrong).send().await;
        assert!(!answer.status.is_success(), "{wrong}");
    }
    let cut = site.post("/api/v1/sign-ups").header("content-type", "application/json");
    cut.bytes(format!("{{\"password\":\"{PASSWORD}").as_bytes()).expect(StatusCode::BAD_REQUEST).await;
    known.add("what was typed by mistake", TYPED_BY_MISTAKE, Seen::Nowhere);
}

/// An authenticator app and recovery codes, and signing in by them.
async fn second_factor(site: &Site, known: &mut Known) -> Person {
    let robin = site.person("robin").await;
    known.person(&robin);
    let (robin, secret, recovery_codes) = equip(site, &robin).await;
    known.person(&robin);
    known.add("an authenticator's secret", &secret, Seen::Once);
    let codes: Vec<String> = recovery_codes.as_array().unwrap().iter().map(text).collect();
    for code in &codes {
        known.add("a recovery code", code, Seen::Once);
    }
    site.post("/api/v1/account/totp").bearer(&robin).expect(StatusCode::CONFLICT).await;
    for factor in ["000000".to_owned(), codes[0].clone(), TYPED_BY_MISTAKE.to_owned()] {
        let method = if factor == codes[0] { "recovery-code" } else { "totp" };
        let waiting = password(site, &robin.email).expect(StatusCode::ACCEPTED).await.json();
        let handle = text(&waiting["sign_in_id"]);
        known.add("a sign-in's secret", handle.split_once('.').unwrap().1, Seen::Once);
        let path = format!("/api/v1/sign-ins/{handle}/second-factor");
        let answer = site.post(&path).json(&json!({ "method": method, "code": factor })).send().await;
        assert_eq!(answer.status.is_success(), method == "recovery-code", "{}", answer.text());
        if answer.status.is_success() {
            known.add("a session's token", text(&answer.json()["token"]), Seen::Once);
        }
    }
    site.advance(2);
    let waiting = password(site, &robin.email).expect(StatusCode::ACCEPTED).await.json();
    let path = format!("/api/v1/sign-ins/{}/second-factor", text(&waiting["sign_in_id"]));
    let body = json!({ "method": "totp", "code": code_of(&secret, site.bed.now()) });
    let session = site.post(&path).json(&body).expect(StatusCode::CREATED).await.json();
    let wrong = json!({ "method": "password", "email": robin.email, "password": format!("{PASSWORD}!") });
    site.post("/api/v1/sessions").json(&wrong).expect(StatusCode::UNAUTHORIZED).await;
    let robin = Person { token: text(&session["token"]), ..robin };
    known.person(&robin);
    robin
}

async fn passkey(site: &Site, known: &mut Known) {
    let (pat, mut device) = passkeys::with_passkey(site, "pat", 1).await;
    known.person(&pat);
    let (ask, drawn) = passkeys::sign_in(site, &mut device).await;
    known.add("a challenge's secret", passkeys::halves(&drawn).1, Seen::Once);
    let session = ask.expect(StatusCode::CREATED).await.json();
    known.add("a session's token", text(&session["token"]), Seen::Once);
    let drawn = passkeys::draw(site.post(passkeys::CHALLENGES)).await;
    let credential = json!({ "id": TYPED_BY_MISTAKE, "response": { "signature": TYPED_BY_MISTAKE } });
    assert!(!passkeys::answer(site, &drawn, &credential).send().await.status.is_success());
}

async fn invitation(site: &Site, place: &Place, known: &mut Known) {
    let path = format!("/api/v1/organizations/{}/invitations", place.slug);
    let body = json!({ "emails": ["ira@example.com"], "role": "member" });
    let sent = site.post(&path).bearer(&place.owner).json(&body).expect(StatusCode::CREATED).await;
    let copied = links(&sent.json());
    assert_eq!(copied.len(), 1, "{}", sent.text());
    known.add("a copied link", copied[0].rsplit('/').next().unwrap(), Seen::Once);
    let mailed = site.token("ira@example.com", "/invitations/").await;
    known.add("a mailed invitation", &mailed, Seen::Mailed);
    for token in [mailed.as_str(), "nothing"] {
        site.get(&format!("/invitations/{token}")).send().await;
        site.get(&format!("/api/v1/invitations/{token}")).send().await;
    }
    let list = site.get(&path).bearer(&place.owner).expect(StatusCode::OK).await;
    assert!(links(&list.json()).is_empty(), "T-INV-1: shown once");
}

/// Every link of an answer.
fn links(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("link").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(links)).collect()
        }
        Value::Array(items) => items.iter().flat_map(links).collect(),
        _ => Vec::new(),
    }
}

async fn reset(site: &Site, known: &mut Known) {
    let email = format!("{CONTROL}@example.com");
    let ask = json!({ "email": email });
    site.post("/api/v1/password-resets").json(&ask).expect(StatusCode::ACCEPTED).await;
    let token = site.token(&email, "/password-reset/").await;
    known.add("a reset link", &token, Seen::Mailed);
    known.add("a new password", NEW_PASSWORD, Seen::Nowhere);
    site.get(&format!("/password-reset/{token}")).expect(StatusCode::OK).await;
    let path = format!("/api/v1/password-resets/{token}/completion");
    let body = |password: &str| json!({ "password": password });
    site.post(&path).json(&body("short")).expect(StatusCode::UNPROCESSABLE_ENTITY).await;
    site.post(&path).json(&body(NEW_PASSWORD)).expect(StatusCode::NO_CONTENT).await;
    site.post(&path).json(&body(NEW_PASSWORD)).expect(StatusCode::GONE).await;
    let sign_in = json!({ "method": "password", "email": email, "password": NEW_PASSWORD });
    let session = site.post("/api/v1/sessions").json(&sign_in).expect(StatusCode::CREATED).await.json();
    let token = text(&session["token"]);
    known.add("a session's token", &token, Seen::Once);
    let change = json!({ "current_password": NEW_PASSWORD, "new_password": "short" });
    let owner = Person { id: String::new(), email: String::new(), token };
    let ask = site.ask(Method::PUT, "/api/v1/account/password").bearer(&owner).json(&change);
    ask.expect(StatusCode::UNPROCESSABLE_ENTITY).await;
}

/// A sign-in that comes in, and one whose provider says everything it was told in its error.
async fn single_sign_on(seed: &Seed, known: &mut Known) {
    let place = &seed.places[1];
    let rory = seed.person("rory", ["member"; 3]).await;
    known.person(&rory);
    let inside = seed.by_sso(&rory, place).await;
    known.person(&inside);
    let (cookie, location) = begun(seed, place).await;
    known.add("a browser's cookie", &cookie, Seen::Once);
    let code = parameter(&location, "code");
    let body = format!(r#"{{"error":"server_error","error_description":"{code} {}"}}"#, place.idp.client_secret());
    let wire = Wire::Body { status: 400, content_type: "application/json", body: body.into_bytes() };
    place.idp.set(Mischief::none().wire(Endpoint::Token, wire));
    let refused = back(seed, &cookie, &location).await;
    assert!(refused.cookie("__Host-orgate-session").is_none(), "{}", refused.text());
    place.idp.behave();
    place.idp.set(Mischief::none().claim("aud", "another-client"));
    let (cookie, location) = begun(seed, place).await;
    back(seed, &cookie, &location).await;
    place.idp.behave();
    // Nobody's state, another browser's, and the same once more.
    back(seed, &cookie, &location).await;
    back(seed, &place.owner.token, &location).await;
    for request in place.idp.requests() {
        for (name, what) in [("code", "an authorization code"), ("code_verifier", "a verifier")] {
            if let Some(value) = request.parameter(name) {
                known.add(what, value, Seen::Nowhere);
            }
        }
        let bearer = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        if let Some(token) = bearer {
            known.add("an access token", token, Seen::Nowhere);
        }
    }
    // How every token of a provider begins. What signing out sends to it is not asked for here.
    known.add("an ID token", "eyJhbGciOi", Seen::Nowhere);
}

/// A browser on its way: its cookie, and where the provider sends it back to.
async fn begun(seed: &Seed, place: &Place) -> (String, String) {
    let start = seed.site.post(&format!("/sign-in/{}", place.slug));
    let start = start.header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin").form(&[]);
    let started = start.expect(StatusCode::OK).await;
    let location = place.idp.authorize(&onward(&started));
    (started.cookie("__Host-orgate-browser").unwrap(), location)
}

async fn back(seed: &Seed, cookie: &str, location: &str) -> Answer {
    let back = seed.site.get(location.strip_prefix(PUBLIC_URL).unwrap());
    back.header("cookie", &format!("__Host-orgate-browser={cookie}")).send().await
}

fn parameter(location: &str, name: &str) -> String {
    let (_, query) = location.split_once('?').unwrap();
    let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    found.unwrap().1.to_owned()
}

/// An edit of a connection's settings, refused and accepted, and everything that shows the connection.
async fn settings(seed: &Seed, known: &mut Known) {
    let (site, place) = (&seed.site, &seed.places[2]);
    known.add("a client secret of an edit", NEW_CLIENT_SECRET, Seen::Nowhere);
    let all = format!("/api/v1/organizations/{}/connections", place.slug);
    let list = site.get(&all).bearer(&place.owner).expect(StatusCode::OK).await.json();
    let one = format!("{all}/{}", text(&list["items"][0]["id"]));
    let domain = place.idp.domain();
    for wrong in [
        json!({ "okta_domain": NEW_CLIENT_SECRET, "client_id": "x", "client_secret": NEW_CLIENT_SECRET }),
        json!({ "okta_domain": domain, "client_id": 7, "client_secret": NEW_CLIENT_SECRET }),
        json!({ "okta_domain": domain, "client_id": "x", "client_secret": { "a": NEW_CLIENT_SECRET } }),
        json!({ "okta_domain": domain, "client_id": place.idp.client_id(), "client_secret": NEW_CLIENT_SECRET }),
    ] {
        site.ask(Method::PUT, &format!("{one}/settings")).bearer(&place.owner).json(&wrong).send().await;
    }
    for path in [one.clone(), all, format!("{one}/attempts"), "/api/v1/organizations/gamma".to_owned()] {
        site.get(&path).bearer(&place.owner).expect(StatusCode::OK).await;
    }
    site.get(&format!("/organizations/{}/settings/sso", place.slug)).cookie(&place.owner).send().await;
}

async fn operator(site: &Site) {
    let wrong = format!("Bearer {}x", &OPERATOR[..OPERATOR.len() - 1]);
    for header in [wrong.as_str(), "Bearer", "Basic b3BlcmF0b3I6eA=="] {
        let ask = site.get("/api/v1/operator/organizations").header("authorization", header);
        ask.expect(StatusCode::UNAUTHORIZED).await;
    }
    let body = json!({ "sso": OPERATOR });
    let path = "/api/v1/operator/organizations/alpha/entitlements";
    assert!(!site.ask(Method::PUT, path).operator().json(&body).send().await.status.is_success());
}

/// Secrets where none belongs: in addresses, headers and methods that nobody reads.
async fn in_wrong_places(seed: &Seed, robin: &Person, known: &Known) {
    let site = &seed.site;
    for secret in known.0.iter().filter(|secret| secret.text.bytes().all(|byte| byte.is_ascii_graphic())) {
        let value = secret.text.replace(['+', '/', '='], "_");
        site.get(&format!("/api/v1/session?token={value}")).send().await;
        site.get(&format!("/check?organization={value}")).bearer(robin).send().await;
        site.get(&format!("/sign-in?return_to=/{value}")).send().await;
        site.post(&format!("/api/v1/sign-ups/{value}/verification")).json(&json!({ "code": value })).send().await;
        site.get("/api/v1/session").header("authorization", &format!("Bearer {value}.")).send().await;
        site.get("/api/v1/session").header("user-agent", "-").header("cookie", &format!("x={value}")).send().await;
    }
}

/// The codes that were mailed: they are for their mail alone.
fn mailed_codes(site: &Site, known: &mut Known) {
    let codes: Vec<String> =
        site.bed.mailbox.list().iter().filter_map(orgate_testkit::mailbox::Message::code).collect();
    assert!(codes.len() > 4, "{codes:?}");
    for code in codes {
        known.add("a mailed code", code, Seen::Mailed);
    }
}

/// What is found where it must not be.
fn search(site: &Site, secrets: &[Secret]) {
    let database = site.bed.folder().join("orgate.db");
    let places = [("the database's files", files(&database)), ("the database's rows", rows(&database))];
    let places = places.map(|(place, content)| (place, Haystack::new(&content)));
    let mails: Vec<u8> = site
        .bed
        .mailbox
        .list()
        .iter()
        .flat_map(|mail| format!("{}\n{}\n{:?}\n{}\n", mail.subject, mail.text, mail.html, mail.raw).into_bytes())
        .collect();
    let mails = Haystack::new(&mails);
    let journal = site.journal.lock().unwrap();
    let journal: Vec<(&str, Haystack)> =
        journal.iter().map(|exchange| (exchange.asked.as_str(), Haystack::new(&exchange.answered))).collect();
    for (place, content) in &places {
        assert!(content.contains(CONTROL), "{place} is read");
    }
    assert!(mails.contains(CONTROL), "mails are read");
    assert!(journal.iter().any(|(_, answered)| answered.contains(CONTROL)), "answers are read");
    assert!(journal.iter().any(|(asked, _)| *asked == "GET /metrics"), "measurements are among them");

    for secret in secrets {
        let needles = Needles::of(secret);
        for (place, content) in &places {
            // Six digits stand in many an id and time.
            let found = needles.find(content).filter(|_| !needles.is_code());
            assert_eq!(found, None, "{} in {place}", secret.what);
        }
        if secret.seen != Seen::Mailed {
            assert_eq!(needles.find(&mails), None, "{} in a mail", secret.what);
        }
        // What somebody wrote into an address is theirs to see in the answer: a page names its own.
        let own = secret.text.replace(['+', '/', '='], "_");
        let is_asked = |asked: &str| asked.contains(&own) || needles.find(&Haystack::new(asked.as_bytes())).is_some();
        let others = journal.iter().filter(|(asked, _)| !is_asked(asked));
        let seen: Vec<(&str, String)> =
            others.filter_map(|(asked, answered)| Some((*asked, needles.find(answered)?))).collect();
        let allowed = usize::from(secret.seen == Seen::Once);
        assert_eq!(seen.len(), allowed, "{}: {seen:?}", secret.what);
    }
}
