//! The authorization request.

use std::collections::BTreeMap;
use std::sync::Arc;

use orgate_sso::exchange::{Purpose, Step};
use orgate_sso::oidc::begin::{AuthorizationOptions, AuthorizationSecrets, Beginning, state_hash};
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode as Code};
use orgate_sso::url_rules::UrlRules;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use crate::support::{CLIENT, ISSUER, REDIRECT, b64, document, response, secrets, settings};

fn begin(document: &Value, options: AuthorizationOptions) -> Result<Url, SsoRefusal> {
    let rules = UrlRules::default();
    let beginning = Beginning {
        client: settings().client().clone(),
        redirect_uri: REDIRECT.into(),
        secrets: secrets(),
        options,
        rules,
    };
    let Step::Metadata { request, next } = orgate_sso::oidc::begin(beginning) else {
        panic!("begin asks for metadata first")
    };
    assert_eq!(request.purpose, Purpose::Discovery);
    assert_eq!(request.url.as_str(), format!("{ISSUER}/.well-known/openid-configuration"));
    match next.receive(Metadata::from_response(ISSUER, &response(document)).map(Arc::new)) {
        Step::Redirect { url } => Ok(Url::parse(&url).unwrap()),
        Step::Refuse(refusal) => Err(refusal),
        other => panic!("unexpected {other:?}"),
    }
}

fn query(url: &Url) -> BTreeMap<String, String> {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "a parameter is repeated");
    map
}

#[test]
fn t_bcp_1_state_nonce_and_s256_challenge_are_fresh_and_independent() {
    let url = begin(&document(), AuthorizationOptions::default()).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("acme.okta.com"), "/oauth2/v1/authorize"));
    let query = query(&url);
    let verifier = secrets().verifier().expose_secret().to_owned();
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    assert_eq!(
        (query["code_challenge"].as_str(), query["code_challenge_method"].as_str()),
        (b64(challenge).as_str(), "S256")
    );
    assert!((43..=128).contains(&verifier.len()));
    assert!(!url.as_str().contains(&verifier));
    assert_eq!((query["state"].clone(), query["nonce"].clone()), (b64([1; 32]), b64([2; 32])));
    assert_eq!(state_hash(&query["state"]), secrets().state_hash());
    assert_ne!(secrets().state_hash(), secrets().nonce_hash());
}

#[test]
fn rfc_7636_the_challenge_is_that_of_the_appendix() {
    let verifier = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let secrets = AuthorizationSecrets::new([1; 32], [2; 32], verifier);
    assert_eq!(secrets.verifier().expose_secret(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

#[test]
fn t_bcp_8_scopes_and_flow_are_exactly_these() {
    let query = query(&begin(&document(), AuthorizationOptions::default()).unwrap());
    assert_eq!(query["scope"], "openid email profile");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert_eq!(query.len(), 8);
}

#[test]
fn options_are_sent_when_asked_for() {
    let options = AuthorizationOptions {
        max_age_zero: true,
        prompt_none: true,
        select_account: true,
        login_hint: Some("ada&x=y@acme.example".into()),
    };
    let all = query(&begin(&document(), options).unwrap());
    assert_eq!((all["max_age"].as_str(), all["prompt"].as_str()), ("0", "none"));
    assert_eq!(all["login_hint"], "ada&x=y@acme.example");
    let long = AuthorizationOptions { login_hint: Some("x".repeat(321)), ..AuthorizationOptions::default() };
    assert!(!query(&begin(&document(), long).unwrap()).contains_key("login_hint"));
}

#[test]
fn a_query_of_the_endpoint_is_kept() {
    let mut document = document();
    document["authorization_endpoint"] = "https://acme.okta.com/authorize?tenant=a".into();
    assert_eq!(query(&begin(&document, AuthorizationOptions::default()).unwrap())["tenant"], "a");
}

#[test]
fn t_id_15_an_authorization_endpoint_that_breaks_the_rules_is_not_redirected_to() {
    for endpoint in [
        "http://acme.okta.com/authorize",
        "https://10.0.0.1/authorize",
        "javascript:alert(1)",
        "https://acme.okta.com/#a",
    ] {
        let mut document = document();
        document["authorization_endpoint"] = endpoint.into();
        let refusal = begin(&document, AuthorizationOptions::default()).unwrap_err();
        assert_eq!(refusal.code, Code::EndpointRefused, "{endpoint}");
    }
}

#[test]
fn a_failure_to_get_the_metadata_is_passed_on() {
    let rules = UrlRules::default();
    let options = AuthorizationOptions::default();
    let beginning = Beginning {
        client: settings().client().clone(),
        redirect_uri: REDIRECT.into(),
        secrets: secrets(),
        options,
        rules,
    };
    let Step::Metadata { next, .. } = orgate_sso::oidc::begin(beginning) else {
        panic!("begin asks for metadata first")
    };
    let step = next.receive(Err(SsoRefusal::new(Code::Unreachable)));
    assert!(matches!(step, Step::Refuse(refusal) if refusal.code == Code::Unreachable));
}

#[test]
fn metadata_of_another_provider_out_of_a_mixed_up_cache_is_refused() {
    let rules = UrlRules::default();
    let options = AuthorizationOptions::default();
    let beginning = Beginning {
        client: settings().client().clone(),
        redirect_uri: REDIRECT.into(),
        secrets: secrets(),
        options,
        rules,
    };
    let Step::Metadata { next, .. } = orgate_sso::oidc::begin(beginning) else {
        panic!("begin asks for metadata first")
    };
    let mut other = document();
    other["issuer"] = "https://other.okta.com".into();
    let other = Metadata::parse("https://other.okta.com", other.to_string().as_bytes()).unwrap();
    assert!(
        matches!(next.receive(Ok(Arc::new(other))), Step::Refuse(refusal) if refusal.code == Code::DiscoveryIssuer)
    );
}

#[test]
fn t_sec_3_no_step_or_request_prints_a_secret() {
    let rules = UrlRules::default();
    let options = AuthorizationOptions::default();
    let beginning = Beginning {
        client: settings().client().clone(),
        redirect_uri: REDIRECT.into(),
        secrets: secrets(),
        options,
        rules,
    };
    let shown = format!("{beginning:?} {:?}", orgate_sso::oidc::begin(beginning.clone()));
    for secret in [b64([1; 32]), b64([2; 32]), b64([3; 32]), "canary-secret".into()] {
        assert!(!shown.contains(&secret), "{shown}");
    }
}
