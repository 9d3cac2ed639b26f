//! Google: what it says about a person, and every way in which that is worth nothing.

use orgate_app::sign_in::personal::exchange::begin;
use orgate_core::personal::PersonalProvider::Google;
use orgate_testkit::hostile_idp::{Endpoint, KeySetShape, Mischief, Signing, Wire};
use orgate_testkit::{HostileIdp, ManualClock, Person, Setup};

use crate::world::{World, code};

fn dana() -> Person {
    Person::new("110169484474386276334", "dana@gmail.com").claim("name", "Dana Reyes")
}

#[tokio::test]
async fn r_in_1_google_names_a_person_by_code_pkce_state_and_nonce() {
    let world = World::new().await;
    world.google.sign_in_as(dana());
    let assertion = world.sign_in(Google).await.unwrap();
    assert_eq!((assertion.provider, assertion.subject.as_str()), (Google, "110169484474386276334"));
    assert_eq!(assertion.email.unwrap().as_str(), "dana@gmail.com");
    assert_eq!((assertion.authoritative, assertion.name.as_deref()), (true, Some("Dana Reyes")));
    let [asked] = <[_; 1]>::try_from(world.google.requests_to(Endpoint::Authorize)).unwrap();
    for (name, value) in
        [("scope", "openid email profile"), ("code_challenge_method", "S256"), ("prompt", "select_account")]
    {
        assert_eq!(asked.parameter(name), Some(value));
    }
    let [token] = <[_; 1]>::try_from(world.google.requests_to(Endpoint::Token)).unwrap();
    assert_eq!(token.parameter("code_verifier").map(str::len), Some(43));
    assert!(token.parameter("redirect_uri").unwrap().ends_with("/sign-in/with/google/callback"));
}

#[tokio::test]
async fn r_lnk_9_google_is_believed_about_its_own_mailboxes_and_its_workspace_domains_only() {
    let world = World::new().await;
    let acme = || Person::new("1", "dana@acme.example");
    for (person, expected) in [
        (dana(), true),
        (Person::new("1", "dana@googlemail.com"), true),
        (dana().claim("email_verified", false), false),
        (dana().claim("email_verified", "true"), false),
        (dana().without("email_verified"), false),
        (acme(), false),
        (acme().claim("hd", "acme.example"), true),
        (acme().claim("hd", "acme.example").claim("email_verified", false), false),
        (acme().claim("hd", "other.example"), false),
        (acme().claim("hd", "example"), false),
    ] {
        world.google.sign_in_as(person.clone());
        assert_eq!(world.sign_in(Google).await.unwrap().authoritative, expected, "{person:?}");
    }
}

#[tokio::test]
async fn t_id_01_to_12_an_id_token_that_is_not_ours_is_refused_by_its_own_code() {
    let world = World::new().await;
    world.google.sign_in_as(dana());
    for (mischief, expected) in [
        (Mischief::none().claim("nonce", "another"), "id-token-nonce"),
        (Mischief::none().without_claim("nonce"), "id-token-nonce"),
        (Mischief::none().claim("aud", "somebody-else.apps.googleusercontent.com"), "id-token-audience"),
        (Mischief::none().claim("azp", "somebody-else.apps.googleusercontent.com"), "id-token-authorized-party"),
        (Mischief::none().claim("iss", "https://accounts.evil.example"), "id-token-issuer"),
        (Mischief::none().claim("sub", ""), "id-token-subject"),
        (Mischief::none().shift("exp", -7200), "id-token-expired"),
        (Mischief::none().shift("iat", 3600), "clock"),
        (Mischief::none().claim("at_hash", "another"), "id-token-access-token-hash"),
        (Mischief::none().signing(Signing::WrongKey), "signature-invalid"),
        (Mischief::none().signing(Signing::Unsigned("none")), "id-token-algorithm"),
        (Mischief::none().signing(Signing::HmacOfClientSecret), "id-token-algorithm"),
        (Mischief::none().key_set(KeySetShape::Empty), "keys-empty"),
        (Mischief::none().token_response(|answer| drop(answer.remove("id_token"))), "id-token-missing"),
    ] {
        world.bed.app.jwks.forget(Google);
        world.google.set(mischief);
        assert_eq!(code(world.sign_in(Google).await), expected);
    }
    world.google.behave();
    world.bed.app.jwks.forget(Google);
    assert!(world.sign_in(Google).await.is_ok());
}

#[tokio::test]
async fn t_id_13_a_callback_that_says_something_else_is_refused() {
    let world = World::new().await;
    world.google.sign_in_as(dana());
    for (mischief, expected) in [
        (Mischief::none().callback_error("access_denied", "The user said no."), "idp-access-denied"),
        (Mischief::none().callback_error("server_error", ""), "idp-unavailable"),
        (Mischief::none().callback_parameter("iss", "https://evil.example"), "callback-issuer-mismatch"),
        (Mischief::none().callback_parameter("id_token", "x"), "callback-response-type"),
        (Mischief::none().callback_parameter("code", "forged"), "code-rejected"),
        (Mischief::none().without_callback_parameter("code"), "callback-code-missing"),
    ] {
        world.google.set(mischief);
        assert_eq!(code(world.sign_in(Google).await), expected);
    }
}

#[tokio::test]
async fn t_bcp_1_a_code_serves_once_and_only_for_its_own_attempt() {
    let world = World::new().await;
    world.google.sign_in_as(dana());
    let begun = world.begin(Google).await.unwrap();
    let location = world.google.authorize(&begun.url);
    assert!(world.come_back(Google, &begun, &location).await.is_ok());
    assert_eq!(code(world.come_back(Google, &begun, &location).await), "code-rejected");

    let (mut mine, theirs) = (world.begin(Google).await.unwrap(), world.begin(Google).await.unwrap());
    let location = world.google.authorize(&theirs.url);
    mine.state_hash = theirs.state_hash;
    assert_eq!(code(world.come_back(Google, &mine, &location).await), "code-rejected", "another verifier");
}

#[tokio::test]
async fn a_secret_that_was_revoked_there_is_told_to_the_operator() {
    let world = World::new().await;
    world.google.sign_in_as(dana());
    world.google.configure(|setup| setup.client_secret = "GOCSPX-another".to_owned());
    let refusal = world.sign_in(Google).await.unwrap_err();
    assert_eq!(refusal.code(), "client-rejected");
    let words = format!("{refusal:?} {}", refusal.for_person());
    assert!(words.contains("whoever runs this site") && !words.contains("GOCSPX"), "{words}");
}

#[tokio::test]
async fn t_id_14_t_idp_1_spoiled_answers_are_refused_and_no_redirect_is_followed() {
    let inside = HostileIdp::start(Setup::plain(&ManualClock::new()));
    let to = format!("{}/inside", inside.issuer());
    let world = World::new().await;
    world.google.sign_in_as(dana());
    for (endpoint, wire, expected) in [
        (Endpoint::Discovery, Wire::Redirect { status: 302, to: to.clone() }, "idp-redirected"),
        (Endpoint::Discovery, Wire::Oversize(70 * 1024), "idp-response-too-large"),
        (Endpoint::Discovery, Wire::Status(503), "idp-unexpected-status"),
        (Endpoint::Token, Wire::Redirect { status: 307, to: to.clone() }, "idp-redirected"),
        (Endpoint::Token, Wire::Oversize(300 * 1024), "idp-response-too-large"),
        (Endpoint::Token, Wire::Status(500), "idp-unexpected-status"),
        (Endpoint::Keys, Wire::Redirect { status: 301, to }, "idp-redirected"),
        (Endpoint::Keys, Wire::Oversize(300 * 1024), "idp-response-too-large"),
    ] {
        world.bed.app.metadata.forget(Google);
        world.bed.app.jwks.forget(Google);
        world.google.set(Mischief::none().wire(endpoint, wire));
        assert_eq!(code(world.sign_in(Google).await), expected, "{endpoint:?}");
    }
    assert!(inside.requests().is_empty());
}

#[tokio::test]
async fn t_id_15_metadata_of_another_issuer_sends_nobody_anywhere() {
    let world = World::new().await;
    world.google.set(Mischief::none().discovery_member("issuer", "https://accounts.google.com"));
    assert_eq!(world.begin(Google).await.err().unwrap().code(), "discovery-issuer-mismatch");
    world.google.set(Mischief::none().discovery_member("token_endpoint", "http://169.254.169.254/token"));
    world.google.sign_in_as(dana());
    assert_eq!(code(world.sign_in(Google).await), "endpoint-refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_a_google_that_is_away_is_told_within_the_time_limit() {
    let World { bed, google, .. } = World::new().await;
    drop(google);
    let refusal = begin(&bed.app, Google).await.unwrap().err().unwrap();
    assert_eq!(refusal.code(), "idp-unreachable");
    assert!(refusal.for_person().contains("Try again"), "{}", refusal.for_person());
}
