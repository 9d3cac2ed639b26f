//! Owns the keys of the chain: one marks events and erasures, one signs heads. Each mark carries the number of its key, so
//! that a key can be replaced: the former one still verifies.

use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{digest, hmac};
use subtle::ConstantTimeEq as _;

use super::bytes::Bytes;
use super::entry::Chain;
use super::opening::Openings;

const NUMBER_LENGTH: usize = 4;
const MARK_LENGTH: usize = NUMBER_LENGTH + 32;

/// What a set of keys is derived from, each for its one use.
pub struct KeySecrets<'s> {
    /// For marks of events and erasures.
    pub marks: &'s [u8; 32],
    /// The seed of the pair that signs heads.
    pub heads: &'s [u8; 32],
}

/// A seed of which no key can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRejected;

impl std::fmt::Display for KeyRejected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the keys of the audit log cannot be made")
    }
}

impl std::error::Error for KeyRejected {}

struct KeySet {
    number: [u8; NUMBER_LENGTH],
    marks: hmac::Key,
    heads: Ed25519KeyPair,
}

impl KeySet {
    fn new(secrets: &KeySecrets<'_>) -> Result<Self, KeyRejected> {
        let heads = Ed25519KeyPair::from_seed_unchecked(secrets.heads).map_err(|_| KeyRejected)?;
        let known = digest::digest(&digest::SHA256, heads.public_key().as_ref());
        let mut number = [0; NUMBER_LENGTH];
        for (target, source) in number.iter_mut().zip(known.as_ref()) {
            *target = *source;
        }
        Ok(Self { number, marks: hmac::Key::new(hmac::HMAC_SHA256, secrets.marks), heads })
    }
}

/// How a mark stands to the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It is Orgate's.
    Right,
    /// It is not, or there is none.
    Wrong,
    /// It was made with a key that is not here.
    OtherKey,
}

/// The keys in use, and former ones that still verify.
pub struct AuditKeys {
    current: KeySet,
    former: Vec<KeySet>,
}

impl AuditKeys {
    /// From the secrets in use.
    ///
    /// *Errors*: [`KeyRejected`], which the crypto library gives for no seed of 32 bytes.
    pub fn new(secrets: &KeySecrets<'_>) -> Result<Self, KeyRejected> {
        Ok(Self { current: KeySet::new(secrets)?, former: Vec::new() })
    }

    /// With a former set of keys, which verifies and signs nothing.
    ///
    /// *Errors*: as [`AuditKeys::new`].
    pub fn with_former(mut self, secrets: &KeySecrets<'_>) -> Result<Self, KeyRejected> {
        self.former.push(KeySet::new(secrets)?);
        Ok(self)
    }

    /// The mark of an event's bytes.
    pub fn mark_event(&self, event: &[u8]) -> Vec<u8> {
        self.mark(&Bytes::of("event").part(event).finish())
    }

    /// Whether the mark is Orgate's for these bytes.
    pub fn check_event(&self, event: &[u8], mark: &[u8]) -> Marked {
        self.check(&Bytes::of("event").part(event).finish(), mark)
    }

    /// The mark of an erasure: what is left of the openings of one event.
    pub fn mark_erasure(&self, chain: &Chain, id: &str, openings: &Openings) -> Vec<u8> {
        self.mark(&erasure(chain, id, openings))
    }

    /// Whether the mark is Orgate's for this erasure.
    pub fn check_erasure(&self, chain: &Chain, id: &str, openings: &Openings, mark: &[u8]) -> Marked {
        self.check(&erasure(chain, id, openings), mark)
    }

    /// The public key that heads are signed with, for whoever checks them elsewhere.
    pub fn public_key(&self) -> &[u8] {
        self.current.heads.public_key().as_ref()
    }

    /// Which of the keys a mark or a signature names: 0 is the one in use, the former ones follow in the order in which they
    /// were given; `None` for a key that is not here. It does not say whether the mark is right.
    pub fn named_by(&self, mark: &[u8]) -> Option<usize> {
        let number = mark.first_chunk()?;
        self.all().position(|keys| keys.number == *number)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.current.number.into_iter().chain(self.current.heads.sign(message).as_ref().iter().copied()).collect()
    }

    pub(super) fn check_signature(&self, message: &[u8], signed: &[u8]) -> Marked {
        let Some((number, bytes)) = signed.split_first_chunk() else { return Marked::Wrong };
        let Some(keys) = self.find(*number) else { return Marked::OtherKey };
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, keys.heads.public_key().as_ref());
        if key.verify(message, bytes).is_ok() { Marked::Right } else { Marked::Wrong }
    }

    fn mark(&self, message: &[u8]) -> Vec<u8> {
        let tag = hmac::sign(&self.current.marks, message);
        self.current.number.into_iter().chain(tag.as_ref().iter().copied()).collect()
    }

    fn check(&self, message: &[u8], mark: &[u8]) -> Marked {
        let Some((number, tag)) = mark.split_first_chunk().filter(|_| mark.len() == MARK_LENGTH) else {
            return Marked::Wrong;
        };
        let Some(keys) = self.find(*number) else { return Marked::OtherKey };
        let right = hmac::sign(&keys.marks, message);
        if bool::from(right.as_ref().ct_eq(tag)) { Marked::Right } else { Marked::Wrong }
    }

    fn find(&self, number: [u8; NUMBER_LENGTH]) -> Option<&KeySet> {
        self.all().find(|keys| keys.number == number)
    }

    fn all(&self) -> impl Iterator<Item = &KeySet> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl std::fmt::Debug for AuditKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AuditKeys(…)")
    }
}

fn erasure(chain: &Chain, id: &str, openings: &Openings) -> Vec<u8> {
    Bytes::of("erasure").text(chain.name()).text(id).part(&openings.encode()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> AuditKeys {
        AuditKeys::new(&KeySecrets { marks: &[byte; 32], heads: &[byte; 32] }).unwrap()
    }

    #[test]
    fn a_mark_holds_for_its_bytes_its_use_and_its_key() {
        let mark = keys(1).mark_event(b"bytes");
        assert_eq!(keys(1).check_event(b"bytes", &mark), Marked::Right);
        assert_eq!(keys(1).check_event(b"bytez", &mark), Marked::Wrong);
        assert_eq!(keys(1).check_event(b"bytes", &mark[..20]), Marked::Wrong);
        assert_eq!(keys(2).check_event(b"bytes", &mark), Marked::OtherKey);
        let openings = Openings::new([3; 32]);
        let erasure = keys(1).mark_erasure(&Chain::Instance, "evt_1", &openings);
        assert_eq!(keys(1).check_erasure(&Chain::Instance, "evt_1", &openings, &erasure), Marked::Right);
        assert_eq!(keys(1).check_erasure(&Chain::Instance, "evt_2", &openings, &erasure), Marked::Wrong);
        assert_eq!(keys(1).check_erasure(&Chain::Instance, "evt_1", &openings, &mark), Marked::Wrong);
    }

    #[test]
    fn a_former_key_verifies_and_signs_nothing() {
        let both = keys(2).with_former(&KeySecrets { marks: &[1; 32], heads: &[1; 32] }).unwrap();
        assert_eq!(both.check_event(b"bytes", &keys(1).mark_event(b"bytes")), Marked::Right);
        assert_eq!(both.mark_event(b"bytes"), keys(2).mark_event(b"bytes"));
        let named = |byte| both.named_by(&keys(byte).mark_event(b"bytes"));
        assert_eq!((named(2), named(1), named(3), both.named_by(b"abc")), (Some(0), Some(1), None, None));
        assert_eq!(format!("{both:?}"), "AuditKeys(…)");
    }
}
