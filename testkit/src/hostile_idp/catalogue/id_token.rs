//! Deviations of the ID token. *Source*: security-bar 1.2.

use serde_json::{Map, Value, json};

use super::{Case, List};
use crate::hostile_idp::{Algorithm, Mischief, Person, Signing};

fn none() -> Mischief {
    Mischief::none()
}

/// Every deviation of the ID token that needs no particular request.
pub fn id_tokens() -> Vec<Case> {
    let mut list = List::new();
    issuers(&mut list);
    audiences(&mut list);
    signatures(&mut list);
    algorithms(&mut list);
    times(&mut list);
    nonces_and_subjects(&mut list);
    malformed(&mut list);
    types(&mut list);
    list.cases
}

/// Rewrites a text claim.
fn rewrite(name: &'static str, change: impl Fn(&str) -> String + Send + Sync + 'static) -> Mischief {
    none().claims(move |claims: &mut Map<String, Value>| {
        let changed = change(claims.get(name).and_then(Value::as_str).unwrap_or_default());
        claims.insert(name.to_owned(), json!(changed));
    })
}

fn issuers(list: &mut List) {
    list.rule("T-ID-01")
        .refuse("iss with a slash at the end", rewrite("iss", |iss| format!("{iss}/")))
        .refuse("iss in upper case", rewrite("iss", str::to_uppercase))
        .refuse("iss that begins with the right one", rewrite("iss", |iss| format!("{iss}.evil.example")))
        .refuse("iss with white space around", rewrite("iss", |iss| format!(" {iss} ")))
        .refuse("iss of somebody else", none().claim("iss", "https://evil.example"))
        .refuse("iss missing", none().without_claim("iss"))
        .refuse("iss null", none().claim("iss", Value::Null))
        .refuse("iss in a list", none().claims(|claims| {
            let iss = claims.get("iss").cloned();
            claims.insert("iss".to_owned(), json!([iss]));
        }));
}

fn audiences(list: &mut List) {
    let listed = |others: &'static [&'static str]| {
        none().claims(move |claims| {
            let own = claims.get("aud").cloned();
            let all: Vec<Value> = own.into_iter().chain(others.iter().map(|other| json!(other))).collect();
            claims.insert("aud".to_owned(), json!(all));
        })
    };
    list.rule("T-ID-02")
        .accept("aud as a list of one", listed(&[]))
        .refuse("aud with another audience", listed(&["another-client"]))
        .refuse("aud of another client", none().claim("aud", "another-client"))
        .refuse("aud that begins with the right one", rewrite("aud", |aud| format!("{aud}x")))
        .refuse("aud missing", none().without_claim("aud"))
        .refuse("aud empty list", none().claim("aud", json!([])))
        .refuse("aud number", none().claim("aud", 7))
        .refuse("azp of another client", none().claim("azp", "another-client"))
        .refuse("azp number", none().claim("azp", 7))
        .accept("azp of this client", none().claims(|claims| {
            let own = claims.get("aud").cloned().unwrap_or_default();
            claims.insert("azp".to_owned(), own);
        }));
}

fn signatures(list: &mut List) {
    list.rule("T-ID-03")
        .refuse("signed with a key that nobody published", none().signing(Signing::WrongKey))
        .refuse("signed with the key in its own jwk header", none().signing(Signing::WrongKeyInHeader))
        .refuse("signature with one bit turned", none().signing(Signing::FlippedBit))
        .refuse("signature empty", none().signing(Signing::Empty))
        .refuse("payload changed after signing", none().compact(|token| {
            let mut parts: Vec<&str> = token.split('.').collect();
            if let Some(payload) = parts.get_mut(1) {
                *payload = "eyJzdWIiOiJzb21lYm9keSBlbHNlIn0";
            }
            parts.join(".")
        }))
        .refuse("jku header and a wrong key", none().signing(Signing::WrongKey).header_member("jku", "https://evil.example/keys"))
        .refuse("x5u header and a wrong key", none().signing(Signing::WrongKey).header_member("x5u", "https://evil.example/x5u"))
        .refuse("x5c header and a wrong key", none().signing(Signing::WrongKey).header_member("x5c", json!(["MIIB"])))
        .refuse("crit with an unknown extension", none().header_member("crit", json!(["x-unknown"])).header_member("x-unknown", true))
        .refuse("crit empty", none().header_member("crit", json!([])))
        .refuse("kid number", none().header_member("kid", 7))
        .refuse("kid unknown", none().header_member("kid", "no-such-key"));
}

fn algorithms(list: &mut List) {
    list.rule("T-ID-04");
    for name in ["none", "None", "nOnE", "NONE", "", "RS256", "HS256"] {
        list.refuse(format!("unsigned with alg {name:?}"), none().signing(Signing::Unsigned(name)));
    }
    list.refuse("HS256 keyed with the public key's PEM", none().signing(Signing::HmacOfPublicPem))
        .refuse("HS256 keyed with the public key's modulus", none().signing(Signing::HmacOfPublicModulus))
        .refuse("HS256 keyed with the client secret", none().signing(Signing::HmacOfClientSecret))
        .refuse("RS384 with the published key", none().signing(Signing::Algorithm(Algorithm::Rs384)))
        .refuse("RS512 with the published key", none().signing(Signing::Algorithm(Algorithm::Rs512)))
        .refuse("ES256 with a key that is not published", none().signing(Signing::Algorithm(Algorithm::Es256)))
        .refuse("alg in lower case", none().header_member("alg", "rs256"))
        .refuse("alg of another key type", none().header_member("alg", "ES256"))
        .refuse("alg null", none().header_member("alg", Value::Null))
        .refuse("alg number", none().header_member("alg", 256))
        .refuse("alg missing", none().header(|header| {
            header.remove("alg");
        }));
}

fn times(list: &mut List) {
    list.rule("T-ID-05")
        .refuse("exp two minutes ago", none().shift("exp", -3600 - 120))
        .accept("exp within the skew", none().shift("exp", -3600 - 30))
        .refuse("iat in two minutes", none().shift("iat", 120))
        .accept("iat within the skew", none().shift("iat", 30))
        .refuse("iat twelve minutes ago", none().shift("iat", -12 * 60))
        .refuse("nbf in two minutes", none().claims(|claims| {
            let now = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
            claims.insert("nbf".to_owned(), json!(now + 120));
        }))
        .accept("nbf now", none().claims(|claims| {
            let now = claims.get("iat").cloned().unwrap_or_default();
            claims.insert("nbf".to_owned(), now);
        }))
        .refuse("exp missing", none().without_claim("exp"))
        .refuse("iat missing", none().without_claim("iat"));
    for claim in ["exp", "iat", "nbf"] {
        list.refuse(format!("{claim} as text"), none().claims(move |claims| {
            let number = claims.get(claim).or_else(|| claims.get("iat")).map(ToString::to_string);
            claims.insert(claim.to_owned(), json!(number));
        }));
        for value in [json!(null), json!(true), json!([]), json!({})] {
            list.refuse(format!("{claim} {value}"), none().claim(claim, value));
        }
    }
    list.refuse("exp negative", none().claim("exp", -1))
        .rule("T-ID-11")
        .refuse("exp 2^64", none().payload_bytes(|payload| replace_number(payload, "exp", "18446744073709551616")))
        .refuse("exp 1e400", none().payload_bytes(|payload| replace_number(payload, "exp", "1e400")))
        .refuse("exp NaN", none().payload_bytes(|payload| replace_number(payload, "exp", "NaN")));
}

/// Writes something else where the payload has a number.
fn replace_number(payload: Vec<u8>, claim: &str, with: &str) -> Vec<u8> {
    let text = String::from_utf8(payload).unwrap_or_default();
    let name = format!("\"{claim}\":");
    match text.split_once(&name) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{name}{with}{rest}").into_bytes()
        }
        None => text.into_bytes(),
    }
}

fn nonces_and_subjects(list: &mut List) {
    list.rule("T-ID-06")
        .refuse("nonce missing", none().without_claim("nonce"))
        .refuse("nonce of another sign-in", none().claim("nonce", "another-nonce"))
        .refuse("nonce empty", none().claim("nonce", ""))
        .refuse("nonce number", none().claim("nonce", 7))
        .refuse("nonce in upper case", rewrite("nonce", |nonce| {
            nonce.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
        }))
        .rule("T-ID-07")
        .refuse("sub missing", none().without_claim("sub"))
        .refuse("sub empty", none().claim("sub", ""))
        .refuse("sub number", none().claim("sub", 7))
        .refuse("sub null", none().claim("sub", Value::Null))
        .refuse("sub of 256 characters", none().claim("sub", "s".repeat(256)))
        .refuse("sub not ASCII", none().claim("sub", "dän"))
        .rule("T-ID-08")
        .refuse("at_hash of another token", none().claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"))
        .refuse("at_hash number", none().claim("at_hash", 7))
        .accept("at_hash missing", none().without_claim("at_hash"));
}

fn malformed(list: &mut List) {
    let replaced = |bytes: Vec<u8>| none().payload_bytes(move |_| bytes.clone());
    list.rule("T-ID-11")
        .refuse("sub twice in the payload", none().payload_bytes(|payload| insert_first(payload, "\"sub\":\"somebody else\",")))
        .refuse("nonce twice in the payload", none().payload_bytes(|payload| insert_first(payload, "\"nonce\":\"x\",")))
        .refuse("alg twice in the header", none().header_bytes(|header| insert_first(header, "\"alg\":\"none\",")))
        .refuse("payload not UTF-8", none().payload_bytes(|payload| {
            let mut payload = insert_first(payload, "\"x\":\"?\",");
            payload.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0xff);
            payload
        }))
        .refuse("payload a list", replaced(b"[]".to_vec()))
        .refuse("payload a number", replaced(b"7".to_vec()))
        .refuse("payload empty", replaced(Vec::new()))
        .refuse("payload with something behind it", none().payload_bytes(|mut payload| {
            payload.extend(b"{}");
            payload
        }))
        .refuse("payload nested 10,000 deep", none().payload_bytes(|payload| {
            insert_first(payload, &format!("\"x\":{}{},", "[".repeat(10_000), "]".repeat(10_000)))
        }))
        .refuse("token of a megabyte", none().claim("x", "x".repeat(1 << 20)))
        .refuse("token of 17 KiB", none().claim("x", "x".repeat(17 << 10)))
        .refuse("token with padding", none().compact(|token| format!("{token}=")))
        .refuse("token with a line break", none().compact(|token| format!("{token}\n")))
        .refuse("token of two parts", none().compact(|token| token.rsplit_once('.').map(|(front, _)| front.to_owned()).unwrap_or_default()))
        .refuse("token of four parts", none().compact(|token| format!("{token}.AAAA")))
        .refuse("token empty", none().compact(|_| String::new()));
}

/// Writes a member at the front of a JSON object.
fn insert_first(object: Vec<u8>, member: &str) -> Vec<u8> {
    let rest = object.get(1..).unwrap_or_default();
    [b"{".as_slice(), member.as_bytes(), rest].concat()
}

fn types(list: &mut List) {
    list.rule("T-ID-12")
        .refuse("shaped like an encrypted token", none().compact(|_| {
            // {"alg":"RSA-OAEP","enc":"A256GCM"}
            format!("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.{}.{}.{}.{}", "AAAA".repeat(64), "AAAA".repeat(4), "AAAA".repeat(64), "AAAA".repeat(4))
        }))
        .accept("typ JWT", none().header_member("typ", "JWT"))
        .refuse("typ of an access token", none().header_member("typ", "at+jwt"))
        .refuse("typ of a logout token", none().header_member("typ", "logout+jwt"))
        .refuse("typ of a security event", none().header_member("typ", "secevent+jwt"))
        .refuse("typ of a global token revocation", none().header_member("typ", "global-token-revocation+jwt"))
        .refuse("claims of a logout token", none().claim("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})));
}

/// Deviations for a request that carried `max_age`.
pub fn age_of_sign_in() -> Vec<Case> {
    let mut list = List::new();
    list.rule("T-ID-09")
        .refuse("auth_time missing", none().without_claim("auth_time"))
        .refuse("auth_time an hour ago", none().shift("auth_time", -3600))
        .refuse("auth_time in two minutes", none().shift("auth_time", 120))
        .refuse("auth_time as text", none().claim("auth_time", "now"))
        .refuse("auth_time null", none().claim("auth_time", Value::Null));
    list.cases
}

/// A person in every shape of `email_verified`: the name of the shape and the person. *Source*: T-LNK-9, R-LNK-2.
pub fn email_verified_shapes(subject: &str, email: &str) -> Vec<(&'static str, Person)> {
    let person = || Person::new(subject, email);
    let shapes = [
        ("true", json!(true)),
        ("false", json!(false)),
        ("the text true", json!("true")),
        ("the text false", json!("false")),
        ("the number 1", json!(1)),
        ("null", Value::Null),
        ("a list with true", json!([true])),
        ("an object", json!({})),
    ];
    let set = shapes.into_iter().map(|(name, value)| (name, person().claim("email_verified", value)));
    set.chain([("missing", person().without("email_verified"))]).collect()
}
