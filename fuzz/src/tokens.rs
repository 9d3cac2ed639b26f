//! ID tokens: `a` the token itself, `b` header and claims that are then signed with the provider's key.

use serde_json::Value;

use crate::input::{choose, parts, text};
use crate::provider::{self, CLIENT, ISSUER, NOW};

/// Whatever is accepted, a second reader that shares no code with the product accepts too.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 2);
    let token = if choice == 0 {
        text(rest)
    } else {
        let [header, payload] = parts(rest);
        provider::signed(header, payload)
    };
    let userinfo = provider::answer(200, r#"{"sub":"00u1","email":"ada@acme.example","email_verified":true}"#);
    if let Ok(statement) = provider::sign_in(provider::token_answer(&token), userinfo) {
        provider::check_statement(&statement);
        let (header, claims) = provider::read_signed(&token).expect("what is accepted is signed");
        check_header(&header);
        check_claims(&claims);
        assert_eq!(text_of(&claims, "sub"), Some(statement.subject.as_str()));
    }
}

fn check_header(header: &Value) {
    assert_eq!(text_of(header, "alg"), Some("EdDSA"));
    assert!(["crit", "enc", "cty"].iter().all(|name| header.get(name).is_none()), "{header}");
    assert!(text_of(header, "typ").is_none_or(|kind| kind.eq_ignore_ascii_case("JWT")), "{header}");
}

fn check_claims(claims: &Value) {
    assert_eq!(text_of(claims, "iss"), Some(ISSUER));
    let audience = claims.get("aud").expect("an audience");
    assert!(audience == CLIENT || audience == &serde_json::json!([CLIENT]), "{audience}");
    assert!(claims.get("azp").is_none_or(|party| party == CLIENT), "{claims}");
    assert!(claims.get("events").is_none(), "{claims}");
    assert_eq!(text_of(claims, "nonce"), Some(provider::base64(&[2; 32]).as_str()));
    assert!(moment(claims, "exp") > lossy(NOW - 60), "{claims}");
    // Moments count in milliseconds.
    assert!((lossy(NOW - 90)..lossy(NOW + 60) + 0.001).contains(&moment(claims, "iat")), "{claims}");
    for hash in ["at_hash", "c_hash"] {
        assert!(claims.get(hash).is_none_or(Value::is_string), "{claims}");
    }
}

fn text_of<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str)
}

fn moment(claims: &Value, name: &str) -> f64 {
    claims.get(name).and_then(Value::as_f64).expect("a moment is a number")
}

/// A moment of this century is exact as floating point.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn lossy(seconds: i64) -> f64 {
    seconds as f64
}
