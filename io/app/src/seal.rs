//! Owns secrets at rest: XChaCha20-Poly1305 under a key derived from the instance's, bound to the place it is stored in,
//! so that a value moved to another row, column or tenant does not open (T-SEC-1).

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::entropy::{Draw, Entropy};
use crate::instance_key::InstanceKey;

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;
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
    /// Sealed under another key.
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
                "wrong key: ORGATE_SECRET_KEY is not the key that this database was sealed with; start with the earlier key"
            }
            Self::NotAuthentic => "a sealed value was changed or moved from another place",
            Self::TooLong => "a value is too long to be sealed",
        })
    }
}

impl std::error::Error for SealError {}

/// Seals and opens with the instance's sealing key.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID_BYTES],
}

impl Sealer {
    /// Derives the sealing key and its public id.
    pub fn new(instance_key: &InstanceKey) -> Self {
        let key = instance_key.derive("sealing");
        let [a, b, c, d, ..] = *instance_key.derive("sealing key id");
        Self { cipher: XChaCha20Poly1305::new((&*key).into()), key_id: [a, b, c, d] }
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
        let payload = Payload { msg: plain, aad: &associated_data(place, self.key_id) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION], self.key_id.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the same place; the plain value is wiped when dropped.
    ///
    /// *Errors*: any [`SealError`] but `TooLong`.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, body) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or(SealError::Malformed)?;
        let (version, rest) = head.split_first().ok_or(SealError::Malformed)?;
        if *version != VERSION {
            return Err(SealError::Malformed);
        }
        let (key_id, nonce) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(SealError::Malformed)?;
        if *key_id != self.key_id {
            return Err(SealError::OtherKey);
        }
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| SealError::Malformed)?;
        let payload = Payload { msg: body, aad: &associated_data(place, self.key_id) };
        let plain = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::NotAuthentic)?;
        Ok(Zeroizing::new(plain))
    }

    /// The known text that a new database is given, sealed; [`Sealer::verify_key`] reads it at every start.
    ///
    /// *Errors*: as [`Sealer::seal`].
    pub fn key_check(&self, entropy: &(impl Entropy + ?Sized)) -> Result<Vec<u8>, SealError> {
        self.seal(&KEY_CHECK_PLACE, KEY_CHECK, entropy)
    }

    /// Whether this is the key of the database; anything else must refuse to start (T-SEC-1).
    ///
    /// *Errors*: [`SealError::OtherKey`], or what shows that the stored check itself is damaged.
    pub fn verify_key(&self, stored: &[u8]) -> Result<(), SealError> {
        let text = self.open(&KEY_CHECK_PLACE, stored)?;
        if text.as_slice() == KEY_CHECK { Ok(()) } else { Err(SealError::NotAuthentic) }
    }
}

const KEY_CHECK_PLACE: Place<'static> = Place { table: "instance", column: "key_check", row: "1", tenant: "" };

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer(…)")
    }
}

/// Each part behind its length, so that no two places share a text.
fn associated_data(place: &Place<'_>, key_id: [u8; KEY_ID_BYTES]) -> Vec<u8> {
    let mut data = vec![VERSION];
    data.extend(key_id);
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
}
