//! The provider's signing keys, honest and weak, and what it publishes of them.

use std::sync::{LazyLock, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use aws_lc_rs::{digest, hmac};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use num_bigint::BigUint;
use serde_json::{Value, json};

use crate::ambient::random;

/// A JWS algorithm that the provider can really sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// An RSA key that nobody should accept (T-IDP-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakRsa {
    /// 512 bits; its signatures verify.
    Bits512,
    /// 1024 bits; its signatures verify.
    Bits1024,
    /// 16384 bits, to burn time; its signatures are random.
    Bits16384,
    /// Public exponent 1, with which anybody can sign; its signatures verify.
    ExponentOne,
}

/// The weak keys' modulus and private exponent.
const RSA_512: (&[u8], &[u8]) = (
    b"e5d03325f03e9bc8a87b8bfceea2a6df879fdda1d25d3340000cfc131b7f021e7f039d6d81f8a2730da1825ae24691458d8aae00f793ea7d\
      f83ed50d19c1d925",
    b"db524c4e0baea49be6772a0d346d541685e7c2eb99c8ca8d6cbef79f00a1c0912c81f9ff248b3d622adc26319364eb3b6f88eb705e0b6e03\
      ccc39f531e193fe1",
);
const RSA_1024: (&[u8], &[u8]) = (
    b"d859f2ec658604e533789c76d6a542f70143f8ff2821716f713ff4cab4b50ff2110d3fbcdf023d9d86295ea4e0307126ba4b0a8ff0bfe58b\
      0ab7cb6db16cd8e46feba17350f3e9ad5d3f0f32dfd45a9e71ce7d150ca2ceefa209d8ecece0f2f275b86be7b305cba8b9ce5164227795e7\
      9be581e0417389ea2f92947e32efe73d",
    b"9aa528f3fad9a21427077667a7a3f74ad1b7c17ab937b67a9f2bc51143bc0c8acdcf7798cc9b3069b1a54e8671cd8e83cd33a8781cf13de5\
      7622cc213b6a7f58f18960f443c82c8f095dded1f94531e4e50f83a43b4b3c487695169a06c918fb8cd056cb94141e5c0453473c77cac7d9\
      8bef25c3f4a353225e998fa96bd0d40d",
);

/// One generation of keys, a key of each type. Each is made when it is first asked for: an RSA key takes its time, and
/// most providers of a test never sign with one.
pub(crate) struct KeySet {
    name: String,
    rsa: LazyLock<RsaKeyPair>,
    ec: LazyLock<EcdsaKeyPair>,
    ed: LazyLock<Ed25519KeyPair>,
}

impl KeySet {
    pub(crate) fn generate(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rsa: LazyLock::new(|| RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("an RSA key")),
            ec: LazyLock::new(|| {
                EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key")
            }),
            ed: LazyLock::new(|| Ed25519KeyPair::generate().expect("an Ed25519 key")),
        }
    }

    /// A set that no provider publishes.
    pub(crate) fn foreign() -> &'static Self {
        static FOREIGN: OnceLock<KeySet> = OnceLock::new();
        FOREIGN.get_or_init(|| Self::generate("foreign"))
    }

    /// The key id of the key for `algorithm`.
    pub(crate) fn key_id(&self, algorithm: Algorithm) -> String {
        let kind = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 => "rsa",
            Algorithm::Es256 => "ec",
            Algorithm::EdDsa => "ed",
        };
        format!("{kind}-{}", self.name)
    }

    /// The public key for `algorithm`, as a JWK.
    pub(crate) fn jwk(&self, algorithm: Algorithm) -> Value {
        let mut jwk = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 => {
                let (modulus, exponent) = self.rsa_numbers();
                json!({"kty": "RSA", "n": base64url(&modulus), "e": base64url(&exponent)})
            }
            Algorithm::Es256 => {
                let point = self.ec.public_key().as_ref();
                let (x, y) = point.get(1..).expect("an uncompressed point").split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
            }
            Algorithm::EdDsa => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(self.ed.public_key().as_ref())})
            }
        };
        set(&mut jwk, "kid", json!(self.key_id(algorithm)));
        set(&mut jwk, "use", json!("sig"));
        set(&mut jwk, "alg", json!(algorithm.name()));
        jwk
    }

    /// Signs `input` as `algorithm` says.
    pub(crate) fn sign(&self, algorithm: Algorithm, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |padding| {
            let mut bytes = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(padding, &random, input, &mut bytes).expect("a signature");
            bytes
        };
        match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256),
            Algorithm::Es256 => self.ec.sign(&random, input).expect("a signature").as_ref().to_vec(),
            Algorithm::EdDsa => self.ed.sign(input).as_ref().to_vec(),
        }
    }

    /// The RSA modulus and public exponent, big-endian.
    pub(crate) fn rsa_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let der = self.rsa.public_key().as_ref();
        let (sequence, _) = der_value(der).expect("RSAPublicKey");
        let (modulus, rest) = der_value(sequence).expect("a modulus");
        let (exponent, _) = der_value(rest).expect("an exponent");
        let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        (number(modulus), number(exponent))
    }

    /// The RSA public key as a `PUBLIC KEY` PEM, the favourite HMAC secret of attackers.
    pub(crate) fn rsa_pem(&self) -> String {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        let der: PublicKeyX509Der<'_> = self.rsa.public_key().as_der().expect("a public key");
        let text = BASE64.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

/// The contents of the DER value at the front, and what follows it.
fn der_value(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let short = usize::from(*der.get(1)?);
    let (length, start) = if short < 0x80 {
        (short, 2)
    } else {
        let digits = short - 0x80;
        let length = der.get(2..2 + digits)?.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        (length, 2 + digits)
    };
    der.get(start..)?.split_at_checked(length)
}

/// HMAC with SHA-256.
pub(crate) fn hmac_sha256(secret: &[u8], input: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
}

/// A weak public key as a JWK under the given id.
pub(crate) fn weak_jwk(weak: WeakRsa, key_id: &str) -> Value {
    let (modulus, exponent) = match weak {
        WeakRsa::Bits512 => (number(RSA_512.0).to_bytes_be(), vec![1, 0, 1]),
        WeakRsa::Bits1024 => (number(RSA_1024.0).to_bytes_be(), vec![1, 0, 1]),
        WeakRsa::Bits16384 => {
            let mut modulus = random(2048);
            if let [first, .., last] = modulus.as_mut_slice() {
                *first |= 0x80;
                *last |= 1;
            }
            (modulus, vec![1, 0, 1])
        }
        WeakRsa::ExponentOne => (KeySet::foreign().rsa_numbers().0, vec![1]),
    };
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": base64url(&modulus), "e": base64url(&exponent),
    })
}

/// Signs as RS256 with a weak key.
pub(crate) fn weak_signature(weak: WeakRsa, input: &[u8]) -> Vec<u8> {
    match weak {
        WeakRsa::Bits512 => textbook_rsa(RSA_512, input),
        WeakRsa::Bits1024 => textbook_rsa(RSA_1024, input),
        WeakRsa::Bits16384 => random(2048),
        WeakRsa::ExponentOne => padded(KeySet::foreign().rsa_numbers().0.len(), input),
    }
}

fn textbook_rsa((modulus, exponent): (&[u8], &[u8]), input: &[u8]) -> Vec<u8> {
    let modulus = number(modulus);
    let length = modulus.to_bytes_be().len();
    let signature = BigUint::from_bytes_be(&padded(length, input)).modpow(&number(exponent), &modulus).to_bytes_be();
    let mut bytes = vec![0; length - signature.len()];
    bytes.extend(signature);
    bytes
}

/// The SHA-256 digest of `input` in PKCS#1 v1.5 padding of the given length. *Source*: RFC 8017, 9.2.
fn padded(length: usize, input: &[u8]) -> Vec<u8> {
    const DIGEST_INFO: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ];
    let digest = digest::digest(&digest::SHA256, input);
    let mut bytes = vec![0, 1];
    bytes.resize(length - DIGEST_INFO.len() - digest.as_ref().len() - 1, 0xff);
    bytes.push(0);
    bytes.extend(DIGEST_INFO);
    bytes.extend(digest.as_ref());
    bytes
}

fn number(hexadecimal: &[u8]) -> BigUint {
    BigUint::parse_bytes(hexadecimal, 16).expect("a hexadecimal number")
}

/// Base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Sets a member of a JSON object.
pub(crate) fn set(object: &mut Value, name: &str, value: Value) {
    object.as_object_mut().expect("a JSON object").insert(name.to_owned(), value);
}
