//! Log-out tokens: T-LO-2, and the two confusions of T-ID-12.

use std::sync::LazyLock;

use orgate_core::time::Timestamp;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::log_out_token::{LogOutToken, LoggedOut, from_form, look, verify};
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode as Code};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, KEYS, NOW, OTHER_KEYS, document, judge, judge_token, nearly, nonce, settings, sign, sign_raw,
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "iat": NOW - 1, "exp": NOW + 120, "jti": "one", "sub": "00u1", "sid": "sid-1",
        "events": { EVENT: {} },
    })
}

fn with(changes: Value) -> Value {
    let mut all = claims();
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn without(names: &[&str]) -> Value {
    let mut all = claims();
    for name in names {
        all.as_object_mut().unwrap().remove(*name).unwrap();
    }
    all
}

fn typed(claims: &Value) -> String {
    let header = json!({"alg": "ES256", "kid": "ES256", "typ": "logout+jwt"}).to_string();
    sign_raw(&KEYS, "ES256", &header, claims.to_string().as_bytes())
}

fn headed(header: &Value) -> String {
    sign_raw(&KEYS, "ES256", &header.to_string(), claims().to_string().as_bytes())
}

fn check(token: &str) -> Result<LogOutToken, SsoRefusal> {
    let metadata = Metadata::parse(ISSUER, document().to_string().as_bytes())?;
    let published = ["RS256", "ES256"].map(|algorithm| KEYS.jwk(algorithm));
    let keys = JwkSet::parse(json!({ "keys": published }).to_string().as_bytes())?;
    verify(token, &metadata, &keys, settings().client(), Timestamp::from_seconds(NOW))
}

fn code(token: &str) -> Option<Code> {
    check(token).err().map(|refusal| refusal.code)
}

fn code_of(claims: &Value) -> Option<Code> {
    code(&typed(claims))
}

#[test]
fn a_right_token_names_the_session_the_person_or_both() {
    let ended = |claims: &Value| check(&typed(claims)).unwrap().ended;
    let both = ended(&claims());
    assert_eq!((both.subject().unwrap().as_str(), both.sid().unwrap().as_str()), ("00u1", "sid-1"));
    assert!(matches!(both, LoggedOut::SessionOf { .. }));
    let person = ended(&without(&["sid"]));
    assert!(matches!(&person, LoggedOut::Person(subject) if subject.as_str() == "00u1") && person.sid().is_none());
    let session = ended(&without(&["sub"]));
    assert!(matches!(&session, LoggedOut::Session(sid) if sid.as_str() == "sid-1") && session.subject().is_none());
    let (one, two) = (check(&typed(&claims())).unwrap(), check(&typed(&with(json!({"jti": "two"})))).unwrap());
    assert_ne!(one.id_hash, two.id_hash);
    assert_eq!(code(&headed(&json!({"alg": "ES256", "kid": "ES256", "typ": "application/LOGOUT+jwt"}))), None);
}

#[test]
fn t_id_12_no_other_kind_of_token_ends_a_session() {
    for kind in
        [json!("JWT"), json!("at+jwt"), json!("secevent+jwt"), json!("logout"), json!(""), json!(null), json!(7)]
    {
        let code = code(&headed(&json!({"alg": "ES256", "kid": "ES256", "typ": kind})));
        let malformed = kind.as_str().is_none();
        assert_eq!(code, Some(if malformed { Code::LogOutTokenMalformed } else { Code::LogOutTokenType }), "{kind}");
    }
    assert_eq!(code(&sign("ES256", &claims())), Some(Code::LogOutTokenType), "no typ");
    let id_token = json!({"iss": ISSUER, "aud": CLIENT, "sub": "00u1", "iat": NOW, "exp": NOW + 60, "nonce": nonce()});
    assert_eq!(judge(&id_token), None, "it is a right ID token");
    assert_eq!(code(&sign("ES256", &id_token)), Some(Code::LogOutTokenType));
    assert_eq!(code(&typed(&id_token)), Some(Code::LogOutTokenEvent), "under another name");
}

#[test]
fn t_id_12_a_log_out_token_signs_nobody_in() {
    assert_eq!(judge_token(&typed(&with(json!({"nonce": nonce()})))), Some(Code::IdTokenType));
    assert_eq!(judge(&with(json!({"nonce": nonce()}))), Some(Code::IdTokenType), "under another name");
}

#[test]
fn t_lo_2_the_algorithm_and_the_key_are_those_of_the_connection() {
    assert_eq!(code(&headed(&json!({"alg": "none", "typ": "logout+jwt"}))), Some(Code::LogOutTokenAlgorithm));
    assert_eq!(
        code(&headed(&json!({"alg": "HS256", "kid": "ES256", "typ": "logout+jwt"}))),
        Some(Code::LogOutTokenAlgorithm)
    );
    let header = json!({"alg": "ES256", "kid": "ES256", "typ": "logout+jwt"}).to_string();
    let foreign = sign_raw(&OTHER_KEYS, "ES256", &header, claims().to_string().as_bytes());
    assert_eq!(code(&foreign), Some(Code::SignatureInvalid));
    let header = json!({"alg": "ES256", "kid": "other", "typ": "logout+jwt"}).to_string();
    let unknown = sign_raw(&KEYS, "ES256", &header, claims().to_string().as_bytes());
    assert_eq!(code(&unknown), Some(Code::KeyUnknown));
    let listed = json!({"id_token_signing_alg_values_supported": ["RS256"]});
    let mut document = document();
    document.as_object_mut().unwrap().extend(listed.as_object().unwrap().clone());
    let metadata = Metadata::parse(ISSUER, document.to_string().as_bytes()).unwrap();
    let keys = JwkSet::parse(json!({ "keys": [KEYS.jwk("ES256")] }).to_string().as_bytes()).unwrap();
    let refusal =
        verify(&typed(&claims()), &metadata, &keys, settings().client(), Timestamp::from_seconds(NOW)).unwrap_err();
    assert_eq!((refusal.code, refusal.expected.as_deref()), (Code::LogOutTokenAlgorithm, Some("RS256")));
}

#[test]
fn t_lo_2_issuer_and_audience_are_those_of_the_connection() {
    for issuer in [json!("https://acme.okta.com/"), json!("https://evil.example"), json!(null), json!([ISSUER])] {
        assert_eq!(code_of(&with(json!({"iss": issuer}))), Some(Code::LogOutTokenIssuer), "{issuer}");
    }
    assert_eq!(code_of(&without(&["iss"])), Some(Code::LogOutTokenIssuer));
    assert_eq!(code_of(&with(json!({"aud": [CLIENT]}))), None);
    for audience in [json!("other"), json!([CLIENT, "other"]), json!([]), json!(null)] {
        assert_eq!(code_of(&with(json!({"aud": audience}))), Some(Code::LogOutTokenAudience), "{audience}");
    }
    assert_eq!(code_of(&without(&["aud"])), Some(Code::LogOutTokenAudience));
}

#[test]
fn t_lo_2_the_token_is_of_now() {
    for (name, value, expected) in [
        ("exp", NOW - 59, None),
        ("exp", NOW - 60, Some(Code::LogOutTokenExpired)),
        ("iat", NOW + 60, None),
        ("iat", NOW + 61, Some(Code::Clock)),
        ("iat", NOW - 600, None),
        ("iat", NOW - 601, Some(Code::LogOutTokenTooOld)),
        ("nbf", NOW + 61, Some(Code::Clock)),
    ] {
        assert_eq!(code_of(&with(json!({name: value}))), expected, "{name} {value}");
    }
    for name in ["exp", "iat"] {
        assert_eq!(code_of(&without(&[name])), Some(Code::LogOutTokenTime), "{name}");
        assert_eq!(code_of(&with(json!({name: NOW.to_string()}))), Some(Code::LogOutTokenTime), "{name}");
    }
}

#[test]
fn t_lo_2_the_event_is_the_one_of_the_standard_and_an_object() {
    for events in [
        json!({}),
        json!([EVENT]),
        json!(EVENT),
        json!(null),
        json!({ EVENT: null }),
        json!({ EVENT: true }),
        json!({ EVENT: "" }),
        json!({ "http://schemas.openid.net/event/foo": {} }),
        json!({ format!("{EVENT}/"): {} }),
        json!({ EVENT: {}, "urn:other": {} }),
    ] {
        assert_eq!(code_of(&with(json!({"events": events}))), Some(Code::LogOutTokenEvent), "{events}");
    }
    assert_eq!(code_of(&without(&["events"])), Some(Code::LogOutTokenEvent));
    assert_eq!(code_of(&with(json!({"events": { EVENT: {"more": 1} }}))), None);
}

#[test]
fn t_lo_2_what_has_a_nonce_is_no_log_out_token() {
    for nonce in [json!("n"), json!(null), json!("")] {
        assert_eq!(code_of(&with(json!({"nonce": nonce}))), Some(Code::LogOutTokenNonce), "{nonce}");
    }
}

#[test]
fn t_lo_2_a_token_names_somebody_and_itself() {
    assert_eq!(code_of(&without(&["sub", "sid"])), Some(Code::LogOutTokenSubject));
    for name in ["sub", "sid"] {
        for value in [json!(7), json!(""), json!(null), json!("ü"), json!("x".repeat(256))] {
            assert_eq!(code_of(&with(json!({name: value}))), Some(Code::LogOutTokenSubject), "{name} {value}");
        }
    }
    assert_eq!(code_of(&without(&["jti"])), Some(Code::LogOutTokenId));
    for id in [json!(7), json!(""), json!(null), json!("x".repeat(256))] {
        assert_eq!(code_of(&with(json!({"jti": id}))), Some(Code::LogOutTokenId), "{id}");
    }
}

#[test]
fn t_id_11_a_token_that_two_readers_could_read_differently_is_refused() {
    let header = json!({"alg": "ES256", "kid": "ES256", "typ": "logout+jwt"}).to_string();
    let payload = claims().to_string().replacen('{', "{\"sub\":\"somebody\",", 1);
    assert_eq!(code(&sign_raw(&KEYS, "ES256", &header, payload.as_bytes())), Some(Code::LogOutTokenMalformed));
    let doubled = header.replacen('{', "{\"typ\":\"JWT\",", 1);
    let token = sign_raw(&KEYS, "ES256", &doubled, claims().to_string().as_bytes());
    assert_eq!(code(&token), Some(Code::LogOutTokenMalformed));
    assert_eq!(code(&typed(&with(json!({"filler": "x".repeat(16_384)})))), Some(Code::LogOutTokenTooLarge));
    let critical = json!({"alg": "ES256", "kid": "ES256", "typ": "logout+jwt", "crit": []});
    assert_eq!(code(&headed(&critical)), Some(Code::LogOutTokenMalformed));
    for token in ["", "a.b", "a.b.c.d.e", "..", "a.b.c"] {
        assert_eq!(code(token), Some(Code::LogOutTokenMalformed), "{token}");
    }
}

#[test]
fn what_cannot_be_one_is_known_without_keys() {
    assert_eq!(look(&typed(&claims())).map_err(|refusal| refusal.code), Ok(()));
    let refused = |token: &str| look(token).unwrap_err().code;
    assert_eq!(refused(&sign("ES256", &claims())), Code::LogOutTokenType);
    assert_eq!(refused("a.b.c"), Code::LogOutTokenMalformed);
    assert_eq!(refused(&headed(&json!({"alg": "none", "typ": "logout+jwt"}))), Code::LogOutTokenAlgorithm);
}

#[test]
fn a_form_holds_one_token() {
    assert_eq!(from_form(b"logout_token=a.b.c&more=1").as_deref(), Ok("a.b.c"));
    for form in ["", "logout_token", "token=a", "logout_token=a&logout_token=b", "{\"logout_token\":\"a\"}"] {
        match from_form(form.as_bytes()) {
            Err(refusal) => assert_eq!(refusal.code, Code::LogOutTokenMissing, "{form}"),
            Ok(token) => assert_eq!((form, token.as_str()), ("logout_token", ""), "an empty one is refused later"),
        }
    }
    assert_eq!(Code::LogOutTokenReplayed.as_str(), "log-out-token-replayed", "which only the database knows");
}

/// Signed once: each signature is another.
static TOKEN: LazyLock<String> = LazyLock::new(|| typed(&claims()));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bytes_end_no_session(
        token in nearly(TOKEN.clone()),
        form in proptest::collection::vec(any::<u8>(), 0..512),
        text in any::<String>(),
    ) {
        prop_assert_eq!(check(&token).is_ok(), token == *TOKEN);
        prop_assert!(look(&text).is_err());
        let _ = from_form(&form);
        let _ = orgate_sso::oidc::log_out::returned(&text);
    }
}
