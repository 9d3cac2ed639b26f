//! Log-out tokens as a provider's server posts them: `a` the body of the request, `b` header and claims that are then signed,
//! `c` the query that a browser comes back with.

use orgate_sso::oidc::log_out::{Returned, returned};
use orgate_sso::oidc::log_out_token;
use serde_json::Value;

use crate::input::{choose, parts, text};
use crate::provider::{self, CLIENT, ISSUER, NOW};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whatever is accepted is signed, is a log-out token by its type and its event, and names somebody.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 3);
    match choice {
        0 => body(rest),
        1 => {
            let [header, payload] = parts(rest);
            judge(&provider::signed(header, payload));
        }
        _ => query(&text(rest)),
    }
}

fn body(bytes: &[u8]) {
    match log_out_token::from_form(bytes) {
        Ok(token) => judge(&token),
        Err(refusal) => provider::check_words(&refusal),
    }
}

fn judge(token: &str) {
    let looked = log_out_token::look(token);
    let read =
        log_out_token::verify(token, provider::metadata(), provider::key_set(), &provider::client(), provider::now());
    let accepted = match (looked, read) {
        (Ok(()), Ok(accepted)) => accepted,
        (Err(refusal), Ok(_)) => unreachable!("accepted, though its form alone is refused: {refusal}"),
        (_, Err(refusal)) => return provider::check_words(&refusal),
    };
    let (header, claims) = provider::read_signed(token).expect("what is accepted is signed");
    let kind = header.get("typ").and_then(Value::as_str).map(str::to_ascii_lowercase);
    assert!(matches!(kind.as_deref(), Some("logout+jwt" | "application/logout+jwt")), "{header}");
    assert_eq!(claims.get("iss").and_then(Value::as_str), Some(ISSUER));
    let audience = claims.get("aud").expect("an audience");
    assert!(audience == CLIENT || audience == &serde_json::json!([CLIENT]), "{audience}");
    let events = claims.get("events").and_then(Value::as_object).expect("events");
    assert!(events.len() == 1 && events.get(EVENT).is_some_and(Value::is_object), "{claims}");
    assert!(claims.get("nonce").is_none() && claims.get("jti").is_some_and(Value::is_string), "{claims}");
    let moment = |name| claims.get(name).and_then(Value::as_f64).expect("a moment");
    let now = f64::from(u32::try_from(NOW).expect("a moment of this century"));
    assert!(moment("exp") > now - 60.0 && (now - 600.0..now + 60.001).contains(&moment("iat")), "{claims}");
    let named = |name| claims.get(name).and_then(Value::as_str);
    assert_eq!(accepted.ended.subject().map(orgate_core::assertion::Subject::as_str), named("sub"));
    assert_eq!(accepted.ended.sid().map(orgate_core::sid::Sid::as_str), named("sid"));
    assert!(named("sub").is_some() || named("sid").is_some(), "{claims}");
}

fn query(text: &str) {
    let states = url::form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| name == "state").count();
    match returned(text) {
        Returned::Nothing => assert!(states <= 1),
        Returned::Several => assert!(states > 1),
        Returned::State(_) => assert_eq!(states, 1),
    }
}
