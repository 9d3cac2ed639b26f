//! The named checks at save.

use orgate_sso::exchange::{Purpose, Response, TransportFailure};
use orgate_sso::oidc::checks::{Check, CheckName, CheckStep, Report, begin};
use orgate_sso::refusal::SsoRefusalCode as Code;
use orgate_sso::url_rules::UrlRules;
use serde_json::{Value, json};

use crate::support::{ISSUER, KEYS, REDIRECT, document, response, secrets, settings};

type Answer = Result<Response, TransportFailure>;

/// What a provider answers to each of the four requests.
struct Provider {
    discovery: Answer,
    keys: Answer,
    authorization: Answer,
    token: Answer,
}

impl Provider {
    fn new() -> Self {
        Self {
            discovery: Ok(response(&document())),
            keys: Ok(response(&json!({"keys": [KEYS.jwk("RS256")]}))),
            authorization: Ok(to(&format!("{REDIRECT}?error=login_required&state=x"))),
            token: Ok(token_error(400, "invalid_grant")),
        }
    }

    fn run(self) -> Report {
        let mut step = begin(settings().client().clone(), REDIRECT.into(), secrets(), UrlRules::default());
        loop {
            step = match step {
                CheckStep::Fetch { request, next } => next.receive(match request.purpose {
                    Purpose::Discovery => self.discovery.clone(),
                    Purpose::Keys => self.keys.clone(),
                    Purpose::AuthorizationProbe => {
                        assert!(request.url.as_str().contains("prompt=none"));
                        self.authorization.clone()
                    }
                    Purpose::Token => self.token.clone(),
                    Purpose::PushedRequest => panic!("there is nowhere to push to"),
                    Purpose::UserInfo => panic!("the checks have no person"),
                }),
                CheckStep::Done(report) => return report,
            };
        }
    }

    fn check(self, name: CheckName) -> Check {
        self.run().checks().iter().find(|check| check.name == name).unwrap().clone()
    }
}

fn to(location: &str) -> Response {
    Response { status: 302, location: Some(location.into()), ..Response::default() }
}

fn token_error(status: u16, error: &str) -> Response {
    Response { status, ..response(&json!({"error": error})) }
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Passed,
    Remark,
    Failed,
}

fn verdict(check: &Check) -> Verdict {
    match (check.ok, &check.remark) {
        (true, None) => Verdict::Passed,
        (true, Some(_)) => Verdict::Remark,
        (false, _) => Verdict::Failed,
    }
}

#[test]
fn r_sso_5_a_good_provider_passes_every_check_in_order() {
    let report = Provider::new().run();
    let names: Vec<_> = report.checks().iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["address", "discovery", "issuer", "keys", "code-flow", "client-and-redirect", "client-secret"]);
    assert!(report.checks().iter().all(|check| verdict(check) == Verdict::Passed), "{report:?}");
    assert!(!report.failed() && !report.address_refused());
}

#[test]
fn r_sso_5_one_failure_says_why_the_later_checks_were_not_made() {
    let cases: [(Answer, CheckName); 7] = [
        (Err(TransportFailure::NameNotResolved), CheckName::Address),
        (Err(TransportFailure::AddressRefused), CheckName::Address),
        (Err(TransportFailure::Unreachable), CheckName::Discovery),
        (Err(TransportFailure::Certificate), CheckName::Discovery),
        (Ok(Response { status: 404, ..Response::default() }), CheckName::Discovery),
        (Ok(to("https://elsewhere.example")), CheckName::Discovery),
        (Ok(response(&json!({"issuer": "https://other.example"}))), CheckName::Issuer),
    ];
    for (discovery, failed) in cases {
        let report = Provider { discovery, ..Provider::new() }.run();
        assert_eq!(report.checks().len(), 7);
        for check in report.checks() {
            let expected = match check.name.cmp(&failed) {
                std::cmp::Ordering::Less => Verdict::Passed,
                std::cmp::Ordering::Equal => Verdict::Failed,
                std::cmp::Ordering::Greater => Verdict::Remark,
            };
            assert_eq!(verdict(check), expected, "{failed:?} {check:?}");
        }
    }
}

#[test]
fn r_sso_5_only_an_address_that_must_not_be_contacted_prevents_saving() {
    let refused = Provider { discovery: Err(TransportFailure::AddressRefused), ..Provider::new() }.run();
    assert!(refused.address_refused());
    let unknown = Provider { discovery: Err(TransportFailure::NameNotResolved), ..Provider::new() }.run();
    assert!(unknown.failed() && !unknown.address_refused());
}

#[test]
fn r_sso_5_keys_or_a_token_endpoint_at_such_an_address_prevent_it_too_by_name() {
    let keys = Provider { keys: Err(TransportFailure::AddressRefused), ..Provider::new() };
    let token = Provider { token: Err(TransportFailure::AddressRefused), ..Provider::new() };
    for (provider, name) in [(keys, CheckName::Keys), (token, CheckName::ClientSecret)] {
        let report = provider.run();
        assert!(report.address_refused(), "{name:?}");
        let failed: Vec<_> = report.checks().iter().filter(|check| !check.ok).collect();
        let [check] = failed[..] else { panic!("{failed:?}") };
        assert_eq!((check.name, check.received.as_deref()), (name, Some("acme.okta.com")));
    }
}

#[test]
fn r_sso_5_a_failure_tells_expected_received_and_the_mend() {
    let discovery = Ok(response(&json!({"issuer": "https://other.example"})));
    let check = Provider { discovery, ..Provider::new() }.check(CheckName::Issuer);
    assert_eq!((check.expected.as_deref(), check.received.as_deref()), (Some(ISSUER), Some("https://other.example")));
    assert!(check.mend.is_some());
    let shown = serde_json::to_value(&check).unwrap();
    assert_eq!(serde_json::from_value::<Check>(shown.clone()).unwrap(), check);
    assert_eq!(
        (&shown["name"], &shown["ok"], &shown["code"]),
        (&json!("issuer"), &json!(false), &json!("discovery-issuer-mismatch"))
    );
}

#[test]
fn the_key_check_counts_usable_keys_and_remarks_on_others() {
    let with = |set: Value| verdict(&Provider { keys: Ok(response(&set)), ..Provider::new() }.check(CheckName::Keys));
    assert_eq!(with(json!({"keys": [KEYS.jwk("RS256"), {"kty": "oct"}]})), Verdict::Remark);
    assert_eq!(with(json!({"keys": []})), Verdict::Failed);
    assert_eq!(with(json!({"keys": [{"kty": "oct"}]})), Verdict::Failed);
    assert_eq!(with(json!({})), Verdict::Failed);
    let unreachable = Provider { keys: Err(TransportFailure::Unreachable), ..Provider::new() }.run();
    assert_eq!(unreachable.checks().iter().filter(|check| !check.ok).count(), 1);
    let mut inside = document();
    inside["jwks_uri"] = "https://10.0.0.1/keys".into();
    let check = Provider { discovery: Ok(response(&inside)), ..Provider::new() }.check(CheckName::Keys);
    assert_eq!(check.code, Some(Code::EndpointRefused));
    let mut other = document();
    other["id_token_signing_alg_values_supported"] = json!(["ES256"]);
    let check = Provider { discovery: Ok(response(&other)), ..Provider::new() }.check(CheckName::Keys);
    assert_eq!(check.code, Some(Code::KeyUnsuitable));
}

#[test]
fn absent_metadata_is_a_remark_and_a_list_that_lacks_what_is_needed_a_failure() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        change(&mut document);
        verdict(&Provider { discovery: Ok(response(&document)), ..Provider::new() }.check(CheckName::CodeFlow))
    };
    for name in ["response_types_supported", "code_challenge_methods_supported", "scopes_supported"] {
        assert_eq!(with(&|document| drop(document.as_object_mut().unwrap().remove(name))), Verdict::Remark, "{name}");
        assert_eq!(with(&|document| document[name] = json!(["other"])), Verdict::Failed, "{name}");
    }
    assert_eq!(with(&|document| document["code_challenge_methods_supported"] = json!(["plain"])), Verdict::Failed);
    assert_eq!(with(&|document| document["grant_types_supported"] = json!(["implicit"])), Verdict::Failed);
    assert_eq!(with(&|document| document["scopes_supported"] = json!(["openid"])), Verdict::Remark);
}

#[test]
fn r_sso_5_the_authorization_probe_tells_known_clients_from_unknown_ones() {
    let back = |query: &str| Ok(to(&format!("{REDIRECT}?{query}")));
    let table: [(Answer, Verdict); 16] = [
        (back("error=login_required"), Verdict::Passed),
        (back("error=interaction_required&error_description=x"), Verdict::Passed),
        (back("error=consent_required"), Verdict::Passed),
        (back("error=access_denied"), Verdict::Passed),
        (back("code=c&state=s"), Verdict::Passed),
        (back("error=unauthorized_client"), Verdict::Failed),
        (back("error=invalid_scope"), Verdict::Failed),
        (back("error=temporarily_unavailable"), Verdict::Remark),
        (Ok(to("/login")), Verdict::Remark),
        (Ok(to("https://evil.example/sso/oidc/con_1/callback?error=login_required")), Verdict::Remark),
        (Ok(to(&format!("{REDIRECT}/more?error=login_required"))), Verdict::Remark),
        (Ok(Response { status: 200, ..Response::default() }), Verdict::Remark),
        (Ok(Response { status: 400, ..Response::default() }), Verdict::Failed),
        (Ok(Response { status: 500, ..Response::default() }), Verdict::Remark),
        (Ok(Response { status: 302, ..Response::default() }), Verdict::Remark),
        (Err(TransportFailure::Unreachable), Verdict::Remark),
    ];
    for (authorization, expected) in table {
        let shown = format!("{authorization:?}");
        let check = Provider { authorization, ..Provider::new() }.check(CheckName::ClientAndRedirect);
        assert_eq!(verdict(&check), expected, "{shown} {check:?}");
    }
}

#[test]
fn r_sso_5_the_token_probe_tells_a_wrong_secret_from_a_wrong_code() {
    let table: [(Answer, Verdict); 8] = [
        (Ok(token_error(400, "invalid_grant")), Verdict::Passed),
        (Ok(token_error(401, "invalid_client")), Verdict::Failed),
        (Ok(token_error(400, "invalid_client")), Verdict::Failed),
        (Ok(token_error(401, "unauthorized_client")), Verdict::Failed),
        (Ok(token_error(400, "invalid_request")), Verdict::Remark),
        (Ok(token_error(503, "invalid_client")), Verdict::Remark),
        (Ok(response(&json!({}))), Verdict::Remark),
        (Err(TransportFailure::Unreachable), Verdict::Remark),
    ];
    for (token, expected) in table {
        let shown = format!("{token:?}");
        let check = Provider { token, ..Provider::new() }.check(CheckName::ClientSecret);
        assert_eq!(verdict(&check), expected, "{shown} {check:?}");
    }
    let mut document = document();
    document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    let check = Provider { discovery: Ok(response(&document)), ..Provider::new() }.check(CheckName::ClientSecret);
    assert_eq!(check.code, Some(Code::ClientAuthenticationUnsupported));
}

#[test]
fn t_sec_3_no_check_repeats_the_secret() {
    let body = json!({"error": "invalid_client", "error_description": "wrong secret canary-secret"});
    let token = Ok(Response { status: 401, ..response(&body) });
    let report = Provider { token, ..Provider::new() }.run();
    assert!(report.failed());
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
}
