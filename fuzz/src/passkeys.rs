//! What authenticators and the browsers before them write: `a` a new passkey and `b` an answer as the browser hands them on, `c`
//! the attestation object, `d` the authenticator's bytes, signed, `e` what the browser says of itself, signed, `f` a stored key.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use ciborium::Value as Cbor;
use orgate_app::passkey::{Assertion, Attestation, NewCredential, Site};
use orgate_app::settings::PublicUrl;
use orgate_core::id::{Identifier as _, PasskeyId, UserId};
use orgate_core::time::Timestamp;
use orgate_store::Passkey;
use serde_json::{Value, json};

use crate::input::{choose, text};
use crate::provider::base64;

const ORIGIN: &str = "https://id.example.com";
const HOST: &str = "id.example.com";
const CHALLENGE: [u8; 32] = [9; 32];
const ID: [u8; 20] = [1; 20];
const PRESENT_AND_VERIFIED: u8 = 0b101;
const COUNTER: u32 = 5;

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[8; 32]).expect("any 32 bytes are a seed"));
static SITE: LazyLock<Site> = LazyLock::new(|| Site::at(&PublicUrl::parse(ORIGIN).expect("an address"), "Orgate"));

/// What is accepted is for this site, this challenge and this key, of somebody who was there and was verified.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 6);
    match choice {
        0 => {
            attestation(&text(rest));
        }
        1 => {
            assertion(&text(rest), &passkey(cose()));
        }
        2 => object(rest),
        3 => authenticator_data(rest),
        4 => client_data(rest),
        _ => stored_key(rest),
    }
}

/// {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: x}
fn cose() -> Vec<u8> {
    [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..], KEY.public_key().as_ref()].concat()
}

fn passkey(public_key: Vec<u8>) -> Passkey {
    let at = Timestamp::from_seconds(0);
    Passkey {
        id: PasskeyId::new(at, [0; 10]),
        user_id: UserId::new(at, [0; 10]),
        credential_id: ID.to_vec(),
        public_key,
        name: "Laptop".to_owned(),
        sign_count: COUNTER,
        backup_eligible: false,
        backed_up: false,
        created_at: at,
        last_used_at: None,
    }
}

fn said(kind: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": base64(&CHALLENGE), "origin": ORIGIN, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn credential(response: &Value) -> String {
    json!({ "id": base64(&ID), "rawId": base64(&ID), "type": "public-key", "response": response }).to_string()
}

fn site_hash() -> Vec<u8> {
    digest(&SHA256, HOST.as_bytes()).as_ref().to_vec()
}

/// This site's hash, somebody present and verified, a counter of 7.
fn right_data() -> Vec<u8> {
    [site_hash().as_slice(), &[PRESENT_AND_VERIFIED], &7_u32.to_be_bytes()].concat()
}

fn attestation(text: &str) -> Option<NewCredential> {
    let made = SITE.register(&CHALLENGE, &Attestation::parse(text).ok()?).ok()?;
    assert!((1..=1023).contains(&made.credential_id.len()) && made.public_key.len() <= 1024);
    assert!(!made.backed_up || made.backup_eligible);
    Some(made)
}

fn assertion(text: &str, passkey: &Passkey) -> bool {
    let Ok(answer) = Assertion::parse(text) else { return false };
    let Ok(verified) = SITE.verify(&CHALLENGE, passkey, &answer) else { return false };
    assert!(verified.sign_count > passkey.sign_count, "the counter went back");
    assert!(!verified.backed_up, "a key that one device has is on another");
    true
}

fn object(bytes: &[u8]) {
    let response = json!({ "clientDataJSON": base64(&said("webauthn.create")), "attestationObject": base64(bytes) });
    let Some(made) = attestation(&credential(&response)) else { return };
    assert_eq!(made.credential_id, ID);
    let map = read_map(bytes);
    let data = map.iter().find(|(name, _)| name.as_text() == Some("authData")).and_then(|(_, data)| data.as_bytes());
    let (hash, rest) = data.expect("the authenticator's bytes").split_at(32);
    assert_eq!(hash, site_hash());
    let (flags, rest) = rest.split_first().expect("flags");
    assert_eq!(flags & PRESENT_AND_VERIFIED, PRESENT_AND_VERIFIED, "nobody was there");
    assert!(rest.starts_with(&made.sign_count.to_be_bytes()));
    assert!(rest.windows(made.public_key.len()).any(|window| window == made.public_key), "a key that nobody sent");
}

/// The entries of a CBOR map that the product has read.
fn read_map(bytes: &[u8]) -> Vec<(Cbor, Cbor)> {
    let value: Cbor = ciborium::from_reader(bytes).expect("what is accepted is CBOR");
    value.into_map().expect("a map")
}

fn signed(client_data: &[u8], data: &[u8], key: &Passkey) -> bool {
    let message = [data, digest(&SHA256, client_data).as_ref()].concat();
    let response = json!({
        "clientDataJSON": base64(client_data), "authenticatorData": base64(data),
        "signature": base64(KEY.sign(&message).as_ref()),
    });
    assertion(&credential(&response), key)
}

fn authenticator_data(bytes: &[u8]) {
    if signed(&said("webauthn.get"), bytes, &passkey(cose())) {
        let (hash, rest) = bytes.split_at(32);
        assert_eq!(hash, site_hash());
        let (flags, rest) = rest.split_first().expect("flags");
        assert_eq!(flags & PRESENT_AND_VERIFIED, PRESENT_AND_VERIFIED);
        let counter = rest.first_chunk().expect("a counter");
        assert!(u32::from_be_bytes(*counter) > COUNTER);
        assert!(rest.len() == 4 || flags & 0b1100_0000 != 0, "bytes that no flag tells of");
    }
}

fn client_data(bytes: &[u8]) {
    if signed(bytes, &right_data(), &passkey(cose())) {
        // A member that is not read may hold half a surrogate pair, which this reader does not take.
        let Ok(said) = serde_json::from_slice::<Value>(bytes) else { return };
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        assert_eq!((text("type"), text("origin")), (Some("webauthn.get"), Some(ORIGIN)), "{said}");
        assert_eq!(text("challenge"), Some(base64(&CHALLENGE).as_str()), "{said}");
        assert!(said.get("crossOrigin").is_none_or(|framed| framed == false), "{said}");
        assert!(said.get("topOrigin").is_none_or(Value::is_null), "{said}");
    }
}

/// Nothing but the key that signed verifies, however it is written.
fn stored_key(bytes: &[u8]) {
    if signed(&said("webauthn.get"), &right_data(), &passkey(bytes.to_vec())) {
        let is_ours = |value: &Cbor| value.as_bytes().is_some_and(|bytes| bytes == KEY.public_key().as_ref());
        assert!(read_map(bytes).iter().any(|(_, value)| is_ours(value)), "verified by another key");
    }
}
