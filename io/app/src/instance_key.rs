//! Owns the instance's one secret: 32 bytes of the operator, from which a key for each use is derived. The secret itself
//! encrypts and signs nothing. Its id is public and stands with everything that was made with it, so that the key can be
//! replaced (T-SEC-1).

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::hkdf;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How long an id is.
pub const KEY_ID_BYTES: usize = 4;

/// The public name of an instance key. It is derived from the key and tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl KeyId {
    /// As it stands in a sealed value.
    pub const fn from_bytes(bytes: [u8; KEY_ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// As it stands in a sealed value.
    pub const fn as_bytes(&self) -> &[u8; KEY_ID_BYTES] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// `ORGATE_SECRET_KEY`; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct InstanceKey([u8; 32]);

impl InstanceKey {
    /// From 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits, surrounding white space forgiven (files end in a newline).
    ///
    /// *Errors*: `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self);
        bytes.zeroize();
        key
    }

    /// Whether it can have been drawn: 32 random bytes are nearly all different, and never fewer than sixteen of them.
    pub fn looks_drawn(&self) -> bool {
        self.0.iter().collect::<BTreeSet<_>>().len() >= 16
    }

    /// Its public name.
    pub fn id(&self) -> KeyId {
        let [a, b, c, d, ..] = *self.derive("sealing key id");
        KeyId([a, b, c, d])
    }

    /// The key for one use, named by its label. *Source*: HKDF-SHA-256, RFC 5869.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"orgate instance key v1");
        let mut derived = Zeroizing::new([0; 32]);
        let filled = salt
            .extract(&self.0)
            .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(derived.as_mut()));
        if filled.is_err() {
            // HKDF fails only for outputs over 8 KiB. A key of zeros must never be used in its place.
            std::process::abort();
        }
        derived
    }
}

impl fmt::Debug for InstanceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InstanceKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_hexadecimal_digits_are_a_key() {
        let text = "00ff".repeat(16);
        assert!(InstanceKey::parse(&text).is_some());
        assert!(InstanceKey::parse(&format!("{}\n", text.to_uppercase())).is_some());
        for wrong in ["", "00ff", &"zz".repeat(32), &"00".repeat(31), &"00".repeat(33)] {
            assert!(InstanceKey::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_key_that_somebody_typed_does_not_look_drawn() {
        let parsed = |text: &str| InstanceKey::parse(text).unwrap().looks_drawn();
        assert!(parsed("7d1b5b0f3c0a4e9d8c6f2a1e5d4c3b2a19f8e7d6c5b4a3928170f6e5d4c3b2a1"));
        assert!(!parsed(&"0".repeat(64)) && !parsed(&"0123456789abcdef".repeat(4)) && !parsed(&"deadbeef".repeat(8)));
    }

    #[test]
    fn each_label_and_each_secret_has_its_own_key() {
        let key = InstanceKey::from_bytes([1; 32]);
        assert_eq!(*key.derive("a"), *key.derive("a"));
        assert_ne!(*key.derive("a"), *key.derive("b"));
        assert_ne!(*key.derive("a"), *InstanceKey::from_bytes([2; 32]).derive("a"));
        assert_ne!(*key.derive("a"), [1; 32]);
    }

    #[test]
    fn an_id_is_of_its_key_and_shows_nothing_of_it() {
        let (one, other) = (InstanceKey::from_bytes([1; 32]).id(), InstanceKey::from_bytes([2; 32]).id());
        assert_ne!(one, other);
        assert_eq!(one, InstanceKey::from_bytes([1; 32]).id());
        assert_eq!(KeyId::from_bytes(*one.as_bytes()), one);
        assert!(one.to_string().len() == 8 && !one.to_string().starts_with("0101"), "{one}");
    }

    #[test]
    fn printing_shows_no_secret() {
        assert_eq!(format!("{:?}", InstanceKey::from_bytes([1; 32])), "InstanceKey(…)");
    }
}
