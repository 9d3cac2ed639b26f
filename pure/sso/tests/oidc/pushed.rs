//! Pushed authorization requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use orgate_core::time::Timestamp;
use orgate_sso::exchange::{Method, Purpose, Request, Response, Step, TransportFailure};
use orgate_sso::oidc::begin::{AuthorizationOptions, Beginning};
use orgate_sso::oidc::checks::{self, Check, CheckName, CheckStep};
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode as Code};
use orgate_sso::url_rules::UrlRules;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::support::{CLIENT, ISSUER, KEYS, NOW, REDIRECT, b64, document, response, secrets, settings};

const NAME: &str = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";

type Answer = Result<Response, TransportFailure>;

/// What the document of a provider says that takes pushed requests, and perhaps no others.
fn taking(required: bool) -> Value {
    let mut document = document();
    document["pushed_authorization_request_endpoint"] = format!("{ISSUER}/oauth2/v1/par").into();
    document["require_pushed_authorization_requests"] = required.into();
    document
}

fn good() -> Response {
    Response { status: 201, ..response(&json!({"request_uri": NAME, "expires_in": 60})) }
}

fn with(changes: Value) -> Response {
    let mut body = json!({"request_uri": NAME, "expires_in": 60});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    Response { status: 201, ..response(&body) }
}

fn error(status: u16, body: &Value) -> Response {
    Response { status, ..response(body) }
}

fn options() -> AuthorizationOptions {
    AuthorizationOptions {
        max_age_zero: true,
        login_hint: Some("ada@acme.example".into()),
        ..AuthorizationOptions::default()
    }
}

/// Begins a sign-in with a provider of this document.
fn begin(document: &Value) -> Step {
    let (client, redirect_uri) = (settings().client().clone(), REDIRECT.to_owned());
    let beginning =
        Beginning { client, redirect_uri, secrets: secrets(), options: options(), rules: UrlRules::default() };
    let Step::Metadata { next, .. } = orgate_sso::oidc::begin(beginning) else {
        panic!("begin asks for metadata first")
    };
    next.receive(Metadata::from_response(ISSUER, &response(document)).map(Arc::new))
}

/// The same with one that answers so to what is pushed, and what that was.
fn pushed(document: &Value, answer: Answer) -> (Request, Result<Url, SsoRefusal>) {
    let Step::Fetch { request, next } = begin(document) else { panic!("nothing is pushed") };
    assert_eq!(request.purpose, Purpose::PushedRequest);
    match next.receive(answer, Timestamp::from_seconds(NOW)) {
        Step::Redirect { url } => (request, Ok(Url::parse(&url).unwrap())),
        Step::Refuse(refusal) => (request, Err(refusal)),
        other => panic!("unexpected {other:?}"),
    }
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn code(document: &Value, answer: Answer) -> Option<Code> {
    pushed(document, answer).1.err().map(|refusal| refusal.code)
}

#[test]
fn t_bcp_7_what_is_pushed_is_the_whole_request_and_the_browser_gets_its_name() {
    for required in [false, true] {
        let (request, url) = pushed(&taking(required), Ok(good()));
        assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://acme.okta.com/oauth2/v1/par"));
        let basic = request.headers.iter().find(|header| header.name == "authorization").unwrap();
        // 0oaclient:canary-secret
        assert_eq!(basic.value.expose_secret(), "Basic MG9hY2xpZW50OmNhbmFyeS1zZWNyZXQ=");
        let body = request.body.as_ref().unwrap().expose_secret();
        let form: BTreeMap<String, String> = serde_urlencoded::from_str(body).unwrap();
        let url = url.unwrap();
        assert_eq!(url.path(), "/oauth2/v1/authorize");
        assert_eq!(query(&url), [("client_id", CLIENT), ("request_uri", NAME)].map(owned).into());

        // Name by name what a provider without pushed requests gets in the browser's address.
        let Step::Redirect { url: plain } = begin(&document()) else { panic!("nothing to push to") };
        assert_eq!(form, query(&Url::parse(&plain).unwrap()));
        assert_eq!((form["max_age"].as_str(), form["login_hint"].as_str()), ("0", "ada@acme.example"));
        let shown = format!("{request:?}");
        for secret in [b64([1; 32]), b64([2; 32]), "canary".to_owned(), "MG9h".to_owned()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn t_bcp_7_the_client_authenticates_as_at_the_token_endpoint() {
    let mut document = taking(true);
    document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    let (request, _) = pushed(&document, Ok(good()));
    assert!(request.headers.iter().all(|header| header.name != "authorization"));
    let body = request.body.as_ref().unwrap().expose_secret();
    let form: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap();
    assert!(form.contains(&owned(("client_secret", "canary-secret"))));
    assert_eq!(form.iter().filter(|(name, _)| name == "client_id").count(), 1);
    document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    let Step::Refuse(refusal) = begin(&document) else { panic!("the secret can be sent in no way") };
    assert_eq!(refusal.code, Code::ClientAuthenticationUnsupported);
}

#[test]
fn t_bcp_7_what_is_not_taken_is_refused_if_it_has_to_be_and_goes_on_in_the_address_if_not() {
    let unusable = |body: Value| (Ok(with(body)), Code::PushedRequestMalformed);
    let said = |status: u16, name: &str, code| (Ok(error(status, &json!({"error": name}))), code);
    let long = format!("urn:{}", "x".repeat(1021));
    let table = [
        unusable(json!({"request_uri": null})),
        unusable(json!({"request_uri": ""})),
        unusable(json!({"request_uri": "relative"})),
        unusable(json!({"request_uri": "urn:a b"})),
        unusable(json!({"request_uri": "urn:a\r\nx-evil:1"})),
        unusable(json!({"request_uri": "urn:ä"})),
        unusable(json!({"request_uri": long})),
        unusable(json!({"request_uri": [NAME]})),
        unusable(json!({"expires_in": null})),
        unusable(json!({"expires_in": 0})),
        unusable(json!({"expires_in": -1})),
        unusable(json!({"expires_in": "60"})),
        unusable(json!({"expires_in": 0.5})),
        (Ok(Response { status: 201, body: b"<html>".to_vec(), ..Response::default() }), Code::PushedRequestMalformed),
        said(400, "invalid_request", Code::PushedRequestRejected),
        said(400, "invalid_redirect_uri", Code::PushedRequestRejected),
        said(200, "invalid_request", Code::PushedRequestRejected),
        said(403, "unauthorized_client", Code::PushedRequestRejected),
        said(401, "unauthorized_client", Code::ClientRejected),
        said(401, "invalid_client", Code::ClientRejected),
        said(400, "invalid_client", Code::ClientRejected),
        (Ok(error(401, &json!({}))), Code::ClientRejected),
        said(429, "slow_down", Code::RateLimited),
        (Ok(error(404, &json!({}))), Code::UnexpectedStatus),
        (Ok(error(500, &json!({"error": "server_error"}))), Code::UnexpectedStatus),
        (
            Ok(Response { location: Some("https://10.0.0.1/".into()), ..Response { status: 307, ..good() } }),
            Code::Redirected,
        ),
        (Ok(Response { body: vec![b' '; 64 * 1024 + 1], ..good() }), Code::ResponseTooLarge),
        (Err(TransportFailure::Unreachable), Code::Unreachable),
        (Err(TransportFailure::NameNotResolved), Code::NameNotResolved),
        (Err(TransportFailure::Certificate), Code::Certificate),
        (Err(TransportFailure::TooLarge), Code::ResponseTooLarge),
    ];
    let Step::Redirect { url: plain } = begin(&document()) else { panic!("nothing to push to") };
    for (answer, expected) in table {
        let shown = format!("{expected:?} {answer:?}");
        assert_eq!(code(&taking(true), answer.clone()), Some(expected), "{shown}");
        assert_eq!(pushed(&taking(false), answer).1.unwrap().as_str(), plain, "{shown}");
    }
    assert_eq!(code(&taking(true), Ok(with(json!({"expires_in": 1, "other": true})))), None);
    assert_eq!(code(&taking(true), Ok(Response { status: 200, ..good() })), None);
}

#[test]
fn t_ssrf_4_where_nothing_may_be_sent_nothing_is_pushed_and_nobody_goes_on_without() {
    for required in [false, true] {
        assert_eq!(code(&taking(required), Err(TransportFailure::AddressRefused)), Some(Code::AddressRefused));
        for inside in [
            "https://127.0.0.1/par",
            "http://acme.okta.com/par",
            "https://db.internal/par",
            "https://acme.okta.com:22/par",
            "https://2130706433/par",
        ] {
            let mut document = taking(required);
            document["pushed_authorization_request_endpoint"] = inside.into();
            let Step::Refuse(refusal) = begin(&document) else { panic!("{inside}") };
            assert_eq!(refusal.code, Code::EndpointRefused, "{inside}");
            assert!(refusal.received.unwrap().starts_with("pushed_authorization_request_endpoint"), "{inside}");
        }
        let mut document = taking(required);
        document["authorization_endpoint"] = "https://10.0.0.1/authorize".into();
        let Step::Refuse(refusal) = begin(&document) else { panic!("pushed for nothing") };
        assert_eq!(refusal.code, Code::EndpointRefused);
    }
}

#[test]
fn t_bcp_7_a_provider_that_takes_no_other_requests_has_to_say_where_it_takes_them() {
    let mut document = taking(true);
    document.as_object_mut().unwrap().remove("pushed_authorization_request_endpoint");
    let Step::Refuse(refusal) = begin(&document) else { panic!("pushed to nowhere") };
    assert_eq!(
        (refusal.code, refusal.expected.as_deref()),
        (Code::DiscoveryIncomplete, Some("pushed_authorization_request_endpoint"))
    );
    document["pushed_authorization_request_endpoint"] = json!(7);
    let Step::Refuse(refusal) = begin(&document) else { panic!("pushed to a number") };
    assert_eq!(refusal.code, Code::DiscoveryMalformed);
}

#[test]
fn t_sec_3_nothing_that_was_pushed_is_repeated() {
    let description = format!("secret canary-secret, state {}, nonce {}", b64([1; 32]), b64([2; 32]));
    let body = json!({"error": "invalid_request", "error_description": description});
    let refusal = pushed(&taking(true), Ok(error(400, &body))).1.unwrap_err();
    let received = "invalid_request: secret [removed], state [removed], nonce [removed]";
    assert_eq!(refusal.received.as_deref(), Some(received));
    let location = format!("https://evil.example/?s=canary-secret&state={}", b64([1; 32]));
    let answer = Response { status: 302, location: Some(location), ..Response::default() };
    let refusal = pushed(&taking(true), Ok(answer)).1.unwrap_err();
    let received = "302 to https://evil.example/?s=[removed]&state=[removed]";
    assert_eq!((refusal.code, refusal.received.as_deref()), (Code::Redirected, Some(received)));
}

/// The check of client and redirect URI at a provider of this document that answers so to what is pushed, and to whatever
/// comes by the authorization endpoint.
fn checked(document: &Value, answer: &Answer) -> (Check, Vec<Request>) {
    let mut sent = Vec::new();
    let mut step = checks::begin(settings().client().clone(), REDIRECT.into(), secrets(), UrlRules::default());
    loop {
        step = match step {
            CheckStep::Fetch { request, next } => {
                let answer = match request.purpose {
                    Purpose::Discovery => Ok(response(document)),
                    Purpose::Keys => Ok(response(&json!({"keys": [KEYS.jwk("RS256")]}))),
                    Purpose::PushedRequest => answer.clone(),
                    Purpose::AuthorizationProbe => Ok(Response {
                        status: 302,
                        location: Some(format!("{REDIRECT}?error=login_required")),
                        ..Response::default()
                    }),
                    Purpose::Token => Ok(error(400, &json!({"error": "invalid_grant"}))),
                    Purpose::UserInfo => panic!("the checks have no person"),
                };
                sent.push(request);
                next.receive(answer)
            }
            CheckStep::Done(report) => {
                let found = report.checks().iter().find(|check| check.name == CheckName::ClientAndRedirect);
                assert_eq!(report.checks().len(), CheckName::ALL.len());
                return (found.unwrap().clone(), sent);
            }
        };
    }
}

#[test]
fn r_sso_5_t_bcp_7_the_check_at_save_pushes_as_a_sign_in_does() {
    let by_purpose = |sent: &[Request], purpose| {
        let mut found = sent.iter().filter(|request| request.purpose == purpose);
        let one = found.next().cloned();
        assert!(found.next().is_none(), "asked once");
        one
    };
    for required in [false, true] {
        let (check, sent) = checked(&taking(required), &Ok(good()));
        assert!(check.ok && check.remark.is_none(), "{check:?}");
        let push = by_purpose(&sent, Purpose::PushedRequest).unwrap();
        assert!(push.body.unwrap().expose_secret().contains("prompt=none"), "no page is shown to a server");
        let probe = by_purpose(&sent, Purpose::AuthorizationProbe).unwrap();
        let url = Url::parse(probe.url.as_str()).unwrap();
        assert_eq!(query(&url), [("client_id", CLIENT), ("request_uri", NAME)].map(owned).into());
    }
    let refused = Ok(error(400, &json!({"error": "invalid_request", "error_description": "redirect_uri"})));
    let (check, sent) = checked(&taking(true), &refused);
    assert_eq!((check.ok, check.code), (false, Some(Code::PushedRequestRejected)));
    assert!(by_purpose(&sent, Purpose::AuthorizationProbe).is_none() && by_purpose(&sent, Purpose::Token).is_some());
    let (check, sent) = checked(&taking(false), &refused);
    assert!(check.ok && check.remark.unwrap().contains("pushed-request-rejected: invalid_request: redirect_uri"));
    assert!(by_purpose(&sent, Purpose::AuthorizationProbe).unwrap().url.as_str().contains("prompt=none"));
    // The check of the secret says what is wrong with that.
    let stranger = Ok(error(401, &json!({"error": "invalid_client"})));
    let (check, sent) = checked(&taking(true), &stranger);
    assert!(check.ok && check.detail == "Not made." && by_purpose(&sent, Purpose::Token).is_some(), "{check:?}");
    let (check, _) = checked(&taking(false), &stranger);
    assert!(check.ok && check.remark.is_none(), "{check:?}");
    let mut inside = taking(false);
    inside["pushed_authorization_request_endpoint"] = "https://10.0.0.1/par".into();
    let (check, sent) = checked(&inside, &Ok(good()));
    assert_eq!((check.ok, check.code), (false, Some(Code::EndpointRefused)));
    assert!(by_purpose(&sent, Purpose::PushedRequest).is_none());
}
