//! Whatever a stranger sends: refused or read, never a panic; and no changed token is accepted.

use orgate_sso::exchange::Response;
use orgate_sso::kind::ConnectionKind;
use orgate_sso::oidc::Callback;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::settings::{Settings, SettingsInput};
use orgate_sso::url_rules::{UrlRules, check_url};
use orgate_sso::{issuer, okta_domain};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{ISSUER, KEYS, World, claims, is_deep, judge_token, nearly, sign, sign_as_published};

/// Both paddings of RSA, an elliptic curve and Ed25519; `ORGATE_DEEP=1` takes the other algorithms, too.
#[test]
fn z2_every_single_bit_flip_of_a_valid_token_is_refused() {
    let others = ["RS384", "RS512", "PS384", "PS512", "ES384"];
    let others = others.iter().filter(|_| is_deep());
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"].iter().chain(others) {
        let token = sign_as_published(algorithm, &claims());
        assert_eq!(judge_token(&token), None);
        for index in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[index / 8] ^= 1 << (index % 8);
            // A token is a JSON string, so one that is no UTF-8 does not even arrive.
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(judge_token(&changed).is_some(), "{algorithm}: bit {index} of {token}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512), text in any::<String>()) {
        let _ = JwkSet::parse(&bytes);
        let _ = Metadata::parse(ISSUER, &bytes);
        let _ = Callback::parse(&text);
        let _ = okta_domain::parse(&text, &UrlRules::default());
        let _ = issuer::parse(&text, &UrlRules::default());
        let _ = UrlRules::parse(&text);
        let _ = check_url(&text, &UrlRules::default());
        let _ = Settings::from_document(&text);
        prop_assert!(judge_token(&text).is_some());
        let mut world = World::of(&claims());
        world.token_response = Response { status: 200, body: bytes.clone(), ..Response::default() };
        prop_assert!(world.run().code().is_some());
    }

    #[test]
    fn nearly_right_documents_never_panic(
        set in nearly(json!({"keys": [KEYS.jwk("RS256"), KEYS.jwk("ES256"), KEYS.jwk("EdDSA")]}).to_string()),
        metadata in nearly(crate::support::document().to_string()),
        query in nearly(format!("code=code-1&state=state-1&iss={ISSUER}")),
    ) {
        let _ = JwkSet::parse(set.as_bytes());
        let _ = Metadata::parse(ISSUER, metadata.as_bytes());
        let mut world = World::of(&claims());
        world.query = query;
        let _ = world.run();
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_refused(changed in nearly(sign("EdDSA", &claims()))) {
        // EdDSA is deterministic, so an unchanged token can be told.
        prop_assume!(changed != sign("EdDSA", &claims()));
        prop_assert!(judge_token(&changed).is_some());
    }

    #[test]
    fn r_sso_4_whatever_is_accepted_as_okta_domain_is_a_bare_public_host(typed in "(https?://)?[A-Za-z0-9.@:/?#\\[\\]%-]{0,40}") {
        if let Ok(okta) = okta_domain::parse(&typed, &UrlRules::default()) {
            prop_assert_eq!(&okta.issuer, &format!("https://{}", okta.shown));
            let host_only = okta.shown.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b));
            prop_assert!(host_only, "{}", okta.shown);
            let again = okta_domain::parse(&okta.shown, &UrlRules::default()).unwrap();
            prop_assert_eq!(again.shown, okta.shown);
        }
    }

    #[test]
    fn settings_that_were_accepted_survive_storage(client_id in "\\PC{0,40}", secret in "\\PC{0,40}") {
        let input = SettingsInput {
            kind: ConnectionKind::Oidc,
            address: "https://id.example.com/x".into(),
            client_id,
            client_secret: Some(secret.into()),
        };
        if let Ok(merged) = Settings::merge(None, &input, &UrlRules::default()) {
            use secrecy::ExposeSecret;
            let read = Settings::from_document(merged.settings.to_document().expose_secret()).unwrap();
            prop_assert_eq!(read.view(), merged.settings.view());
        }
    }
}
