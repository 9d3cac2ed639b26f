//! Owns an authenticator in software, and the browser before it: it makes passkeys and signs challenges as W3C Web
//! Authentication says, or wrongly in one chosen way. It shares no code with what verifies it.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// By what it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256.
    Es256,
    /// RSA of 2048 bits, PKCS #1 1.5 with SHA-256.
    Rs256,
}

#[derive(Debug)]
enum Secret {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// An authenticator with one passkey at most, and the browser that it is used from.
#[derive(Debug)]
pub struct Authenticator {
    /// The origin that the browser says.
    pub origin: String,
    /// The site that the passkey is for.
    pub site: String,
    /// Whether it verifies who uses it.
    pub verifies: bool,
    /// Whether anybody touches it.
    pub touched: bool,
    /// Its counter, where it counts; it goes up by one with each signature.
    pub counter: Option<u32>,
    /// Whether its passkey may be, and is, kept by other devices.
    pub synchronized: bool,
    /// The page is inside another site's.
    pub framed: bool,
    /// Says another person's name with its signature, or none.
    pub user_handle: Option<Vec<u8>>,
    /// The name of its key.
    pub id: Vec<u8>,
    secret: Secret,
}

impl Authenticator {
    /// One whose key comes from a seed, at this origin.
    pub fn new(origin: &str, algorithm: Algorithm, seed: u8) -> Self {
        let secret = match algorithm {
            Algorithm::EdDsa => Secret::EdDsa(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed")),
            Algorithm::Es256 => Secret::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key")),
            Algorithm::Rs256 => Secret::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")),
        };
        let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        Self {
            origin: origin.to_owned(),
            site: host.split(':').next().unwrap_or(host).to_owned(),
            verifies: true,
            touched: true,
            counter: None,
            synchronized: false,
            framed: false,
            user_handle: None,
            id: vec![seed; 20],
            secret,
        }
    }

    /// `navigator.credentials.create(…)`, as its JSON.
    pub fn create(&mut self, options: &Value) -> String {
        self.user_handle = Some(decoded(options.pointer("/user/id").unwrap_or(&Value::Null)));
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.data(HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = vec![0xa3];
        text(&mut object, "fmt");
        text(&mut object, "none");
        text(&mut object, "attStmt");
        object.push(0xa0);
        text(&mut object, "authData");
        bytes(&mut object, &data);
        let response = json!({ "clientDataJSON": encoded(&client_data), "attestationObject": encoded(&object),
            "transports": ["internal", "something-new"] });
        self.credential(&response)
    }

    /// `navigator.credentials.get(…)`, as its JSON.
    pub fn get(&mut self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        if let Some(counter) = &mut self.counter {
            *counter += 1;
        }
        let data = self.data(0);
        let signed = [data.as_slice(), digest::digest(&digest::SHA256, &client_data).as_ref()].concat();
        let signature = match &self.secret {
            Secret::EdDsa(key) => key.sign(&signed).as_ref().to_vec(),
            Secret::Es256(key) => key.sign(&SystemRandom::new(), &signed).expect("a signature").as_ref().to_vec(),
            Secret::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).expect("a signature");
                signature
            }
        };
        let response = json!({
            "clientDataJSON": encoded(&client_data), "authenticatorData": encoded(&data), "signature": encoded(&signature),
            "userHandle": self.user_handle.as_deref().map(encoded),
        });
        self.credential(&response)
    }

    fn credential(&self, response: &Value) -> String {
        json!({ "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "response": response,
            "clientExtensionResults": {} })
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.framed })
            .to_string()
            .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let flags = [
            (self.touched, USER_PRESENT),
            (self.verifies, USER_VERIFIED),
            (self.synchronized, BACKUP_ELIGIBLE | BACKED_UP),
        ];
        let flags = flags.iter().filter(|(set, _)| *set).fold(more, |all, (_, flag)| all | flag);
        let mut data = digest::digest(&digest::SHA256, self.site.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        data
    }

    /// The COSE key.
    pub fn public_key(&self) -> Vec<u8> {
        match &self.secret {
            Secret::EdDsa(key) => {
                // {1: 1 (OKP), 3: -8, -1: 6 (Ed25519), -2: x}
                let mut cose = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
                bytes(&mut cose, key.public_key().as_ref());
                cose
            }
            Secret::Es256(key) => {
                // {1: 2 (EC2), 3: -7, -1: 1 (P-256), -2: x, -3: y}
                let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
                let (x, y) = key.public_key().as_ref().get(1..).expect("a point").split_at(32);
                bytes(&mut cose, x);
                cose.push(0x22);
                bytes(&mut cose, y);
                cose
            }
            Secret::Rs256(key) => {
                // {1: 3 (RSA), 3: -257, -1: n, -2: e}
                let public = key.public_key();
                let mut cose = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
                bytes(&mut cose, public.modulus().big_endian_without_leading_zero());
                cose.push(0x21);
                bytes(&mut cose, public.exponent().big_endian_without_leading_zero());
                cose
            }
        }
    }
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn decoded(value: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(value.as_str().unwrap_or_default().as_bytes()).expect("base64url")
}

fn text(into: &mut Vec<u8>, text: &str) {
    into.push(0x60 | u8::try_from(text.len()).expect("a short text"));
    into.extend(text.as_bytes());
}

fn bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    into.push(0x59);
    into.extend(u16::try_from(bytes.len()).expect("short bytes").to_be_bytes());
    into.extend(bytes);
}
