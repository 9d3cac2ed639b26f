//! Tokens written by hand: header and payload are bytes, so that anything at all can be signed.

use serde_json::{Map, Value, json};

use super::keys::{self, Algorithm, KeySet, base64url};
use super::mischief::{KeySetShape, Signing, TokenChanges};

/// The secret that a symmetric key set publishes.
pub(crate) const PUBLISHED_SECRET: &[u8] = b"a secret that stands in the published key set";

/// What a token is signed with.
pub(crate) struct Signer<'a> {
    pub(crate) keys: &'a KeySet,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_set: KeySetShape,
    pub(crate) client_secret: &'a str,
}

/// Writes and signs a token.
pub(crate) fn write(signer: &Signer<'_>, claims: Map<String, Value>, changes: &TokenChanges) -> String {
    let mut claims = claims;
    changes.claims.iter().for_each(|edit| edit(&mut claims));
    let mut header = header(signer, changes.signing);
    changes.header.iter().for_each(|edit| edit(&mut header));

    let rewritten = |bytes: Vec<u8>, rewrites: &[super::mischief::Rewrite<Vec<u8>>]| {
        rewrites.iter().fold(bytes, |bytes, rewrite| rewrite(bytes))
    };
    let header = rewritten(Value::Object(header).to_string().into_bytes(), &changes.header_bytes);
    let payload = rewritten(Value::Object(claims).to_string().into_bytes(), &changes.payload_bytes);
    let input = format!("{}.{}", base64url(&header), base64url(&payload));
    let signature = signature(signer, changes.signing, input.as_bytes());
    let token = format!("{input}.{}", base64url(&signature));
    changes.compact.iter().fold(token, |token, rewrite| rewrite(token))
}

fn header(signer: &Signer<'_>, signing: Signing) -> Map<String, Value> {
    let mut header = Map::new();
    let (name, algorithm) = match signing {
        Signing::Honest | Signing::WrongKey | Signing::WrongKeyInHeader | Signing::Empty | Signing::FlippedBit => {
            (signer.algorithm.name(), signer.algorithm)
        }
        Signing::Algorithm(algorithm) => (algorithm.name(), algorithm),
        Signing::Unsigned(name) => (name, signer.algorithm),
        Signing::HmacOfPublicPem
        | Signing::HmacOfPublicModulus
        | Signing::HmacOfClientSecret
        | Signing::HmacOfPublishedSecret => ("HS256", signer.algorithm),
        Signing::Weak(_) => ("RS256", signer.algorithm),
    };
    header.insert("alg".to_owned(), json!(name));
    if !matches!(signer.key_set, KeySetShape::OneWithoutId | KeySetShape::ManyWithoutId) {
        header.insert("kid".to_owned(), json!(signer.keys.key_id(algorithm)));
    }
    if signing == Signing::WrongKeyInHeader {
        header.insert("jwk".to_owned(), KeySet::foreign().jwk(signer.algorithm));
    }
    header
}

fn signature(signer: &Signer<'_>, signing: Signing, input: &[u8]) -> Vec<u8> {
    match signing {
        Signing::Honest => signer.keys.sign(signer.algorithm, input),
        Signing::Algorithm(algorithm) => signer.keys.sign(algorithm, input),
        Signing::WrongKey | Signing::WrongKeyInHeader => KeySet::foreign().sign(signer.algorithm, input),
        Signing::Unsigned(_) | Signing::Empty => Vec::new(),
        Signing::FlippedBit => {
            let mut signature = signer.keys.sign(signer.algorithm, input);
            if let Some(byte) = signature.last_mut() {
                *byte ^= 1;
            }
            signature
        }
        Signing::HmacOfPublicPem => keys::hmac_sha256(signer.keys.rsa_pem().as_bytes(), input),
        Signing::HmacOfPublicModulus => keys::hmac_sha256(&signer.keys.rsa_numbers().0, input),
        Signing::HmacOfClientSecret => keys::hmac_sha256(signer.client_secret.as_bytes(), input),
        Signing::HmacOfPublishedSecret => keys::hmac_sha256(PUBLISHED_SECRET, input),
        Signing::Weak(weak) => keys::weak_signature(weak, input),
    }
}

/// The published key set.
pub(crate) fn key_set(signer: &Signer<'_>, older: &[KeySet]) -> Value {
    let algorithm = signer.algorithm;
    let id = signer.keys.key_id(algorithm);
    let jwk = signer.keys.jwk(algorithm);
    let with = |name: &str, value: Value| {
        let mut jwk = jwk.clone();
        keys::set(&mut jwk, name, value);
        jwk
    };
    let foreign = |algorithm| {
        let mut jwk = KeySet::foreign().jwk(algorithm);
        keys::set(&mut jwk, "kid", json!(id));
        jwk
    };
    let nameless = |jwk: Value| match jwk {
        Value::Object(mut members) => {
            members.remove("kid");
            Value::Object(members)
        }
        other => other,
    };
    let keys: Vec<Value> = match signer.key_set {
        KeySetShape::Honest => std::iter::once(jwk).chain(older.iter().map(|keys| keys.jwk(algorithm))).collect(),
        KeySetShape::Empty => Vec::new(),
        KeySetShape::Symmetric => {
            vec![json!({"kty": "oct", "alg": "HS256", "use": "sig", "kid": id, "k": base64url(PUBLISHED_SECRET)})]
        }
        KeySetShape::Private => vec![with("d", json!(base64url(&[7; 256])))],
        KeySetShape::Weak(weak) => vec![keys::weak_jwk(weak, &id)],
        KeySetShape::OneWithoutId => vec![nameless(jwk)],
        KeySetShape::ManyWithoutId => {
            let others = KeySet::foreign();
            vec![nameless(others.jwk(algorithm)), nameless(others.jwk(Algorithm::Es256)), nameless(jwk)]
        }
        KeySetShape::Many(count) => {
            let other = |index| {
                let mut jwk = KeySet::foreign().jwk(algorithm);
                keys::set(&mut jwk, "kid", json!(format!("other-{index}")));
                jwk
            };
            (0..count).map(other).chain([jwk]).collect()
        }
        KeySetShape::SameIdTwice => vec![foreign(algorithm), jwk],
        KeySetShape::ForEncryption => vec![with("use", json!("enc"))],
        KeySetShape::OtherAlgorithm => vec![with("alg", json!(other(algorithm).name()))],
        KeySetShape::OtherType => {
            vec![foreign(if algorithm == Algorithm::Es256 { Algorithm::Rs256 } else { Algorithm::Es256 })]
        }
        KeySetShape::Foreign => vec![foreign(algorithm)],
        KeySetShape::WithoutCurrent => vec![KeySet::foreign().jwk(algorithm)],
    };
    json!({ "keys": keys })
}

/// Another algorithm for the same type of key, where there is one.
fn other(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Ps256 | Algorithm::Es256 | Algorithm::EdDsa => {
            Algorithm::Rs512
        }
        Algorithm::Rs512 => Algorithm::Rs384,
    }
}
