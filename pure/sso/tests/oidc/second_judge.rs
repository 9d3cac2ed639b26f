//! Z2: a second library judges the same mutated tokens. It must accept whatever we accept.
//!
//! It knows no leeway, so it is asked as of a minute ago. Claims about the person are left alone: it refuses a token
//! whose `email` or `email_verified` is of another type, where we go on and count the address as missing or not
//! verified (T-LNK-9, R-LNK-2).

use std::str::FromStr;

use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, KEYS, NOW, OTHER_KEYS, World, claims, judge_token, nearly, nonce, sign, sign_raw,
};

fn second_judge_accepts(token: &str) -> bool {
    let keys = World::new("").key_sets[0].to_string();
    let keys: CoreJsonWebKeySet = serde_json::from_str(&keys).unwrap();
    let algorithms = [
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        CoreJwsSigningAlgorithm::EdDsa,
    ];
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(CLIENT.into()),
        IssuerUrl::new(ISSUER.into()).unwrap(),
        keys,
    )
    .set_allowed_algs(algorithms)
    .set_time_fn(|| {
        std::time::SystemTime::UNIX_EPOCH
            .checked_add(std::time::Duration::from_secs(NOW.unsigned_abs() - 60))
            .unwrap()
            .into()
    });
    CoreIdToken::from_str(token).is_ok_and(|token| token.claims(&verifier, &Nonce::new(nonce())).is_ok())
}

#[test]
fn both_judges_accept_a_right_token_of_each_algorithm() {
    for algorithm in ["RS256", "ES256", "ES384", "EdDSA"] {
        let token = sign(algorithm, &claims());
        assert_eq!((judge_token(&token), second_judge_accepts(&token)), (None, true), "{algorithm}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let texts = [
        ISSUER,
        CLIENT,
        "",
        "none",
        "JWT",
        "jwt",
        "RS256",
        "ES256",
        "EdDSA",
        "at+jwt",
        "00u1",
        "https://evil.example",
        "ünal",
    ];
    prop_oneof![
        proptest::sample::select(texts.to_vec()).prop_map(|text| json!(text)),
        Just(json!(nonce())),
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        (-4000_i64..4000).prop_map(|offset| json!(NOW + offset)),
        (-4000.0_f64..4000.0).prop_map(|offset| json!(1_795_327_200.0 + offset)),
        any::<i64>().prop_map(|number| json!(number)),
        Just(json!([CLIENT])),
        Just(json!([CLIENT, "other"])),
        Just(json!({})),
        "\\PC{0,8}".prop_map(|text| json!(text)),
    ]
}

fn changes(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, Option<Value>)>> {
    let change = (proptest::sample::select(names), proptest::option::weighted(0.8, value()));
    proptest::collection::vec(change, 0..3)
}

fn changed(mut object: Value, changes: Vec<(&'static str, Option<Value>)>) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None => drop(members.remove(name)),
        }
    }
    object
}

const CLAIMS: &[&str] = &["iss", "aud", "sub", "exp", "iat", "nbf", "nonce", "azp", "auth_time", "at_hash", "c_hash"];
const HEADER: &[&str] = &["alg", "kid", "typ", "crit", "jku", "jwk", "x5c", "cty", "zip", "b64"];

/// At least 500 cases; more by PROPTEST_CASES.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(500), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn z2_we_accept_nothing_that_the_second_judge_refuses(
        algorithm in proptest::sample::select(vec!["RS256", "ES256", "ES384", "EdDSA"]),
        claim_changes in changes(CLAIMS),
        header_changes in changes(HEADER),
        published in proptest::bool::weighted(0.9),
    ) {
        let header = changed(json!({"alg": algorithm, "kid": algorithm}), header_changes);
        let payload = changed(claims(), claim_changes);
        let keys = if published { &KEYS } else { &OTHER_KEYS };
        let token = sign_raw(keys, algorithm, &header.to_string(), payload.to_string().as_bytes());
        if judge_token(&token).is_none() {
            prop_assert!(second_judge_accepts(&token), "only we accept {header} {payload}");
        }
    }

    #[test]
    fn z2_nor_do_we_read_damaged_json_that_it_does_not_read(
        header in nearly(r#"{"alg":"EdDSA","kid":"EdDSA","typ":"JWT"}"#.to_owned()),
        payload in nearly(claims().to_string()),
        which in 0..3,
    ) {
        let header = if which == 0 { r#"{"alg":"EdDSA","kid":"EdDSA"}"# } else { &header };
        let payload = if which == 1 { claims().to_string() } else { payload };
        let token = sign_raw(&KEYS, "EdDSA", header, payload.as_bytes());
        if judge_token(&token).is_none() {
            prop_assert!(second_judge_accepts(&token), "only we accept {header} {payload}");
        }
    }
}
