//! The second judge of Z2: `openidconnect`, which verifies signatures with libraries of its own and reads tokens with code of
//! its own. What both are asked about stands in `differential`.

use std::str::FromStr;
use std::sync::LazyLock;

use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use proptest::prelude::*;

use crate::support::{
    CLIENT, ISSUER, KEYS, NOW, claims, judge_token, nearly, nonce, sign_as_published, sign_raw, usual_keys,
};

/// By how much clocks may differ for us. *Units*: seconds.
pub(crate) const GRACE_SECONDS: i64 = 60;

static KEY_SET: LazyLock<CoreJsonWebKeySet> =
    LazyLock::new(|| serde_json::from_str(&usual_keys().to_string()).unwrap());

/// Every algorithm that we accept.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Whether it accepts a token at a moment, in seconds.
pub(crate) fn accepts_at(token: &str, now: i64) -> bool {
    let issuer = IssuerUrl::new(ISSUER.into()).unwrap();
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(CLIENT.into()), issuer, KEY_SET.clone())
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || {
            let since = std::time::Duration::from_secs(now.unsigned_abs());
            std::time::SystemTime::UNIX_EPOCH.checked_add(since).unwrap().into()
        });
    CoreIdToken::from_str(token).is_ok_and(|token| token.claims(&verifier, &Nonce::new(nonce())).is_ok())
}

#[test]
fn both_judges_accept_a_right_token_of_each_algorithm() {
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        let token = sign_as_published(algorithm, &claims());
        assert_eq!((judge_token(&token), accepts_at(&token, NOW)), (None, true), "{algorithm}");
    }
}

/// At least 500 cases; more by PROPTEST_CASES.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(500), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

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
            prop_assert!(accepts_at(&token, NOW), "only we accept {header} {payload}");
        }
    }
}
