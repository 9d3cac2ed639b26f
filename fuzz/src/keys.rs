//! What a provider publishes: `a` its keys, `b` its discovery document.

use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::{Endpoint, Metadata};
use orgate_sso::url_rules::UrlRules;
use serde_json::Value;

use crate::input::choose;
use crate::provider::{self, ISSUER};

const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Authorization,
    Endpoint::Token,
    Endpoint::Keys,
    Endpoint::UserInfo,
    Endpoint::EndSession,
    Endpoint::PushedRequest,
];

/// Usable keys are public and of a sane size; an endpoint that may be contacted is a plain public https address.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 2);
    if choice == 0 { key_set(rest) } else { document(rest) }
}

fn key_set(bytes: &[u8]) {
    let set = match JwkSet::parse(bytes) {
        Ok(set) => set,
        Err(refusal) => return provider::check_words(&refusal),
    };
    let document: Value = serde_json::from_slice(bytes).expect("what is accepted is JSON");
    let members = document.get("keys").and_then(Value::as_array).expect("a list");
    assert!(members.len() <= 64);
    assert_eq!(set.usable() + set.skipped().len(), members.len());
    assert!(set.usable() <= members.iter().filter(|key| may_be_usable(key)).count(), "{document}");
    for key in set.skipped() {
        assert!(key.id.as_ref().is_none_or(|id| id.chars().count() <= 200 && !id.chars().any(char::is_control)));
    }
}

/// Less than what the product asks of a key, and no key without it may be used.
fn may_be_usable(key: &Value) -> bool {
    let text = |name| key.get(name).and_then(Value::as_str);
    let secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|member| key.get(member).is_some());
    let whole = match text("kty") {
        Some("RSA") => text("n").is_some_and(|n| (342..=1366).contains(&n.trim_start_matches('A').len())),
        Some("EC") => matches!(text("crv"), Some("P-256" | "P-384")),
        Some("OKP") => text("crv") == Some("Ed25519"),
        _ => false,
    };
    whole && !secret && matches!(text("use"), None | Some("sig"))
}

fn document(bytes: &[u8]) {
    let metadata = match Metadata::parse(ISSUER, bytes) {
        Ok(metadata) => metadata,
        Err(refusal) => return provider::check_words(&refusal),
    };
    assert_eq!(metadata.issuer(), ISSUER);
    for endpoint in ENDPOINTS {
        match metadata.endpoint(endpoint, &UrlRules::default()) {
            Ok(url) => crate::addresses::check_public(&url),
            Err(refusal) => provider::check_words(&refusal),
        }
    }
    if let Ok(algorithms) = metadata.id_token_algorithms() {
        assert!(!algorithms.is_empty() && algorithms.iter().all(|algorithm| !algorithm.as_str().starts_with("HS")));
    }
    if let Err(refusal) = metadata.client_authentication() {
        provider::check_words(&refusal);
    }
}
