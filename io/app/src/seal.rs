//! Owns secrets at rest: XChaCha20-Poly1305 under a key derived from the instance's, bound to the place it is stored in,
//! so that a value moved to another row, column or tenant does not open (T-SEC-1). Each value names its key; one key seals,
//! and the others that are known open what they sealed, until it is sealed anew ([`crate::secret_key`]).

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::entropy::{Draw, Entropy};
use crate::instance_key::{InstanceKey, KeyId};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const KEY_CHECK: &[u8] = b"orgate key check";

/// Where a sealed value is stored.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The id of the row.
    pub row: &'a str,
    /// The id of the organization; empty for what belongs to the instance.
    pub tenant: &'a str,
}

/// Why a value could not be sealed or opened. None of them says anything about the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// Not of the form that sealing writes: cut off, or of a later version.
    Malformed,
    /// Sealed under a key that is not known.
    OtherKey,
    /// Changed, or moved from another place.
    NotAuthentic,
    /// Too long to be sealed.
    TooLong,
}

impl fmt::Display for SealError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "a sealed value is not of a form that this version reads",
            Self::OtherKey => {
                "wrong key: a value was sealed with a key that is neither ORGATE_SECRET_KEY nor among ORGATE_OTHER_SECRET_KEYS"
            }
            Self::NotAuthentic => "a sealed value was changed or moved from another place",
            Self::TooLong => "a value is too long to be sealed",
        })
    }
}

impl SealError {
    /// The same in a few words, for a list of values.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Malformed => "not of the form that sealing writes",
            Self::OtherKey => "sealed with a key that is not here",
            Self::NotAuthentic => "changed, or moved from another place",
            Self::TooLong => "too long",
        }
    }
}

impl std::error::Error for SealError {}

/// Seals with the instance's sealing key, and opens with it and with the others that are known.
pub struct Sealer {
    present: Key,
    others: Vec<Key>,
}

struct Key {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl Key {
    fn new(instance_key: &InstanceKey) -> Self {
        Self { id: instance_key.id(), cipher: XChaCha20Poly1305::new((&*instance_key.derive("sealing")).into()) }
    }
}

impl Sealer {
    /// Derives the sealing key and its public id.
    pub fn new(instance_key: &InstanceKey) -> Self {
        Self { present: Key::new(instance_key), others: Vec::new() }
    }

    /// With another key, which opens and seals nothing.
    pub fn with_other(mut self, instance_key: &InstanceKey) -> Self {
        self.others.push(Key::new(instance_key));
        self
    }

    /// The key that seals.
    pub const fn key_id(&self) -> KeyId {
        self.present.id
    }

    /// Whether this key is here.
    pub fn knows(&self, id: KeyId) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: KeyId) -> Option<&Key> {
        std::iter::once(&self.present).chain(&self.others).find(|key| key.id == id)
    }

    /// Seals a value for one place under a fresh nonce.
    ///
    /// *Errors*: [`SealError::TooLong`] beyond 256 GiB.
    pub fn seal(
        &self,
        place: &Place<'_>,
        plain: &[u8],
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let Key { id, cipher } = &self.present;
        let payload = Payload { msg: plain, aad: &associated_data(place, *id) };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION], id.as_bytes().as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the same place; the plain value is wiped when dropped.
    ///
    /// *Errors*: any [`SealError`] but `TooLong`.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Parts { key_id, nonce, body } = Parts::of(sealed)?;
        let key = self.find(key_id).ok_or(SealError::OtherKey)?;
        let payload = Payload { msg: body, aad: &associated_data(place, key_id) };
        let plain = key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::NotAuthentic)?;
        Ok(Zeroizing::new(plain))
    }

    /// Which key a value was sealed with, by its own word.
    ///
    /// *Errors*: [`SealError::Malformed`].
    pub fn key_of(sealed: &[u8]) -> Result<KeyId, SealError> {
        Parts::of(sealed).map(|parts| parts.key_id)
    }

    /// The same value under the key that seals; `None` when it is under it already, which is looked at as well.
    ///
    /// *Errors*: any [`SealError`].
    pub fn reseal(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<Option<Vec<u8>>, SealError> {
        let plain = self.open(place, sealed)?;
        if Self::key_of(sealed)? == self.key_id() {
            return Ok(None);
        }
        self.seal(place, &plain, entropy).map(Some)
    }

    /// The known text, sealed, that is kept of every key in use; [`Sealer::verify_key`] reads it at every start.
    ///
    /// *Errors*: as [`Sealer::seal`].
    pub fn key_check(&self, entropy: &(impl Entropy + ?Sized)) -> Result<Vec<u8>, SealError> {
        self.seal(&KEY_CHECK_PLACE, KEY_CHECK, entropy)
    }

    /// Whether the key that this was made with is here; without it Orgate must refuse to start (T-SEC-1).
    ///
    /// *Errors*: [`SealError::OtherKey`], or what shows that the stored check itself is damaged.
    pub fn verify_key(&self, stored: &[u8]) -> Result<(), SealError> {
        let text = self.open(&KEY_CHECK_PLACE, stored)?;
        if text.as_slice() == KEY_CHECK { Ok(()) } else { Err(SealError::NotAuthentic) }
    }
}

/// The words of the first version, which kept the check of its only key there. What keeps it from being moved is the key's
/// id, which is bound as well.
const KEY_CHECK_PLACE: Place<'static> = Place { table: "instance", column: "key_check", row: "1", tenant: "" };

/// A sealed value taken apart.
struct Parts<'v> {
    key_id: KeyId,
    nonce: [u8; NONCE_BYTES],
    body: &'v [u8],
}

impl<'v> Parts<'v> {
    fn of(sealed: &'v [u8]) -> Result<Self, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Malformed)?;
        let (key_id, rest) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
        let (nonce, body) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
        if *version != VERSION {
            return Err(SealError::Malformed);
        }
        Ok(Self { key_id: KeyId::from_bytes(*key_id), nonce: *nonce, body })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer(…)")
    }
}

/// Each part behind its length, so that no two places share a text.
fn associated_data(place: &Place<'_>, key_id: KeyId) -> Vec<u8> {
    let mut data = vec![VERSION];
    data.extend(key_id.as_bytes());
    for part in [place.table, place.column, place.row, place.tenant] {
        data.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend(part.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    const PLACE: Place<'static> = Place { table: "t", column: "c", row: "rev_1", tenant: "org_1" };

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&InstanceKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_sealed_value_opens_in_its_place_and_shows_nothing() {
        let sealed = sealer(1).seal(&PLACE, b"client secret", &SeededEntropy::new(1)).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"client"));
        assert_eq!(sealer(1).open(&PLACE, &sealed).unwrap().as_slice(), b"client secret");
    }

    #[test]
    fn the_same_value_sealed_twice_looks_different() {
        let entropy = SeededEntropy::new(1);
        assert_ne!(sealer(1).seal(&PLACE, b"x", &entropy).unwrap(), sealer(1).seal(&PLACE, b"x", &entropy).unwrap());
    }

    #[test]
    fn a_value_moved_to_another_place_does_not_open_t_sec_1() {
        let sealed = sealer(1).seal(&PLACE, b"x", &SeededEntropy::new(1)).unwrap();
        let places = [
            Place { table: "u", ..PLACE },
            Place { column: "d", ..PLACE },
            Place { row: "rev_2", ..PLACE },
            Place { tenant: "org_2", ..PLACE },
            Place { row: "rev_", tenant: "1org_1", ..PLACE },
        ];
        for place in places {
            assert_eq!(sealer(1).open(&place, &sealed).unwrap_err(), SealError::NotAuthentic, "{place:?}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = sealer(1).seal(&PLACE, b"secret", &SeededEntropy::new(1)).unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(sealer(1).open(&PLACE, &changed).is_err(), "byte {position}");
            assert!(sealer(1).open(&PLACE, &sealed[..position]).is_err(), "cut at {position}");
        }
    }

    #[test]
    fn another_key_is_named_as_such_at_start() {
        let check = sealer(1).key_check(&SeededEntropy::new(5)).unwrap();
        assert_eq!(sealer(1).verify_key(&check), Ok(()));
        assert_eq!(sealer(2).verify_key(&check), Err(SealError::OtherKey));
        assert!(SealError::OtherKey.to_string().starts_with("wrong key"));
    }

    fn both() -> Sealer {
        sealer(2).with_other(&InstanceKey::from_bytes([1; 32]))
    }

    #[test]
    fn t_sec_1_another_key_opens_and_never_seals() {
        let before = sealer(1).seal(&PLACE, b"x", &SeededEntropy::new(1)).unwrap();
        assert_eq!(both().open(&PLACE, &before).unwrap().as_slice(), b"x");
        assert_eq!(sealer(2).open(&PLACE, &before).unwrap_err(), SealError::OtherKey);
        let now = both().seal(&PLACE, b"x", &SeededEntropy::new(2)).unwrap();
        assert_eq!(sealer(2).open(&PLACE, &now).unwrap().as_slice(), b"x");
        assert_eq!(Sealer::key_of(&now), Ok(both().key_id()));
        assert_eq!(Sealer::key_of(&before), Ok(sealer(1).key_id()));
        assert!(both().knows(sealer(1).key_id()) && !sealer(2).knows(sealer(1).key_id()));
    }

    #[test]
    fn t_sec_1_a_value_is_sealed_anew_for_its_place_and_only_when_it_has_to_be() {
        let entropy = SeededEntropy::new(3);
        let before = sealer(1).seal(&PLACE, b"x", &entropy).unwrap();
        let after = both().reseal(&PLACE, &before, &entropy).unwrap().unwrap();
        assert_eq!(sealer(2).open(&PLACE, &after).unwrap().as_slice(), b"x");
        assert_eq!(both().reseal(&PLACE, &after, &entropy), Ok(None));
        let moved = Place { row: "rev_2", ..PLACE };
        for value in [&before, &after] {
            assert_eq!(both().reseal(&moved, value, &entropy), Err(SealError::NotAuthentic));
        }
        assert_eq!(sealer(3).reseal(&PLACE, &before, &entropy), Err(SealError::OtherKey));
        assert_eq!(both().reseal(&PLACE, &before[..9], &entropy), Err(SealError::Malformed));
    }

    #[test]
    fn t_sec_1_the_id_of_a_key_is_bound_so_that_a_value_does_not_pass_for_one_of_another() {
        let sealed = sealer(1).seal(&PLACE, b"x", &SeededEntropy::new(1)).unwrap();
        let mut claimed = sealed.clone();
        claimed[1..5].copy_from_slice(both().key_id().as_bytes());
        assert_eq!(both().open(&PLACE, &claimed).unwrap_err(), SealError::NotAuthentic);
    }
}
