//! The provider without mischief: an independent library accepts its tokens, and it enforces what an IdP enforces.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
use orgate_testkit::hostile_idp::{Algorithm, ClientAuthentication, Endpoint, PushedRequests};
use orgate_testkit::{Authority, HostileIdp, ManualClock, Person, Setup};
use serde_json::{Value, json};

use crate::client::{Client, REDIRECT_URI, VERIFIER, decode, parameter, trusting};

fn dana() -> Person {
    Person::new("00uDana", "dana@acme.example")
}

/// Verifies with the published keys as another library does it.
fn verify(idp: &HostileIdp, token: &str, name: &str) -> Result<Value, jsonwebtoken::errors::Error> {
    let set: JwkSet = serde_json::from_value(idp.key_set()).unwrap();
    let header = jsonwebtoken::decode_header(token)?;
    let key = set.find(header.kid.as_deref().unwrap_or_default()).unwrap();
    let mut validation = Validation::new(name.parse()?);
    validation.set_audience(&[idp.client_id()]);
    validation.set_issuer(&[idp.issuer()]);
    validation.validate_exp = false; // The provider's clock is the test's.
    Ok(jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key)?, &validation)?.claims)
}

#[tokio::test]
async fn a_whole_sign_in_over_tls_gives_a_token_that_another_library_verifies() {
    let (authority, clock) = (Authority::new(), ManualClock::new());
    let idp = HostileIdp::start(Setup::tls("acme.idp.test", &authority, &clock));
    let client = Client { idp: &idp, authority: Some(&authority) };
    idp.sign_in_as(dana());
    clock.advance(Duration::from_secs(5));

    let discovery = client.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["issuer"], idp.issuer());
    assert_eq!(discovery["token_endpoint"], format!("{}/oauth2/v1/token", idp.issuer()));

    let tokens = client.redeem(&client.code(), VERIFIER, &idp.client_secret()).await;
    let claims = verify(&idp, tokens.json()["id_token"].as_str().unwrap(), "RS256").unwrap();
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!("00uDana"), &json!("the-nonce")));
    assert_eq!(claims["iat"], clock.now_seconds());
    assert_eq!(claims["auth_time"], clock.now_seconds() - 5);
    assert!(claims.get("email").is_none(), "thin by default");

    let user_info = client.user_info(tokens.json()["access_token"].as_str().unwrap()).await.json();
    assert_eq!((&user_info["sub"], &user_info["email"]), (&json!("00uDana"), &json!("dana@acme.example")));
}

#[tokio::test]
async fn its_certificate_is_good_for_its_host_and_its_authority_only() {
    let (authority, clock) = (Authority::new(), ManualClock::new());
    let idp = HostileIdp::start(Setup::tls("acme.idp.test", &authority, &clock));
    for (trusted, host, good) in [
        (&authority, "acme.idp.test", true),
        (&authority, "other.idp.test", false),
        (&Authority::new(), "acme.idp.test", false),
    ] {
        let stream = tokio::net::TcpStream::connect(idp.address()).await.unwrap();
        let outcome = trusting(trusted).connect(host.try_into().unwrap(), stream).await;
        assert_eq!(outcome.is_ok(), good, "{host}");
    }
}

#[test]
fn each_algorithm_verifies_with_its_published_key() {
    for algorithm in Algorithm::ALL {
        let setup = Setup { algorithm, ..Setup::plain(&ManualClock::new()) };
        let idp = HostileIdp::start(setup);
        idp.sign_in_as(dana());
        let claims = verify(&idp, &idp.id_token("n"), algorithm.name()).unwrap();
        assert_eq!(claims["sub"], "00uDana", "{algorithm:?}");
    }
}

#[test]
fn rotated_keys_sign_at_once_and_old_ones_stay_only_if_kept() {
    let idp = HostileIdp::start(Setup::plain(&ManualClock::new()));
    idp.sign_in_as(dana());
    let old = idp.id_token("n");
    idp.rotate_keys(true);
    let new = idp.id_token("n");
    assert_ne!(decode(&old).0["kid"], decode(&new).0["kid"]);
    verify(&idp, &old, "RS256").unwrap();
    verify(&idp, &new, "RS256").unwrap();
    idp.rotate_keys(false);
    assert_eq!(idp.key_set()["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn codes_work_once_for_the_right_secret_and_verifier_within_a_minute() {
    let clock = ManualClock::new();
    let idp = HostileIdp::start(Setup::plain(&clock));
    let client = Client { idp: &idp, authority: None };
    let secret = idp.client_secret();
    idp.sign_in_as(dana());

    let code = client.code();
    let refused = client.redeem(&code, VERIFIER, "wrong").await;
    assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")));
    assert_eq!(client.redeem(&code, VERIFIER, &secret).await.status, 200, "a refused client burns no code");
    let again = client.redeem(&code, VERIFIER, &secret).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));

    assert_eq!(client.redeem(&client.code(), "another-verifier", &secret).await.json()["error"], "invalid_grant");
    let late = client.code();
    clock.advance(Duration::from_secs(61));
    assert_eq!(client.redeem(&late, VERIFIER, &secret).await.json()["error"], "invalid_grant");

    idp.configure(|setup| setup.client_authentication = ClientAuthentication::Post);
    assert_eq!(client.redeem(&client.code(), VERIFIER, &secret).await.json()["error"], "invalid_client");
}

#[tokio::test]
async fn the_authorization_endpoint_checks_client_address_pkce_assignment_and_prompt() {
    let idp = HostileIdp::start(Setup {
        redirect_uris: Some(HashSet::from([REDIRECT_URI.to_owned()])),
        ..Setup::plain(&ManualClock::new())
    });
    let client = Client { idp: &idp, authority: None };
    let path = |request: String| request[idp.issuer().len()..].to_owned();
    let request = client.request();
    assert_eq!(client.get(&path(request.replace("orgate.example", "evil.example"))).await.status, 400);
    assert_eq!(client.get(&path(request.replace("client_id=", "client_id=x"))).await.status, 400);
    assert_eq!(client.get(&path(request.clone())).await.status, 200, "nobody is signed in: a page");

    let error = |url: &str| parameter(url, "error");
    assert_eq!(error(&idp.authorize(&format!("{request}&prompt=none"))).as_deref(), Some("login_required"));
    idp.sign_in_as(dana().unassigned());
    assert_eq!(error(&idp.authorize(&request)).as_deref(), Some("access_denied"));
    idp.sign_in_as(dana());
    assert_eq!(error(&idp.authorize(&request.replace("S256", "plain"))).as_deref(), Some("invalid_request"));
    assert!(parameter(&idp.authorize(&format!("{request}&prompt=none")), "code").is_some());
    assert_eq!(error(&idp.authorize(&format!("{request}&prompt=none&max_age=0"))).as_deref(), Some("login_required"));
}

#[tokio::test]
async fn max_age_zero_makes_a_fresh_auth_time() {
    let clock = ManualClock::new();
    let idp = HostileIdp::start(Setup::plain(&clock));
    let client = Client { idp: &idp, authority: None };
    idp.sign_in_as(dana());
    clock.advance(Duration::from_secs(600));
    let code = parameter(&idp.authorize(&format!("{}&max_age=0", client.request())), "code").unwrap();
    let tokens = client.redeem(&code, VERIFIER, &idp.client_secret()).await.json();
    assert_eq!(decode(tokens["id_token"].as_str().unwrap()).1["auth_time"], clock.now_seconds());
}

#[tokio::test]
async fn every_request_is_recorded_with_headers_and_parameters() {
    let idp = HostileIdp::start(Setup::plain(&ManualClock::new()));
    let client = Client { idp: &idp, authority: None };
    idp.sign_in_as(dana());
    client.id_token().await;
    client.get("/oauth2/v1/keys").await;
    client.get("/favicon.ico").await;
    let endpoints: Vec<_> = idp.requests().iter().map(|request| request.endpoint).collect();
    assert_eq!(endpoints, [Endpoint::Authorize, Endpoint::Token, Endpoint::Keys, Endpoint::Other]);
    let token = &idp.requests_to(Endpoint::Token)[0];
    assert_eq!(token.parameter("code_verifier"), Some(VERIFIER));
    assert!(token.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(idp.requests_to(Endpoint::Authorize)[0].parameter("scope"), Some("openid email profile"));
    idp.forget_requests();
    assert!(idp.requests().is_empty());
}

#[tokio::test]
async fn a_pushed_request_serves_its_client_once_and_in_time_and_no_other_is_taken_where_it_is_required() {
    let clock = ManualClock::new();
    let idp = HostileIdp::start(Setup::plain(&clock));
    let client = Client { idp: &idp, authority: None };
    idp.sign_in_as(dana());
    assert_eq!(client.push(&idp.client_secret()).await.status, 405, "not without being set up for it");
    for (kind, plain_is_taken) in [(PushedRequests::Offered, true), (PushedRequests::Required, false)] {
        idp.configure(|setup| setup.pushed_requests = kind);
        let document = client.get("/.well-known/openid-configuration").await.json();
        assert_eq!(document["pushed_authorization_request_endpoint"], format!("{}/oauth2/v1/par", idp.issuer()));
        assert_eq!(document["require_pushed_authorization_requests"] == json!(true), !plain_is_taken);

        assert_eq!(client.push("another secret").await.status, 401);
        let name = async || {
            let answer = client.push(&idp.client_secret()).await;
            assert_eq!((answer.status, &answer.json()["expires_in"]), (201, &json!(60)));
            client.pushed(answer.json()["request_uri"].as_str().unwrap())
        };
        let first = name().await;
        let code = parameter(&idp.visit(&first).unwrap(), "code").unwrap();
        let tokens = client.redeem(&code, VERIFIER, &idp.client_secret()).await.json();
        let claims = decode(tokens["id_token"].as_str().unwrap()).1;
        assert_eq!(claims["nonce"], "the-nonce");
        assert!(idp.visit(&first).unwrap_err().contains("used before"));
        let late = name().await;
        clock.advance(Duration::from_secs(60));
        assert!(idp.visit(&late).unwrap_err().contains("expired"));
        let of_another = name().await.replace(&idp.client_id(), "another");
        assert!(idp.visit(&of_another).unwrap_err().contains("another client"));
        let back = idp.visit(&client.request()).unwrap();
        assert_eq!(
            (parameter(&back, "code").is_some(), parameter(&back, "error").is_none()),
            (plain_is_taken, plain_is_taken)
        );
    }
}
