//! Owns the checks of the provider itself: what its discovery document and key set say.

use crate::exchange::{Response, TransportFailure};
use crate::oidc::SCOPES;
use crate::oidc::checks::report::{Check, CheckName};
use crate::oidc::jwks::JwkSet;
use crate::oidc::metadata::{Endpoint, Metadata};
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::UrlRules;

/// Which check it is that fails when the discovery document cannot be had for this reason.
pub(super) fn failed_check(code: SsoRefusalCode) -> CheckName {
    if matches!(code, SsoRefusalCode::AddressRefused | SsoRefusalCode::NameNotResolved) {
        CheckName::Address
    } else if code == SsoRefusalCode::DiscoveryIssuer {
        CheckName::Issuer
    } else {
        CheckName::Discovery
    }
}

pub(super) fn keys(response: Result<Response, TransportFailure>, metadata: &Metadata, rules: &UrlRules) -> Check {
    match usable_keys(response, metadata, rules) {
        Ok(set) => {
            let check = Check::passed(CheckName::Keys, &format!("{} can be used.", count(set.usable())));
            match set.skipped().first() {
                None => check,
                Some(first) => check.with_remark(&format!(
                    "{} cannot be used; the first is {}.",
                    count(set.skipped().len()),
                    first.reason
                )),
            }
        }
        Err(refusal) => Check::failed(CheckName::Keys, &refusal),
    }
}

fn usable_keys(
    response: Result<Response, TransportFailure>,
    metadata: &Metadata,
    rules: &UrlRules,
) -> Result<JwkSet, SsoRefusal> {
    let host = metadata.endpoint(Endpoint::Keys, rules)?.host().to_owned();
    let set = JwkSet::from_response(&response.map_err(|failure| failure.refusal(&host))?)?;
    if set.usable() == 0 {
        let reason = set.skipped().first().map_or("no key at all", |skipped| skipped.reason);
        return Err(SsoRefusal::new(SsoRefusalCode::KeysEmpty).expected("a signing key").received(reason));
    }
    let algorithms = metadata.id_token_algorithms()?;
    if !set.serves(&algorithms) {
        let names: Vec<_> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        return Err(SsoRefusal::new(SsoRefusalCode::KeyUnsuitable).expected(format!("a key for {}", names.join(", "))));
    }
    Ok(set)
}

fn count(keys: usize) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}

/// What the metadata say about the flow. A list that is absent is a remark; one that lacks what is needed is a failure.
pub(super) fn code_flow(metadata: &Metadata) -> Check {
    let needed = [
        ("response_types_supported", &metadata.response_types, "code"),
        ("grant_types_supported", &metadata.grant_types, "authorization_code"),
        ("code_challenge_methods_supported", &metadata.code_challenge_methods, "S256"),
        ("scopes_supported", &metadata.scopes, "openid"),
    ];
    for (list, offered, value) in needed {
        if let Some(offered) = offered.as_ref().filter(|offered| !contains(offered, value)) {
            let refusal = SsoRefusal::new(SsoRefusalCode::IdpRejectedRequest).expected(format!("{value} in {list}"));
            let detail = "The discovery document does not offer what a sign-in needs.";
            return Check::failed(CheckName::CodeFlow, &refusal.received(offered.join(" "))).with_detail(detail);
        }
    }
    let check = Check::passed(CheckName::CodeFlow, "Nothing in the discovery document speaks against a sign-in.");
    // The standard has a default for the grant types, and PKCE is the only thing that a sign-in misses silently.
    let absent: Vec<_> =
        needed.iter().filter(|(list, offered, _)| offered.is_none() && *list != "grant_types_supported").collect();
    let scopes = metadata.scopes.as_ref().and_then(|offered| SCOPES.split(' ').find(|scope| !contains(offered, scope)));
    match (absent.first(), scopes) {
        (Some((list, _, value)), _) => {
            check.with_remark(&format!("The discovery document has no {list}, so {value} could not be told."))
        }
        (None, Some(scope)) => check.with_remark(&format!("The scope {scope} is not listed; claims may be missing.")),
        (None, None) => check,
    }
}

fn contains(offered: &[String], value: &str) -> bool {
    offered.iter().any(|item| item == value)
}
