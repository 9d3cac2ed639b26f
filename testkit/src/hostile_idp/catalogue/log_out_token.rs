//! Deviations of log-out tokens. *Source*: security-bar 1.3 (back-channel logout) and 1.5, T-LO-2.

use serde_json::{Value, json};

use super::{Case, List};
use crate::hostile_idp::log_out::EVENT;
use crate::hostile_idp::{Mischief, Signing};

fn none() -> Mischief {
    Mischief::none()
}

/// Every deviation of a log-out token that needs no second provider.
pub fn log_out_tokens() -> Vec<Case> {
    let mut list = List::new();
    list.rule("T-LO-2");
    forms(&mut list);
    claims(&mut list);
    times(&mut list);
    events(&mut list);
    list.cases
}

fn forms(list: &mut List) {
    let rewritten = |from: &'static str, to: &'static str| {
        none().log_out_payload_bytes(move |bytes| String::from_utf8_lossy(&bytes).replacen(from, to, 1).into_bytes())
    };
    list.accept("valid", none())
        .accept("typ with its prefix", none().log_out_header_member("typ", "application/logout+jwt"))
        .refuse("alg none", none().log_out_signing(Signing::Unsigned("none")))
        .refuse("alg of a symmetric key", none().log_out_signing(Signing::HmacOfClientSecret))
        .refuse(
            "another alg than was agreed",
            none().log_out_signing(Signing::Algorithm(super::super::Algorithm::Es256)),
        )
        .refuse("signed by nobody known", none().log_out_signing(Signing::WrongKey))
        .refuse("signed by the key in its header", none().log_out_signing(Signing::WrongKeyInHeader))
        .refuse("one bit of the signature turned", none().log_out_signing(Signing::FlippedBit))
        .refuse("empty signature", none().log_out_signing(Signing::Empty))
        .refuse("no typ", none().log_out_header_member("typ", Value::Null))
        .refuse("typ of an ID token", none().log_out_header_member("typ", "JWT"))
        .refuse("typ of a security event", none().log_out_header_member("typ", "secevent+jwt"))
        .refuse("a critical extension", none().log_out_header_member("crit", json!(["exp"])))
        .refuse("a key that is repeated", rewritten("{", "{\"sub\":\"somebody\","))
        .refuse("not JSON", none().log_out_payload_bytes(|_| b"log out".to_vec()))
        .refuse("too large", none().log_out_claim("filler", "x".repeat(20_000)))
        .refuse(
            "two parts",
            none().log_out_compact(|token| token.rsplit_once('.').map_or(String::new(), |(head, _)| head.to_owned())),
        )
        .refuse("nothing", none().log_out_compact(|_| String::new()));
}

fn claims(list: &mut List) {
    list.refuse("iss of somebody else", none().log_out_claim("iss", "https://evil.example"))
        .refuse("iss missing", none().without_log_out_claim("iss"))
        .refuse("aud of another client", none().log_out_claim("aud", "another-client"))
        .refuse(
            "aud with another audience",
            none().log_out_claims(|claims| {
                let own = claims.get("aud").cloned();
                claims.insert("aud".to_owned(), json!([own, "another-client"]));
            }),
        )
        .refuse("aud missing", none().without_log_out_claim("aud"))
        .accept(
            "aud as a list of one",
            none().log_out_claims(|claims| {
                let own = claims.get("aud").cloned();
                claims.insert("aud".to_owned(), json!([own]));
            }),
        )
        .refuse("a nonce", none().log_out_claim("nonce", "n"))
        .refuse("a nonce that is null", none().log_out_claim("nonce", Value::Null))
        .refuse("neither sub nor sid", none().without_log_out_claim("sub").without_log_out_claim("sid"))
        .refuse("sub number", none().log_out_claim("sub", 7))
        .refuse("sub empty", none().log_out_claim("sub", ""))
        .refuse("sid list", none().log_out_claim("sid", json!(["a"])))
        .refuse("jti missing", none().without_log_out_claim("jti"))
        .refuse("jti number", none().log_out_claim("jti", 7))
        .refuse("jti too long", none().log_out_claim("jti", "x".repeat(256)));
}

fn times(list: &mut List) {
    list.refuse("exp missing", none().without_log_out_claim("exp"))
        .refuse("exp text", none().log_out_claim("exp", "soon"))
        .refuse("expired", none().shift_log_out("exp", -300))
        .refuse("iat missing", none().without_log_out_claim("iat"))
        .refuse("iat too old", none().shift_log_out("iat", -700))
        .refuse("iat in the future", none().shift_log_out("iat", 120))
        .accept("iat half a minute ahead", none().shift_log_out("iat", 30))
        .refuse(
            "nbf in the future",
            none().log_out_claims(|claims| {
                let now = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
                claims.insert("nbf".to_owned(), json!(now + 120));
            }),
        );
}

fn events(list: &mut List) {
    list.refuse("no events", none().without_log_out_claim("events"))
        .refuse("events empty", none().log_out_claim("events", json!({})))
        .refuse("events list", none().log_out_claim("events", json!([EVENT])))
        .refuse("events text", none().log_out_claim("events", EVENT))
        .refuse("wrong event", none().log_out_claim("events", json!({ "http://schemas.openid.net/event/foo": {} })))
        .refuse("event in upper case", none().log_out_claim("events", json!({ EVENT.to_uppercase(): {} })))
        .refuse("event that is no object", none().log_out_claim("events", json!({ EVENT: true })))
        .refuse("event that is null", none().log_out_claim("events", json!({ EVENT: null })))
        .refuse("a second event", none().log_out_claim("events", json!({ EVENT: {}, "urn:example:other": {} })));
}
