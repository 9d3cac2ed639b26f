//! UserInfo: when it is read, and what it may say.

use orgate_core::assertion::EmailVerified;
use orgate_sso::exchange::{Purpose, Response};
use orgate_sso::refusal::SsoRefusalCode as Code;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, KEYS, NOW, OTHER_KEYS, World, claims, claims_with, claims_without, response, sign, sign_raw,
};

fn thin() -> Value {
    let mut claims = claims_without("email");
    claims.as_object_mut().unwrap().retain(|name, _| name != "email_verified" && name != "name");
    claims
}

fn answered(token: &Value, userinfo: Response) -> World {
    let mut world = World::of(token);
    world.userinfo = userinfo;
    world
}

#[test]
fn r_sso_8_thin_tokens_work_through_userinfo() {
    let userinfo =
        response(&json!({"sub": "00u1", "email": "ada@acme.example", "email_verified": true, "name": "Ada"}));
    let outcome = answered(&thin(), userinfo).run();
    let assertion = outcome.result.unwrap();
    assert_eq!(assertion.email.as_deref(), Some("ada@acme.example"));
    assert_eq!((assertion.email_verified, assertion.name.as_deref()), (EmailVerified::True, Some("Ada")));
    let request = outcome.sent.iter().find(|request| request.purpose == Purpose::UserInfo).unwrap();
    let authorization = request.headers.iter().find(|header| header.name == "authorization").unwrap();
    assert_eq!(authorization.value.expose_secret(), "Bearer access-1");
}

#[test]
fn r_sso_8_userinfo_is_read_for_a_missing_address_always_and_for_verification_at_a_first_contact_only() {
    let asked = |claims: &Value, known: bool| {
        let mut world = World::of(claims);
        world.known = known;
        let outcome = world.run();
        assert_eq!(outcome.code(), None);
        outcome.asked(Purpose::UserInfo)
    };
    assert!(!asked(&claims(), false));
    assert!(!asked(&claims_with(json!({"email_verified": false})), false));
    assert!(asked(&claims_without("email_verified"), false));
    assert!(!asked(&claims_without("email_verified"), true));
    assert!(asked(&claims_without("email"), true));
    assert!(asked(&claims_without("email"), false));
}

#[test]
fn a_provider_without_userinfo_leaves_the_address_missing() {
    let mut world = World::of(&thin());
    world.document.as_object_mut().unwrap().remove("userinfo_endpoint");
    assert_eq!(world.run().result.unwrap().email, None);
}

#[test]
fn t_id_10_another_subject_fails_the_whole_sign_in() {
    for subject in [json!("00u2"), json!("00U1"), json!("")] {
        let outcome = answered(&thin(), response(&json!({"sub": subject, "email": "ada@acme.example"}))).run();
        assert_eq!(outcome.code(), Some(Code::UserInfoSubject), "{subject}");
    }
    assert_eq!(answered(&thin(), response(&json!({"email": "a@b.c"}))).run().code(), Some(Code::UserInfoSubject));
    assert_eq!(answered(&thin(), response(&json!({"sub": 7}))).run().code(), Some(Code::UserInfoMalformed));
}

#[test]
fn t_id_10_userinfo_never_overrides_the_id_token() {
    let token = claims_without("email_verified");
    let userinfo = json!({
        "sub": "00u1", "iss": "https://evil.example", "email": "owner@acme.example", "email_verified": true,
        "name": "Eve", "amr": ["hwk"],
    });
    let assertion = answered(&token, response(&userinfo)).run().result.unwrap();
    assert_eq!(assertion.issuer, ISSUER);
    assert_eq!(assertion.email.as_deref(), Some("ada@acme.example"));
    assert_eq!(assertion.name.as_deref(), Some("Ada Lovelace"));
    assert!(assertion.amr.is_empty());
    // "verified" was said about another address.
    assert_eq!(assertion.email_verified, EmailVerified::FalseOrMalformed);
    assert!(assertion.claims.contains(&("iss".into(), ISSUER.into())));
}

#[test]
fn t_lnk_9_what_userinfo_says_about_the_address_fills_the_gap() {
    let verified =
        |token: &Value, userinfo: Value| answered(token, response(&userinfo)).run().result.unwrap().email_verified;
    let token = claims_without("email_verified");
    let same = "ada@acme.example";
    assert_eq!(verified(&token, json!({"sub": "00u1", "email": same, "email_verified": true})), EmailVerified::True);
    assert_eq!(
        verified(&token, json!({"sub": "00u1", "email": same, "email_verified": "true"})),
        EmailVerified::FalseOrMalformed
    );
    assert_eq!(verified(&token, json!({"sub": "00u1"})), EmailVerified::Missing);
    let mut denied = thin();
    denied["email_verified"] = false.into();
    assert_eq!(
        verified(&denied, json!({"sub": "00u1", "email": same, "email_verified": true})),
        EmailVerified::FalseOrMalformed
    );
}

#[test]
fn an_answer_without_claims_is_refused() {
    for body in ["", "<html>", "[]", r#"{"sub":"00u1","sub":"00u1"}"#] {
        let answer = Response { status: 200, body: body.into(), ..Response::default() };
        assert_eq!(answered(&thin(), answer).run().code(), Some(Code::UserInfoMalformed), "{body}");
    }
    for (status, code) in [
        (401, Code::UserInfoRejected),
        (403, Code::UserInfoRejected),
        (302, Code::Redirected),
        (500, Code::UnexpectedStatus),
    ] {
        let answer = Response { status, ..Response::default() };
        assert_eq!(answered(&thin(), answer).run().code(), Some(code), "{status}");
    }
    let big = Response { status: 200, body: vec![b' '; 64 * 1024 + 1], ..Response::default() };
    assert_eq!(answered(&thin(), big).run().code(), Some(Code::ResponseTooLarge));
}

#[test]
fn t_sec_3_a_secret_in_the_place_of_the_subject_is_not_shown() {
    for secret in ["canary-secret", "access-1"] {
        let refusal = answered(&thin(), response(&json!({ "sub": secret }))).run().result.unwrap_err();
        assert_eq!(refusal.code, Code::UserInfoSubject);
        assert!(!format!("{refusal:?}").contains(secret), "{refusal:?}");
    }
}

fn signed(token: String) -> Option<Code> {
    let content_type = Some("Application/JWT; charset=utf-8".into());
    answered(&thin(), Response { status: 200, content_type, body: token.into(), ..Response::default() }).run().code()
}

#[test]
fn t_id_10_signed_userinfo_passes_the_checks_of_an_id_token() {
    let claims = |changes: Value| {
        let mut all = json!({"iss": ISSUER, "aud": CLIENT, "sub": "00u1", "email": "ada@acme.example"});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    assert_eq!(signed(sign("ES256", &claims(json!({})))), None);
    assert_eq!(signed(sign("ES256", &claims(json!({"exp": NOW + 60, "iat": NOW})))), None);
    for wrong in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "other"}),
        json!({"exp": NOW - 61}),
        json!({"exp": "soon"}),
        json!({"iat": NOW + 61}),
        json!({"events": {}}),
    ] {
        assert_eq!(signed(sign("ES256", &claims(wrong.clone()))), Some(Code::UserInfoSignature), "{wrong}");
    }
    let foreign =
        sign_raw(&OTHER_KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256"}"#, claims(json!({})).to_string().as_bytes());
    assert_eq!(signed(foreign), Some(Code::UserInfoSignature));
    let unsigned =
        sign_raw(&KEYS, "ES256", r#"{"alg":"none","kid":"ES256"}"#, claims(json!({})).to_string().as_bytes());
    assert_eq!(signed(unsigned), Some(Code::UserInfoSignature));
    assert_eq!(signed(sign("ES256", &claims(json!({"sub": "00u2"})))), Some(Code::UserInfoSubject));
}
