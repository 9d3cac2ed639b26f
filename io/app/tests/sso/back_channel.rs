//! Log-outs that an identity provider posts: T-LO-2, the eight modules of the back-channel plan, and every deviation of the
//! catalogue.

use std::collections::BTreeMap;
use std::time::Duration;

use orgate_app::audit_log::{self, AuditQuery, json_line};
use orgate_app::connection;
use orgate_app::log_out::receive::{Received, receive};
use orgate_app::session;
use orgate_app::sign_in::sso::answer::Answer;
use orgate_core::refusal::Refusal;
use orgate_testkit::hostile_idp::catalogue::{self, Case, Verdict};
use orgate_testkit::hostile_idp::{Algorithm, Endpoint, Mischief, Signing};
use orgate_testkit::{HostileIdp, Person as Subject};

use crate::support::{Person, refused};
use crate::world::{Site, World, asks, parameter};

const DONE: &str = "done";

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

/// Posts a token and says how it ended.
async fn post(world: &World, site: &Site, token: &str) -> String {
    let body = format!("logout_token={token}");
    match receive(&world.bed.app, &world.bed.stranger(), &site.connection, body.as_bytes()).await.unwrap() {
        Received::Done => DONE.to_owned(),
        Received::Refused(refusal) => refusal.code.as_str().to_owned(),
    }
}

async fn is_signed_in(world: &World, person: &Person) -> bool {
    session::current(&world.bed.app, &person.visitor).await.is_ok()
}

/// One module: Dana signs in, the provider posts a token in this mood, and her session is over or not; of what was refused
/// the Owner finds a line.
async fn module(world: &World, site: &Site, mischief: Mischief, expected: &str) {
    world.idp.behave();
    let dana = world.enter(site, dana()).await;
    world.idp.set(mischief);
    let token = world.idp.log_out_token(Some("00uDana"), Some(&world.idp.sid()));
    assert_eq!(post(world, site, &token).await, expected);
    assert_eq!(is_signed_in(world, &dana).await, expected != DONE);
    assert_eq!(world.is_told(site, expected).await, expected != DONE);
}

macro_rules! modules {
    ($($name:ident: $mischief:expr => $expected:expr;)*) => {
        $(async fn $name(world: World) {
            let site = world.site("Acme", &world.idp).await;
            module(&world, &site, $mischief, $expected).await;
        })*
    };
}

modules! {
    oidcc_client_test_rp_backchannel_rpinitlogout: Mischief::none() => DONE;
    oidcc_client_test_rp_backchannel_rpinitlogout_alg_none:
        Mischief::none().log_out_signing(Signing::Unsigned("none")) => "log-out-token-algorithm";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg:
        Mischief::none().log_out_signing(Signing::Algorithm(Algorithm::Es256)) => "log-out-token-algorithm";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss:
        Mischief::none().log_out_claim("iss", "https://evil.example") => "log-out-token-issuer";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud:
        Mischief::none().log_out_claim("aud", "another-client") => "log-out-token-audience";
    oidcc_client_test_rp_backchannel_rpinitlogout_no_event: Mischief::none().without_log_out_claim("events") => "log-out-token-event";
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event:
        Mischief::none().log_out_claim("events", serde_json::json!({"urn:example:foo": {}})) => "log-out-token-event";
    oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce: Mischief::none().log_out_claim("nonce", "n") => "log-out-token-nonce";
}

async fn t_lo_2_a_sid_ends_one_session_and_a_sub_all_of_the_person(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let first = world.enter(&site, dana()).await;
    let sid = world.idp.sid();
    let (second, third) = (world.enter(&site, dana()).await, world.enter(&site, dana()).await);
    let robin = world.enter(&site, Subject::new("00uRobin", "robin@acme.example")).await;
    let token = world.idp.log_out_token(None, Some(&sid));
    assert_eq!(post(&world, &site, &token).await, DONE);
    assert!(!is_signed_in(&world, &first).await && is_signed_in(&world, &second).await);
    let mismatched = world.idp.log_out_token(Some("00uRobin"), Some(&sid));
    assert_eq!(post(&world, &site, &mismatched).await, DONE, "there is nothing of that name left to end");
    assert!(is_signed_in(&world, &robin).await);
    assert_eq!(post(&world, &site, &world.idp.log_out_token(Some("00uDana"), None)).await, DONE);
    assert!(!is_signed_in(&world, &second).await && !is_signed_in(&world, &third).await);
    assert!(is_signed_in(&world, &robin).await);
    world.advance(Duration::from_secs(1));
    let again = world.enter(&site, dana()).await;
    assert!(is_signed_in(&world, &again).await, "and the person can come back");
    assert!(log_of(&world, &site).await.contains("member.signed-out-at-provider"));
}

async fn t_lo_2_no_session_of_another_connection_ends(world: World) {
    let (site, idp) = (world.site("Acme", &world.idp).await, world.provider());
    let other = world.site("Other", &idp).await;
    let dana_here = world.enter(&site, dana()).await;
    let sid = world.idp.sid();
    let visitor = world.bed.stranger();
    idp.sign_in_as(Subject::new("00uDana", "dana@other.example"));
    let outcome = world.sign_in(&visitor, &other, &idp).await;
    let dana_there = world.signed_in(outcome, &visitor);
    for token in [idp.log_out_token(Some("00uDana"), None), idp.log_out_token(Some("00uDana"), Some(&sid))] {
        // Its own provider's key is none of this connection's.
        assert_eq!(post(&world, &site, &token).await, "signature-invalid");
        assert!(is_signed_in(&world, &dana_here).await);
        assert_eq!(post(&world, &other, &token).await, DONE);
    }
    assert!(!is_signed_in(&world, &dana_there).await && is_signed_in(&world, &dana_here).await);
    let token = idp.log_out_token(None, Some(&sid));
    assert_eq!(post(&world, &other, &token).await, DONE, "a name that another provider gave");
    assert!(is_signed_in(&world, &dana_here).await);
}

async fn t_lo_2_a_session_with_another_proof_goes_on_with_that(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let outcome = world.sign_in(&site.owner.visitor, &site, &world.idp).await;
    let both = world.signed_in(outcome, &site.owner.visitor);
    assert_eq!(post(&world, &site, &world.idp.log_out_token(Some("00uOwner"), None)).await, DONE);
    let current = session::current(&world.bed.app, &both.visitor).await.unwrap();
    assert!(current.proofs.iter().all(|proof| proof.connection().is_none()), "the password alone is left");
}

async fn t_lo_2_a_token_counts_once_however_many_come_at_once(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, dana()).await;
    let token = world.idp.log_out_token(Some("00uDana"), None);
    let ended = futures_util::future::join_all((0..8).map(|_| post(&world, &site, &token))).await;
    assert_eq!(ended.iter().filter(|code| *code == DONE).count(), 1, "{ended:?}");
    assert_eq!(ended.iter().filter(|code| *code == "log-out-token-replayed").count(), 7, "{ended:?}");
    world.advance(Duration::from_secs(1));
    let again = world.enter(&site, dana()).await;
    assert_eq!(post(&world, &site, &token).await, "log-out-token-replayed");
    assert!(is_signed_in(&world, &again).await, "a recorded token ends nothing");
}

async fn t_lo_2_a_sign_in_under_way_does_not_finish(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.person("kim").await;
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    let question = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    let token = world.idp.log_out_token(None, Some(&world.idp.sid()));
    assert_eq!(post(&world, &site, &token).await, DONE);
    let outcome = world.answer(&visitor, &question, Answer::Code(code)).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "signed-out-at-provider");
}

async fn t_lo_2_keys_are_asked_for_within_their_limits(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    world.advance(Duration::from_secs(31));
    world.idp.rotate_keys(false);
    world.idp.forget_requests();
    assert_eq!(post(&world, &site, &world.idp.log_out_token(Some("00uDana"), None)).await, DONE, "new keys are found");
    assert!(!is_signed_in(&world, &dana).await);
    world.idp.set(Mischief::none().log_out_header_member("kid", "unknown"));
    for _ in 0..20 {
        assert_eq!(post(&world, &site, &world.idp.log_out_token(Some("00uDana"), None)).await, "key-unknown");
    }
    assert_eq!(world.idp.requests_to(Endpoint::Keys).len(), 1, "T-IDP-2");
    world.idp.forget_requests();
    assert_eq!(post(&world, &site, "a.b.c").await, "log-out-token-malformed");
    assert!(world.idp.requests().is_empty(), "what cannot be a token asks nobody");
}

async fn t_lo_2_a_flood_is_one_event_and_one_line_a_minute(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.arrive(&site, dana().unassigned()).await;
    for number in 0..600 {
        let code = post(&world, &site, if number % 2 == 0 { "a.b.c" } else { "" }).await;
        assert_eq!(code, "log-out-token-malformed");
    }
    let body = b"logout_token=a.b.c";
    let beyond = receive(&world.bed.app, &world.bed.stranger(), &site.connection, body).await;
    assert!(matches!(refused(beyond), Refusal::TooManyRequests { .. }));
    let log = log_of(&world, &site).await;
    assert_eq!(log.matches("connection.log-out-refused").count(), 1, "{log}");
    let owner = world.with_password(&site.owner).await;
    let (app, id) = (&world.bed.app, site.connection.as_str());
    let query = connection::AttemptQuery { limit: Some(100), ..Default::default() };
    let attempts = connection::attempts(app, &owner.visitor, site.slug(), id, query).await.unwrap();
    let codes: Vec<_> = attempts.items.iter().map(|attempt| attempt.record.code.as_str()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "log-out-token-malformed").count(), 1, "{codes:?}");
    assert!(codes.contains(&"idp-access-denied"), "and it pushes nothing out: {codes:?}");
}

async fn t_lo_2_a_connection_that_is_not_in_use_hears_nothing(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, dana()).await;
    let owner = world.with_password(&site.owner).await;
    let id = site.connection.as_str();
    orgate_app::connection::disable(&world.bed.app, &owner.visitor, site.slug(), id).await.unwrap();
    let body = format!("logout_token={}", world.idp.log_out_token(Some("00uDana"), None));
    let outcome = receive(&world.bed.app, &world.bed.stranger(), &site.connection, body.as_bytes()).await;
    assert_eq!(refused(outcome), Refusal::NotFound);
}

async fn log_of(world: &World, site: &Site) -> String {
    let owner = world.with_password(&site.owner).await;
    let query = AuditQuery::default();
    let events = audit_log::export(&world.bed.app, &owner.visitor, site.slug(), query).await.unwrap().items;
    events.iter().map(json_line).collect()
}

/// What each deviation of the catalogue is refused with.
const TOKENS: &[(&str, &[&str])] = &[
    ("clock", &["iat in the future", "nbf in the future"]),
    ("log-out-token-algorithm", &["alg none", "alg of a symmetric key", "another alg than was agreed"]),
    ("log-out-token-audience", &["aud of another client", "aud with another audience", "aud missing"]),
    (
        "log-out-token-event",
        &[
            "no events",
            "events empty",
            "events list",
            "events text",
            "wrong event",
            "event in upper case",
            "event that is no object",
            "event that is null",
            "a second event",
        ],
    ),
    ("log-out-token-expired", &["expired"]),
    ("log-out-token-id", &["jti missing", "jti number", "jti too long"]),
    ("log-out-token-issuer", &["iss of somebody else", "iss missing"]),
    (
        "log-out-token-malformed",
        &["a critical extension", "a key that is repeated", "not JSON", "two parts", "nothing"],
    ),
    ("log-out-token-nonce", &["a nonce", "a nonce that is null"]),
    ("log-out-token-subject", &["neither sub nor sid", "sub number", "sub empty", "sid list"]),
    ("log-out-token-time", &["exp missing", "exp text", "iat missing"]),
    ("log-out-token-too-large", &["too large"]),
    ("log-out-token-too-old", &["iat too old"]),
    ("log-out-token-type", &["no typ", "typ of an ID token", "typ of a security event"]),
    (
        "signature-invalid",
        &[
            "signed by nobody known",
            "signed by the key in its header",
            "one bit of the signature turned",
            "empty signature",
        ],
    ),
];

#[tokio::test]
async fn every_deviation_of_a_log_out_token_ends_as_it_should() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    let mut ended: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in catalogue::log_out_tokens() {
        let code = post(&world, &site, &token_of(&world.idp, &case)).await;
        assert_eq!(code == DONE, case.verdict == Verdict::Accept, "{} {}: {code}", case.rule, case.name);
        assert!(is_signed_in(&world, &dana).await, "{}: it names nobody of here", case.name);
        ended.entry(code).or_default().push(case.name);
    }
    ended.remove(DONE);
    for code in ended.keys() {
        assert!(world.is_told(&site, code).await, "{code}");
    }
    let expected = TOKENS
        .iter()
        .map(|(code, names)| ((*code).to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    assert_eq!(ended, expected.collect(), "the codes are stable");
    assert!(!log_of(&world, &site).await.contains("eyJ"), "T-SEC-3");
}

/// Names somebody whom nobody here knows, so that what is accepted ends nothing.
fn token_of(idp: &HostileIdp, case: &Case) -> String {
    idp.set(case.mischief.clone());
    idp.log_out_token(Some("00uNobody"), Some("no-session"))
}

#[tokio::test]
async fn t_id_12_an_id_token_ends_no_session_and_a_log_out_token_begins_none() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    let id_token = world.idp.id_token("a nonce");
    assert_eq!(post(&world, &site, &id_token).await, "log-out-token-type");
    assert!(is_signed_in(&world, &dana).await);

    let visitor = world.bed.stranger();
    let url = world.begin(&visitor, &site).await;
    world.idp.set(Mischief::none().log_out_claim("nonce", parameter(&url, "nonce")));
    let log_out_token = world.idp.log_out_token(Some("00uDana"), None);
    world.idp.set(Mischief::none().token_response(move |response| {
        response.insert("id_token".to_owned(), log_out_token.clone().into());
    }));
    let outcome = world.come_back(&visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "id-token-type");
}

on_each_world! {
    oidcc_client_test_rp_backchannel_rpinitlogout
    oidcc_client_test_rp_backchannel_rpinitlogout_alg_none
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud
    oidcc_client_test_rp_backchannel_rpinitlogout_no_event
    oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event
    oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce
    t_lo_2_a_sid_ends_one_session_and_a_sub_all_of_the_person
    t_lo_2_no_session_of_another_connection_ends
    t_lo_2_a_session_with_another_proof_goes_on_with_that
    t_lo_2_a_token_counts_once_however_many_come_at_once
    t_lo_2_a_sign_in_under_way_does_not_finish
    t_lo_2_keys_are_asked_for_within_their_limits
    t_lo_2_a_flood_is_one_event_and_one_line_a_minute
    t_lo_2_a_connection_that_is_not_in_use_hears_nothing
}
