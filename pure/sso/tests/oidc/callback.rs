//! The authorization response.

use orgate_sso::exchange::Purpose;
use orgate_sso::oidc::Callback;
use orgate_sso::refusal::SsoRefusalCode as Code;
use secrecy::ExposeSecret;

use crate::support::{ISSUER, Outcome, World, claims};

fn with_query(query: &str) -> Outcome {
    let mut world = World::of(&claims());
    query.clone_into(&mut world.query);
    world.run()
}

#[test]
fn t_id_13_the_state_comes_out_first_and_nothing_goes_without_it() {
    let callback = Callback::parse("code=c&state=abc%2Fd").unwrap();
    assert_eq!(callback.state().expose_secret(), "abc/d");
    for query in ["", "code=c", "code=c&state=", "error=access_denied"] {
        assert_eq!(Callback::parse(query).unwrap_err().code, Code::StateMissing, "{query}");
    }
}

#[test]
fn t_id_13_a_state_that_is_nobodys_has_a_code_of_its_own() {
    assert_eq!(Code::StateUnknown.as_str(), "state-unknown", "which only the database knows");
    assert!(Callback::parse("code=c&state=anything").is_ok());
}

#[test]
fn a_repeated_parameter_or_a_flood_is_refused() {
    for query in
        ["code=a&code=b&state=s", "state=s&state=t&code=c", "state=s&code=c&st%61te=t", "state=s&iss=a&iss=a&code=c"]
    {
        assert_eq!(Callback::parse(query).unwrap_err().code, Code::CallbackMalformed, "{query}");
    }
    assert_eq!(
        Callback::parse(&format!("state=s&code={}", "c".repeat(9000))).unwrap_err().code,
        Code::CallbackMalformed
    );
    assert_eq!(
        Callback::parse(&format!("code=c&state={}", "s".repeat(5000))).unwrap_err().code,
        Code::CallbackMalformed
    );
    assert_eq!(with_query(&format!("state=s&code={}", "c".repeat(5000))).code(), Some(Code::CallbackMalformed));
    assert_eq!(with_query("state=s&code=c&error=access_denied").code(), Some(Code::CallbackMalformed));
}

#[test]
fn t_id_08_implicit_and_hybrid_answers_are_refused() {
    for query in [
        "id_token=x&state=s",
        "code=c&id_token=x&state=s",
        "code=c&access_token=x&state=s",
        "token_type=bearer&state=s",
        "response=x&state=s",
    ] {
        let outcome = with_query(query);
        assert_eq!(outcome.code(), Some(Code::CallbackResponseType), "{query}");
        assert!(outcome.sent.is_empty());
    }
}

#[test]
fn an_answer_without_code_and_error_is_refused() {
    for query in ["state=s", "state=s&code=", "state=s&foo=bar"] {
        assert_eq!(with_query(query).code(), Some(Code::CallbackCodeMissing), "{query}");
    }
}

#[test]
fn t_bcp_2_another_issuer_is_refused_before_anything_is_sent() {
    let right = format!("state=s&code=c&iss={}", ISSUER.replace(':', "%3A"));
    assert_eq!(with_query(&right).code(), None);
    for issuer in ["https://evil.example", "https://acme.okta.com/", ""] {
        let outcome = with_query(&format!("state=s&code=c&iss={issuer}"));
        assert_eq!(outcome.code(), Some(Code::CallbackIssuer), "{issuer}");
        assert!(outcome.sent.is_empty());
    }
    assert_eq!(with_query("state=s&error=access_denied&iss=https://evil.example").code(), Some(Code::CallbackIssuer));
}

#[test]
fn t_bcp_2_the_issuer_is_required_when_the_metadata_promise_it() {
    let mut world = World::of(&claims());
    world.document["authorization_response_iss_parameter_supported"] = true.into();
    let outcome = world.run();
    assert_eq!(outcome.code(), Some(Code::CallbackIssuerMissing));
    assert!(!outcome.asked(Purpose::Token));
    world.query = format!("state=s&code=c&iss={ISSUER}");
    assert_eq!(world.run().code(), None);
}

#[test]
fn r_sso_9_errors_of_the_idp_have_codes_of_their_own() {
    for (error, code) in [
        ("access_denied", Code::IdpAccessDenied),
        ("login_required", Code::IdpInteractionRequired),
        ("interaction_required", Code::IdpInteractionRequired),
        ("consent_required", Code::IdpInteractionRequired),
        ("account_selection_required", Code::IdpInteractionRequired),
        ("invalid_request", Code::IdpRejectedRequest),
        ("unauthorized_client", Code::IdpRejectedRequest),
        ("unsupported_response_type", Code::IdpRejectedRequest),
        ("invalid_scope", Code::IdpRejectedRequest),
        ("server_error", Code::IdpUnavailable),
        ("temporarily_unavailable", Code::IdpUnavailable),
        ("something_else", Code::IdpError),
        ("", Code::IdpError),
    ] {
        let outcome = with_query(&format!("state=s&error={error}&error_description=User+is+not+assigned%0A%1b%5B31m"));
        let refusal = outcome.result.unwrap_err();
        assert_eq!(refusal.code, code, "{error}");
        assert_eq!(refusal.received.unwrap(), format!("{error}: User is not assigned[31m"));
    }
}
