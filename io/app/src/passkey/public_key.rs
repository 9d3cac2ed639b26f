//! Owns the public keys of passkeys (RFC 9052, 7): three algorithms, one curve each, and their signatures.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ciborium::Value;
use orgate_core::passkey::PasskeyRefusal;

const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
const EDDSA: i128 = -8;
const ES256: i128 = -7;
const RS256: i128 = -257;
/// *Units*: bytes. Longer keys than RSA of 4096 bits are nobody's.
const LONGEST: usize = 1024;

/// A key, by what it verifies.
#[derive(Debug)]
pub(super) enum PublicKey {
    /// Ed25519.
    EdDsa(Vec<u8>),
    /// ECDSA on P-256 with SHA-256: the uncompressed point.
    Es256(Vec<u8>),
    /// RSA, PKCS #1 1.5 with SHA-256.
    Rs256 {
        /// Modulus.
        n: Vec<u8>,
        /// Exponent.
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// What is asked for, the best first.
    pub(super) const ALGORITHMS: [i32; 3] = [-8, -7, -257];

    /// Reads a COSE key.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PasskeyRefusal> {
        if bytes.len() > LONGEST {
            return Err(PasskeyRefusal::Invalid);
        }
        let value: Value = ciborium::from_reader(bytes).map_err(|_| PasskeyRefusal::Invalid)?;
        let Value::Map(entries) = value else { return Err(PasskeyRefusal::Invalid) };
        let key = Entries(entries);
        // Key type, algorithm and curve have to fit each other: nothing is verified by a key of another kind.
        match (key.number(KEY_TYPE)?, key.number(ALGORITHM)?) {
            (1, EDDSA) if key.number(-1)? == 6 => Ok(Self::EdDsa(key.bytes(-2, 32)?)),
            (2, ES256) if key.number(-1)? == 1 => {
                Ok(Self::Es256([vec![4], key.bytes(-2, 32)?, key.bytes(-3, 32)?].concat()))
            }
            (3, RS256) => Ok(Self::Rs256 { n: key.some_bytes(-1)?, e: key.some_bytes(-2)? }),
            _ => Err(PasskeyRefusal::Invalid),
        }
    }

    /// Whether the signature is right.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyRefusal> {
        let verified = match self {
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| PasskeyRefusal::Invalid)
    }
}

struct Entries(Vec<(Value, Value)>);

impl Entries {
    fn find(&self, label: i128) -> Result<&Value, PasskeyRefusal> {
        let mut found = self.0.iter().filter(|(key, _)| is_number(key, label)).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            (_, _) => Err(PasskeyRefusal::Invalid),
        }
    }

    fn number(&self, label: i128) -> Result<i128, PasskeyRefusal> {
        self.find(label)?.as_integer().map(i128::from).ok_or(PasskeyRefusal::Invalid)
    }

    fn some_bytes(&self, label: i128) -> Result<Vec<u8>, PasskeyRefusal> {
        self.find(label)?.as_bytes().cloned().ok_or(PasskeyRefusal::Invalid)
    }

    fn bytes(&self, label: i128, length: usize) -> Result<Vec<u8>, PasskeyRefusal> {
        let bytes = self.some_bytes(label)?;
        if bytes.len() == length { Ok(bytes) } else { Err(PasskeyRefusal::Invalid) }
    }
}

fn is_number(value: &Value, number: i128) -> bool {
    value.as_integer().map(i128::from) == Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cose(entries: &[(i128, Value)]) -> Vec<u8> {
        let number = |number: i128| Value::Integer(i64::try_from(number).unwrap().into());
        let map = entries.iter().map(|(label, value)| (number(*label), value.clone())).collect();
        let mut bytes = Vec::new();
        ciborium::into_writer(&Value::Map(map), &mut bytes).unwrap();
        bytes
    }

    fn number(number: i64) -> Value {
        Value::Integer(number.into())
    }

    fn bytes(length: usize) -> Value {
        Value::Bytes(vec![1; length])
    }

    fn on_curve(kind: i64, algorithm: i64, curve: i64) -> Vec<(i128, Value)> {
        let (x, y) = ((-2, bytes(32)), (-3, bytes(32)));
        vec![(KEY_TYPE, number(kind)), (ALGORITHM, number(algorithm)), (-1, number(curve)), x, y]
    }

    #[test]
    fn three_kinds_of_keys_are_read() {
        assert!(matches!(PublicKey::read(&cose(&on_curve(1, -8, 6))), Ok(PublicKey::EdDsa(_))));
        assert!(matches!(PublicKey::read(&cose(&on_curve(2, -7, 1))), Ok(PublicKey::Es256(_))));
        let rsa = [(KEY_TYPE, number(3)), (ALGORITHM, number(-257)), (-1, bytes(256)), (-2, bytes(3))];
        assert!(matches!(PublicKey::read(&cose(&rsa)), Ok(PublicKey::Rs256 { .. })));
    }

    #[test]
    fn type_algorithm_and_curve_have_to_fit() {
        for (kind, algorithm, curve) in
            [(2, -8, 6), (1, -7, 1), (1, -8, 1), (2, -7, 2), (2, -35, 2), (3, -7, 1), (2, -257, 1)]
        {
            let key = PublicKey::read(&cose(&on_curve(kind, algorithm, curve)));
            assert!(matches!(key, Err(PasskeyRefusal::Invalid)), "{kind} {algorithm} {curve}");
        }
    }

    #[test]
    fn a_label_that_is_missing_double_or_of_another_length_is_refused() {
        let whole = on_curve(2, -7, 1);
        for left_out in 0..whole.len() {
            let mut entries = whole.clone();
            entries.remove(left_out);
            assert!(PublicKey::read(&cose(&entries)).is_err(), "{left_out}");
        }
        for doubled in &whole {
            assert!(PublicKey::read(&cose(&[whole.clone(), vec![doubled.clone()]].concat())).is_err(), "{doubled:?}");
        }
        let mut short = whole.clone();
        short[3].1 = bytes(31);
        assert!(PublicKey::read(&cose(&short)).is_err());
        let large = [(KEY_TYPE, number(3)), (ALGORITHM, number(-257)), (-1, bytes(2048)), (-2, bytes(3))];
        assert!(PublicKey::read(&cose(&large)).is_err(), "no key is that large");
        assert!(PublicKey::read(&[0x80]).is_err() && PublicKey::read(&[]).is_err());
    }
}
