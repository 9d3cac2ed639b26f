//! Deviations of the ID token's claims. *Source*: security-bar 1.2.

use serde_json::{Map, Value, json};

use super::{Case, List, id_token_form};
use crate::hostile_idp::{Mischief, Person};

fn none() -> Mischief {
    Mischief::none()
}

/// Every deviation of the ID token that needs no particular request.
pub fn id_tokens() -> Vec<Case> {
    let mut list = List::new();
    issuers(&mut list);
    audiences(&mut list);
    times(&mut list);
    nonces_and_subjects(&mut list);
    session_expiries(&mut list);
    id_token_form::add(&mut list);
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
        .refuse(
            "iss in a list",
            none().claims(|claims| {
                let iss = claims.get("iss").cloned();
                claims.insert("iss".to_owned(), json!([iss]));
            }),
        );
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
        .refuse(
            "aud with this client twice",
            none().claims(|claims| {
                let own = claims.get("aud").cloned().unwrap_or_default();
                claims.insert("aud".to_owned(), json!([own, own]));
            }),
        )
        .refuse("aud of another client", none().claim("aud", "another-client"))
        .refuse("aud that begins with the right one", rewrite("aud", |aud| format!("{aud}x")))
        .refuse("aud missing", none().without_claim("aud"))
        .refuse("aud empty list", none().claim("aud", json!([])))
        .refuse("aud number", none().claim("aud", 7))
        .refuse("azp of another client", none().claim("azp", "another-client"))
        .refuse("azp number", none().claim("azp", 7))
        .accept(
            "azp of this client",
            none().claims(|claims| {
                let own = claims.get("aud").cloned().unwrap_or_default();
                claims.insert("azp".to_owned(), own);
            }),
        );
}

fn times(list: &mut List) {
    list.rule("T-ID-05")
        .refuse("exp two minutes ago", none().shift("exp", -3600 - 120))
        .accept("exp within the skew", none().shift("exp", -3600 - 30))
        .refuse("iat in two minutes", none().shift("iat", 120))
        .accept("iat within the skew", none().shift("iat", 30))
        .accept("times with fractions", fractional(&["iat", "exp", "auth_time"]))
        .refuse("iat twelve minutes ago", none().shift("iat", -12 * 60))
        .refuse(
            "nbf in two minutes",
            none().claims(|claims| {
                let now = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
                claims.insert("nbf".to_owned(), json!(now + 120));
            }),
        )
        .accept(
            "nbf now",
            none().claims(|claims| {
                let now = claims.get("iat").cloned().unwrap_or_default();
                claims.insert("nbf".to_owned(), now);
            }),
        )
        .refuse("exp missing", none().without_claim("exp"))
        .refuse("iat missing", none().without_claim("iat"));
    for claim in ["exp", "iat", "nbf"] {
        list.refuse(
            format!("{claim} as text"),
            none().claims(move |claims| {
                let number = claims.get(claim).or_else(|| claims.get("iat")).map(ToString::to_string);
                claims.insert(claim.to_owned(), json!(number));
            }),
        );
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

fn session_expiries(list: &mut List) {
    let after = |seconds: f64| {
        none().claims(move |claims| {
            let now = claims.get("iat").and_then(Value::as_f64).unwrap_or_default();
            claims.insert("session_expiry".to_owned(), json!(now + seconds));
        })
    };
    list.rule("T-ID-16")
        .accept("session_expiry in an hour", after(3600.0))
        .accept("session_expiry in half a second", after(0.5))
        .accept("session_expiry in a hundred years", after(100.0 * 365.25 * 86_400.0))
        .refuse("session_expiry now", after(0.0))
        .refuse("session_expiry an hour ago", after(-3600.0))
        .refuse("session_expiry in 1970", none().claim("session_expiry", 0))
        .refuse("session_expiry in the year 10000", none().claim("session_expiry", 253_402_300_800_i64))
        .refuse("session_expiry in milliseconds", none().claim("session_expiry", 1_795_330_800_000_i64));
    for value in [json!("1795330800"), json!(-1), Value::Null, json!(true), json!([1_795_330_800]), json!({})] {
        list.refuse(format!("session_expiry {value}"), none().claim("session_expiry", value));
    }
}

/// Times half a second later. *Source*: RFC 7519, section 2: a NumericDate may have a fraction.
pub(super) fn fractional(names: &'static [&'static str]) -> Mischief {
    none().claims(move |claims| {
        for name in names {
            let time = claims.get(*name).and_then(Value::as_f64).unwrap_or_default();
            claims.insert((*name).to_owned(), json!(time + 0.5));
        }
    })
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
        .refuse(
            "nonce in upper case",
            rewrite("nonce", |nonce| {
                nonce
                    .chars()
                    .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                    .collect()
            }),
        )
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
        .accept("at_hash missing", none().without_claim("at_hash"))
        .refuse("c_hash of another code", none().claim("c_hash", "AAAAAAAAAAAAAAAAAAAAAA"))
        .refuse("c_hash number", none().claim("c_hash", 7))
        .rule("T-IDP-4")
        .refuse("10,000 groups", none().claim("groups", json!(vec!["group"; 10_000])));
}

/// Deviations for a request that carried `max_age`.
pub fn age_of_sign_in() -> Vec<Case> {
    let mut list = List::new();
    list.rule("T-ID-09")
        .accept("auth_time with a fraction", fractional(&["auth_time"]))
        .refuse("auth_time missing", none().without_claim("auth_time"))
        .refuse("auth_time an hour ago", none().shift("auth_time", -3600))
        .refuse("auth_time in two minutes", none().shift("auth_time", 120))
        .refuse("auth_time as text", none().claim("auth_time", "now"))
        .refuse("auth_time null", none().claim("auth_time", Value::Null));
    list.cases
}

/// A person in every shape in which a provider can claim an address: every shape of `email_verified`, other writings of the
/// address, other claims with it, and subjects that look like somebody's. The name of the shape and the person.
///
/// *Source*: T-LNK-7.
pub fn claim_shapes(subject: &str, email: &str) -> Vec<(&'static str, Person)> {
    let person = || Person::new(subject, email);
    let others = [
        ("the address in upper case", person().claim("email", email.to_uppercase())),
        ("the address in full width", person().claim("email", full_width(email))),
        ("the address as preferred_username alone", person().without("email").claim("preferred_username", email)),
        (
            "the address as upn and unique_name alone",
            person().without("email").claim("upn", email).claim("unique_name", email),
        ),
        ("the address in a list", person().claim("email", json!([email]))),
        ("the address in a list called emails", person().without("email").claim("emails", json!([email]))),
        ("the address as subject, too", Person::new(email, email)),
        ("the domain as hd, too", person().claim("hd", email.split('@').nth(1).unwrap_or_default())),
        ("a tenant of the same name, too", person().claim("tid", "victim").claim("organization", "victim")),
        ("roles and groups, too", person().claim("roles", json!(["owner"])).claim("groups", json!(["owner", "admin"]))),
        (
            "an address of theirs in aggregated claims, too",
            person()
                .claim("_claim_names", json!({"email": "elsewhere"}))
                .claim("_claim_sources", json!({"elsewhere": {"JWT": "e30.e30."}})),
        ),
    ];
    email_verified_shapes(subject, email).into_iter().chain(others).collect()
}

/// The first letter as wide as a Chinese character: the same address to whoever normalises it.
fn full_width(text: &str) -> String {
    let wide = |letter: char| char::from_u32(u32::from(letter) + 0xfee0).unwrap_or(letter);
    let mut letters = text.chars();
    letters.next().map(wide).into_iter().chain(letters).collect()
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
