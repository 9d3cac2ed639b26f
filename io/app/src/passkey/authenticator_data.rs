//! Owns the bytes that an authenticator writes (6.1): for which site, what it checked, its counter, and a new key.

use std::io::Cursor;

use ciborium::Value;
use orgate_core::passkey::PasskeyRefusal;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;
/// *Source*: 4, "credential id": at most 1023 bytes.
const LONGEST_ID: usize = 1023;

/// What it says.
#[derive(Debug)]
pub(super) struct AuthenticatorData {
    /// SHA-256 of the site's name.
    pub site_hash: Vec<u8>,
    /// Somebody touched it.
    pub user_present: bool,
    /// It checked who: fingerprint, face or PIN.
    pub user_verified: bool,
    /// The key may be kept by more than one device.
    pub backup_eligible: bool,
    /// It is.
    pub backed_up: bool,
    /// How often it signed; 0 where it does not count.
    pub sign_count: u32,
    /// The new key, if it made one.
    pub credential: Option<Credential>,
}

/// A new key.
#[derive(Debug)]
pub(super) struct Credential {
    /// The authenticator's name for it.
    pub id: Vec<u8>,
    /// As a COSE key.
    pub public_key: Vec<u8>,
}

/// The bytes that are left to read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], PasskeyRefusal> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(PasskeyRefusal::Invalid)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PasskeyRefusal> {
        self.take(N)?.try_into().map_err(|_| PasskeyRefusal::Invalid)
    }

    /// The bytes of one CBOR value.
    fn value(&mut self) -> Result<&'b [u8], PasskeyRefusal> {
        let mut cursor = Cursor::new(self.0);
        ciborium::from_reader::<Value, _>(&mut cursor).map_err(|_| PasskeyRefusal::Invalid)?;
        let length = usize::try_from(cursor.position()).map_err(|_| PasskeyRefusal::Invalid)?;
        self.take(length)
    }
}

impl AuthenticatorData {
    /// Out of the object that comes with a new key; its statement about the authenticator is not read.
    pub(super) fn of_attestation(object: &[u8]) -> Result<Self, PasskeyRefusal> {
        let value: Value = ciborium::from_reader(object).map_err(|_| PasskeyRefusal::Invalid)?;
        let Value::Map(entries) = value else { return Err(PasskeyRefusal::Invalid) };
        let data = entries.into_iter().find(|(key, _)| key.as_text() == Some("authData")).map(|(_, value)| value);
        match data {
            Some(Value::Bytes(bytes)) => Self::read(&bytes),
            _ => Err(PasskeyRefusal::Invalid),
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, PasskeyRefusal> {
        let mut rest = Rest(bytes);
        let site_hash = rest.take(32)?.to_vec();
        let [flags] = rest.array()?;
        let has = |flag: u8| flags & flag != 0;
        let sign_count = u32::from_be_bytes(rest.array()?);
        let credential = if has(HAS_CREDENTIAL) { Some(Credential::read(&mut rest)?) } else { None };
        if has(HAS_EXTENSIONS) {
            rest.value()?;
        }
        if !rest.0.is_empty() {
            return Err(PasskeyRefusal::Invalid);
        }
        Ok(Self {
            site_hash,
            user_present: has(USER_PRESENT),
            user_verified: has(USER_VERIFIED),
            backup_eligible: has(BACKUP_ELIGIBLE),
            backed_up: has(BACKED_UP),
            sign_count,
            credential,
        })
    }
}

impl Credential {
    fn read(rest: &mut Rest<'_>) -> Result<Self, PasskeyRefusal> {
        // The model of the authenticator.
        rest.take(16)?;
        let length = usize::from(u16::from_be_bytes(rest.array()?));
        if length == 0 || length > LONGEST_ID {
            return Err(PasskeyRefusal::Invalid);
        }
        let id = rest.take(length)?.to_vec();
        Ok(Self { id, public_key: rest.value()?.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = &[0xa1, 0x01, 0x02];

    /// A site's hash, flags, a counter of 7, and what follows.
    fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&[9; 32][..], &[flags], &7_u32.to_be_bytes(), rest].concat()
    }

    /// A model, the length of a name, the name, and a key.
    fn credential(length: u16, id: &[u8], key: &[u8]) -> Vec<u8> {
        [&[0; 16][..], &length.to_be_bytes(), id, key].concat()
    }

    fn is_refused(bytes: &[u8]) -> bool {
        matches!(AuthenticatorData::read(bytes), Err(PasskeyRefusal::Invalid))
    }

    #[test]
    fn flags_and_counter_are_read() {
        let read = AuthenticatorData::read(&data(USER_PRESENT | BACKUP_ELIGIBLE, &[])).unwrap();
        let flags = (read.user_present, read.user_verified, read.backup_eligible, read.backed_up);
        assert_eq!((flags, read.sign_count), ((true, false, true, false), 7));
        assert!(read.credential.is_none());
    }

    #[test]
    fn a_new_key_is_cut_out_of_what_surrounds_it() {
        let rest = [credential(3, b"abc", KEY), vec![0xa0]].concat();
        let read = AuthenticatorData::read(&data(HAS_CREDENTIAL | HAS_EXTENSIONS, &rest)).unwrap();
        let credential = read.credential.unwrap();
        assert_eq!((credential.id.as_slice(), credential.public_key.as_slice()), (&b"abc"[..], KEY));
    }

    #[test]
    fn bytes_that_are_missing_or_left_over_are_refused() {
        let whole = data(HAS_CREDENTIAL, &credential(3, b"abc", KEY));
        assert!(AuthenticatorData::read(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(is_refused(&whole[..length]), "{length}");
        }
        assert!(is_refused(&[whole, vec![0]].concat()), "left over");
        assert!(is_refused(&data(USER_PRESENT, &[0xa0])), "extensions that no flag tells of");
        assert!(is_refused(&data(HAS_EXTENSIONS, &[])), "no extensions where a flag tells of some");
    }

    #[test]
    fn a_name_without_length_or_too_long_is_refused() {
        assert!(is_refused(&data(HAS_CREDENTIAL, &credential(0, b"", KEY))));
        assert!(is_refused(&data(HAS_CREDENTIAL, &credential(1024, &[1; 1024], KEY))));
        assert!(AuthenticatorData::read(&data(HAS_CREDENTIAL, &credential(1023, &[1; 1023], KEY))).is_ok());
    }

    #[test]
    fn an_attestation_without_its_bytes_is_refused() {
        // {"authData": h'…'}, {"authData": 1}, [], nothing, and a map with half a pair.
        let wrapped = [&[0xa1, 0x68][..], b"authData", &[0x58, 37], &data(USER_PRESENT, &[])].concat();
        assert!(AuthenticatorData::of_attestation(&wrapped).is_ok());
        let number = [&[0xa1, 0x68][..], b"authData", &[0x01]].concat();
        for object in [number.as_slice(), &[0x80], &[], &[0xa1, 0x68], &[0xff; 4]] {
            assert!(matches!(AuthenticatorData::of_attestation(object), Err(PasskeyRefusal::Invalid)), "{object:?}");
        }
    }
}
