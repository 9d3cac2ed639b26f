//! Ways of being honest: what the standards leave to a provider, each to be accepted from the settings to the session.

use serde_json::{Value, json};

use super::id_token::fractional;
use super::unreadable_keys;
use crate::hostile_idp::{Algorithm, ClientAuthentication, Mischief, Setup, Signing};

/// One way of being honest.
#[derive(Clone)]
pub struct Dialect {
    /// What is particular, unique.
    pub name: &'static str,
    /// How the provider is set up.
    pub set_up: fn(&mut Setup),
    /// What it does beyond that.
    pub mischief: Mischief,
}

type SetUp = fn(&mut Setup);

fn none() -> Mischief {
    Mischief::none()
}

/// All of them.
pub fn dialects() -> Vec<Dialect> {
    let usual: SetUp = |_| {};
    let set_ups = addresses().into_iter().chain(algorithms()).chain(manners());
    let set_ups = set_ups.map(|(name, set_up)| Dialect { name, set_up, mischief: none() });
    let habits = tokens().into_iter().chain(answers());
    set_ups.chain(habits.map(|(name, mischief)| Dialect { name, set_up: usual, mischief })).collect()
}

fn addresses() -> [(&'static str, SetUp); 3] {
    [
        ("an issuer with a slash at its end", |setup| setup.issuer_path = "/"),
        ("an issuer with a path", |setup| setup.issuer_path = "/tenants/Acme"),
        ("an issuer with a path and a slash at its end", |setup| setup.issuer_path = "/tenants/Acme/"),
    ]
}

fn algorithms() -> [(&'static str, SetUp); 6] {
    [
        ("RS256", |setup| setup.algorithm = Algorithm::Rs256),
        ("RS384", |setup| setup.algorithm = Algorithm::Rs384),
        ("RS512", |setup| setup.algorithm = Algorithm::Rs512),
        ("PS256", |setup| setup.algorithm = Algorithm::Ps256),
        ("ES256", |setup| setup.algorithm = Algorithm::Es256),
        ("EdDSA", |setup| setup.algorithm = Algorithm::EdDsa),
    ]
}

fn manners() -> [(&'static str, SetUp); 6] {
    [
        ("profile in the ID token", |setup| setup.thin = false),
        ("its name in every answer", |setup| setup.issuer_in_response = true),
        ("the client secret in the header alone", |setup| setup.client_authentication = ClientAuthentication::Basic),
        ("the client secret in the body alone", |setup| setup.client_authentication = ClientAuthentication::Post),
        ("no log-out", |setup| setup.log_out = false),
        ("PKCE that it does not insist on", |setup| setup.require_pkce = false),
    ]
}

fn tokens() -> Vec<(&'static str, Mischief)> {
    let copied = |from: &'static str, to: &'static str| {
        none().claims(move |claims| {
            let value = claims.get(from).cloned().unwrap_or_default();
            claims.insert(to.to_owned(), value);
        })
    };
    let listed = none().claims(|claims| {
        let own = claims.get("aud").cloned();
        claims.insert("aud".to_owned(), json!([own]));
    });
    vec![
        ("the audience in a list", listed),
        ("the authorized party named", copied("aud", "azp")),
        ("fractional times", fractional(&["iat", "exp"])),
        ("a fractional auth_time", fractional(&["auth_time"])),
        ("no typ", none().header(|header| drop(header.remove("typ")))),
        ("typ JWT", none().header_member("typ", "JWT")),
        ("typ jwt", none().header_member("typ", "jwt")),
        ("nbf", copied("iat", "nbf")),
        ("no at_hash", none().without_claim("at_hash")),
        ("no auth_time and no amr", none().without_claim("auth_time").without_claim("amr")),
        ("claims that nobody knows", none().claim("ver", 2).claim("xms_edov", json!({"a": [1, 2.5, null]}))),
    ]
}

fn answers() -> Vec<(&'static str, Mischief)> {
    let without = |name: &'static str| none().discovery(move |document| drop(document.remove(name)));
    let each_key = |edit: fn(&mut serde_json::Map<String, Value>)| {
        none().keys(move |set| {
            let keys = set.get_mut("keys").and_then(Value::as_array_mut);
            keys.into_iter().flatten().filter_map(Value::as_object_mut).for_each(edit);
        })
    };
    vec![
        ("signed UserInfo", none().signed_user_info(Signing::Honest)),
        (
            "token_type bearer",
            none().token_response(|response| drop(response.insert("token_type".into(), json!("bearer")))),
        ),
        ("no expires_in", none().token_response(|response| drop(response.remove("expires_in")))),
        (
            "expires_in as text",
            none().token_response(|response| drop(response.insert("expires_in".into(), json!("3599")))),
        ),
        ("keys of kinds that nobody knows", unreadable_keys()),
        (
            "keys without use and alg",
            each_key(|key| {
                key.remove("use");
                key.remove("alg");
            }),
        ),
        (
            "keys with certificates",
            each_key(|key| {
                key.insert("x5t".to_owned(), json!("AAAA"));
                key.insert("x5c".to_owned(), json!(["MIIB"]));
            }),
        ),
        (
            "a document without optional lists",
            without("id_token_signing_alg_values_supported").discovery(|document| {
                for name in
                    ["grant_types_supported", "response_modes_supported", "scopes_supported", "claims_supported"]
                {
                    document.remove(name);
                }
            }),
        ),
        ("a document without ways to authenticate", without("token_endpoint_auth_methods_supported")),
        ("a document without PKCE", without("code_challenge_methods_supported")),
    ]
}
