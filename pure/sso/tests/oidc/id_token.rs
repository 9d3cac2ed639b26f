//! Claims and form of the ID token: one accepting and one rejecting case for each rule.

use orgate_core::assertion::EmailVerified;
use orgate_sso::refusal::SsoRefusalCode as Code;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, KEYS, NOW, World, b64, claims, claims_with, claims_without, judge, judge_token, sign, sign_raw,
};

#[test]
fn a_right_token_becomes_an_assertion_of_what_it_says() {
    let assertion = World::of(&claims_with(json!({"amr": ["pwd", "otp"], "auth_time": NOW - 5}))).run().result.unwrap();
    assert_eq!(assertion.issuer, ISSUER);
    assert_eq!(assertion.client_id, CLIENT);
    assert_eq!(assertion.subject.as_str(), "00u1");
    assert_eq!(assertion.email.as_deref(), Some("ada@acme.example"));
    assert_eq!(assertion.email_verified, EmailVerified::True);
    assert_eq!(assertion.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(assertion.amr, ["pwd", "otp"]);
    assert_eq!(assertion.auth_time.unwrap().as_seconds(), NOW - 5);
    assert!(!assertion.claims.iter().any(|(name, _)| name == "nonce"));
}

#[test]
fn t_id_01_the_issuer_is_compared_byte_for_byte() {
    for issuer in [
        "https://acme.okta.com/",
        "https://ACME.okta.com",
        "https://acme.okta.com.evil.example",
        "https://acme.okta.co",
        "",
    ] {
        assert_eq!(judge(&claims_with(json!({"iss": issuer}))), Some(Code::IdTokenIssuer), "{issuer}");
    }
    assert_eq!(judge(&claims_with(json!({"iss": [ISSUER]}))), Some(Code::IdTokenIssuer));
    assert_eq!(judge(&claims_without("iss")), Some(Code::IdTokenIssuer));
}

#[test]
fn t_id_02_the_audience_is_this_client_alone() {
    assert_eq!(judge(&claims_with(json!({"aud": [CLIENT]}))), None);
    for audience in [
        json!("other"),
        json!([]),
        json!(["other"]),
        json!([CLIENT, "other"]),
        json!([CLIENT, CLIENT]),
        json!(null),
        json!([[CLIENT]]),
        json!({}),
    ] {
        assert_eq!(judge(&claims_with(json!({"aud": audience}))), Some(Code::IdTokenAudience), "{audience}");
    }
    assert_eq!(judge(&claims_without("aud")), Some(Code::IdTokenAudience));
}

#[test]
fn t_sec_3_a_secret_that_stands_where_another_thing_belongs_is_not_shown() {
    for secret in ["canary-secret", "access-1", "code-1"] {
        for claim in ["aud", "iss", "nonce"] {
            let refusal = World::of(&claims_with(json!({ claim: secret }))).run().result.unwrap_err();
            assert!(!format!("{refusal:?}").contains(secret), "{claim}: {refusal:?}");
        }
    }
    let refusal = World::of(&claims_with(json!({"aud": ["other", "canary-secret"]}))).run().result.unwrap_err();
    assert!(refusal.received.as_ref().is_some_and(|text| text.contains("[removed]")), "{refusal:?}");
}

#[test]
fn t_id_02_an_authorized_party_is_this_client() {
    assert_eq!(judge(&claims_with(json!({"azp": CLIENT}))), None);
    for party in [json!("other"), json!(null), json!([CLIENT]), json!("")] {
        assert_eq!(judge(&claims_with(json!({"azp": party}))), Some(Code::IdTokenAuthorizedParty), "{party}");
    }
}

#[test]
fn t_id_03_critical_extensions_are_refused_and_keys_in_the_header_ignored() {
    let with = |extra: Value| {
        let mut header = json!({"alg": "ES256", "kid": "ES256"});
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        judge_token(&sign_raw(&KEYS, "ES256", &header.to_string(), claims().to_string().as_bytes()))
    };
    for critical in [json!(["exp"]), json!([]), json!(null), json!(["b64"])] {
        assert_eq!(with(json!({"crit": critical})), Some(Code::IdTokenCritical), "{critical}");
    }
    let foreign =
        json!({"jku": "https://evil.example", "x5u": "https://evil.example", "x5c": ["AA"], "jwk": {"kty": "oct"}});
    assert_eq!(with(foreign), None);
}

#[test]
fn t_id_06_the_nonce_is_that_of_this_sign_in() {
    assert_eq!(judge(&claims_without("nonce")), Some(Code::IdTokenNonce));
    for nonce in [json!("other"), json!(null), json!(["x"]), json!("")] {
        assert_eq!(judge(&claims_with(json!({"nonce": nonce}))), Some(Code::IdTokenNonce), "{nonce}");
    }
}

#[test]
fn t_id_07_the_subject_is_kept_as_it_is_or_refused() {
    for subject in ["a", " 00U1 ", "00u1|x", &"x".repeat(255)] {
        let mut world = World::of(&claims_with(json!({"sub": subject})));
        world.known = true;
        assert_eq!(world.run().result.unwrap().subject.as_str(), subject);
    }
    for subject in [json!(""), json!("x".repeat(256)), json!("ünal"), json!("a\n"), json!(7), json!(null), json!(["a"])]
    {
        assert_eq!(judge(&claims_with(json!({"sub": subject}))), Some(Code::IdTokenSubject), "{subject}");
    }
    assert_eq!(judge(&claims_without("sub")), Some(Code::IdTokenSubject));
}

#[test]
fn t_id_08_hashes_inside_the_token_are_verified_whenever_present() {
    let half = |text: &str| {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        b64(&hash.as_ref()[..16])
    };
    assert_eq!(judge(&claims_with(json!({"at_hash": half("access-1"), "c_hash": half("code-1")}))), None);
    for wrong in [json!(half("access-2")), json!(""), json!(null), json!(7)] {
        assert_eq!(judge(&claims_with(json!({"at_hash": wrong}))), Some(Code::IdTokenAccessTokenHash), "{wrong}");
        assert_eq!(judge(&claims_with(json!({"c_hash": wrong}))), Some(Code::IdTokenCodeHash), "{wrong}");
    }
}

#[test]
fn t_id_11_json_that_could_be_read_in_two_ways_is_refused() {
    let good = claims().to_string();
    let body = good.strip_prefix('{').unwrap();
    let deep = format!("{{\"x\":{}1{},{body}", "[".repeat(10_000), "]".repeat(10_000));
    let payloads: Vec<Vec<u8>> = vec![
        format!("{{\"iss\":\"{ISSUER}\",{body}").into_bytes(),
        format!("{{\"\\u0069ss\":\"https://evil.example\",{body}").into_bytes(),
        format!("{{\"x\":{{\"a\":1,\"a\":2}},{body}").into_bytes(),
        format!("{{\"x\":NaN,{body}").into_bytes(),
        format!("{{\"x\":18446744073709551616,{body}").into_bytes(),
        format!("{{\"x\":1e400,{body}").into_bytes(),
        format!("{good} x").into_bytes(),
        format!("{good}{good}").into_bytes(),
        [b"{\"x\":\"\xff\",", body.as_bytes()].concat(),
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        b"[]".to_vec(),
        b"".to_vec(),
    ];
    for payload in payloads {
        let token = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256"}"#, &payload);
        assert_eq!(judge_token(&token), Some(Code::IdTokenMalformed), "{}", String::from_utf8_lossy(&payload));
    }
    let deep = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256"}"#, deep.as_bytes());
    assert_eq!(judge_token(&deep), Some(Code::IdTokenTooLarge));
    let levels = format!("{{\"x\":{}1{},{body}", "[".repeat(100), "]".repeat(100));
    let levels = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256"}"#, levels.as_bytes());
    assert_eq!(judge_token(&levels), Some(Code::IdTokenMalformed));
}

#[test]
fn t_id_11_a_header_is_read_as_strictly() {
    let repeated =
        sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256","alg":"ES256"}"#, claims().to_string().as_bytes());
    assert_eq!(judge_token(&repeated), Some(Code::IdTokenMalformed));
    let number = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":7}"#, claims().to_string().as_bytes());
    assert_eq!(judge_token(&number), Some(Code::IdTokenMalformed));
}

#[test]
fn t_id_11_16_kib_are_the_limit() {
    let of_size = |length: usize| sign("ES256", &claims_with(json!({"x": "y".repeat(length)})));
    assert_eq!(judge_token(&of_size(11_000)), None);
    assert_eq!(judge_token(&of_size(13_000)), Some(Code::IdTokenTooLarge));
    // The response itself has its own limit, so a token of a megabyte is not even reached.
    assert_eq!(judge_token(&of_size(1_000_000)), Some(Code::ResponseTooLarge));
}

#[test]
fn t_id_11_anything_but_three_strict_parts_is_refused() {
    let good = sign("ES256", &claims());
    let parts: Vec<_> = good.split('.').collect();
    for token in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "e30.e30.",
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{good}."),
        &format!("{good}.x"),
        &format!(" {good}"),
        &format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
    ] {
        let code = judge_token(token).unwrap();
        assert!(matches!(code, Code::IdTokenMalformed | Code::IdTokenAlgorithm), "{token}: {code:?}");
    }
    for tail in ["==", "\n", " "] {
        assert_eq!(judge_token(&format!("{good}{tail}")), Some(Code::SignatureInvalid), "{tail:?}");
    }
    // The answer that it comes in is not read at all.
    assert_eq!(judge_token(&format!("{good}\0")), Some(Code::TokenResponseMalformed));
}

#[test]
fn t_id_12_an_encrypted_token_is_refused() {
    assert_eq!(judge_token("a.b.c.d.e"), Some(Code::IdTokenEncrypted));
    let token = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256","enc":"A256GCM"}"#, b"{}");
    assert_eq!(judge_token(&token), Some(Code::IdTokenEncrypted));
}

#[test]
fn t_id_12_another_kind_of_token_is_refused() {
    let of_type = |kind: &str| {
        let header = json!({"alg": "ES256", "kid": "ES256", "typ": kind}).to_string();
        judge_token(&sign_raw(&KEYS, "ES256", &header, claims().to_string().as_bytes()))
    };
    for kind in ["JWT", "jwt"] {
        assert_eq!(of_type(kind), None, "{kind}");
    }
    for kind in [
        "at+jwt",
        "application/at+jwt",
        "logout+jwt",
        "secevent+jwt",
        "global-token-revocation+jwt",
        "JOSE",
        "dpop+jwt",
        "",
    ] {
        assert_eq!(of_type(kind), Some(Code::IdTokenType), "{kind}");
    }
    let nested =
        sign_raw(&KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256","cty":"JWT"}"#, claims().to_string().as_bytes());
    assert_eq!(judge_token(&nested), Some(Code::IdTokenType));
    let event = json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
    assert_eq!(judge(&claims_with(event)), Some(Code::IdTokenType));
}

#[test]
fn t_idp_4_a_flood_of_claims_is_bounded() {
    let mut many = claims_with(json!({"name": "n".repeat(1000), "amr": vec!["x"; 100]}));
    for number in 0..200 {
        many[format!("c{number}")] = "v".into();
    }
    let assertion = World::of(&many).run().result.unwrap();
    assert_eq!(assertion.claims.len(), 40);
    assert!(assertion.claims.iter().all(|(_, value)| value.chars().count() <= 300));
    assert_eq!(assertion.amr.len(), 16);
    assert_eq!(assertion.name.unwrap().len(), 200);
}

#[test]
fn t_lnk_9_email_verified_has_three_meanings() {
    let meaning =
        |value: Value| World::of(&claims_with(json!({"email_verified": value}))).run().result.unwrap().email_verified;
    assert_eq!(meaning(json!(true)), EmailVerified::True);
    for value in [json!(false), json!("true"), json!(1), json!(null), json!([true])] {
        assert_eq!(meaning(value.clone()), EmailVerified::FalseOrMalformed, "{value}");
    }
    let mut known = World::of(&claims_without("email_verified"));
    known.known = true;
    assert_eq!(known.run().result.unwrap().email_verified, EmailVerified::Missing);
}

#[test]
fn t_sec_3_a_refusal_shows_neither_nonce_nor_token_nor_secret() {
    let nonce = World::of(&claims_with(json!({"nonce": "canary-nonce"}))).run().result.unwrap_err().to_string();
    assert!(!nonce.contains("canary"), "{nonce}");
    let mut broken = sign("ES256", &claims());
    broken.push('A');
    let shown = World::new(&broken).run().result.unwrap_err().to_string();
    assert!(!shown.contains(&broken[..20]), "{shown}");
}
