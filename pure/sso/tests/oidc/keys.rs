//! Signatures, algorithms and the key set.

use orgate_sso::exchange::Response;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::refusal::SsoRefusalCode as Code;
use serde_json::{Value, json};

use crate::support::{KEYS, OTHER_KEYS, World, b64, claims, judge_token, sign, sign_raw};

fn with_keys(token: &str, sets: Vec<Value>) -> crate::support::Outcome {
    let mut world = World::new(token);
    world.key_sets = sets;
    world.run()
}

#[test]
fn t_id_04_every_accepted_algorithm_verifies() {
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        let set = json!({"keys": [KEYS.jwk(algorithm)]});
        assert_eq!(with_keys(&sign(algorithm, &claims()), vec![set]).code(), None, "{algorithm}");
    }
}

#[test]
fn t_id_04_none_and_symmetric_algorithms_are_refused_in_every_writing() {
    for algorithm in
        ["none", "None", "nOnE", "NONE", "", "HS256", "HS384", "HS512", "es256", "ES256K", "ES512", "RS1", "dir"]
    {
        let header = json!({"alg": algorithm, "kid": "ES256"}).to_string();
        let token = sign_raw(&KEYS, "ES256", &header, claims().to_string().as_bytes());
        assert_eq!(judge_token(&token), Some(Code::IdTokenAlgorithm), "{algorithm}");
        let unsigned = format!("{}.{}.", b64(&header), b64(claims().to_string()));
        assert_eq!(judge_token(&unsigned), Some(Code::IdTokenAlgorithm), "{algorithm}");
    }
    let missing = sign_raw(&KEYS, "ES256", r#"{"kid":"ES256"}"#, claims().to_string().as_bytes());
    assert_eq!(judge_token(&missing), Some(Code::IdTokenAlgorithm));
    let null = sign_raw(&KEYS, "ES256", r#"{"alg":null,"kid":"ES256"}"#, claims().to_string().as_bytes());
    assert_eq!(judge_token(&null), Some(Code::IdTokenMalformed));
}

#[test]
fn t_id_04_an_hmac_with_the_public_key_is_no_signature() {
    let message = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"RS256"}"#), b64(claims().to_string()));
    let public = KEYS.jwk("RS256")["n"].as_str().unwrap().to_owned();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public.as_bytes());
    let token = format!("{message}.{}", b64(aws_lc_rs::hmac::sign(&key, message.as_bytes())));
    assert_eq!(judge_token(&token), Some(Code::IdTokenAlgorithm));
}

#[test]
fn t_id_04_the_algorithm_is_one_that_the_provider_lists() {
    let mut world = World::of(&claims());
    world.document["id_token_signing_alg_values_supported"] = json!(["RS256", "none", "HS256"]);
    assert_eq!(world.run().code(), Some(Code::IdTokenAlgorithm));
    world.document["id_token_signing_alg_values_supported"] = json!(["RS256", "ES256"]);
    assert_eq!(world.run().code(), None);
    world.document["id_token_signing_alg_values_supported"] = json!(["none", "HS256"]);
    assert_eq!(world.run().code(), Some(Code::AlgorithmsUnsupported));
}

#[test]
fn t_id_04_a_key_of_another_kind_or_purpose_is_refused() {
    let token = |kid: &str| {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        sign_raw(&KEYS, "ES256", &header, claims().to_string().as_bytes())
    };
    assert_eq!(judge_token(&token("RS256")), Some(Code::KeyUnsuitable));
    for (member, value) in [
        ("use", json!("enc")),
        ("use", json!(7)),
        ("key_ops", json!(["sign"])),
        ("alg", json!("ES384")),
        ("alg", json!("RSA-OAEP")),
        ("kty", json!("RSA")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", json!("AA")),
        ("x", json!("not base64!")),
    ] {
        let mut key = KEYS.jwk("ES256");
        key[member] = value.clone();
        let outcome = with_keys(&token("ES256"), vec![json!({"keys": [key]})]);
        assert_eq!(outcome.code(), Some(Code::KeyUnsuitable), "{member} {value}");
    }
    let mut fitting = KEYS.jwk("ES256");
    fitting["alg"] = "ES256".into();
    fitting["key_ops"] = json!(["verify"]);
    assert_eq!(with_keys(&token("ES256"), vec![json!({"keys": [fitting]})]).code(), None);
}

#[test]
fn t_id_03_a_signature_by_another_key_or_over_other_claims_is_refused() {
    let header = r#"{"alg":"ES256","kid":"ES256"}"#;
    let foreign = sign_raw(&OTHER_KEYS, "ES256", header, claims().to_string().as_bytes());
    assert_eq!(judge_token(&foreign), Some(Code::SignatureInvalid));
    let good = sign("ES256", &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(judge_token(&format!("{message}.")), Some(Code::SignatureInvalid));
    let other = message.rsplit_once('.').unwrap().0.to_owned() + "." + &b64(r#"{"sub":"admin"}"#);
    assert_eq!(judge_token(&format!("{other}.{signature}")), Some(Code::SignatureInvalid));
    // CVE-2022-21449: all zeros.
    assert_eq!(judge_token(&format!("{message}.{}", b64([0; 64]))), Some(Code::SignatureInvalid));
}

#[test]
fn t_id_03_claims_are_not_read_before_the_signature_was_checked() {
    let token = sign_raw(&OTHER_KEYS, "ES256", r#"{"alg":"ES256","kid":"ES256"}"#, b"this is not even JSON");
    assert_eq!(judge_token(&token), Some(Code::SignatureInvalid));
}

#[test]
fn t_idp_2_an_unknown_key_is_asked_for_once_more_and_no_more() {
    let token = sign("ES256", &claims());
    let (old, new) = (json!({"keys": [KEYS.jwk("RS256")]}), json!({"keys": [KEYS.jwk("ES256")]}));
    let rotated = with_keys(&token, vec![old.clone(), new]);
    assert_eq!((rotated.code(), rotated.refetches), (None, 1));
    let refused = with_keys(&token, vec![old]);
    assert_eq!((refused.code(), refused.refetches), (Some(Code::KeyUnknown), 1));
    assert_eq!(World::of(&claims()).run().refetches, 0);
}

#[test]
fn f3_a_new_key_under_the_old_name_is_found_with_one_refetch() {
    let set = |keys: &crate::support::Keys| json!({"keys": [keys.jwk("ES256")]});
    let outcome = with_keys(&sign("ES256", &claims()), vec![set(&OTHER_KEYS), set(&KEYS)]);
    assert_eq!((outcome.code(), outcome.refetches), (None, 1));
}

#[test]
fn t_idp_2_an_empty_key_set_has_its_own_refusal() {
    let outcome = with_keys(&sign("ES256", &claims()), vec![json!({"keys": []})]);
    assert_eq!((outcome.code(), outcome.refetches), (Some(Code::KeysEmpty), 1));
}

#[test]
fn a_token_without_kid_is_accepted_from_a_provider_with_one_key_only() {
    let token = sign_raw(&KEYS, "ES256", r#"{"alg":"ES256"}"#, claims().to_string().as_bytes());
    assert_eq!(with_keys(&token, vec![json!({"keys": [KEYS.jwk("ES256")]})]).code(), None);
    let several = json!({"keys": [KEYS.jwk("ES256"), KEYS.jwk("RS256")]});
    assert_eq!(with_keys(&token, vec![several]).code(), Some(Code::KeyAmbiguous));
    assert_eq!(with_keys(&token, vec![json!({"keys": [KEYS.jwk("RS256")]})]).code(), Some(Code::KeyUnsuitable));
    assert_eq!(with_keys(&token, vec![json!({"keys": []})]).code(), Some(Code::KeysEmpty));
}

#[test]
fn a_kid_that_is_there_twice_is_refused() {
    let twice = json!({"keys": [KEYS.jwk("ES256"), OTHER_KEYS.jwk("ES256")]});
    assert_eq!(with_keys(&sign("ES256", &claims()), vec![twice]).code(), Some(Code::KeyAmbiguous));
}

#[test]
fn t_idp_5_weak_symmetric_and_private_keys_are_refused() {
    let rsa = |bits: usize| json!({"kty": "RSA", "kid": "RS256", "n": b64(vec![0xff; bits / 8]), "e": "AQAB"});
    let mut exponent_one = KEYS.jwk("RS256");
    exponent_one["e"] = "AQ".into();
    let mut even = KEYS.jwk("RS256");
    even["e"] = "Ag".into();
    let mut private = KEYS.jwk("RS256");
    private["d"] = "AQAB".into();
    let oct = json!({"kty": "oct", "kid": "RS256", "k": "c2VjcmV0"});
    for key in [rsa(512), rsa(1024), rsa(2040), rsa(16384), exponent_one, even, private, oct] {
        let outcome = with_keys(&sign("RS256", &claims()), vec![json!({"keys": [key.clone()]})]);
        assert_eq!(outcome.code(), Some(Code::KeyUnsuitable), "{key}");
    }
}

#[test]
fn t_idp_1_64_keys_are_the_limit_and_unusable_ones_are_told_apart() {
    let key = |number: usize| {
        let mut key = KEYS.jwk("ES256");
        key["kid"] = number.to_string().into();
        key
    };
    let set = |count: usize| json!({"keys": (0..count).map(key).collect::<Vec<_>>()}).to_string();
    assert_eq!(JwkSet::parse(set(64).as_bytes()).unwrap().usable(), 64);
    assert_eq!(JwkSet::parse(set(65).as_bytes()).unwrap_err().code, Code::KeysTooMany);
    let mixed = json!({"keys": [KEYS.jwk("ES256"), {"kty": "oct", "kid": "s", "k": "AA"}, 7]}).to_string();
    let mixed = JwkSet::parse(mixed.as_bytes()).unwrap();
    assert_eq!((mixed.usable(), mixed.skipped().len()), (1, 2));
    assert_eq!(mixed.skipped()[0].id.as_deref(), Some("s"));
}

#[test]
fn what_is_no_key_set_is_refused() {
    for body in ["", "{}", "[]", r#"{"keys":7}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
        assert_eq!(JwkSet::parse(body.as_bytes()).unwrap_err().code, Code::KeysMalformed, "{body}");
    }
    let big = vec![b' '; 256 * 1024 + 1];
    assert_eq!(JwkSet::parse(&big).unwrap_err().code, Code::ResponseTooLarge);
    let moved = Response { status: 302, location: Some("https://127.0.0.1/".into()), ..Response::default() };
    assert_eq!(JwkSet::from_response(&moved).unwrap_err().code, Code::Redirected);
}
