//! Owns what personal fields enter the chain by: a commitment each, salted, so that a value can be erased with its salt and
//! the chain still holds. The salts of one event come from one drawn secret, until the first of them is erased.

use aws_lc_rs::hmac;

use super::Hash;
use super::bytes::{Bytes, array};
use super::entry::{PERSONAL_FIELDS, PersonalField};

const FIELDS: usize = PERSONAL_FIELDS.len();
const ROOT_LENGTH: usize = 32;
const EACH_LENGTH: usize = 1 + 32;

/// What is kept beside an event to open its commitments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Openings(Kept);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The one secret that every field's salt is derived from.
    Root(Hash),
    /// By field, since one was erased: the root would give its salt back.
    Each([Opening; FIELDS]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Salt(Hash),
    /// The salt is gone; this is what the field had been committed to.
    Erased(Hash),
}

impl Openings {
    /// From 32 random bytes, drawn for one event alone.
    pub const fn new(root: [u8; 32]) -> Self {
        Self(Kept::Root(root))
    }

    /// What the field enters the chain by, if it holds this value. An erased field enters by what it held.
    pub fn commitment(&self, field: PersonalField, value: Option<&str>) -> Hash {
        match self.opening(field) {
            Opening::Salt(salt) => {
                let bytes = Bytes::of("orgate audit commitment v1").part(&salt).text(field.word());
                bytes.maybe(value.map(str::as_bytes)).hash()
            }
            Opening::Erased(commitment) => commitment,
        }
    }

    /// Whether the field was erased.
    pub fn is_erased(&self, field: PersonalField) -> bool {
        matches!(self.opening(field), Opening::Erased(_))
    }

    /// Whether any field was.
    pub fn has_erased(&self) -> bool {
        PERSONAL_FIELDS.iter().any(|field| self.is_erased(*field))
    }

    /// The same without the salt of this field, which holds `value`; every commitment stays as it is.
    pub fn erase(&self, field: PersonalField, value: Option<&str>) -> Self {
        let commitment = self.commitment(field, value);
        Self(Kept::Each(
            PERSONAL_FIELDS.map(|one| if one == field { Opening::Erased(commitment) } else { self.opening(one) }),
        ))
    }

    fn opening(&self, field: PersonalField) -> Opening {
        match &self.0 {
            Kept::Root(root) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, root);
                let words = Bytes::of("orgate audit salt v1").text(field.word()).finish();
                Opening::Salt(array(hmac::sign(&key, &words).as_ref()))
            }
            Kept::Each(all) => {
                let place = PERSONAL_FIELDS.iter().position(|one| *one == field);
                // Every field is in the list, so every field has an opening.
                place.and_then(|place| all.get(place)).copied().unwrap_or(Opening::Erased([0; 32]))
            }
        }
    }

    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        match &self.0 {
            Kept::Root(root) => root.to_vec(),
            Kept::Each(all) => all
                .iter()
                .flat_map(|opening| {
                    let (kind, bytes) = match opening {
                        Opening::Salt(salt) => (0, salt),
                        Opening::Erased(commitment) => (1, commitment),
                    };
                    std::iter::once(kind).chain(bytes.iter().copied())
                })
                .collect(),
        }
    }

    /// Reads what [`Openings::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() == ROOT_LENGTH {
            return Some(Self(Kept::Root(array(bytes))));
        }
        if bytes.len() != FIELDS * EACH_LENGTH {
            return None;
        }
        let mut all = [Opening::Erased([0; 32]); FIELDS];
        for (target, source) in all.iter_mut().zip(bytes.chunks_exact(EACH_LENGTH)) {
            let (kind, bytes) = source.split_first()?;
            *target = match kind {
                0 => Opening::Salt(array(bytes)),
                1 => Opening::Erased(array(bytes)),
                _ => return None,
            };
        }
        Some(Self(Kept::Each(all)))
    }
}

impl std::fmt::Debug for Openings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Openings(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_aud_1_erasing_one_field_keeps_every_commitment_and_forgets_one_salt() {
        let whole = Openings::new([7; 32]);
        let value = |field: PersonalField| (field != PersonalField::UserAgent).then_some("value");
        let before = PERSONAL_FIELDS.map(|field| whole.commitment(field, value(field)));
        let erased = whole.erase(PersonalField::Ip, value(PersonalField::Ip));
        let after = PERSONAL_FIELDS.map(|field| {
            let kept = if field == PersonalField::Ip { None } else { value(field) };
            erased.commitment(field, kept)
        });
        assert_eq!(before, after);
        assert!(erased.is_erased(PersonalField::Ip) && !erased.is_erased(PersonalField::Data) && erased.has_erased());
        assert!(!whole.has_erased());
        assert_eq!(Openings::decode(&erased.encode()), Some(erased));
        let root = whole.encode();
        assert!(!erased.encode().windows(root.len()).any(|window| window == root), "the root gives every salt");
    }

    #[test]
    fn each_field_value_and_event_has_its_own_commitment() {
        let whole = Openings::new([7; 32]);
        let one = whole.commitment(PersonalField::Ip, Some("10.0.0.1"));
        assert_ne!(one, whole.commitment(PersonalField::UserAgent, Some("10.0.0.1")));
        assert_ne!(one, whole.commitment(PersonalField::Ip, Some("10.0.0.2")));
        assert_ne!(one, whole.commitment(PersonalField::Ip, None));
        assert_ne!(whole.commitment(PersonalField::Ip, Some("")), whole.commitment(PersonalField::Ip, None));
        assert_ne!(one, Openings::new([8; 32]).commitment(PersonalField::Ip, Some("10.0.0.1")));
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        let each = Openings::new([7; 32]).erase(PersonalField::Ip, None).encode();
        let strange = [vec![], vec![0; 31], vec![0; 33], each[1..].to_vec(), [&[2], &each[1..]].concat()];
        assert!(strange.iter().all(|bytes| Openings::decode(bytes).is_none()));
        assert_eq!(format!("{:?}", Openings::new([7; 32])), "Openings(…)");
    }
}
