//! Deviations of everything around the ID token: the authorization response, the token response, UserInfo, keys,
//! discovery and HTTP itself. *Source*: security-bar 1.2 to 1.4 and 2.3.

use serde_json::{Map, Value, json};

use super::{Case, List};
use crate::hostile_idp::{Endpoint, KeySetShape, Mischief, Signing, WeakRsa, Wire};

fn none() -> Mischief {
    Mischief::none()
}

/// Deviations of the authorization response. Those with `iss` expect a provider whose metadata does not announce it.
pub fn callbacks() -> Vec<Case> {
    let mut list = List::new();
    let twice = |name: &'static str| {
        none().callback(move |mut parameters| {
            let again: Vec<_> = parameters.iter().filter(|(existing, _)| existing == name).cloned().collect();
            parameters.extend(again);
            parameters
        })
    };
    list.rule("T-ID-13")
        .refuse("state missing", none().without_callback_parameter("state"))
        .refuse("state of nobody", none().callback_parameter("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
        .refuse("state empty", none().callback_parameter("state", ""))
        .refuse("state twice", twice("state"))
        .refuse(
            "error without a state",
            none().callback_error("access_denied", "no").without_callback_parameter("state"),
        )
        .refuse("error", none().callback_error("access_denied", "User is not assigned to the client application."))
        .refuse("code missing", none().without_callback_parameter("code"))
        .refuse("code twice", twice("code"))
        .refuse("code of nobody", none().callback_parameter("code", "AAAA"))
        .refuse("code and error", none().callback_parameter("error", "access_denied"))
        .rule("T-ID-08")
        .refuse("an ID token beside the code", none().callback_parameter("id_token", "AAAA.AAAA.AAAA"))
        .refuse("an access token beside the code", none().callback_parameter("access_token", "AAAA"))
        .rule("T-BCP-2")
        .refuse("iss of somebody else", none().callback_parameter("iss", "https://evil.example"))
        .refuse("iss empty", none().callback_parameter("iss", ""))
        .rule("T-IDP-3")
        .refuse("script in the description", none().callback_error("access_denied", "<script>alert(1)</script>"));
    list.cases
}

/// Deviations of the token response around the ID token.
pub fn token_responses() -> Vec<Case> {
    let mut list = List::new();
    let member = |name: &'static str, value: Value| {
        none().token_response(move |response: &mut Map<String, Value>| {
            response.insert(name.to_owned(), value.clone());
        })
    };
    let without = |name: &'static str| {
        none().token_response(move |response: &mut Map<String, Value>| {
            response.remove(name);
        })
    };
    list.rule("T-ID-14")
        .accept("token_type in lower case", member("token_type", json!("bearer")))
        .accept("token_type with cases inverted", member("token_type", json!("bEARER")))
        .refuse("token_type of another kind", member("token_type", json!("mac")))
        .refuse("token_type missing", without("token_type"))
        .accept("expires_in missing", without("expires_in"))
        .accept("a refresh token that nobody asked for", member("refresh_token", json!("r")))
        .refuse("id_token missing", without("id_token"))
        .refuse("id_token number", member("id_token", json!(7)))
        .refuse("id_token null", member("id_token", Value::Null))
        .refuse("access_token missing", without("access_token"))
        .refuse(
            "an error with status 200",
            none().token_response(|response| {
                response.clear();
                response.insert("error".to_owned(), json!("invalid_grant"));
            }),
        );
    list.cases
}

/// Deviations of UserInfo, for a provider with thin tokens, where it has to be read.
pub fn user_infos() -> Vec<Case> {
    let mut list = List::new();
    list.rule("T-ID-10")
        .refuse("sub of somebody else", none().user_info_claim("sub", "somebody-else"))
        .refuse(
            "sub in another case",
            none().user_info(|claims| {
                let sub = claims.get("sub").and_then(Value::as_str).map(str::to_uppercase);
                claims.insert("sub".to_owned(), json!(sub));
            }),
        )
        .refuse("sub number", none().user_info_claim("sub", 7))
        .refuse(
            "sub missing",
            none().user_info(|claims| {
                claims.remove("sub");
            }),
        )
        .accept("another iss, which overrides nothing", none().user_info_claim("iss", "https://evil.example"))
        .refuse("signed with a key that nobody published", none().signed_user_info(Signing::WrongKey))
        .refuse("signed with HS256 and the public key", none().signed_user_info(Signing::HmacOfPublicPem))
        .refuse("unsigned", none().signed_user_info(Signing::Unsigned("none")))
        .accept("signed like an ID token", none().signed_user_info(Signing::Honest))
        .refuse("signed for another client", none().signed_user_info_claim("aud", "another-client"))
        .refuse("signed in another issuer's name", none().signed_user_info_claim("iss", "https://evil.example"))
        .refuse("signed and expired", none().signed_user_info_claim("exp", 1_000_000_000))
        .rule("T-CONF-1")
        .accept("aggregated and distributed claims", elsewhere("https://evil.example/claims"))
        .rule("T-IDP-3")
        .accept("script in the name", none().user_info_claim("name", "<script>alert(1)</script>"))
        .rule("T-IDP-4")
        .refuse("10 MB of claims", none().user_info_claim("profile", "x".repeat(10 << 20)));
    list.cases
}

/// Claims that are to be had from somebody else, in a token or at an address. *Source*: OpenID Connect Core 1.0, 5.6.2.
pub fn elsewhere(endpoint: &str) -> Mischief {
    let sources = json!({
        "token": {"JWT": "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImV2aWxAZXZpbC5leGFtcGxlIn0."},
        "address": {"endpoint": endpoint, "access_token": "an access token of theirs"},
    });
    none()
        .user_info_claim("_claim_names", json!({"email": "token", "name": "token", "address": "address"}))
        .user_info_claim("_claim_sources", sources)
}

/// Keys of kinds that nobody knows, beside the right one. *Source*: RFC 7517, section 5.
pub fn unreadable_keys() -> Mischief {
    none().keys(|set| {
        if let Some(Value::Array(keys)) = set.get_mut("keys") {
            keys.insert(0, json!({"kty": "AKP", "alg": "ML-DSA-1", "kid": "later", "use": "sig", "pub": "AAAA"}));
            keys.push(json!({"kty": "made-up", "kid": "made-up", "x": 7}));
        }
    })
}

/// Key sets. A set without the key that signed is refused with the others.
pub fn key_sets() -> Vec<Case> {
    let mut list = List::new();
    list.rule("T-IDP-5")
        .refuse("a symmetric key", none().key_set(KeySetShape::Symmetric).signing(Signing::HmacOfPublishedSecret))
        .refuse("a private key", none().key_set(KeySetShape::Private));
    for (name, weak) in [
        ("RSA of 512 bits", WeakRsa::Bits512),
        ("RSA of 1024 bits", WeakRsa::Bits1024),
        ("RSA of 16384 bits", WeakRsa::Bits16384),
        ("RSA with exponent 1", WeakRsa::ExponentOne),
    ] {
        list.refuse(name, none().key_set(KeySetShape::Weak(weak)).signing(Signing::Weak(weak)));
    }
    list.rule("T-IDP-1")
        .accept("40 keys", none().key_set(KeySetShape::Many(39)))
        .refuse("65 keys", none().key_set(KeySetShape::Many(64)))
        .rule("T-IDP-2")
        .refuse("no key", none().key_set(KeySetShape::Empty))
        .refuse("never the right key", none().key_set(KeySetShape::WithoutCurrent))
        .rule("T-ID-04")
        .refuse("marked for encryption", none().key_set(KeySetShape::ForEncryption))
        .refuse("marked for another algorithm", none().key_set(KeySetShape::OtherAlgorithm))
        .refuse("of another type", none().key_set(KeySetShape::OtherType))
        .rule("T-ID-03")
        .refuse("somebody else's key under the right id", none().key_set(KeySetShape::Foreign))
        .rule("T-CONF-1")
        .accept("keys of kinds that nobody knows", unreadable_keys())
        .accept("one key without an id", none().key_set(KeySetShape::OneWithoutId))
        .refuse("three keys without ids", none().key_set(KeySetShape::ManyWithoutId))
        .refuse(
            "not a set",
            none().keys(|set| {
                set.insert("keys".to_owned(), json!("none"));
            }),
        );
    list.cases
}

/// Discovery documents.
pub fn discoveries() -> Vec<Case> {
    let mut list = List::new();
    let issuer = |change: fn(&str) -> String| {
        none().discovery(move |document: &mut Map<String, Value>| {
            let issuer = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
            let changed = change(issuer);
            document.insert("issuer".to_owned(), json!(changed));
        })
    };
    list.rule("T-ID-15")
        .refuse("issuer of somebody else", issuer(|_| "https://evil.example".to_owned()))
        .refuse("issuer with a slash at the end", issuer(|issuer| format!("{issuer}/")))
        .refuse("issuer in upper case", issuer(str::to_uppercase))
        .refuse(
            "issuer missing",
            none().discovery(|document| {
                document.remove("issuer");
            }),
        );
    for (rule, target) in [
        ("T-SSRF-4", "https://127.0.0.1/inside"),
        ("T-SSRF-4", "https://169.254.169.254/latest/meta-data"),
        ("T-SSRF-4", "https://[::ffff:7f00:1]/inside"),
        ("T-SSRF-4", "https://localhost/inside"),
        ("T-ID-15", "http://idp.example/plain"),
        ("T-ID-15", "https://user@idp.example/inside"),
        ("T-ID-15", "file:///etc/passwd"),
    ] {
        list.rule(rule);
        for endpoint in ["token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            list.refuse(format!("{endpoint} {target}"), none().discovery_member(endpoint, target));
        }
    }
    list.rule("T-ID-15");
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        list.refuse(
            format!("{endpoint} missing"),
            none().discovery(move |document| {
                document.remove(endpoint);
            }),
        );
        list.refuse(format!("{endpoint} number"), none().discovery_member(endpoint, 7));
    }
    list.refuse(
        "authorization_endpoint a script",
        none().discovery_member("authorization_endpoint", "javascript:alert(1)"),
    )
    .rule("T-ID-04")
    .refuse(
        "signs with none or a shared secret alone",
        none().discovery_member("id_token_signing_alg_values_supported", json!(["none", "HS256"])),
    )
    .rule("T-BCP-6")
    .refuse(
        "takes no client secret",
        none().discovery_member("token_endpoint_auth_methods_supported", json!(["private_key_jwt", "none"])),
    );
    list.cases
}

/// What HTTP does to the addresses that the relying party fetches. `inside` is an address that must never be asked.
///
/// The slow ones end only at the relying party's own time limit.
pub fn wires(inside: &str) -> Vec<Case> {
    let mut list = List::new();
    for endpoint in Endpoint::FETCHED {
        list.rule(if endpoint == Endpoint::Token { "T-ID-14" } else { "T-SSRF-3" });
        endless_or_wrong(&mut list, endpoint, inside);
    }
    list.cases
}

/// What HTTP does to one address: redirects under the rule at hand, and bodies that are too large, too slow or wrong.
pub(super) fn endless_or_wrong(list: &mut List, endpoint: Endpoint, inside: &str) {
    let at = |wire| none().wire(endpoint, wire);
    for status in [301, 302, 303, 307, 308] {
        list.refuse(
            format!("{endpoint:?} redirects with {status}"),
            at(Wire::Redirect { status, to: inside.to_owned() }),
        );
    }
    list.rule("T-IDP-1")
        .refuse(format!("{endpoint:?} sends 300 KiB"), at(Wire::Oversize(300 << 10)))
        .refuse(format!("{endpoint:?} sends a gzip bomb"), at(Wire::GzipBomb(64 << 20)))
        .refuse(format!("{endpoint:?} sends a byte a second"), at(Wire::Drip))
        .refuse(format!("{endpoint:?} sends endless headers"), at(Wire::EndlessHeaders))
        .refuse(format!("{endpoint:?} sends an endless body"), at(Wire::EndlessBody))
        .refuse(format!("{endpoint:?} says nothing"), at(Wire::Silence))
        .refuse(format!("{endpoint:?} hangs up"), at(Wire::Cut))
        .refuse(format!("{endpoint:?} fails"), at(Wire::Status(500)))
        .refuse(
            format!("{endpoint:?} sends something else"),
            at(Wire::Body { status: 200, content_type: "application/json", body: b"\xff\xfe not JSON".to_vec() }),
        );
}
