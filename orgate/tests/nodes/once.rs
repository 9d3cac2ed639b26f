//! What serves once serves once, however often it is used at the same time on three nodes (REL-8).

use std::sync::Barrier;

use orgate_testkit::hostile_idp::Endpoint;
use serde_json::json;

use crate::api::last_part;
use crate::client::{Answer, Ask, Client};
use crate::cluster::Cluster;
use crate::scale::{count, now, report};

pub const AT_ONCE: usize = 64;
/// Somebody who is in thousands of organizations is slow to check, and this is not about that.
const ORGANIZATIONS_A_PERSON: u64 = 50;

/// Uses something on all nodes at once, each time from a connection of its own that is open already; the statuses, of which
/// exactly one has to be `success` and all others one of `refusals`.
#[track_caller]
pub fn once(cluster: &Cluster, what: &str, success: u16, refusals: &[u16], ask: impl Fn(usize) -> Ask + Sync) {
    let answers = at_once(cluster, |number, client, together| {
        client.ask(&Ask::get("/healthz")).expect(200);
        let ask = ask(number);
        together.wait();
        client.ask(&ask)
    });
    let statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
    let successes = statuses.iter().filter(|status| **status == success).count();
    assert_eq!(successes, 1, "{what}: {statuses:?}");
    let others = statuses.iter().filter(|status| **status != success);
    let strange: Vec<_> = others.filter(|status| !refusals.contains(status)).collect();
    assert!(strange.is_empty(), "{what}: {statuses:?}");
}

/// Runs it in so many threads, spread over the nodes.
pub fn at_once<T: Send>(cluster: &Cluster, work: impl Fn(usize, &mut Client, &Barrier) -> T + Sync) -> Vec<T> {
    let together = Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let (work, together) = (&work, &together);
                scope.spawn(move || work(number, &mut cluster.client(number), together))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

pub fn rounds() -> u64 {
    count("ONCE_ROUNDS", 1)
}

pub fn said(what: &str, began: u64, rounds: u64) {
    report(&format!("REL-8 {what}"), began, &format!("{rounds} rounds of {AT_ONCE} uses, one success each"));
}

#[test]
fn rel_8_a_mailed_code_is_taken_once_on_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let (mut api, began) = (cluster.api(0), now());
    for round in 0..rounds() {
        let (id, code) = api.begin_sign_up(&format!("kim{round}"));
        let path = format!("/api/v1/sign-ups/{id}/verification");
        once(&cluster, "a mailed code", 201, &[410], |_| Ask::post(&path).json(&json!({ "code": code })));
        let made = cluster.number(&format!("select count(*) from users where email_key = 'kim{round}@example.com'"));
        assert_eq!(made, 1, "one person came of it");
    }
    said("mailed code", began, rounds());
}

#[test]
fn rel_8_a_link_to_a_new_password_is_used_once_on_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let mut api = cluster.api(0);
    let (kim, began) = (api.person("kim"), now());
    for round in 0..rounds() {
        let ask = Ask::post("/api/v1/password-resets").json(&json!({ "email": kim.email }));
        api.client.ask(&ask).expect(202);
        let link = api.mail(&kim.email, |mail| mail.link("/password-reset/"));
        let path = format!("/api/v1/password-resets/{}/completion", last_part(&link));
        let password = |number: usize| format!("violin-{round}-orbit-{number}-amber");
        once(&cluster, "a link to a new password", 204, &[410], |number| {
            Ask::post(&path).json(&json!({ "password": password(number) }))
        });
    }
    said("password reset", began, rounds());
}

#[test]
fn rel_8_an_invitation_is_accepted_once_on_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let mut api = cluster.api(0);
    let (mut sam, mut kim, began) = (api.person("sam"), api.person("kim"), now());
    for round in 0..rounds() {
        if round % ORGANIZATIONS_A_PERSON == 0 && round > 0 {
            (sam, kim) = (api.person(&format!("sam{round}")), api.person(&format!("kim{round}")));
        }
        let slug = api.organization(&sam, &format!("Acme {round}"));
        let token = api.invite(&sam, &slug, &kim.email, "member");
        let path = format!("/api/v1/invitations/{token}/acceptance");
        once(&cluster, "an invitation", 200, &[410], |_| Ask::post(&path).bearer(&kim.token).json(&json!({})));
    }
    said("invitation", began, rounds());
}

#[test]
fn rel_8_an_answer_of_a_provider_signs_in_once_on_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let sam = cluster.api(0).person("sam");
    let (slug, began) = (cluster.with_sso(&sam, "Acme"), now());
    cluster.provider.idp.forget_requests();
    for round in 0..rounds() {
        cluster.at_provider(&format!("00uKim{round}"), &format!("kim{round}@acme.example"));
        let mut browser = cluster.browser(0);
        let back = browser.through(&cluster.provider.idp, &format!("/sign-in/{slug}"));
        let sessions = at_once(&cluster, |number, _, together| {
            let mut browser = browser.at(cluster.client(number));
            browser.get("/sign-in").expect(200);
            together.wait();
            let answer = browser.get(&back);
            (answer.status(), browser.session().is_some())
        });
        let signed_in = sessions.iter().filter(|(status, has_session)| *status == 303 && *has_session).count();
        assert_eq!(signed_in, 1, "{sessions:?}");
        let mut others = sessions.iter().filter(|(_, has_session)| !has_session);
        assert!(others.all(|(status, _)| *status == 410), "{sessions:?}");
    }
    let tokens = cluster.provider.idp.requests_to(Endpoint::Token).len() as u64;
    assert_eq!(tokens, rounds(), "each code went to the provider once");
    said("SSO state and code", began, rounds());
}
