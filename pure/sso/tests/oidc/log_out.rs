//! Sending a browser to sign out at the provider: T-LO-1.

use orgate_core::sid::Sid;
use orgate_sso::oidc::ProviderSession;
use orgate_sso::oidc::begin::state_hash;
use orgate_sso::oidc::log_out::{LogOutRequest, Returned, returned};
use orgate_sso::refusal::SsoRefusalCode as Code;
use orgate_sso::url_rules::UrlRules;
use serde_json::json;

use crate::support::{CLIENT, ISSUER, World, b64, claims_with};

const BACK: &str = "https://orgate.test/sso/oidc/con_1/signed-out";

fn session(endpoint: Option<&str>) -> ProviderSession {
    ProviderSession {
        sid: Sid::parse("sid-1"),
        id_token: Some("a.b.c".to_owned()),
        end_session_endpoint: endpoint.map(str::to_owned),
    }
}

fn request(session: &ProviderSession) -> LogOutRequest<'_> {
    LogOutRequest { session, client_id: CLIENT, post_logout_redirect_uri: BACK, state: &[7; 32] }
}

#[test]
fn t_lo_1_the_request_carries_hint_client_return_and_state() {
    let known = session(Some("https://acme.okta.com/oauth2/v1/logout?tenant=1"));
    let url = request(&known).url(&UrlRules::default()).unwrap().unwrap();
    assert_eq!(
        url,
        format!(
            "https://acme.okta.com/oauth2/v1/logout?tenant=1&client_id={CLIENT}&id_token_hint=a.b.c\
             &post_logout_redirect_uri=https%3A%2F%2Forgate.test%2Fsso%2Foidc%2Fcon_1%2Fsigned-out&state={}",
            b64([7; 32])
        )
    );
    assert_eq!(request(&known).state_hash(), state_hash(&b64([7; 32])));
    assert_eq!(returned(&format!("state={}", b64([7; 32]))), Returned::State(request(&known).state_hash()));
}

#[test]
fn without_the_token_the_sessions_name_is_the_hint() {
    let known = ProviderSession { id_token: None, ..session(Some("https://acme.okta.com/logout")) };
    let url = request(&known).url(&UrlRules::default()).unwrap().unwrap();
    assert!(url.contains("&logout_hint=sid-1&") && !url.contains("id_token_hint"), "{url}");
    let known = ProviderSession { sid: None, ..known };
    assert!(!request(&known).url(&UrlRules::default()).unwrap().unwrap().contains("hint"));
}

#[test]
fn t_lo_1_the_address_obeys_the_rules_of_every_address_of_a_provider() {
    assert_eq!(request(&session(None)).url(&UrlRules::default()), Ok(None));
    for endpoint in [
        "http://acme.okta.com/logout",
        "https://acme.okta.com:8443/logout",
        "https://127.0.0.1/logout",
        "https://localhost/logout",
        "https://user@acme.okta.com/logout",
        "javascript:alert(1)",
        "//evil.example",
        "/logout",
        "",
    ] {
        let refused = request(&session(Some(endpoint))).url(&UrlRules::default()).unwrap_err();
        assert_eq!(refused.code, Code::EndpointRefused, "{endpoint}");
    }
}

#[test]
fn a_return_has_one_state_or_none_or_several() {
    for query in ["", "state=", "code=1", "State=x"] {
        assert_eq!(returned(query), Returned::Nothing, "{query}");
    }
    assert_eq!(returned("state=a&state=a"), Returned::Several);
    assert_eq!(returned("x=1&state=a"), Returned::State(state_hash("a")));
}

#[test]
fn a_sign_in_leaves_behind_what_the_log_out_takes() {
    let of = |claims: serde_json::Value, endpoint: Option<&str>| {
        let mut world = World::of(&claims_with(claims));
        if let Some(endpoint) = endpoint {
            world.document["end_session_endpoint"] = json!(endpoint);
        }
        world.run().result.unwrap().session
    };
    let known = of(json!({"sid": "sid-1"}), Some(&format!("{ISSUER}/oauth2/v1/logout")));
    assert_eq!(known.sid.as_ref().map(Sid::as_str), Some("sid-1"));
    assert_eq!(known.end_session_endpoint.as_deref(), Some("https://acme.okta.com/oauth2/v1/logout"));
    assert_eq!(known.id_token.as_deref().map(|token| token.split('.').count()), Some(3));
    assert!(!format!("{known:?}").contains(known.id_token.as_deref().unwrap()), "T-SEC-3");
    let bare = of(json!({"sid": 7}), None);
    assert_eq!((bare.sid, bare.end_session_endpoint), (None, None));
    let long = of(json!({"groups": "x".repeat(4_000)}), None);
    assert_eq!(long.id_token, None, "too long to travel in an address");
}
