//! The same for second factors: a recovery code and a code of an authenticator app each let one sign-in through (REL-8).

use std::time::Duration;

use orgate_testkit::mailbox::Message;
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::api::{Api, PASSWORD, Person, sign_in, text};
use crate::client::Ask;
use crate::cluster::Cluster;
use crate::once::{AT_ONCE, at_once, once, rounds, said};
use crate::scale::{now, unix_seconds};

/// What an attempt may still be tried after one code was wrong: five in all.
const TRIES: usize = 4;
/// How long a code of an app is shown.
const STEP: i64 = 30;

/// Somebody whose authenticator app shows codes.
struct Equipped {
    person: Person,
    secret: String,
    recovery_codes: Vec<String>,
}

fn code_of(secret: &str, step: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    Builder::new().with_secret(secret).build_noncompliant().generate(u64::try_from(step * STEP).unwrap()).to_string()
}

fn equip(api: &mut Api, name: &str) -> Equipped {
    let person = api.person(name);
    api.post("/api/v1/account/enrolment-codes", &person.token, &json!({})).expect(202);
    let code = api.mail(&person.email, Message::code);
    let path = "/api/v1/account/enrolment-codes/verification";
    let session = api.post(path, &person.token, &json!({ "code": code })).expect(201).json();
    let token = text(&session["token"]);
    let secret = text(&api.post("/api/v1/account/totp", &token, &json!({})).expect(201).json()["secret"]);
    // The step before is right as well and leaves the present one, unless that is over by the time it is looked at.
    while unix_seconds() % STEP > STEP - 4 {
        std::thread::sleep(Duration::from_millis(200));
    }
    let body = json!({ "code": code_of(&secret, unix_seconds() / STEP - 1) });
    let enrolled = api.post("/api/v1/account/totp/confirmation", &token, &body).expect(201).json();
    let recovery_codes = enrolled["recovery_codes"].as_array().unwrap().iter().map(text).collect();
    Equipped { person, secret, recovery_codes }
}

/// Sign-ins whose password was right, each of which waits for a factor.
fn waiting(cluster: &Cluster, person: &Person) -> Vec<String> {
    let ids = at_once(cluster, |number, client, _| {
        let waits = number % TRIES == 0;
        waits.then(|| text(&client.ask(&sign_in(&person.email, PASSWORD)).expect(202).json()["sign_in_id"]))
    });
    ids.into_iter().flatten().collect()
}

fn show(cluster: &Cluster, person: &Person, method: &str, code: &str) {
    let attempts = waiting(cluster, person);
    assert_eq!(attempts.len() * TRIES, AT_ONCE);
    let sessions = || {
        let query = "select count(*) from audit_events where action = 'session.created' and target";
        cluster.number(&format!("{query} = '{}'", person.id))
    };
    let before = sessions();
    // Of the same attempt some find it over; at the others the code was right and is used up.
    once(cluster, method, 201, &[410, 422], |number| {
        let path = format!("/api/v1/sign-ins/{}/second-factor", attempts[number / TRIES]);
        Ask::post(path).json(&json!({ "method": method, "code": code }))
    });
    assert_eq!(sessions(), before + 1, "{method}");
}

#[test]
fn rel_8_a_recovery_code_and_a_step_of_an_app_let_one_sign_in_through_on_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let (mut api, began) = (cluster.api(0), now());
    // The next ones get ready while one shows what they have: mails and passwords take longer than all uses of a code.
    let (ready, next) = std::sync::mpsc::sync_channel(2);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for round in 0..rounds() {
                // Nobody waits for more when one of them failed.
                let Ok(()) = ready.send(equip(&mut api, &format!("kim{round}"))) else { return };
            }
        });
        for kim in next {
            show(&cluster, &kim.person, "recovery-code", &kim.recovery_codes[0]);
            // An earlier step was used up; this one is right until the end of the next.
            show(&cluster, &kim.person, "totp", &code_of(&kim.secret, unix_seconds() / STEP));
        }
    });
    said("recovery code and app", began, rounds());
}
