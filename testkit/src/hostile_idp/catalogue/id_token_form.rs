//! Deviations of the ID token's envelope: signature, algorithm, bytes and type. *Source*: security-bar 1.2.

use serde_json::{Value, json};

use super::List;
use crate::hostile_idp::{Algorithm, Mischief, Signing};

fn none() -> Mischief {
    Mischief::none()
}

/// Everything about the envelope.
pub(super) fn add(list: &mut List) {
    signatures(list);
    algorithms(list);
    malformed(list);
    types(list);
}

fn signatures(list: &mut List) {
    list.rule("T-ID-03")
        .refuse("signed with a key that nobody published", none().signing(Signing::WrongKey))
        .refuse("signed with the key in its own jwk header", none().signing(Signing::WrongKeyInHeader))
        .refuse("signature with one bit turned", none().signing(Signing::FlippedBit))
        .refuse("signature empty", none().signing(Signing::Empty))
        .refuse(
            "payload changed after signing",
            none().compact(|token| {
                let mut parts: Vec<&str> = token.split('.').collect();
                if let Some(payload) = parts.get_mut(1) {
                    *payload = "eyJzdWIiOiJzb21lYm9keSBlbHNlIn0";
                }
                parts.join(".")
            }),
        )
        .refuse(
            "jku header and a wrong key",
            none().signing(Signing::WrongKey).header_member("jku", "https://evil.example/keys"),
        )
        .refuse(
            "x5u header and a wrong key",
            none().signing(Signing::WrongKey).header_member("x5u", "https://evil.example/x5u"),
        )
        .refuse("x5c header and a wrong key", none().signing(Signing::WrongKey).header_member("x5c", json!(["MIIB"])))
        .refuse(
            "crit with an unknown extension",
            none().header_member("crit", json!(["x-unknown"])).header_member("x-unknown", true),
        )
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
        .refuse(
            "alg missing",
            none().header(|header| {
                header.remove("alg");
            }),
        );
}

fn malformed(list: &mut List) {
    let replaced = |bytes: Vec<u8>| none().payload_bytes(move |_| bytes.clone());
    list.rule("T-ID-11")
        .refuse(
            "sub twice in the payload",
            none().payload_bytes(|payload| insert_first(payload, "\"sub\":\"somebody else\",")),
        )
        .refuse("nonce twice in the payload", none().payload_bytes(|payload| insert_first(payload, "\"nonce\":\"x\",")))
        .refuse("alg twice in the header", none().header_bytes(|header| insert_first(header, "\"alg\":\"none\",")))
        .refuse(
            "payload not UTF-8",
            none().payload_bytes(|payload| {
                let mut payload = insert_first(payload, "\"x\":\"?\",");
                payload.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0xff);
                payload
            }),
        )
        .refuse("payload a list", replaced(b"[]".to_vec()))
        .refuse("payload a number", replaced(b"7".to_vec()))
        .refuse("payload empty", replaced(Vec::new()))
        .refuse(
            "payload with something behind it",
            none().payload_bytes(|mut payload| {
                payload.extend(b"{}");
                payload
            }),
        )
        .refuse(
            "payload nested 10,000 deep",
            none().payload_bytes(|payload| {
                insert_first(payload, &format!("\"x\":{}{},", "[".repeat(10_000), "]".repeat(10_000)))
            }),
        )
        .refuse("token of a megabyte", none().claim("x", "x".repeat(1 << 20)))
        .refuse("token of 17 KiB", none().claim("x", "x".repeat(17 << 10)))
        .refuse("token with padding", none().compact(|token| format!("{token}=")))
        .refuse("token with a line break", none().compact(|token| format!("{token}\n")))
        .refuse(
            "token of two parts",
            none().compact(|token| token.rsplit_once('.').map(|(front, _)| front.to_owned()).unwrap_or_default()),
        )
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
        .refuse(
            "shaped like an encrypted token",
            none().compact(|_| {
                // {"alg":"RSA-OAEP","enc":"A256GCM"}
                format!(
                    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.{}.{}.{}.{}",
                    "AAAA".repeat(64),
                    "AAAA".repeat(4),
                    "AAAA".repeat(64),
                    "AAAA".repeat(4)
                )
            }),
        )
        .accept("typ JWT", none().header_member("typ", "JWT"))
        .accept("typ in lower case", none().header_member("typ", "jwt"))
        .refuse("cty of a token inside a token", none().header_member("cty", "JWT"))
        .refuse("typ of an access token", none().header_member("typ", "at+jwt"))
        .refuse("typ of a logout token", none().header_member("typ", "logout+jwt"))
        .refuse("typ of a security event", none().header_member("typ", "secevent+jwt"))
        .refuse("typ of a global token revocation", none().header_member("typ", "global-token-revocation+jwt"))
        .refuse(
            "claims of a logout token",
            none().claim("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        );
}
