//! The token request and its answer.

use orgate_sso::exchange::{Method, Purpose, Response};
use orgate_sso::refusal::SsoRefusalCode as Code;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{REDIRECT, World, b64, claims, response, sign};

fn answered(answer: Response) -> crate::support::Outcome {
    let mut world = World::of(&claims());
    world.token_response = answer;
    world.run()
}

fn with(changes: Value) -> Option<Code> {
    let mut body = json!({"token_type": "Bearer", "access_token": "access-1", "id_token": sign("ES256", &claims())});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    answered(response(&body)).code()
}

fn error(status: u16, body: &Value) -> Response {
    Response { status, ..response(body) }
}

#[test]
fn the_request_carries_code_verifier_and_secret_and_nothing_prints_them() {
    let outcome = World::of(&claims()).run();
    let request = outcome.sent.iter().find(|request| request.purpose == Purpose::Token).unwrap();
    assert_eq!(request.method, Method::Post);
    let body = request.body.as_ref().unwrap().expose_secret();
    let form: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap();
    let expected = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", "code-1".into()),
        ("redirect_uri", REDIRECT.into()),
        ("code_verifier", b64([3; 32])),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value)));
    let authorization = request.headers.iter().find(|header| header.name == "authorization").unwrap();
    // 0oaclient:canary-secret
    assert_eq!(authorization.value.expose_secret(), "Basic MG9hY2xpZW50OmNhbmFyeS1zZWNyZXQ=");
    let shown = format!("{:?}", outcome.sent);
    assert!(!shown.contains("canary") && !shown.contains("code-1") && !shown.contains("MG9h"), "{shown}");
}

#[test]
fn t_bcp_6_post_puts_the_secret_into_the_form() {
    let mut world = World::of(&claims());
    world.document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    let outcome = world.run();
    assert_eq!(outcome.code(), None);
    let request = outcome.sent.iter().find(|request| request.purpose == Purpose::Token).unwrap();
    assert!(request.headers.iter().all(|header| header.name != "authorization"));
    assert!(
        request.body.as_ref().unwrap().expose_secret().ends_with("&client_id=0oaclient&client_secret=canary-secret")
    );
    world.document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    assert_eq!(world.run().code(), Some(Code::ClientAuthenticationUnsupported));
}

#[test]
fn t_id_14_the_token_type_is_bearer_in_any_case_and_expires_in_may_be_missing() {
    for kind in ["bearer", "BEARER", "bEaReR"] {
        assert_eq!(with(json!({"token_type": kind})), None);
    }
    for kind in ["DPoP", "mac", "", "Bearer "] {
        assert_eq!(with(json!({"token_type": kind})), Some(Code::TokenType), "{kind}");
    }
    assert_eq!(with(json!({"token_type": 7})), Some(Code::TokenResponseMalformed));
    assert_eq!(with(json!({"expires_in": 3600, "scope": "openid"})), None);
}

#[test]
fn t_id_14_redirects_of_the_token_endpoint_are_refused() {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(answered(error(status, &json!({}))).code(), Some(Code::Redirected), "{status}");
    }
    assert_eq!(answered(error(500, &json!({}))).code(), Some(Code::UnexpectedStatus));
    assert_eq!(answered(error(404, &json!({}))).code(), Some(Code::UnexpectedStatus));
}

#[test]
fn errors_of_the_token_endpoint_have_codes_of_their_own() {
    for (status, body, code) in [
        (401, json!({"error": "invalid_client"}), Code::ClientRejected),
        (400, json!({"error": "invalid_client"}), Code::ClientRejected),
        (401, json!({"error": "unauthorized_client"}), Code::ClientRejected),
        (401, json!({}), Code::ClientRejected),
        (400, json!({"error": "invalid_grant"}), Code::CodeRejected),
        (400, json!({"error": "unauthorized_client"}), Code::TokenRequestRejected),
        (400, json!({"error": "invalid_request"}), Code::TokenRequestRejected),
        (200, json!({"error": "invalid_grant"}), Code::CodeRejected),
    ] {
        assert_eq!(answered(error(status, &body)).code(), Some(code), "{status} {body}");
    }
}

#[test]
fn t_sec_3_a_secret_that_the_idp_repeats_is_not_passed_on() {
    let body = json!({"error": "invalid_client", "error_description": "secret canary-secret, code code-1"});
    let refusal = answered(error(401, &body)).result.unwrap_err();
    assert_eq!(refusal.received.as_deref(), Some("invalid_client: secret [removed], code [removed]"));
}

#[test]
fn t_sec_3_a_secret_that_the_idp_puts_into_a_redirect_is_not_passed_on_either() {
    let told = |to: String| {
        let answer = Response { status: 302, location: Some(to), ..Response::default() };
        let refusal = answered(answer).result.unwrap_err();
        assert_eq!(refusal.code, Code::Redirected);
        refusal.received.unwrap()
    };
    let repeated = told(format!("https://evil.example/?s=canary-secret&c=code-1&v={}", b64([3; 32])));
    assert_eq!(repeated, "302 to https://evil.example/?s=[removed]&c=[removed]&v=[removed]");
    // Whatever is left of the secret where the text is cut.
    let verifier = b64([3; 32]);
    for kept in 4..=verifier.len() {
        let received = told(format!("{}{verifier}", "x".repeat(200 - "302 to ".len() - kept)));
        assert!(received.ends_with("x[removed]"), "{kept}: {received}");
    }
}

#[test]
fn an_answer_without_tokens_is_refused() {
    for body in ["", "<html>", "[]", r#"{"token_type":"Bearer","token_type":"Bearer"}"#] {
        let answer = Response { status: 200, body: body.into(), ..Response::default() };
        assert_eq!(answered(answer).code(), Some(Code::TokenResponseMalformed), "{body}");
    }
    assert_eq!(with(json!({"id_token": null})), Some(Code::TokenResponseMalformed));
    let without = json!({"token_type": "Bearer", "access_token": "a"});
    assert_eq!(answered(response(&without)).code(), Some(Code::IdTokenMissing));
    for token in [json!(null), json!(""), json!("a\r\nx-evil: 1"), json!("ü")] {
        assert_eq!(with(json!({"access_token": token})), Some(Code::TokenResponseMalformed), "{token}");
    }
}
