//! The discovery document.

use orgate_sso::exchange::{Response, TransportFailure};
use orgate_sso::oidc::metadata::{ClientAuthentication, Endpoint, Metadata, request};
use orgate_sso::refusal::SsoRefusalCode as Code;
use orgate_sso::url_rules::UrlRules;
use serde_json::{Value, json};

use crate::support::{ISSUER, World, claims, document, response};

fn parse(document: &Value) -> Result<Metadata, Code> {
    Metadata::parse(ISSUER, document.to_string().as_bytes()).map_err(|refusal| refusal.code)
}

fn with(name: &str, value: Value) -> Value {
    let mut all = document();
    all[name] = value;
    all
}

#[test]
fn t_id_15_the_issuer_is_the_one_it_was_fetched_for() {
    assert!(parse(&document()).is_ok());
    for issuer in
        [json!("https://acme.okta.com/"), json!("https://ACME.okta.com"), json!("https://evil.example"), json!("")]
    {
        assert_eq!(parse(&with("issuer", issuer)).unwrap_err(), Code::DiscoveryIssuer);
    }
    assert_eq!(parse(&with("issuer", json!(7))).unwrap_err(), Code::DiscoveryMalformed);
}

#[test]
fn t_id_15_every_endpoint_is_checked_whenever_it_is_used() {
    let metadata = parse(&with("jwks_uri", json!("https://169.254.169.254/keys"))).unwrap();
    let refused = metadata.endpoint(Endpoint::Keys, &UrlRules::default()).unwrap_err();
    assert_eq!(refused.code, Code::EndpointRefused);
    assert!(metadata.endpoint(Endpoint::Keys, &UrlRules::parse("169.254.0.0/16").unwrap()).is_ok());
}

#[test]
fn t_ssrf_4_endpoints_that_point_inside_are_not_asked() {
    for name in ["token_endpoint", "jwks_uri"] {
        for inside in [
            "https://127.0.0.1/",
            "http://acme.okta.com/",
            "https://db.internal/",
            "https://acme.okta.com:22/",
            "https://2130706433/",
        ] {
            let mut world = World::of(&claims());
            world.document[name] = inside.into();
            let outcome = world.run();
            assert_eq!(outcome.code(), Some(Code::EndpointRefused), "{name} {inside}");
            assert!(!outcome.sent.iter().any(|request| request.url.as_str() == inside));
        }
    }
}

#[test]
fn what_is_no_discovery_document_is_refused() {
    for body in ["", "<html>", "[]", "{\"issuer\":1}", "{\"issuer\":\"a\",\"issuer\":\"a\"}"] {
        assert_eq!(Metadata::parse(ISSUER, body.as_bytes()).unwrap_err().code, Code::DiscoveryMalformed, "{body}");
    }
    assert_eq!(parse(&with("token_endpoint", json!(["https://acme.okta.com"]))).unwrap_err(), Code::DiscoveryMalformed);
    assert_eq!(parse(&with("scopes_supported", json!("openid"))).unwrap_err(), Code::DiscoveryMalformed);
    let big = vec![b' '; 64 * 1024 + 1];
    assert_eq!(Metadata::parse(ISSUER, &big).unwrap_err().code, Code::ResponseTooLarge);
}

#[test]
fn a_document_without_a_needed_endpoint_is_incomplete() {
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let mut document = document();
        document.as_object_mut().unwrap().remove(name);
        assert_eq!(parse(&document).unwrap_err(), Code::DiscoveryIncomplete, "{name}");
    }
    let metadata = parse(&document()).unwrap();
    assert!(!metadata.has(Endpoint::EndSession));
    assert_eq!(
        metadata.endpoint(Endpoint::EndSession, &UrlRules::default()).unwrap_err().code,
        Code::DiscoveryIncomplete
    );
}

#[test]
fn t_id_14_a_redirect_or_error_instead_of_the_document_is_refused() {
    let moved = Response { status: 301, location: Some("https://10.0.0.1/".into()), ..response(&document()) };
    assert_eq!(Metadata::from_response(ISSUER, &moved).unwrap_err().code, Code::Redirected);
    let missing = Response { status: 404, ..response(&document()) };
    assert_eq!(Metadata::from_response(ISSUER, &missing).unwrap_err().code, Code::UnexpectedStatus);
}

#[test]
fn t_bcp_6_the_secret_is_sent_by_basic_unless_only_post_is_offered() {
    let method = |offered: Value| {
        parse(&with("token_endpoint_auth_methods_supported", offered)).unwrap().client_authentication()
    };
    assert_eq!(parse(&document()).unwrap().client_authentication(), Ok(ClientAuthentication::Basic));
    assert_eq!(method(json!(["client_secret_post", "client_secret_basic"])), Ok(ClientAuthentication::Basic));
    assert_eq!(method(json!(["client_secret_post", "none"])), Ok(ClientAuthentication::Post));
    assert_eq!(method(json!(["private_key_jwt"])).unwrap_err().code, Code::ClientAuthenticationUnsupported);
}

#[test]
fn t_ssrf_1_an_issuer_that_may_not_be_contacted_is_not_asked() {
    assert_eq!(request("https://127.0.0.1", &UrlRules::default()).unwrap_err().code, Code::AddressRefused);
    let with_path = request("https://id.example.com/realm/", &UrlRules::default()).unwrap();
    assert_eq!(with_path.url.as_str(), "https://id.example.com/realm/.well-known/openid-configuration");
}

#[test]
fn t_ssrf_5_open_and_closed_ports_cannot_be_told_apart() {
    let shown = |failure: TransportFailure| failure.refusal("acme.okta.com").to_string();
    assert!(shown(TransportFailure::Unreachable).starts_with(Code::Unreachable.as_str()));
    assert!(shown(TransportFailure::AddressRefused).starts_with(Code::AddressRefused.as_str()));
    assert!(shown(TransportFailure::NameNotResolved).starts_with(Code::NameNotResolved.as_str()));
    assert!(shown(TransportFailure::Certificate).starts_with(Code::Certificate.as_str()));
}
